//! A caller who leaves frees its place at once, wherever its call is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde_json::json;
use tokio::{io::AsyncWriteExt, time::Instant};

use crate::{
    harness::{CALL, Fake, Ticketd, assert_ticket, call, until},
    raw::post,
    socket::{Folder, waiting},
};

/// How often a caller leaves, and how soon the node must see it and the slot must be free.
struct Rounds {
    count: usize,
    seen_within: Duration,
    next_within: Duration,
}

/// Beside other tests a process may have to wait for its turn.
const SHORT: Rounds = Rounds {
    count: 3,
    seen_within: Duration::from_millis(500),
    next_within: Duration::from_secs(2),
};

const FULL: Rounds = Rounds {
    count: 20,
    seen_within: Duration::from_millis(100),
    next_within: Duration::from_millis(200),
};

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

/// Callers leave, one after the other, while the fake is at `fault`; each time the fake sees it, and
/// the next call has the slot at once.
async fn leaves_during(fault: &str, rounds: &Rounds) {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let (mut seen, mut next) = (Vec::new(), Vec::new());
    for round in 0..rounds.count {
        fake.behave(json!({"fault": fault, "times": 1})).await;
        let tokens = fake.seen().await["tokens"].clone();
        let stream = post(&ticketd, "", CALL).await;
        until("the call is where it shall be", async || {
            let seen = fake.seen().await;
            let begun = fault == "stall_before" || seen["tokens"] != tokens;
            (seen["running"] == 1 && begun).then_some(())
        })
        .await;
        let left = now();
        drop(stream);
        let asked = Instant::now();
        // The node has one slot.
        assert_ticket(&ticketd.summarize(&call(round)).await);
        next.push(asked.elapsed());
        let at = until("the fake sees it", async || fake.seen().await["left"][round].as_u64());
        seen.push(Duration::from_millis(at.await).saturating_sub(left));
    }
    assert_eq!(fake.seen().await["running"], 0);
    println!("{fault}: seen after {seen:?}; the next call took {next:?}");
    let longest = |times: &[Duration]| times.iter().max().copied().unwrap_or_default();
    assert!(longest(&seen) < rounds.seen_within, "{fault}: seen after {seen:?}");
    assert!(longest(&next) < rounds.next_within, "{fault}: the next call took {next:?}");
    left_by(&ticketd, rounds.count).await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn before_the_first_token() {
    leaves_during("stall_before", &SHORT).await;
}

#[actix_web::test]
async fn amid_the_answer() {
    leaves_during("stall_amid", &SHORT).await;
}

#[actix_web::test]
#[ignore = "wants the machine for itself: make cancel"]
async fn in_full_a_node_sees_within_a_tenth_of_a_second_that_the_caller_left() {
    leaves_during("stall_before", &FULL).await;
    leaves_during("stall_amid", &FULL).await;
}

/// Callers leave the queue while the only slot is taken.
async fn leaves_while_queued(rounds: &Rounds) {
    let folder = Folder::new();
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], &folder.config(&[])).await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let working = post(&ticketd, "", CALL).await;
    until("the first call runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
    let bodies: Vec<_> = (0..rounds.count).map(|number| call(number + 2)).collect();
    let queued = join_all(bodies.iter().map(|body| post(&ticketd, "", body))).await;
    waiting(&folder, rounds.count).await;
    let left = Instant::now();
    drop(queued);
    left_by(&ticketd, rounds.count).await;
    let gone = left.elapsed();
    println!("queued: {} gone after {gone:?}", rounds.count);
    assert!(gone < rounds.seen_within, "queued: gone after {gone:?}");
    drop(working);
    let asked = Instant::now();
    assert_ticket(&ticketd.summarize(&call(1)).await);
    let next = asked.elapsed();
    assert!(next < rounds.next_within, "queued: the next call took {next:?}");
    assert_eq!(fake.calls().await, 2, "the first and the last");
    left_by(&ticketd, rounds.count + 1).await;
    ticketd.stop().await;
}

/// Waits until so many callers are known to have left.
async fn left_by(ticketd: &Ticketd, count: usize) {
    until(&format!("{count} callers left"), async || {
        (ticketd.process.log().matches("caller left").count() == count).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn while_queued_no_node_ever_sees_the_call() {
    leaves_while_queued(&SHORT).await;
}

#[actix_web::test]
#[ignore = "wants the machine for itself: make cancel"]
async fn in_full_no_node_ever_sees_the_calls_that_left_the_queue() {
    leaves_while_queued(&FULL).await;
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
