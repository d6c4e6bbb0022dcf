//! The start: the original's variables, their defaults, and the lines that name what runs.

use crate::harness::{Fake, Ticketd, command};

#[actix_web::test]
async fn deepseek_endpoints_may_have_blanks_and_any_form_and_nothing_is_spawned() {
    let fakes = [Fake::start().await, Fake::start().await];
    let urls = format!(" {}/api/generate , {}/ ,", fakes[0].url, fakes[1].url);
    // A program that would fail loudly, to show that it is not started.
    let config = "[nodes]\nprogram = \"/does/not/exist\"\nports = [1]\n";
    let ticketd = Ticketd::start(config, &[("DEEPSEEK_ENDPOINTS", &urls)]).await;
    ticketd.healthy(2).await;
    assert_eq!(ticketd.get("/lb-stats").await.body["total_endpoints"], 2);
    let log = ticketd.stop().await;
    assert!(!log.contains("node process started") && !log.contains("cannot start"), "{log}");
}

#[actix_web::test]
async fn the_start_names_version_model_nodes_address_and_the_export_line() {
    let fakes = [Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], "").await;
    let log = ticketd.stop().await;
    let urls = fakes.each_ref().map(|fake| format!("{}/api/generate", fake.url));
    let parts = [
        format!("version=\"{}\"", env!("CARGO_PKG_VERSION")),
        "model.name=\"deepseek-r1:14b\" nodes=2".to_owned(),
        format!("node 1: {}", urls[0]),
        format!("node 2: {}", urls[1]),
        format!("export DEEPSEEK_ENDPOINTS=\"{}\"", urls.join(",")),
    ];
    for part in parts {
        assert!(log.contains(&part), "{part} in\n{log}");
    }
}

#[actix_web::test]
async fn the_environment_of_the_original_has_its_defaults_and_its_meaning() {
    let origin = async |environment: &[(&str, &str)], key: &str| {
        let empty = tempfile::NamedTempFile::new().expect("a file");
        let mut command = command(environment);
        let output = command.args(["check", "--config"]).arg(empty.path()).output().await;
        let output = output.expect("it runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let line = text.lines().find(|line| line.starts_with(&format!("{key} = ")));
        line.unwrap_or_else(|| panic!("{key} in {text}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    type Environment = &'static [(&'static str, &'static str)];
    let table: [(Environment, &str, &str); 8] = [
        (&[], "nodes.ports", "nodes.ports = [11434] # built-in default"),
        (&[], "server.listen", "server.listen = \"127.0.0.1:8001\" # built-in default"),
        (&[], "model.name", "model.name = \"deepseek-r1:14b\" # built-in default"),
        (&[], "nodes.models_dir", "nodes.models_dir = \"~/.ollama/models\" # built-in default"),
        (&[("OLLAMA_MODEL", "qwen3:8b")], "model.name", "model.name = \"qwen3:8b\" # OLLAMA_MODEL"),
        (
            &[("OLLAMA_MODELS", "/m")],
            "nodes.models_dir",
            "nodes.models_dir = \"/m\" # OLLAMA_MODELS",
        ),
        (
            &[("DEEPSEEK_ENDPOINTS", "http://a:1/api/generate")],
            "nodes.endpoints",
            "nodes.endpoints = [\"http://a:1\"] # DEEPSEEK_ENDPOINTS",
        ),
        (
            &[("DEEPSEEK_ENDPOINTS", "http://a:1/api/generate")],
            "nodes.ports",
            "nodes.ports = [] # DEEPSEEK_ENDPOINTS",
        ),
    ];
    for (environment, key, line) in table {
        assert_eq!(origin(environment, key).await, line);
    }
}
