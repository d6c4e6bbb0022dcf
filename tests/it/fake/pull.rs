//! A model that is not on disk is pulled as recorded, and a pull goes on where one broke off.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Sent, listed, post, read, recorded, replayed};
use crate::harness::{Fake, until};

const REFUSED: &str = include_str!("../../data/wire/160-pull-connection-refused-stream.txt");
const OFFLINE: &str = include_str!("../../data/wire/165-pull-no-network-stream.txt");
const OFFLINE_WHOLE: &str = include_str!("../../data/wire/166-pull-no-network-nostream.txt");
const PULLED: &str = include_str!("../../data/wire/170-pull-ok-stream.txt");
const UNKNOWN: &str = include_str!("../../data/wire/070-err-unknown-model-generate.txt");
const NO_TAGS: &str = include_str!("../../data/wire/005-tags-empty.txt");

/// A fake whose model lies in this folder, if at all.
async fn fake_on(folder: &TempDir, model: &str) -> Fake {
    let folder = folder.path().to_str().expect("UTF-8");
    let disk = [("FAKE_MODELS_ON_DISK", "1"), ("OLLAMA_MODELS", folder), ("FAKE_MODEL", model)];
    Fake::start_in(&disk).await
}

fn address(fake: &Fake) -> &str {
    fake.url.trim_start_matches("http://")
}

/// What a pull tells, one word for each kind of line.
fn kinds(lines: &str) -> Vec<String> {
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut kinds: Vec<String> = lines
        .filter_map(|line| {
            let kind =
                if line["digest"].is_string() { "pulling" } else { line["status"].as_str()? };
            Some(kind.to_owned())
        })
        .collect();
    kinds.dedup();
    kinds
}

#[actix_web::test]
async fn pulls_answer_as_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = fake_on(&folder, "tiny").await;
    fake.behave(json!({"pull_offline": true})).await;
    for exchange in [REFUSED, OFFLINE, OFFLINE_WHOLE] {
        let (request, expected) = recorded(exchange);
        assert_eq!(replayed(address(&fake), &request).await, expected, "{request}");
    }
    let offline = post(&fake, "/api/pull", &json!({"model": "tinyllama"})).await;
    assert!(OFFLINE.contains(&offline.last().to_string()), "{offline:?}");
    fake.behave(json!({"pull_step_ms": 0})).await;
    let (request, expected) = recorded(PULLED);
    assert_eq!(replayed(address(&fake), &request).await, expected, "{request}");
    std::fs::remove_dir_all(folder.path()).expect("it was pulled into");
    let sent = Sent::to(&fake, "POST", "/api/pull", &json!({"model": "tiny"})).await;
    assert_eq!(kinds(&read(sent.0).await.1), kinds(PULLED));
    let again = post(&fake, "/api/pull", &json!({"model": "tiny", "stream": false})).await;
    assert_eq!((again.status, again.last()), (200, &json!({"status": "success"})));
    let seen = fake.seen().await;
    assert_eq!(seen["pulls"], 7);
    assert_eq!(seen["pulled_from"], json!([0, 0, 1_000_000]));
}

#[actix_web::test]
async fn a_model_is_there_once_it_is_pulled_and_all_nodes_on_a_directory_see_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (fake_on(&folder, "smol").await, fake_on(&folder, "smol:latest").await);
    let (request, expected) = recorded(NO_TAGS);
    assert_eq!(replayed(address(&first), &request).await, expected);
    let missing = post(&second, "/api/generate", &json!({"model": "smol", "prompt": "x"})).await;
    let (_, unknown) = recorded(UNKNOWN);
    assert_eq!(missing.status, 404);
    assert_eq!(missing.last()["error"], unknown.error.as_str().unwrap().replace("nope", "smol"));
    // Two pulls break off halfway, and the other node brings the rest.
    first.behave(json!({"pull_breaks": 2, "pull_step_ms": 0})).await;
    let pull = json!({"model": "smol"});
    let error = post(&first, "/api/pull", &pull).await;
    assert!(error.last()["error"].is_string() && error.is_whole, "{error:?}");
    let cut = post(&first, "/api/pull", &pull).await;
    assert!(!cut.is_whole && cut.lines.iter().all(|line| line["error"].is_null()), "{cut:?}");
    assert_eq!(first.seen().await["pulled_from"], json!([0, 500_000]));
    assert!(listed(&first, "/api/tags").await.is_null());
    let whole = post(&second, "/api/pull", &pull).await;
    assert_eq!(whole.last(), &json!({"status": "success"}));
    assert_eq!(second.seen().await["pulled_from"], json!([750_000]));
    let digest = listed(&first, "/api/tags").await["digest"].clone();
    assert!(digest.as_str().is_some_and(|digest| digest.len() == 64), "{digest}");
    assert_eq!(listed(&second, "/api/tags").await["digest"], digest);
    let loaded = post(&second, "/api/generate", &json!({"model": "smol"})).await;
    assert_eq!(loaded.last()["done_reason"], "load");
    // What stands in the manifest is what is listed.
    let manifest = "manifests/registry.ollama.ai/library/smol/latest";
    std::fs::write(folder.path().join(manifest), "abc").expect("it is a file");
    assert_eq!(listed(&first, "/api/tags").await["digest"], "abc");
}

#[actix_web::test]
async fn a_caller_who_leaves_ends_the_pull() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = fake_on(&folder, "smol").await;
    fake.behave(json!({"pull_lines": 100_000, "pull_bytes": 100_000})).await;
    let pull = json!({"model": "smol"});
    let sent = Sent::to(&fake, "POST", "/api/pull", &pull).await;
    sent.begun().await;
    assert_eq!(fake.seen().await["pulling"], 1);
    let partial = until("a byte comes", async || {
        let mut files = std::fs::read_dir(folder.path().join("blobs")).ok()?;
        files.next()?.ok()
    });
    let partial = partial.await.path();
    drop(sent);
    until("it ends", async || (fake.seen().await["pulling"] == 0).then_some(())).await;
    let count: u64 = std::fs::read_to_string(partial).unwrap().parse().expect("a count");
    assert!((1..100_000).contains(&count), "{count}");
    fake.behave(json!({"pull_bytes": 100_000})).await;
    let whole = post(&fake, "/api/pull", &pull).await;
    assert_eq!(whole.last()["status"], "success");
    assert_eq!(fake.seen().await["pulled_from"], json!([0, count]));
}

#[actix_web::test]
async fn a_model_that_is_simply_there_is_pulled_at_once() {
    let fake = Fake::start_in(&[("FAKE_MODEL", "smol"), ("FAKE_DIGEST", "abc")]).await;
    assert_eq!(listed(&fake, "/api/tags").await["digest"], "abc");
    let pulled = post(&fake, "/api/pull", &json!({"model": "smol"})).await;
    assert_eq!(pulled.last()["status"], "success");
    assert_eq!(pulled.lines.len(), 5, "{pulled:?}");
}
