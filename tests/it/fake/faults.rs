//! A process that crashes, hangs or talks too much, and calls for one token.

use serde_json::{Value, json};
use tokio::process::Command;

use super::{Sent, listed, post, recorded, shape};
use crate::harness::{Fake, Process, fake_program, until};

const STREAM: &str = include_str!("../../data/wire/024-generate-stream.txt");

async fn fake() -> Fake {
    Fake::start_with("127.0.0.1:0", "smol").await
}

#[actix_web::test]
async fn it_ends_at_its_start_or_dies_later() {
    let mut command = Command::new(fake_program());
    let mut ended =
        Process::spawn(command.env("FAKE_BEHAVIOUR", json!({"exit_code_at_start": 7}).to_string()));
    assert_eq!(ended.ended().await.code(), Some(7));
    assert!(ended.log().starts_with("Error: mkdir "), "{}", ended.log());
    let mut fake = fake().await;
    fake.behave(json!({"crash_after_ms": 1})).await;
    assert_eq!(fake.process.ended().await.code(), None, "it aborts");
}

#[actix_web::test]
async fn a_silent_generate_leaves_the_probes_alone() {
    let fake = fake().await;
    fake.behave(json!({"silent_generate": true})).await;
    let call = json!({"model": "smol", "prompt": "x", "stream": false});
    let call = Sent::to(&fake, "POST", "/api/generate", &call).await;
    let load = Sent::to(&fake, "POST", "/api/generate", &json!({"model": "smol"})).await;
    until("both are in", async || {
        let seen = fake.seen().await;
        (seen["calls"] == 1 && seen["loads"][0].is_object()).then_some(())
    })
    .await;
    assert_eq!(listed(&fake, "/api/tags").await["name"], "smol:latest");
    assert!(listed(&fake, "/api/ps").await.is_null());
    assert!(call.is_unanswered() && load.is_unanswered());
    fake.behave(json!({})).await;
    assert_eq!(call.answer().await.status, 200);
    assert_eq!(load.answer().await.last()["done_reason"], "load");
}

#[actix_web::test]
async fn silent_probes_leave_the_calls_alone() {
    let fake = fake().await;
    fake.behave(json!({"silent_probes": true})).await;
    let mut probes = Vec::new();
    for path in ["/api/version", "/api/tags", "/api/ps"] {
        probes.push(Sent::to(&fake, "GET", path, &Value::Null).await);
    }
    let call = json!({"model": "smol", "prompt": "x"});
    assert_eq!(post(&fake, "/api/generate", &call).await.last()["done"], true);
    assert!(probes.iter().all(Sent::is_unanswered));
    fake.behave(json!({})).await;
    for probe in probes {
        assert_eq!(probe.answer().await.status, 200);
    }
}

#[actix_web::test]
async fn it_floods_its_log() {
    let behaviour = json!({"log_lines": 10}).to_string();
    let fake = Fake::start_in(&[("FAKE_BEHAVIOUR", &behaviour)]).await;
    fake.process.line_after("line 10 of 10").await;
    fake.behave(json!({"log_lines": 5000})).await;
    fake.process.line_after("line 5000 of 5000").await;
    assert_eq!(fake.process.log().matches(" of 5000\"").count(), 5000);
}

#[actix_web::test]
async fn a_call_for_one_token_is_a_canary() {
    let fake = fake().await;
    let canary = json!({"model": "smol", "prompt": "x", "options": {"num_predict": 1}});
    // Faults of the calls are none of its own, and it takes no turn of theirs.
    fake.behave(json!({"fault": "status500", "times": 1})).await;
    let answer = post(&fake, "/api/generate", &canary).await;
    let (_, expected) = recorded(STREAM);
    let [token, done] = &answer.lines[..] else { panic!("{answer:?}") };
    assert_eq!((shape(token), shape(done)), (expected.first, expected.last));
    assert_eq!((&done["done_reason"], &done["eval_count"]), (&json!("length"), &json!(1)));
    let call = json!({"model": "smol", "prompt": "x"});
    assert_eq!(post(&fake, "/api/generate", &call).await.status, 500);
    for fault in ["stall_before", "stall_amid"] {
        fake.behave(json!({"fault": fault})).await;
        let stalled = Sent::to(&fake, "POST", "/api/generate", &canary).await;
        until("it runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
        if fault == "stall_amid" {
            stalled.begun().await;
        }
        drop(stalled);
        until("it is left", async || (fake.seen().await["running"] == 0).then_some(())).await;
        fake.behave(json!({"fault": fault, "spare_canaries": true})).await;
        assert_eq!(post(&fake, "/api/generate", &canary).await.last()["done"], true, "{fault}");
    }
    let seen = fake.seen().await;
    assert_eq!((&seen["canaries"], &seen["calls"]), (&json!(5), &json!(1)));
    assert_eq!(seen["bodies"].as_array().map(Vec::len), Some(1));
    assert_eq!(seen["left"], json!([]), "only who leaves a call is told");
}
