//! `POST /summarize`: the ticket that is answered, and what becomes of a model's answer that is none.

use serde_json::{Value, json};

use super::assert_error;
use crate::{
    harness::{CALL, Fake, Ticketd, assert_ticket},
    raw::summarize,
};

#[actix_web::test]
async fn a_transcript_becomes_a_ticket_with_its_four_fields_and_the_zone_correction() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.body["ticket_type"], "投诉");
    assert_eq!(reply.body["ticket_zone"], "六安市三十铺镇水韵东方小区");
    assert!(reply.body["ticket_content"].as_str().expect("text").starts_with("来电人咨询："));
    let expected = json!({
        "original": "六安市三十铺镇水韵东方小区", "corrected": "六安市三十铺镇水韵东方小区",
        "method": "unchanged", "success": true, "changed": false, "changes": [],
        "codes": [
            {"level": "province", "code": "340000", "name": "安徽省"},
            {"level": "city", "code": "341500", "name": "六安市"},
            {"level": "county", "code": "341502", "name": "金安区"},
            {"level": "town", "code": "341502109", "name": "三十铺镇"},
        ],
    });
    assert_eq!(reply.body["zone_correction"], expected);
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_type_is_one_of_the_configured_ones() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[ticket]\ntypes = [\"建议\", \"咨询\"]\n").await;
    let body = json!({"s": [{"citizen": "我建议在公园里增加路灯"}]}).to_string();
    assert_eq!(ticketd.summarize(&body).await.body["ticket_type"], "建议");
    // A model that answers with another type is not believed.
    let other = json!({
        "ticket_type": "投诉", "ticket_zone": "", "ticket_title": "公园增加路灯",
        "ticket_content": "来电人咨询：增加路灯。话务员解答内容：已记录。",
    });
    fake.behave(json!({"answer": other.to_string()})).await;
    assert_error(&ticketd.summarize(&body).await, 502, "upstream_failed");
    ticketd.stop().await;
}

#[actix_web::test]
async fn the_zone_is_not_mentioned_when_no_address_was_said() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    for zone in ["", "未提及"] {
        let answer = json!({
            "ticket_type": "咨询", "ticket_zone": zone, "ticket_title": "咨询医保报销",
            "ticket_content": "来电人咨询：医保报销。话务员解答内容：已告知。",
        });
        fake.behave(json!({"answer": answer.to_string()})).await;
        let reply = ticketd.summarize(CALL).await;
        assert_eq!(reply.body["ticket_zone"], "未提及");
        let correction = &reply.body["zone_correction"];
        assert_eq!(
            (&correction["method"], &correction["success"]),
            (&json!("no_input"), &json!(true))
        );
        assert_eq!(correction["changed"], false);
    }
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_ticket_that_cannot_be_used_is_asked_for_anew_with_its_fault_named() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let content = "来电人咨询：我家楼下很吵。 话务员解答内容：已记录。";
    let bad = json!({"ticket_type": "投诉", "ticket_zone": "未提及", "ticket_title": "反映噪音扰民", "ticket_content": content});
    fake.behave(json!({"answer": bad.to_string(), "times": 1})).await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    assert_eq!(reply.body["trace"]["attempts"][0]["outcome"], "bad_answer");
    let bodies = fake.seen().await["bodies"].clone();
    let prompt = |at: usize| bodies[at]["prompt"].as_str().expect("a prompt").to_owned();
    assert!(prompt(1).contains("第三人称") && prompt(1).ends_with(&prompt(0)), "{}", prompt(1));
    assert!(!prompt(1).contains("我家楼下很吵"), "what was wrong is not repeated");
    assert_eq!(bodies[1]["system"], bodies[0]["system"], "the prefix stays the same");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_call_too_long_for_the_context_is_condensed_and_says_so() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[model.options]\nnum_ctx = 2400\n").await;
    let talk = |at: usize| json!({"citizen": format!("然后就是说那个事情嘛一直没有人来管{at}")});
    let mut turns: Vec<Value> = (0..200).map(talk).collect();
    turns.insert(120, json!({"citizen": "地址是六安市三十铺镇水韵东方小区一百二十一栋"}));
    let reply = ticketd.summarize(&json!({"1": turns}).to_string()).await;
    assert_ticket(&reply);
    assert_eq!(reply.body["quality"]["condensed"], true);
    assert!(
        reply.body["ticket_content"].as_str().expect("text").contains("121栋"),
        "{:?}",
        reply.body
    );
    let seen = fake.seen().await;
    let bodies = seen["bodies"].as_array().expect("a list");
    let parts = bodies.iter().filter(|body| body["format"]["properties"]["turns"].is_object());
    assert!(parts.count() >= 2);
    assert!(bodies.iter().all(|body| body["options"]["num_ctx"] == 2400), "no reload");
    assert_eq!(ticketd.summarize(CALL).await.body["quality"]["condensed"], false);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_draft_stands_in_when_no_node_can_make_the_ticket() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[ticket]\nfallback = \"extractive\"\n").await;
    assert!(ticketd.summarize(CALL).await.body.get("degraded").is_none());
    fake.behave(json!({"fault": "status500"})).await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    assert_eq!(reply.body["degraded"], true);
    assert_eq!(reply.body["ticket_zone"], "六安市三十铺镇水韵东方小区");
    // Nobody waits for a batch call: it can come again, and so can who has a key.
    let batch = summarize(&ticketd, &[("x-priority", "batch")], CALL).await;
    assert_error(&batch, 502, "upstream_failed");
    let keyed = async || summarize(&ticketd, &[("idempotency-key", "k")], CALL).await;
    assert_eq!(keyed().await.body["degraded"], true);
    fake.behave(json!({})).await;
    assert!(keyed().await.body.get("degraded").is_none());
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_draft_comes_when_the_time_of_the_caller_is_nearly_over() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[ticket]\nfallback = \"extractive\"\n").await;
    fake.behave(json!({"fault": "stall_before"})).await;
    let reply = summarize(&ticketd, &[("x-deadline-ms", "3000")], CALL).await;
    assert_eq!((reply.status, &reply.body["degraded"]), (200, &json!(true)));
    ticketd.stop().await;
}
