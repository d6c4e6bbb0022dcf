//! Who gets events, and who the plain form.

use serde_json::Value;

use super::{ACCEPT, Events};
use crate::{
    contract::assert_error,
    harness::{CALL, Fake, Ticketd},
    raw::{post, rest, summarize},
};

#[actix_web::test]
async fn who_names_no_events_is_answered_as_ever() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    // The lines of the head and the names in the body, without what differs from call to call.
    let shape = async |headers: &str| {
        let headers = format!("{headers}x-request-id: same\r\n");
        let answer = rest(&mut post(&ticketd, &headers, CALL).await).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let volatile = |line: &&str| !line.starts_with("date:") && !line.starts_with("content-len");
        let mut head: Vec<_> = head.lines().filter(volatile).map(str::to_owned).collect();
        // Headers have no order.
        head.sort();
        let Value::Object(mut body) = serde_json::from_str(body).expect("JSON") else { panic!() };
        body.remove("trace");
        (head, body)
    };
    let plain = shape("").await;
    let lines = [
        "HTTP/1.1 200 OK",
        "connection: close",
        "content-type: application/json",
        "x-request-id: same",
    ];
    assert_eq!(plain.0, lines);
    for accept in ["*/*", "application/json", "text/*", "text/event-stream;q=0", "nonsense"] {
        assert_eq!(shape(&format!("accept: {accept}\r\n")).await, plain, "{accept}");
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn what_is_wrong_with_a_request_is_a_plain_error() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[server]\nmax_body_bytes = 2000\n").await;
    let long = " ".repeat(2001);
    let table = [
        (("x-a", "b"), "no JSON", 400, "not_json"),
        (("x-a", "b"), r#"{"s": []}"#, 400, "no_words"),
        (("x-priority", "urgent"), CALL, 400, "bad_priority"),
        (("x-deadline-ms", "1"), CALL, 400, "bad_deadline"),
        (("idempotency-key", "two words"), CALL, 400, "bad_idempotency_key"),
        (("x-a", "b"), &long, 413, "body_too_large"),
    ];
    for (header, body, status, code) in table {
        let reply = summarize(&ticketd, &[ACCEPT, header], body).await;
        assert_error(&reply, status, code);
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
    assert_eq!(fake.calls().await, 0);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_ticket_that_was_made_before_is_all_that_comes() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let key = ("idempotency-key", "k");
    let plain = summarize(&ticketd, &[key], CALL).await;
    let mut again = Events::of(&ticketd, &[key], CALL).await;
    assert_eq!(again.headers.get("idempotent-replayed").expect("it was"), "true");
    assert_eq!(again.next().await, Some(("done".to_owned(), plain.body)));
    assert_eq!(again.next().await, None);
    let key = ("idempotency-key", "another");
    let told = Events::of(&ticketd, &[key], CALL).await.wait_for("done").await;
    let plain = summarize(&ticketd, &[key], CALL).await;
    assert_eq!((plain.header("idempotent-replayed"), &plain.body), (Some("true"), &told));
    assert_eq!(fake.calls().await, 2);
    ticketd.stop().await;
}
