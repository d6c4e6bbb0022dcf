//! Callers who are told how their ticket comes along.

mod ends;
mod form;

use awc::http::header::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{
    harness::{CALL, Fake, Reply, Ticketd, assert_ticket, call, until},
    raw::post,
    stream::{ACCEPT, Events},
};

const DEBUG: &str = "[log]\nlevel = \"debug\"\n";
fn assert_done(ticket: &Value) {
    assert_ticket(&Reply { status: 200, headers: HeaderMap::new(), body: ticket.clone() });
}

async fn running(fake: &Fake, count: u64) {
    until("so many calls run", async || (fake.seen().await["running"] == count).then_some(()))
        .await;
}

/// A node with one slot that has answered one call and has another one, which ends with its connection.
async fn taken(config: &str) -> (Fake, Ticketd, TcpStream) {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], &format!("{config}{DEBUG}")).await;
    assert_ticket(&ticketd.summarize(&call(100)).await);
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let stalled = post(&ticketd, "", &call(0)).await;
    running(&fake, 1).await;
    (fake, ticketd, stalled)
}

/// A node whose tokens come slowly: a ticket takes seconds.
async fn slow() -> (Fake, Ticketd) {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], DEBUG).await;
    fake.behave(json!({"token_ms": 60})).await;
    (fake, ticketd)
}

#[actix_web::test]
async fn a_caller_sees_its_place_its_node_its_tokens_and_its_ticket() {
    let (_fake, ticketd, stalled) = taken("").await;
    let mut events = Events::of(&ticketd, &[("x-request-id", "told")], CALL).await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
        ("x-request-id", "told"),
    ] {
        assert_eq!(events.headers.get(name).expect(name), value);
    }
    let stage = json!({"stage": "ticket", "attempt": 1});
    assert_eq!(events.next().await, Some(("stage".to_owned(), stage)));
    let (name, place) = events.next().await.expect("an event");
    assert_eq!((&*name, &place["position"]), ("queued", &json!(1)));
    assert!(place["eta_ms"].is_u64(), "a call was measured: {place}");
    let other = post(&ticketd, "x-priority: batch\r\n", &call(1)).await;
    ticketd.process.line_after("calls wait for a slot waiting=2").await;
    let mut behind = Events::of(&ticketd, &[("x-priority", "batch")], &call(2)).await;
    assert_eq!(behind.wait_for("queued").await["position"], 3);
    drop(other);
    until("it is told that it moves up", async || {
        (behind.wait_for("queued").await["position"] == 2).then_some(())
    })
    .await;
    drop(behind);
    ticketd.process.line_after("caller left request_id=").await;
    assert!(!ticketd.process.log().contains("request answered request_id=\"told\""));
    drop(stalled);
    let (names, ticket) = events.names().await;
    let names = names.iter().skip_while(|name| *name == "queued").collect::<Vec<_>>();
    assert_eq!(names, ["started", "token", "done"]);
    assert_done(&ticket);
    ticketd.process.line_after("request answered request_id=\"told\"").await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn callers_who_share_a_ticket_see_the_same_from_where_it_is() {
    let (fake, ticketd) = slow().await;
    let mut first = Events::of(&ticketd, &[], CALL).await;
    let before = first.wait_for("token").await["count"].as_u64();
    let mut second = Events::of(&ticketd, &[], CALL).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(second.next().await.expect("an event"));
    }
    let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["stage", "started", "token"], "what goes on");
    assert!(seen[2].1["count"].as_u64() >= before, "from where it is");
    let [first, second] = [first.wait_for("done").await, second.wait_for("done").await];
    assert_done(&first);
    assert_eq!(first, second);
    assert_eq!(fake.calls().await, 1);
    ticketd.stop().await;
}

#[actix_web::test]
async fn who_joins_a_plain_caller_in_the_queue_is_told_its_place() {
    let (fake, ticketd, stalled) = taken("").await;
    let plain = post(&ticketd, "", CALL).await;
    ticketd.process.line_after("calls wait for a slot waiting=1").await;
    let mut events = Events::of(&ticketd, &[], CALL).await;
    assert_eq!(events.wait_for("queued").await["position"], 1);
    // The one who began it leaves; the other one stays.
    drop(plain);
    ticketd.process.line_after("caller left request_id=").await;
    drop(stalled);
    assert_done(&events.wait_for("done").await);
    assert_eq!(fake.calls().await, 3);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_retry_shows_the_next_attempt_and_a_second_node() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "status500", "times": 1})).await;
    let mut events = Events::of(&ticketd, &[], CALL).await;
    let (names, ticket) = events.names().await;
    assert_done(&ticket);
    let names: Vec<_> = names.into_iter().filter(|name| name != "queued").collect();
    assert_eq!(names, ["stage ticket 1", "started", "stage ticket 2", "started", "token", "done"]);
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_call_for_the_zone_is_a_stage_of_its_own() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[ticket]\ncorrection = \"always\"\n").await;
    let (names, ticket) = Events::of(&ticketd, &[], CALL).await.names().await;
    assert_done(&ticket);
    let stages: Vec<_> = names.iter().filter(|name| name.starts_with("stage ")).collect();
    assert_eq!(stages, ["stage ticket 1", "stage zone 1"]);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_caller_who_reads_slowly_holds_nobody_up_and_misses_only_what_was_between() {
    let (fake, ticketd) = slow().await;
    let mut slow = Events::of(&ticketd, &[], CALL).await;
    slow.wait_for("started").await;
    // It reads nothing more until another one has the ticket.
    let ticket = Events::of(&ticketd, &[], CALL).await.wait_for("done").await;
    assert_eq!(slow.wait_for("done").await, ticket);
    assert_eq!(fake.calls().await, 1);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_comment_comes_while_nothing_happens() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "stall_before", "times": 1})).await;
    let mut events = Events::of(&ticketd, &[], CALL).await;
    events.wait_for("started").await;
    assert_eq!(events.raw().await.as_deref(), Some(": keep-alive"));
    drop(events);
    ticketd.stop().await;
}
