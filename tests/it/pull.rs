//! The model is pulled by one node for all, and goes on where it broke off.

use serde_json::{Value, json};

use crate::harness::{CALL, Fake, Ticketd, assert_ticket, free_ports, managed, seen, until};

/// Managed nodes whose model is on disk, in `folder`, or not.
fn config(folder: &std::path::Path, ports: &[u16], behaviour: &Value) -> String {
    managed(ports, behaviour).replace("[nodes]\n", &format!("[nodes]\nmodels_dir = {folder:?}\n"))
        + "FAKE_MODELS_ON_DISK = \"1\"\n"
}

/// How often each node began to pull.
async fn pulls(ticketd: &Ticketd, ports: &[u16]) -> Vec<u64> {
    let mut pulls = Vec::new();
    for port in ports {
        let seen = seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await;
        pulls.push(seen["pulls"].as_u64().expect("a count"));
    }
    pulls
}

#[actix_web::test]
async fn one_node_pulls_for_all_and_goes_on_after_each_break() {
    let folder = tempfile::tempdir().expect("a folder");
    let ports = free_ports::<3>();
    let behaviour = json!({"pull_breaks": 2, "pull_step_ms": 20});
    let ticketd = Ticketd::start(&config(folder.path(), &ports, &behaviour), &[]).await;
    let percent = until("the share that has come", async || {
        let stats = ticketd.get("/lb-stats").await.body;
        let nodes = stats["endpoints"].as_array().expect("a list").clone();
        nodes.into_iter().find_map(|node| node["pull_percent"].as_u64().filter(|share| *share > 0))
    })
    .await;
    assert!(percent <= 100);
    ticketd.healthy(3).await;
    let mut pulls = pulls(&ticketd, &ports).await;
    pulls.sort_unstable();
    assert_eq!(pulls, [0, 0, 3], "one node, three times");
    for port in ports {
        let seen = seen(&ticketd.client, &format!("http://127.0.0.1:{port}")).await;
        let from = seen["pulled_from"].as_array().expect("a list").clone();
        assert!(from.is_empty() || (from[0] == 0 && from[1] != 0 && from[2] != 0), "{from:?}");
    }
    assert_ticket(&ticketd.summarize(CALL).await);
    let log = ticketd.stop().await;
    assert_eq!(
        log.matches("the pull of deepseek-r1:14b failed, and goes on by itself").count(),
        2,
        "{log}"
    );
    assert!(log.matches("model is being pulled").count() >= 10, "progress is told: {log}");
    assert!(log.contains("model pulled"), "{log}");
}

#[actix_web::test]
async fn of_two_ticketd_on_one_directory_one_pulls() {
    let folder = tempfile::tempdir().expect("a folder");
    let (own, others) = (free_ports::<2>(), free_ports::<2>());
    let behaviour = json!({"pull_step_ms": 50});
    let one = Ticketd::start(&config(folder.path(), &own, &behaviour), &[]).await;
    let other = Ticketd::start(&config(folder.path(), &others, &behaviour), &[]).await;
    one.healthy(2).await;
    other.healthy(2).await;
    let mut pulls = pulls(&one, &[own, others].concat()).await;
    pulls.sort_unstable();
    assert_eq!(pulls, [0, 0, 0, 1]);
    one.stop().await;
    other.stop().await;
}

#[actix_web::test]
async fn a_pull_that_cannot_begin_is_told_with_ollamas_own_reason_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let ports = free_ports::<1>();
    let behaviour = json!({"pull_offline": true});
    let ticketd = Ticketd::start(&config(folder.path(), &ports, &behaviour), &[]).await;
    let told = until("the reason", async || {
        let stats = ticketd.get("/lb-stats").await.body;
        let node = stats["endpoints"][0].clone();
        node["remedy"].as_str().filter(|text| text.contains("name resolution")).map(str::to_owned)
    })
    .await;
    assert!(told.contains("goes on by itself"), "{told}");
    let url = format!("http://127.0.0.1:{}", ports[0]);
    crate::harness::behave(&ticketd.client, &url, json!({})).await;
    ticketd.healthy(1).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_model_for_which_there_is_no_room_is_told_with_the_bytes_that_are_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let ports = free_ports::<1>();
    let behaviour = json!({"pull_bytes": 9_000_000_000_000_000_u64});
    let ticketd = Ticketd::start(&config(folder.path(), &ports, &behaviour), &[]).await;
    let told = until("the reason", async || {
        let stats = ticketd.get("/lb-stats").await.body;
        stats["endpoints"][0]["remedy"]
            .as_str()
            .filter(|text| text.contains("make room"))
            .map(str::to_owned)
    })
    .await;
    assert!(told.contains("more bytes are needed in") && told.contains("are free"), "{told}");
    ticketd.stop().await;
}

#[actix_web::test]
async fn servers_of_others_are_never_made_to_pull() {
    let fake = Fake::start_with("127.0.0.1:0", "another:1b").await;
    let ticketd = Ticketd::start("", &[("DEEPSEEK_ENDPOINTS", &fake.url)]).await;
    ticketd.process.line_after("node answers but does not have the model").await;
    assert_eq!(fake.seen().await["pulls"], 0);
    let log = ticketd.stop().await;
    assert!(log.contains("ollama pull deepseek-r1:14b"), "{log}");
}

#[actix_web::test]
async fn an_adopted_ollama_without_the_model_is_shown_with_the_command_that_gets_it() {
    let [port] = free_ports();
    let fake = Fake::start_with(&format!("127.0.0.1:{port}"), "another:1b").await;
    let ticketd = Ticketd::start(&managed(&[port], &json!({})), &[]).await;
    let remedy = until("the remedy", async || {
        let stats = ticketd.get("/lb-stats").await.body;
        let node = stats["endpoints"][0].clone();
        (node["state"] == "model-missing").then(|| node["remedy"].clone())
    })
    .await;
    let command = format!("OLLAMA_HOST=http://127.0.0.1:{port} ollama pull deepseek-r1:14b");
    assert!(remedy.as_str().is_some_and(|text| text.ends_with(&command)), "{remedy}");
    ticketd.stop().await;
    assert_eq!(fake.seen().await["pulls"], 0);
}
