//! How streams of events end: with a failure, at a deadline, at a stop, without their caller.

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpSocket, time::timeout};

use super::{Events, assert_done, running, slow, taken};
use crate::{
    contract::assert_error,
    harness::{CALL, Fake, LIMIT, Ticketd, assert_ticket, call, until},
    raw::{post, rest},
};

#[actix_web::test]
async fn a_caller_who_leaves_amid_the_tokens_frees_its_slot() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let mut events = Events::of(&ticketd, &[], CALL).await;
    events.wait_for("token").await;
    running(&fake, 1).await;
    drop(events);
    running(&fake, 0).await;
    until("the slot is free", async || {
        let stats = ticketd.get("/lb-stats").await.body;
        (stats["endpoints"][0]["in_flight"] == 0).then_some(())
    })
    .await;
    ticketd.process.line_after("caller left request_id=").await;
    assert_ticket(&ticketd.summarize(&call(1)).await);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_caller_who_closes_its_side_or_sends_without_end_has_left_too() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    for round in 0..2 {
        fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
        let mut stream = post(&ticketd, "accept: text/event-stream\r\n", CALL).await;
        running(&fake, 1).await;
        if round == 0 {
            stream.shutdown().await.expect("the side closes");
        } else {
            let requests = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
            let write = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
            timeout(LIMIT, write).await.expect("it is cut off");
        }
        until("the fake sees it", async || fake.seen().await["left"][round].as_u64()).await;
    }
    assert_ticket(&ticketd.summarize(CALL).await);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_failure_is_told_as_the_error_that_the_plain_form_answers() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "no_done"})).await;
    let mut events = Events::of(&ticketd, &[("x-request-id", "failing")], CALL).await;
    let (names, told) = events.names().await;
    assert_eq!(names.iter().filter(|name| *name == "started").count(), 3, "{names:?}");
    assert_eq!(names.last().map(String::as_str), Some("failed"));
    let plain = ticketd.summarize(CALL).await;
    assert_error(&plain, 502, "upstream_failed");
    let Value::Object(mut expected) = plain.body else { panic!("an object") };
    expected.insert("status".to_owned(), json!(502));
    assert_eq!(told, Value::Object(expected));
    let log = ticketd.stop().await;
    let told = |line: &&str| line.contains("request failed") && line.contains("id=failing");
    assert_eq!(log.lines().filter(told).count(), 1, "{log}");
}

#[actix_web::test]
async fn a_caller_is_told_that_its_deadline_has_come_or_that_it_had_better_come_back() {
    let (_fake, ticketd, _stalled) = taken("[balancer]\nqueue_limit = 1\n").await;
    let mut waits = Events::of(&ticketd, &[("x-deadline-ms", "4000")], &call(1)).await;
    assert_eq!(waits.wait_for("queued").await["position"], 1);
    let busy = Events::of(&ticketd, &[], &call(2)).await.wait_for("failed").await;
    assert_eq!((&busy["status"], &busy["code"]), (&json!(503), &json!("busy")));
    assert!(busy["retry_after"].as_u64() >= Some(1), "{busy}");
    // It was queued all the time.
    let late = waits.wait_for("failed").await;
    assert_eq!(late["status"], 503, "{late}");
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_deadline_of_a_call_at_work_is_told() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let mut events = Events::of(&ticketd, &[("x-deadline-ms", "1000")], CALL).await;
    let late = events.wait_for("failed").await;
    assert_eq!((&late["status"], &late["code"]), (&json!(504), &json!("timed_out")));
    assert_eq!(events.next().await, None, "nothing comes after the end");
    ticketd.stop().await;
}

#[actix_web::test]
async fn at_the_end_of_the_grace_the_stream_ends_with_the_failure() {
    let fake = Fake::start().await;
    let mut ticketd = Ticketd::over(&[&fake], "[server]\nshutdown_grace = \"300ms\"\n").await;
    fake.behave(json!({"fault": "stall_amid"})).await;
    let mut events = Events::of(&ticketd, &[], CALL).await;
    events.wait_for("token").await;
    ticketd.process.signal(Signal::TERM);
    let failed = events.wait_for("failed").await;
    assert_eq!((&failed["status"], &failed["code"]), (&json!(503), &json!("shutting_down")));
    assert_eq!(events.next().await, None);
    assert!(ticketd.process.ended().await.success(), "{}", ticketd.process.log());
}

#[actix_web::test]
async fn a_stop_waits_for_a_stream_to_its_end() {
    let (fake, ticketd) = slow().await;
    let mut events = Events::of(&ticketd, &[], CALL).await;
    events.wait_for("token").await;
    ticketd.process.signal(Signal::TERM);
    ticketd.process.line_after("stopping: no new calls").await;
    assert_done(&events.wait_for("done").await);
    assert_eq!(fake.calls().await, 1);
    let mut ticketd = ticketd;
    assert!(ticketd.process.ended().await.success(), "{}", ticketd.process.log());
}

#[actix_web::test]
async fn a_caller_who_takes_nothing_of_its_events_is_cut_off_and_frees_its_slot() {
    let fake = Fake::start().await;
    let config = "[server]\nsend_timeout = \"300ms\"\nheader_timeout = \"10m\"\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("set");
    let address = ticketd.url.trim_start_matches("http://").parse().expect("an address");
    let mut stream = socket.connect(address).await.expect("it listens");
    // Answers that fill what the kernel keeps for a reader, so that the events stay untaken.
    let fill = "GET /lb-stats HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20);
    let length = CALL.len();
    let head = "POST /summarize HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n";
    let text = format!("{fill}{head}content-length: {length}\r\n\r\n{CALL}");
    stream.write_all(text.as_bytes()).await.expect("sent");
    until("the node sees it", async || fake.seen().await["left"][0].as_u64()).await;
    ticketd.process.line_after("caller left request_id=").await;
    assert_ticket(&ticketd.summarize(&call(1)).await);
    let told = rest(&mut stream).await;
    assert!(!told.contains("event: failed"), "{told}");
    ticketd.stop().await;
}
