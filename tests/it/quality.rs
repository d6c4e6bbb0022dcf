//! A ticket says only what was said: one repair, then what remains is told.

use serde_json::{Value, json};

use crate::harness::{CALL, Fake, Ticketd, assert_ticket};

/// A ticket of the contract's call with an invented telephone.
fn invented() -> Value {
    let content =
        "来电人咨询：121栋附近的地下车库噪音扰民，联系电话13800138000。 话务员解答内容：已记录。";
    json!({"ticket_type": "投诉", "ticket_zone": "六安市三十铺镇水韵东方小区",
           "ticket_title": "地下车库噪音扰民", "ticket_content": content})
}

#[actix_web::test]
async fn what_nobody_said_is_named_to_the_next_attempt_and_gone_from_the_ticket() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"answer": invented().to_string(), "times": 1})).await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    assert!(!reply.body["ticket_content"].as_str().expect("text").contains("13800138000"));
    assert_eq!(reply.body["quality"]["grounded"], true, "{}", reply.body["quality"]);
    let prompt = fake.seen().await["bodies"][1]["prompt"].clone();
    assert!(prompt.as_str().expect("text").contains("没有说过：「13800138000」"), "{prompt}");
    let stats = ticketd.get("/lb-stats").await.body;
    assert_eq!(stats["endpoints"][0]["error_count"], 0, "the node did its part");
    let log = ticketd.stop().await;
    assert!(!log.contains("13800138000"), "no word of a call in the log");
}

#[actix_web::test]
async fn what_remains_is_listed_or_refused_as_configured() {
    let fake = Fake::start().await;
    fake.behave(json!({"answer": invented().to_string()})).await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    assert_eq!(fake.calls().await, 2, "one repair");
    let quality = &reply.body["quality"];
    assert_eq!(quality["grounded"], false);
    assert_eq!(quality["ungrounded"], json!([{"kind": "phone", "text": "13800138000"}]));
    ticketd.stop().await;
    let rejecting = "[ticket]\nungrounded = \"reject\"\nfallback = \"extractive\"\n";
    let ticketd = Ticketd::over(&[&fake], rejecting).await;
    let reply = ticketd.summarize(CALL).await;
    assert_eq!((reply.status, &reply.body["code"]), (502, &json!("ungrounded")));
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_place_that_nobody_said_is_listed() {
    let fake = Fake::start().await;
    let mut ticket = invented();
    ticket["ticket_zone"] = json!("六安市金安区三十铺镇水韵东方小区");
    ticket["ticket_content"] =
        json!("来电人咨询：121栋附近的地下车库噪音扰民。 话务员解答内容：已记录。");
    fake.behave(json!({"answer": ticket.to_string()})).await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let quality = ticketd.summarize(CALL).await.body["quality"].clone();
    assert_eq!(quality["ungrounded"], json!([{"kind": "address", "text": "金安区"}]));
    ticketd.stop().await;
}
