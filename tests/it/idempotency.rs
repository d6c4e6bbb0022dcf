//! `Idempotency-Key`: the same ticket again, for the same caller, the same body, and a while.

use serde_json::json;
use tokio::net::{TcpStream, UnixStream};

use crate::{
    contract::assert_error,
    harness::{CALL, Fake, Reply, Ticketd, assert_ticket, call, until},
    raw::{connect, exchange, post, rest, summarize},
    socket::Folder,
};

const KEY: (&str, &str) = ("idempotency-key", "secret-key-1");
const REPLAYED: &str = "idempotent-replayed";

async fn ticketd(config: &str) -> (Fake, Ticketd) {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], config).await;
    (fake, ticketd)
}

/// Calls with this key, and says whether the ticket is one of an earlier call.
async fn replayed(ticketd: &Ticketd, key: &str, body: &str) -> bool {
    let reply = summarize(ticketd, &[("idempotency-key", key)], body).await;
    assert_ticket(&reply);
    reply.header(REPLAYED) == Some("true")
}

#[actix_web::test]
async fn the_same_key_and_body_get_the_same_ticket_without_another_call() {
    let (fake, ticketd) = ticketd("[log]\nlevel = \"trace\"\n").await;
    let first = summarize(&ticketd, &[KEY], CALL).await;
    assert_ticket(&first);
    assert_eq!(first.header(REPLAYED), None);
    // The node would answer otherwise now.
    fake.behave(json!({"fault": "no_done"})).await;
    let again = summarize(&ticketd, &[KEY], CALL).await;
    assert_eq!((again.status, again.header(REPLAYED)), (200, Some("true")));
    assert_eq!(again.header("content-type"), Some("application/json"));
    assert_eq!(again.body, first.body);
    assert_eq!(fake.calls().await, 1);
    fake.behave(json!({})).await;
    assert!(!replayed(&ticketd, "another", CALL).await);
    assert_eq!(summarize(&ticketd, &[], CALL).await.header(REPLAYED), None);
    let log = ticketd.stop().await;
    assert!(!log.contains(KEY.1) && !log.contains("水韵"), "{log}");
}

#[actix_web::test]
async fn the_same_key_with_another_body_is_refused_also_while_the_first_call_runs() {
    let (fake, ticketd) = ticketd("").await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let running = post(&ticketd, "idempotency-key: secret-key-1\r\n", CALL).await;
    until("it runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
    let refused = async || {
        let reply = summarize(&ticketd, &[KEY], &call(1)).await;
        assert_error(&reply, 422, "idempotency_key_reused");
    };
    refused().await;
    // A call that failed leaves the key free.
    drop(running);
    until("the fake sees it", async || fake.seen().await["left"][0].as_u64()).await;
    assert!(!replayed(&ticketd, KEY.1, CALL).await);
    refused().await;
    assert!(!ticketd.stop().await.contains(KEY.1));
}

#[actix_web::test]
async fn the_same_key_and_body_at_once_share_one_call() {
    let (fake, ticketd) = ticketd("[log]\nlevel = \"debug\"\n").await;
    fake.behave(json!({"fault": "stall_amid", "times": 1})).await;
    let stalled = post(&ticketd, "", &call(0)).await;
    until("it runs", async || (fake.seen().await["running"] == 1).then_some(())).await;
    let mut askers = Vec::new();
    for _ in 0..3 {
        askers.push(post(&ticketd, "idempotency-key: secret-key-1\r\n", CALL).await);
    }
    until("they share", async || {
        (ticketd.process.log().matches("it is shared").count() == 2).then_some(())
    })
    .await;
    drop(stalled);
    for asker in &mut askers {
        let answer = rest(asker).await;
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains(REPLAYED), "{answer}");
    }
    assert!(replayed(&ticketd, KEY.1, CALL).await);
    assert_eq!(fake.calls().await, 2);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_failure_is_not_kept() {
    let (fake, ticketd) = ticketd("").await;
    fake.behave(json!({"fault": "no_done"})).await;
    assert_error(&summarize(&ticketd, &[KEY], CALL).await, 502, "upstream_failed");
    fake.behave(json!({})).await;
    assert!(!replayed(&ticketd, KEY.1, CALL).await);
    assert!(replayed(&ticketd, KEY.1, CALL).await);
    ticketd.stop().await;
}

#[actix_web::test]
async fn what_is_no_key_is_a_400_that_does_not_repeat_it() {
    let (fake, ticketd) = ticketd("").await;
    let long = "k".repeat(256);
    for key in ["", "two words", "schlüssel", &long] {
        let reply = summarize(&ticketd, &[("idempotency-key", key)], CALL).await;
        assert_error(&reply, 400, "bad_idempotency_key");
        let detail = reply.body["detail"].as_str().expect("a sentence");
        assert!(detail.contains("Idempotency-Key"), "{detail}");
        assert!(key.is_empty() || !detail.contains(key), "{detail}");
    }
    assert_eq!(fake.calls().await, 0);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_key_is_forgotten_when_its_time_is_over_and_ignored_where_that_is_0() {
    let (_fake, brief) = ticketd("[server]\nidempotency_ttl = \"300ms\"\n").await;
    replayed(&brief, KEY.1, CALL).await;
    until("it is forgotten", async || (!replayed(&brief, KEY.1, CALL).await).then_some(())).await;
    brief.stop().await;
    let (fake, none) = ticketd("[server]\nidempotency_ttl = \"0s\"\n").await;
    for key in [KEY.1, KEY.1, "two words"] {
        assert!(!replayed(&none, key, CALL).await);
    }
    assert!(!replayed(&none, KEY.1, &call(1)).await);
    assert_eq!(fake.calls().await, 4);
    none.stop().await;
}

#[actix_web::test]
async fn the_oldest_tickets_go_when_they_are_too_many() {
    let (fake, ticketd) = ticketd("[server]\nidempotency_bytes = 65536\n").await;
    let words: String = ('一'..).filter(|word| !"你俺咱妳".contains(*word)).take(3800).collect();
    let answer = json!({
        "ticket_type": "咨询", "ticket_zone": "", "ticket_title": "咨询医保报销",
        "ticket_content": format!("来电人咨询：{words}。话务员解答内容：已告知。"),
    });
    fake.behave(json!({"answer": answer.to_string()})).await;
    for key in ["1", "2", "3", "4", "5", "6"] {
        assert!(!replayed(&ticketd, key, CALL).await);
    }
    assert!(replayed(&ticketd, "6", CALL).await);
    assert!(!replayed(&ticketd, "1", CALL).await, "12 kB each: five fit");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_key_belongs_to_the_token_that_it_came_with() {
    let folder = Folder::new();
    let [one, other] = ["token-of-one-0123456", "token-of-another-012"];
    let tokens = folder.write("tokens", &format!("{one}\n{other}\n"));
    let fake = Fake::start().await;
    let endpoints = format!("{}/api/generate", fake.url);
    let config = folder.config(&[("tokens_file", &tokens)]);
    let ticketd = Ticketd::start(&config, &[("DEEPSEEK_ENDPOINTS", &endpoints)]).await;
    let over_tcp = async |token: &str, body: &str| {
        let headers = format!("authorization: Bearer {token}\r\nidempotency-key: k\r\n");
        let stream: TcpStream = connect(&ticketd).await;
        let reply = exchange(stream, "POST /summarize", &headers, body).await;
        told(&reply)
    };
    let over_socket = async |body: &str| {
        let stream = UnixStream::connect(folder.socket()).await.expect("it is served");
        told(&exchange(stream, "POST /summarize", "idempotency-key: k\r\n", body).await)
    };
    assert_eq!(over_tcp(one, CALL).await, (200, false));
    assert_eq!(over_tcp(other, &call(1)).await, (200, false), "nothing of the first is seen");
    assert_eq!(over_socket(&call(2)).await, (200, false));
    assert_eq!(over_tcp(one, CALL).await, (200, true));
    assert_eq!(over_tcp(other, &call(1)).await, (200, true));
    assert_eq!(over_socket(&call(2)).await, (200, true));
    assert_eq!(over_tcp(other, CALL).await, (422, false));
    assert_eq!(fake.calls().await, 3);
    ticketd.stop().await;
}

/// The status, and whether the answer is one of an earlier call.
fn told(reply: &Reply) -> (u16, bool) {
    (reply.status, reply.header(REPLAYED) == Some("true"))
}
