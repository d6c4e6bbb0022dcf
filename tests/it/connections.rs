//! The connections to nodes: calls that follow soon share one, and none that is dead is used.

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Fake, Ticketd, assert_ticket, call, free_ports};

/// Two calls a ticket, all over the connections of one thread.
const CONFIG: &str = "[server]\nworkers = 1\n[ticket]\ncorrection = \"always\"\n";

#[actix_web::test]
async fn calls_that_follow_soon_share_a_connection() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], CONFIG).await;
    for number in 0..5 {
        assert_ticket(&ticketd.summarize(&call(number)).await);
    }
    let seen = fake.seen().await;
    assert_eq!(seen["calls"], 10);
    // A machine that is very busy takes longer than a connection is kept.
    assert!(seen["connections"].as_u64().expect("a count") < 5, "{}", seen["connections"]);
}

#[actix_web::test]
async fn a_node_that_was_restarted_is_not_called_over_a_dead_connection() {
    let [port] = free_ports();
    let host = format!("127.0.0.1:{port}");
    let start = async || Fake::start_with(&host, "deepseek-r1:14b").await;
    let mut fake = start().await;
    let ticketd = Ticketd::over(&[&fake], CONFIG).await;
    assert_ticket(&ticketd.summarize(&call(1)).await);
    fake.process.signal(Signal::KILL);
    fake.process.ended().await;
    let fake = start().await;
    let reply = ticketd.summarize(&call(2)).await;
    assert_ticket(&reply);
    let attempts = reply.body["trace"]["attempts"].as_array().expect("a list");
    assert!(attempts.iter().all(|attempt| attempt["outcome"] == json!("answered")), "{attempts:?}");
    assert_eq!(fake.calls().await, 2);
}
