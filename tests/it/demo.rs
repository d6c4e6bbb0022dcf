//! `ticketd demo`: the README's first command.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Process, client, command};

#[actix_web::test]
async fn the_demo_answers_its_own_curl_line_and_shares_evenly() {
    let mut demo = Process::spawn(command(&[]).args(["demo", "--listen", "127.0.0.1:0"]));
    let line = demo.line_after("curl -sS ").await;
    demo.line_after("Ctrl-C stops it").await;
    let (url, body) = line.split_once(" -d ").expect("an address and a body");
    let began = Instant::now();
    // What a shell makes of the printed line: the text between the single quotes, which holds none.
    let body = body.trim_matches('\'').to_owned();
    assert!(!body.contains('\''));
    let client = client();
    let mut reply = client.post(url).send_body(body.clone()).await.expect("an answer");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "the printed line took {took:?}");
    assert_eq!(reply.status(), 200);
    let ticket: Value = reply.json().await.expect("JSON");
    assert_eq!(ticket["ticket_type"], "投诉");
    assert!(ticket["ticket_zone"].as_str().is_some_and(|zone| zone.contains("水韵东方小区")));
    assert!(ticket["ticket_title"].is_string() && ticket["ticket_content"].is_string());
    for _ in 1..30 {
        let reply = client.post(url).send_body(body.clone()).await.expect("an answer");
        assert_eq!(reply.status(), 200);
    }
    let stats = url.replace("/summarize", "/lb-stats");
    let mut reply = client.get(stats).send().await.expect("an answer");
    let stats: Value = reply.json().await.expect("JSON");
    assert_eq!(stats["healthy_endpoints"], 3);
    let nodes = stats["endpoints"].as_array().expect("a list");
    let counts: Vec<_> = nodes.iter().map(|node| &node["request_count"]).collect();
    assert_eq!(counts, [&json!(10), &json!(10), &json!(10)]);
    demo.signal(Signal::INT);
    assert!(demo.ended().await.success(), "{}", demo.log());
}

#[actix_web::test]
async fn help_says_that_the_demo_is_no_llm() {
    let output = command(&[]).args(["demo", "--help"]).output().await.expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("no LLM"));
}
