//! A caller who leaves frees its place at once, wherever its call is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::{
    harness::{CALL, Fake, Ticketd, assert_ticket, call, until},
    raw::post,
};

/// How soon a node must see that the caller has left.
const SEEN_WITHIN: Duration = Duration::from_millis(100);

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

/// The caller leaves while the fake is at `fault`; the fake sees it, and the slot is free.
async fn leaves_during(fault: &str) {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": fault, "times": 1})).await;
    let stream = post(&ticketd, "", CALL).await;
    until("the call runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
    let left = now();
    drop(stream);
    let seen = until("the fake sees it", async || fake.seen().await["left"][0].as_u64()).await;
    let delay = Duration::from_millis(seen).saturating_sub(left);
    println!("{fault}: seen after {delay:?}");
    assert!(delay < SEEN_WITHIN, "{fault}: {delay:?}");
    // The node has one slot: a further call shows that it is free.
    assert_ticket(&ticketd.summarize(&call(1)).await);
    assert_eq!(fake.seen().await["running"], 0);
    let log = ticketd.stop().await;
    assert!(log.contains("caller left"), "{log}");
}

#[actix_web::test]
async fn before_the_first_token() {
    leaves_during("stall_before").await;
}

#[actix_web::test]
async fn amid_the_answer() {
    leaves_during("stall_amid").await;
}

#[actix_web::test]
async fn while_queued_no_node_ever_sees_the_call() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[log]\nlevel = \"debug\"\n").await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let working = post(&ticketd, "", CALL).await;
    until("the first call runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
    let queued = post(&ticketd, "", &call(2)).await;
    ticketd.process.line_after("calls wait for a slot waiting=1").await;
    drop(queued);
    ticketd.process.line_after("caller left").await;
    drop(working);
    assert_ticket(&ticketd.summarize(&call(1)).await);
    assert_eq!(fake.calls().await, 2, "the first and the last");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_caller_who_only_closes_its_side_has_left_too() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "stall_before", "times": 1})).await;
    let mut stream = post(&ticketd, "", CALL).await;
    until("the call runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
    stream.shutdown().await.expect("the side closes");
    until("the fake sees it", async || fake.seen().await["left"][0].as_u64()).await;
    ticketd.stop().await;
}
