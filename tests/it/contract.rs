//! The wire contract, statement by statement; each test names what it holds.

mod body;
mod model;
mod service;
mod start;
mod ticket;

use serde_json::Value;

/// `{"detail": "<sentence in Chinese>"}` with a stable English `code`.
pub(crate) fn assert_error(reply: &crate::harness::Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.body["code"].as_str()), (status, Some(code)), "{reply:?}");
    let detail = reply.body["detail"].as_str().expect("a sentence");
    assert!(detail.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{detail}");
    assert!(reply.header("x-request-id").is_some(), "errors carry the request id too");
}

/// The form 2025-10-15T10:30:00.123456.
fn assert_timestamp(body: &Value) {
    let timestamp = body["timestamp"].as_str().expect("text");
    let shape: String =
        timestamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000");
}
