//! `POST /v1/ticket/check`: a ticket that was corrected by hand, compared with its call.

use std::cell::Cell;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::{
    harness::{CALL, Fake, Ticketd, assert_ticket, until},
    raw::{connect, exchange},
    socket::{Folder, start},
};

const PATH: &str = "/v1/ticket/check";

fn body(call: &Value, ticket: &Value) -> String {
    json!({"call": call, "ticket": ticket}).to_string()
}

fn ticket(content: &str) -> Value {
    json!({"ticket_type": "投诉", "ticket_zone": "未提及", "ticket_title": "小区停水", "ticket_content": content})
}

#[actix_web::test]
async fn a_ticket_as_it_came_is_judged_alike_and_a_changed_number_is_found() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let made = ticketd.summarize(CALL).await;
    assert_ticket(&made);
    let call: Value = serde_json::from_str(CALL).expect("JSON");
    let checked = ticketd.send("POST", PATH, body(&call, &made.body)).await;
    assert_eq!(checked.status, 200);
    assert_eq!(checked.body["quality"], made.body["quality"]);

    let call = json!({"s": [{"hot-line": "您好"}, {"citizen": "停水了，我在三栋，电话幺三八零零幺三八零零零。"}]});
    let ticket = ticket("来电人咨询：3栋停水，电话13800138000，已停5天。 话务员解答内容：已记录。");
    let checked = ticketd.send("POST", PATH, body(&call, &ticket)).await.body;
    let said = |start, end| json!([{"session": 0, "turn": 1, "speaker": "citizen", "start": start, "end": end}]);
    let span = |start, end, kind: &str, said: Value| {
        let grounded = said != json!([]);
        json!({"field": "ticket_content", "start": start, "end": end, "kind": kind, "grounded": grounded, "said": said})
    };
    let expected = json!([
        span(6, 8, "address", said(6, 8)),
        span(13, 24, "phone", said(11, 22)),
        span(27, 29, "number", json!([])),
    ]);
    assert_eq!(checked["spans"], expected);
    assert_eq!(checked["quality"]["ungrounded"], json!([{"kind": "number", "text": "5天"}]));
    ticketd.stop().await;
}

#[actix_web::test]
async fn what_is_wrong_with_a_body_is_told_as_for_a_call() {
    let ticketd = start("").await;
    let call = json!({"s": [{"citizen": "停水了"}]});
    let good = ticket("停水");
    let table = [
        ("{".to_owned(), 400, "not_json"),
        ("[]".to_owned(), 400, "bad_request"),
        (json!({"call": call}).to_string(), 400, "bad_request"),
        (body(&call, &json!({"ticket_title": "停水"})), 400, "bad_request"),
        (body(&call, &ticket(&"水".repeat(5001))), 400, "bad_request"),
        (body(&json!([]), &good), 400, "not_an_object"),
        (body(&json!({}), &good), 400, "empty_object"),
        (body(&json!({"s": 1}), &good), 400, "session_not_an_array"),
        (body(&json!({"s": [1]}), &good), 400, "turn_not_an_object"),
        (body(&json!({"s": [{"citizen": 1}]}), &good), 400, "turn_value_not_a_string"),
        (body(&json!({"s": []}), &good), 400, "no_words"),
        (body(&json!({"s": [{"citizen": "水".repeat(400_000)}]}), &good), 413, "body_too_large"),
    ];
    for (body, status, code) in table {
        let reply = ticketd.send("POST", PATH, body).await;
        assert_eq!((reply.status, &reply.body["code"]), (status, &json!(code)), "{reply:?}");
    }
    assert_eq!(ticketd.get(PATH).await.status, 405);
    ticketd.stop().await;
}

#[actix_web::test]
async fn long_calls_are_compared_beside_the_workers_and_a_caller_who_leaves_holds_up_nobody() {
    let folder = Folder::new();
    let ticketd = start(&(folder.config(&[]) + "workers = 1\n[log]\nlevel = \"debug\"\n")).await;
    let words = "两万五，一百二十一栋，幺三八零零幺三八零零零，下午三点，".repeat(250);
    let turn = json!({"citizen": words});
    let call = json!({"s": vec![turn; 45]});
    let content: String = (1000..1100).map(|amount| format!("{amount}元，")).collect();
    let body = body(&call, &ticket(&content));
    assert!((900_000..1_048_576).contains(&body.len()), "{}", body.len());
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: x\r\nx-request-id: left\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut leaving = connect(&ticketd).await;
    leaving.write_all(head.as_bytes()).await.expect("sent");
    leaving.write_all(body.as_bytes()).await.expect("sent");
    let (mut answered, done) = (0, Cell::new(false));
    let long = async {
        // The one who leaves may hold the only turn for too long.
        let reply = until("its turn", async || {
            let stream = connect(&ticketd).await;
            let reply = exchange(stream, &format!("POST {PATH}"), "", &body).await;
            (reply.status != 503).then_some(reply)
        });
        let reply = reply.await;
        done.set(true);
        reply
    };
    let other = async {
        // The only worker answers others meanwhile.
        until("some answers", async || {
            answered += usize::from(ticketd.get("/healthz").await.status == 200);
            (answered == 5).then_some(())
        })
        .await;
        assert!(!done.get(), "the comparison did not hold up the worker");
        drop(leaving);
    };
    let (long, ()) = tokio::join!(long, other);
    assert_eq!(long.status, 200, "{:?}", long.body["code"]);
    let spans = long.body["spans"].as_array().expect("spans");
    assert_eq!(spans.len(), 100);
    assert!(spans.iter().all(|span| span["grounded"] == false));
    ticketd.process.line_after("request_id=\"left\"").await;
    ticketd.stop().await;
}
