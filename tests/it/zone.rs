//! The zone of a ticket: corrected by the gazetteer, and by a second call where that cannot tell.

use serde_json::{Value, json};

use crate::harness::{Fake, Reply, Ticketd, assert_ticket};

/// A hotline next to which a city with the same sound lies.
const SUZHOU: &str = "[place]\nhome = \"宿州市\"\n";

const DOUBTFUL: &str = "苏州市灵璧县灵城镇";

fn call(zone: &str) -> String {
    json!({"s": [{"citizen": format!("{zone}的路灯坏了好几天了")}, {"hot-line": "您说的是哪里"}]})
        .to_string()
}

/// The correction of a ticket whose model gave `zone`.
async fn summarize(ticketd: &Ticketd, fakes: &[&Fake], zone: &str) -> Reply {
    let ticket = json!({
        "ticket_type": "投诉", "ticket_zone": zone, "ticket_title": "反映路灯损坏",
        "ticket_content": "来电人咨询：路灯损坏。 话务员解答内容：已记录。",
    });
    for fake in fakes {
        fake.behave(json!({"answer": ticket.to_string(), "only_for": "ticket_type"})).await;
    }
    let reply = ticketd.summarize(&call(zone)).await;
    assert_ticket(&reply);
    reply
}

#[actix_web::test]
async fn a_misheard_name_is_corrected_without_another_call_and_told_with_its_codes() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[place]\nhome = \"341500\"\n").await;
    let reply = summarize(&ticketd, &[&fake], "刘安市霍邱县冯岭镇双塘村").await;
    assert_eq!(fake.calls().await, 1);
    assert_eq!(reply.body["ticket_zone"], "六安市霍邱县冯瓴镇双塘村");
    let expected = json!({
        "original": "刘安市霍邱县冯岭镇双塘村", "corrected": "六安市霍邱县冯瓴镇双塘村",
        "method": "gazetteer", "success": true, "changed": true,
        "codes": [
            {"level": "province", "code": "340000", "name": "安徽省"},
            {"level": "city", "code": "341500", "name": "六安市"},
            {"level": "county", "code": "341522", "name": "霍邱县"},
            {"level": "town", "code": "341522127", "name": "冯瓴镇"},
        ],
        "changes": [
            {"span": [0, 3], "from": "刘安市", "to": "六安市", "level": "city", "code": "341500",
             "reason": "homophone"},
            {"span": [6, 9], "from": "冯岭镇", "to": "冯瓴镇", "level": "town", "code": "341522127",
             "reason": "homophone"},
        ],
    });
    assert_eq!(reply.body["zone_correction"], expected);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_name_that_may_be_two_is_chosen_by_a_second_call_and_kept_when_that_does_not_choose() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], SUZHOU).await;
    let corrected = "宿州市灵璧县灵城镇";
    let table = [
        (r#"{"choice": 1}"#, corrected, "arbitrated"),
        (r#"{"choice": 0}"#, DOUBTFUL, "arbitrated"),
        (r#"{"choice": 2}"#, DOUBTFUL, "llm_failed"),
        (r#"{"corrected": "宿州市灵璧县灵城镇"}"#, DOUBTFUL, "llm_failed"),
        ("宿州市", DOUBTFUL, "llm_failed"),
    ];
    for (answer, zone, method) in table {
        fake.behave(json!({"answer": answer, "only_for": "choice"})).await;
        let before = fake.calls().await;
        let reply = ticketd.summarize(&call(DOUBTFUL)).await;
        assert_eq!(fake.calls().await - before, 2, "{answer}");
        let correction = &reply.body["zone_correction"];
        assert_eq!(
            (&correction["original"], &correction["method"]),
            (&json!(DOUBTFUL), &json!(method))
        );
        assert_eq!(
            (&correction["corrected"], &reply.body["ticket_zone"]),
            (&json!(zone), &json!(zone))
        );
        assert_eq!(correction["changed"], zone != DOUBTFUL);
        assert_eq!(correction["success"], method != "llm_failed");
        assert_eq!(correction["error"].is_string(), method == "llm_failed");
        assert_eq!(
            correction["changes"].as_array().map(Vec::len),
            Some(usize::from(zone != DOUBTFUL))
        );
    }
    let body = &fake.seen().await["bodies"][1];
    let prompt = body["prompt"].as_str().expect("a prompt");
    assert!(
        prompt.contains("来电人：苏州市灵璧县灵城镇") && prompt.contains("1. 宿州市灵璧县灵城镇\n"),
        "{prompt}"
    );
    assert!(!prompt.contains("您说的是哪里"), "only what names the place: {prompt}");
    assert_eq!(body["format"]["properties"]["choice"]["type"], "integer");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_zone_that_nobody_can_choose_is_kept_as_llm_failed() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], SUZHOU).await;
    fake.behave(json!({"fault": "status500", "only_for": "choice"})).await;
    let reply = ticketd.summarize(&call(DOUBTFUL)).await;
    assert_ticket(&reply);
    let correction = &reply.body["zone_correction"];
    assert_eq!(correction["method"], "llm_failed");
    assert_eq!((&correction["success"], &correction["changed"]), (&json!(false), &json!(false)));
    assert_eq!(correction["corrected"], DOUBTFUL);
    assert!(correction["error"].is_string());
    assert_eq!(correction["alternatives"], json!(["宿州市灵璧县灵城镇"]));
    assert_eq!(fake.calls().await, 1 + 3, "three attempts at the question");
    ticketd.stop().await;
}

#[actix_web::test]
async fn correction_never_makes_one_call_a_ticket_and_keeps_every_zone() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[ticket]\ncorrection = \"never\"\n").await;
    let reply = summarize(&ticketd, &[&fake], "刘安市金安区").await;
    assert_eq!(reply.body["zone_correction"]["method"], "unchanged");
    assert_eq!(reply.body["ticket_zone"], "刘安市金安区");
    assert_eq!(fake.calls().await, 1);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_call_without_an_address_needs_no_second_call() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[ticket]\ncorrection = \"always\"\n").await;
    let reply = summarize(&ticketd, &[&fake], "未提及").await;
    assert_eq!(reply.body["zone_correction"]["method"], "no_input");
    assert_eq!(fake.calls().await, 1);
    ticketd.stop().await;
}

/// 200 zones of the file that `TICKETD_ZONES` names, or of the one for the benchmark, from all over it.
fn zones() -> Vec<String> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/zones.jsonl");
    let file = std::env::var("TICKETD_ZONES").unwrap_or_else(|_| own.to_owned());
    let text = std::fs::read_to_string(&file).expect("a file of zones");
    let cases = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let cases = cases.filter(|case| case["kind"] != "null");
    let zones: Vec<_> = cases.map(|case| case["zone"].as_str().expect("text").to_owned()).collect();
    (0..200).map(|at| zones[at * zones.len() / 200].clone()).collect()
}

/// Tickets of these zones, in a hotline that has not said where it is; gives the calls that they took.
async fn tickets(zones: &[String], correction: &str) -> u64 {
    let fakes = [Fake::start().await, Fake::start().await, Fake::start().await];
    let fakes: Vec<&Fake> = fakes.iter().collect();
    let config = format!("[ticket]\ncorrection = {correction:?}\n");
    let ticketd = Ticketd::over(&fakes, &config).await;
    for zone in zones {
        let reply = summarize(&ticketd, &fakes, zone).await;
        assert_eq!(reply.body["zone_correction"]["original"], *zone);
        assert_eq!(reply.body["zone_correction"]["corrected"], reply.body["ticket_zone"]);
    }
    ticketd.stop().await;
    let mut calls = 0;
    for fake in fakes {
        calls += fake.calls().await;
    }
    calls
}

#[actix_web::test]
async fn nearly_every_ticket_needs_one_call_and_with_always_every_one_needs_two() {
    let zones = zones();
    let count = zones.len() as u64;
    assert_eq!(count, 200);
    let calls = tickets(&zones, "auto").await;
    assert!(calls >= count && calls * 10 <= count * 11, "{calls} calls for {count} tickets");
    assert_eq!(tickets(&zones, "always").await, 2 * count);
}
