//! Callers who send the same bytes at once share one ticket.

use futures_util::future::join_all;
use serde_json::json;
use tokio::net::TcpStream;

use crate::{
    contract::assert_error,
    harness::{CALL, Fake, Ticketd, assert_ticket, call, until},
    raw::{control, post, rest},
    socket::Folder,
};

const DEBUG: &str = "[log]\nlevel = \"debug\"\n";
const SHARED: &str = "it is shared";

/// A node with one slot, taken by a call that ends when its caller's connection does.
async fn taken() -> (Fake, Ticketd, TcpStream) {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], DEBUG).await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let stalled = post(&ticketd, "", &call(0)).await;
    running(&fake, 1).await;
    (fake, ticketd, stalled)
}

async fn running(fake: &Fake, count: u64) {
    until("so many calls run", async || (fake.seen().await["running"] == count).then_some(()))
        .await;
}

/// Waits until so many callers share the ticket of another one.
async fn shared(ticketd: &Ticketd, count: usize) {
    until("they share", async || {
        (ticketd.process.log().matches(SHARED).count() == count).then_some(())
    })
    .await;
}

async fn assert_whole(mut stream: TcpStream) {
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("zone_correction"), "{answer}");
}

#[actix_web::test]
async fn many_identical_calls_at_once_cost_one_call_of_a_node() {
    let (fake, ticketd, stalled) = taken().await;
    let mut askers = Vec::new();
    for _ in 0..20 {
        askers.push(post(&ticketd, "", CALL).await);
    }
    shared(&ticketd, 19).await;
    drop(stalled);
    join_all(askers.into_iter().map(assert_whole)).await;
    assert_eq!(fake.calls().await, 2, "the one before, and one for all of them");
    assert_ticket(&ticketd.summarize(CALL).await);
    assert_eq!(fake.calls().await, 3, "what is over is not shared");
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_first_caller_may_leave_and_the_others_get_the_ticket() {
    let (fake, ticketd, stalled) = taken().await;
    let first = post(&ticketd, "", CALL).await;
    ticketd.process.line_after("calls wait for a slot waiting=1").await;
    let others = [post(&ticketd, "", CALL).await, post(&ticketd, "", CALL).await];
    shared(&ticketd, 2).await;
    drop(first);
    ticketd.process.line_after("caller left").await;
    drop(stalled);
    join_all(others.map(assert_whole)).await;
    assert_eq!(fake.calls().await, 2);
    ticketd.stop().await;
}

#[actix_web::test]
async fn when_the_last_caller_leaves_the_call_ends_and_the_slot_is_free() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], DEBUG).await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let first = post(&ticketd, "", CALL).await;
    running(&fake, 1).await;
    let second = post(&ticketd, "", CALL).await;
    shared(&ticketd, 1).await;
    drop(first);
    ticketd.process.line_after("caller left").await;
    assert_eq!(fake.seen().await["running"], 1, "it goes on for the second");
    drop(second);
    until("the fake sees it", async || fake.seen().await["left"][0].as_u64()).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    assert_eq!(fake.calls().await, 2);
    ticketd.stop().await;
}

#[actix_web::test]
async fn other_bytes_or_another_priority_are_not_shared() {
    let (fake, ticketd, stalled) = taken().await;
    let blank = format!("{CALL} ");
    let askers = [
        post(&ticketd, "", CALL).await,
        post(&ticketd, "", &blank).await,
        post(&ticketd, "x-priority: batch\r\n", CALL).await,
        post(&ticketd, "", &call(1)).await,
    ];
    ticketd.process.line_after("calls wait for a slot waiting=4").await;
    drop(stalled);
    join_all(askers.map(assert_whole)).await;
    assert_eq!(fake.calls().await, 5);
    let log = ticketd.stop().await;
    assert!(!log.contains(SHARED), "{log}");
}

#[actix_web::test]
async fn another_configuration_is_not_shared_though_it_says_the_same() {
    let (fake, ticketd, stalled) = taken().await;
    let before = post(&ticketd, "", CALL).await;
    ticketd.process.line_after("calls wait for a slot waiting=1").await;
    ticketd.process.signal(rustix::process::Signal::HUP);
    ticketd.process.line_after("configuration reloaded").await;
    let after = post(&ticketd, "", CALL).await;
    ticketd.process.line_after("calls wait for a slot waiting=2").await;
    drop(stalled);
    join_all([before, after].map(assert_whole)).await;
    assert_eq!(fake.calls().await, 3);
    ticketd.stop().await;
}

#[actix_web::test]
async fn each_caller_keeps_its_own_deadline() {
    let (fake, ticketd, stalled) = taken().await;
    let patient = post(&ticketd, "", CALL).await;
    ticketd.process.line_after("calls wait for a slot waiting=1").await;
    let mut hasty = post(&ticketd, "x-deadline-ms: 1000\r\n", CALL).await;
    shared(&ticketd, 1).await;
    assert!(rest(&mut hasty).await.starts_with("HTTP/1.1 504"), "its own deadline");
    drop(stalled);
    assert_whole(patient).await;
    assert_eq!(fake.calls().await, 2);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_caller_with_more_time_than_the_one_it_shares_with_makes_the_ticket_itself() {
    let (fake, ticketd, stalled) = taken().await;
    let mut hasty = post(&ticketd, "x-deadline-ms: 1500\r\n", CALL).await;
    ticketd.process.line_after("calls wait for a slot waiting=1").await;
    let patient = post(&ticketd, "", CALL).await;
    shared(&ticketd, 1).await;
    // It was queued all the time.
    assert!(rest(&mut hasty).await.starts_with("HTTP/1.1 503"), "as without sharing");
    drop(stalled);
    assert_whole(patient).await;
    assert_eq!(fake.calls().await, 2);
    ticketd.stop().await;
}

#[actix_web::test]
async fn callers_who_come_soon_after_the_one_they_share_with_begin_no_hopeless_call() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], DEBUG).await;
    fake.behave(json!({"fault": "stall_amid"})).await;
    let deadline = "x-deadline-ms: 2000\r\n";
    let mut askers = vec![post(&ticketd, deadline, CALL).await];
    running(&fake, 1).await;
    // Each has so much more time as it came later.
    for _ in 0..5 {
        askers.push(post(&ticketd, deadline, CALL).await);
    }
    shared(&ticketd, 5).await;
    for asker in &mut askers {
        assert!(rest(asker).await.starts_with("HTTP/1.1 504"));
    }
    assert_eq!(fake.calls().await, 1);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_failure_is_shared_too_and_begins_no_further_call() {
    let (fake, ticketd, stalled) = taken().await;
    let bodies = [CALL; 3];
    let calls = join_all(bodies.map(|body| ticketd.summarize(body)));
    let fail = async {
        shared(&ticketd, 2).await;
        fake.behave(json!({"fault": "no_done"})).await;
        drop(stalled);
    };
    let (replies, ()) = tokio::join!(calls, fail);
    for reply in replies {
        assert_error(&reply, 502, "upstream_failed");
    }
    assert_eq!(fake.calls().await, 4, "three attempts for all");
    ticketd.stop().await;
}

#[actix_web::test]
async fn at_the_end_of_the_grace_all_who_share_are_refused() {
    let fake = Fake::start().await;
    let config = format!("[server]\nshutdown_grace = \"300ms\"\n{DEBUG}");
    let mut ticketd = Ticketd::over(&[&fake], &config).await;
    fake.behave(json!({"fault": "stall_amid"})).await;
    let mut askers = [post(&ticketd, "", CALL).await, post(&ticketd, "", CALL).await];
    shared(&ticketd, 1).await;
    ticketd.process.signal(rustix::process::Signal::TERM);
    for asker in &mut askers {
        let answer = rest(asker).await;
        assert!(answer.contains("shutting_down"), "{answer}");
    }
    assert!(ticketd.process.ended().await.success(), "{}", ticketd.process.log());
}

#[actix_web::test]
async fn a_stop_that_ends_the_thread_of_a_shared_ticket_costs_nobody_the_ticket() {
    let folder = Folder::new();
    let fake = Fake::start().await;
    let mut ticketd = Ticketd::over(&[&fake], &(folder.config(&[]) + DEBUG)).await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let first = post(&ticketd, "", CALL).await;
    running(&fake, 1).await;
    let stop = async {
        shared(&ticketd, 1).await;
        drop(first);
        ticketd.process.line_after("caller left").await;
        // Nobody is left over TCP, where the ticket was begun.
        ticketd.process.signal(rustix::process::Signal::TERM);
    };
    let socket = folder.socket();
    let (reply, ()) = tokio::join!(control(&socket, "POST /summarize", CALL), stop);
    assert_ticket(&reply);
    assert_eq!(fake.calls().await, 2, "it was begun anew");
    assert!(ticketd.process.ended().await.success(), "{}", ticketd.process.log());
}
