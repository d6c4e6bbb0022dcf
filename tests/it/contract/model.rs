//! What the model is sent.

use serde_json::json;

use crate::harness::{CALL, Fake, Ticketd, assert_ticket};

#[actix_web::test]
async fn the_node_is_called_as_the_original_called_it() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    assert_ticket(&ticketd.summarize(CALL).await);
    let body = &fake.seen().await["bodies"][0];
    assert_eq!(body["model"], "deepseek-r1:14b");
    assert!(body["system"].as_str().is_some_and(|text| text.contains("咨询、求助、举报、投诉")));
    let expected =
        json!({"temperature": 0.1, "top_p": 0.9, "repeat_penalty": 1.1, "num_ctx": 8192});
    assert_eq!(body["options"], expected);
    assert_eq!(body["format"]["required"].as_array().map(Vec::len), Some(4));
    assert_eq!((&body["think"], &body["stream"]), (&json!(false), &json!(true)));
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_ticket_comes_whatever_the_model_is_told_of_thinking_and_can() {
    for (think, sent) in [("false", json!(false)), ("true", json!(true)), ("\"auto\"", json!(null))]
    {
        for thinks in [false, true] {
            let fake = Fake::start().await;
            fake.behave(json!({"thinks": thinks})).await;
            let ticketd = Ticketd::over(&[&fake], &format!("[model]\nthink = {think}\n")).await;
            assert_ticket(&ticketd.summarize(CALL).await);
            let seen = fake.seen().await;
            // A refused request is not among them: the same call came once more without.
            let sent =
                if thinks { sent.clone() } else { sent.as_bool().filter(|told| !told).into() };
            assert_eq!(seen["bodies"][0]["think"], sent, "{think} {thinks}");
            let stats = ticketd.get("/lb-stats").await.body;
            assert_eq!(stats["endpoints"][0]["error_count"], 0, "{think} {thinks}");
            ticketd.stop().await;
        }
    }
}

#[actix_web::test]
async fn own_instructions_replace_those_of_the_program() {
    let fake = Fake::start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "只用这些类型：{types}。\n{type_rules}\n完").expect("written");
    let config =
        format!("[ticket]\ntypes = [\"投诉\", \"表扬\"]\nprompt_file = {:?}\n", file.path());
    let ticketd = Ticketd::over(&[&fake], &config).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    let system = fake.seen().await["bodies"][0]["system"].clone();
    assert_eq!(system, "只用这些类型：投诉、表扬。\n  - 投诉：不属于以上各类的不满和诉求。\n完");
    ticketd.stop().await;
}
