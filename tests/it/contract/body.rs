//! `POST /summarize`: what a request may be, and what is answered to one that is none or comes at a bad time.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::assert_error;
use crate::harness::{CALL, Fake, Ticketd, assert_ticket, call, until};

#[actix_web::test]
async fn several_sessions_make_one_ticket_of_all_their_turns() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let body = json!({
        "2": [{"citizen": "小区停水了"}, {"hot-line": "您是哪里", "citizen": "三十铺"}],
        "1": [{"citizen": "金安区三十铺镇"}],
    });
    assert_ticket(&ticketd.summarize(&body.to_string()).await);
    assert_eq!(fake.calls().await, 1);
    let seen = fake.seen().await;
    let prompt = seen["bodies"][0]["prompt"].as_str().expect("a prompt").to_owned();
    assert!(prompt.ends_with(
        "<通话记录>\n来电人：小区停水了\n话务员：您是哪里\n来电人：三十铺\n来电人：金安区三十铺镇\n</通话记录>"
    ));
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_turn_with_neither_key_is_skipped_with_a_warning_and_an_empty_one_silently() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let body = json!({"s": [{"note": "秘密"}, {"citizen": ""}, {"hot-line": "  "}, {}, {"citizen": "停水了，找不到人修"}]});
    let reply = ticketd.summarize(&body.to_string()).await;
    assert_ticket(&reply);
    assert_eq!(reply.body["quality"]["skipped_turns"], 2);
    let prompt = fake.seen().await["bodies"][0]["prompt"].to_string();
    assert_eq!(prompt.matches("来电人：").count(), 1, "{prompt}");
    let log = ticketd.stop().await;
    assert!(
        log.contains("turns with neither citizen nor hot-line were left out skipped=2"),
        "{log}"
    );
    assert!(!log.contains("秘密") && !log.contains("停水"), "no words of a call in the log");
}

#[actix_web::test]
async fn a_body_that_is_no_transcript_is_a_400_with_detail_and_code() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let table = [
        ("", "not_json"),
        ("{", "not_json"),
        ("not json", "not_json"),
        ("[]", "not_an_object"),
        ("\"text\"", "not_an_object"),
        ("{}", "empty_object"),
        (r#"{"s": {}}"#, "session_not_an_array"),
        (r#"{"s": "text"}"#, "session_not_an_array"),
        (r#"{"s": ["text"]}"#, "turn_not_an_object"),
        (r#"{"s": [[]]}"#, "turn_not_an_object"),
        (r#"{"s": [{"citizen": 7}]}"#, "turn_value_not_a_string"),
        (r#"{"s": [{"hot-line": null}]}"#, "turn_value_not_a_string"),
        (r#"{"s": []}"#, "no_words"),
    ];
    for (body, code) in table {
        assert_error(&ticketd.summarize(body).await, 400, code);
    }
    assert_eq!(fake.calls().await, 0, "no model call for any of them");
    ticketd.stop().await;
}

#[actix_web::test]
async fn any_content_type_is_accepted_and_a_byte_order_mark_too() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        let request = ticketd.client.post(format!("{}/summarize", ticketd.url));
        let reply = request.insert_header(("content-type", content_type)).send_body(CALL).await;
        assert_eq!(reply.expect("an answer").status(), 200, "{content_type}");
    }
    assert_ticket(&ticketd.summarize(&format!("\u{feff}{CALL}")).await);
    ticketd.stop().await;
}

#[actix_web::test]
async fn errors_beyond_400_are_precise() {
    let fake = Fake::start().await;
    let config = "[nodes]\nprobe_interval = \"50ms\"\n[server]\nmax_body_bytes = 2000\nbody_timeout = \"200ms\"\nrequest_timeout = \"1s\"\n[balancer]\nqueue_limit = 1\npenalty_base = \"1ms\"\npenalty_ceiling = \"1ms\"\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    assert_error(&ticketd.summarize(&" ".repeat(2001)).await, 413, "body_too_large");
    // The same without a Content-Length.
    let request = ticketd.client.post(format!("{}/summarize", ticketd.url));
    let piece = || Ok::<_, std::io::Error>(" ".repeat(1000).into());
    let pieces = futures_util::stream::iter([piece(), piece(), piece()]);
    assert_eq!(request.send_stream(pieces).await.expect("an answer").status(), 413);
    assert_error(&ticketd.get("/nope").await, 404, "not_found");
    let reply = ticketd.get("/summarize").await;
    assert_error(&reply, 405, "method_not_allowed");
    assert_eq!(reply.header("allow"), Some("POST"));
    assert_error(&ticketd.send("DELETE", "/health", "").await, 405, "method_not_allowed");
    // A body that does not come whole.
    let mut slow =
        TcpStream::connect(ticketd.url.trim_start_matches("http://")).await.expect("open");
    let head = b"POST /summarize HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    slow.write_all(head).await.expect("sent");
    let mut status = [0; 12];
    slow.read_exact(&mut status).await.expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 408");
    // Every attempt fails.
    fake.behave(json!({"fault": "no_done"})).await;
    assert_error(&ticketd.summarize(CALL).await, 502, "upstream_failed");
    // The deadline comes while a node is at work.
    fake.behave(json!({"fault": "stall_amid"})).await;
    assert_error(&ticketd.summarize(CALL).await, 504, "timed_out");
    // No node comes in time for the one call that may wait, and the queue is full for the other.
    drop(fake);
    until("the node is lost", async || {
        (ticketd.get("/health").await.body["deepseek_service"] == "unreachable").then_some(())
    })
    .await;
    let timed = async |number| {
        let began = tokio::time::Instant::now();
        (ticketd.summarize(&call(number)).await, began.elapsed().as_millis())
    };
    let ((one, first), (other, second)) = tokio::join!(timed(0), timed(1));
    assert!(first.min(second) < 700 && first.max(second) >= 950, "{first} and {second} ms");
    for busy in [one, other] {
        assert_error(&busy, 503, "busy");
        let retry_after = busy.header("retry-after").and_then(|text| text.parse::<u64>().ok());
        assert!(retry_after.is_some_and(|seconds| seconds > 0));
    }
    let log = ticketd.stop().await;
    assert_eq!(log.matches("event=call_timed_out").count(), 1, "{log}");
}
