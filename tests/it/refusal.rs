//! A start that cannot be: what `serve` says of it, and what it ends with.

use std::{fs::File, os::unix::fs::MetadataExt, path::Path};

use crate::harness::command;

/// Runs `serve` with a configuration; its complaint goes to a file, which the journal has if it is told so.
async fn refused(folder: &Path, config: &str, is_journal: bool) -> (Option<i32>, String) {
    let [file, said] = ["config.toml", "said"].map(|name| folder.join(name));
    std::fs::write(&file, config).expect("a writable folder");
    let stderr = File::create(&said).expect("a writable folder");
    let told = stderr.metadata().map(|file| format!("{}:{}", file.dev(), file.ino()));
    let told = told.expect("it is there");
    let journal = [("JOURNAL_STREAM", told.as_str())];
    let mut command = command(if is_journal { &journal } else { &[] });
    let status = command.args(["serve", "--config"]).arg(&file).stderr(stderr).status().await;
    let text = std::fs::read_to_string(said).expect("it was written");
    (status.expect("it runs").code(), text)
}

#[actix_web::test]
async fn a_broken_file_that_the_configuration_names_is_a_wrong_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("broken");
    std::fs::write(&broken, b"\xff\xfe\n").expect("a writable folder");
    let table = [
        ("server", "tokens_file", format!("{broken:?}")),
        ("server", "admin_tokens_file", format!("{broken:?}")),
        ("ticket", "prompt_file", format!("{broken:?}")),
        ("place", "location_file", format!("{broken:?}")),
        ("place", "villages_file", format!("{broken:?}")),
        ("place", "lists", format!("[{broken:?}]")),
    ];
    for (section, key, value) in table {
        let config =
            format!("nodes.endpoints = [\"http://127.0.0.1:1\"]\n[{section}]\n{key} = {value}\n");
        let (code, said) = refused(folder.path(), &config, false).await;
        assert_eq!(code, Some(78), "{said}");
        assert!(said.contains(&format!("{section}.{key}: ")), "{said}");
    }
}

#[actix_web::test]
async fn each_line_of_a_complaint_is_an_error_in_the_journal_and_plain_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "[nodes]\nslots = 0\nports = [1, 1]\n";
    let (code, said) = refused(folder.path(), config, true).await;
    assert_eq!(code, Some(78), "{said}");
    assert!(said.lines().count() > 1 && said.lines().all(|line| line.starts_with("<3>")), "{said}");
    let (_, plain) = refused(folder.path(), config, false).await;
    assert_eq!(plain, said.replace("<3>", ""));
}
