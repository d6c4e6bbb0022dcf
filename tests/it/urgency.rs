//! What callers say of their urgency.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::{
    contract::assert_error,
    harness::{CALL, Fake, Ticketd, assert_ticket, call},
    raw::{answer_to, summarize},
};

#[actix_web::test]
async fn a_ticket_is_made_whatever_the_priority_and_an_unknown_one_is_refused_unrepeated() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    for priority in ["interactive", "batch", "BATCH"] {
        assert_ticket(&summarize(&ticketd, &[("x-priority", priority)], CALL).await);
    }
    let table = [
        ("x-priority", "urgent-secret", "bad_priority", "X-Priority"),
        ("x-deadline-ms", "999", "bad_deadline", "X-Deadline-Ms"),
        ("x-deadline-ms", "3600001", "bad_deadline", "X-Deadline-Ms"),
        ("x-deadline-ms", "soon-secret", "bad_deadline", "X-Deadline-Ms"),
    ];
    for (name, value, code, shown) in table {
        let reply = summarize(&ticketd, &[(name, value)], CALL).await;
        assert_error(&reply, 400, code);
        let detail = reply.body["detail"].as_str().expect("a sentence");
        assert!(detail.contains(shown) && !detail.contains(value), "{detail}");
    }
    assert_eq!(fake.calls().await, 3, "no model call for any of these");
    assert!(!ticketd.stop().await.contains("secret"));
}

#[actix_web::test]
async fn a_callers_deadline_replaces_the_configured_one_in_both_directions() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[server]\nrequest_timeout = \"1s\"\n").await;
    fake.behave(json!({"delay_ms": 1500})).await;
    assert_ticket(&summarize(&ticketd, &[("x-deadline-ms", "60000")], &call(0)).await);
    assert_error(&ticketd.summarize(&call(1)).await, 504, "timed_out");
    ticketd.stop().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let began = Instant::now();
    let reply = summarize(&ticketd, &[("x-deadline-ms", "1000")], &call(2)).await;
    assert_error(&reply, 504, "timed_out");
    // The answer still reaches a caller who leaves at the deadline.
    assert!(began.elapsed() >= Duration::from_millis(950));
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_deadline_counts_from_the_head_even_where_no_body_comes() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let head = "POST /summarize HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\nx-deadline-ms: 1000";
    let answer = answer_to(&ticketd, format!("{head}\r\n\r\n{{").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    ticketd.stop().await;
}
