//! `ticketd eval tickets`: the tickets of a running service are judged, and so are drafts.

use serde_json::{Value, json};

use crate::{
    harness::{Fake, Ticketd, command},
    socket::Folder,
};

/// A call about a lift, and what a ticket of it must say.
fn case(kind: &str, ticket_type: &str, must: &[&str]) -> Value {
    let call = json!({"1": [
        {"citizen": "我要投诉，六安市金安区三十铺镇的电梯坏了，扣了八千块"},
        {"hot-line": "五个工作日内有人联系您"}
    ]});
    json!({"kind": kind, "home": "六安市", "call": call, "type": ticket_type,
           "zone": "六安市金安区三十铺镇", "must": must, "must_not": ["5000元"]})
}

fn ticket(content: &str) -> String {
    json!({"ticket_type": "投诉", "ticket_zone": "六安市金安区三十铺镇", "ticket_title": "电梯损坏",
           "ticket_content": content})
    .to_string()
}

async fn run(arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = command(&[]).args(["eval", "tickets"]).args(arguments).output().await;
    let output = output.expect("it runs");
    let figures = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), figures, String::from_utf8(output.stderr).expect("text"))
}

#[actix_web::test]
async fn the_tickets_of_a_service_are_judged_with_their_attempts() {
    let folder = Folder::new();
    let cases = [case("noise", "投诉", &["8000元"]), case("angry", "举报", &["5个工作日", "12栋"])];
    let file = folder.write("cases.jsonl", &cases.map(|case| format!("{case}\n")).concat());
    let file = file.to_str().expect("UTF-8");
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let server = ticketd.url.clone();
    let content =
        "来电人咨询：电梯坏了，扣了8000元，要求赔5000元。 话务员解答内容：5个工作日内有人联系。";
    fake.behave(json!({"answer": ticket(content)})).await;
    let kept = folder.at("tickets.jsonl");
    let kept = kept.to_str().expect("UTF-8");
    let arguments = [file, "--server", &server, "--tickets", kept, "--list"];
    let (code, figures, log) = run(&arguments).await;
    assert_eq!(code, Some(0), "{log}");
    let expected = json!({
        "cases": 2, "failed": 0, "degraded": 0, "malformed": 0, "types": 0.5, "zones": 1.0,
        "recall": 2.0 / 3.0, "forbidden": 2, "invented": 2, "attempts": 2.0, "bad_answers": 2,
    });
    assert_eq!(figures, expected, "each was made again once");
    for part in
        ["type is 投诉, not 举报", "lacks 12栋", "must not say 5000元", "invents 5000元", "noise"]
    {
        assert!(log.contains(part), "{part} in:\n{log}");
    }
    // What is kept is judged without asking anybody.
    ticketd.stop().await;
    let (code, again, log) = run(&arguments).await;
    assert_eq!((code, again), (Some(0), expected), "{log}");
}

#[actix_web::test]
async fn drafts_are_judged_without_a_service_and_calls_without_words_fail() {
    let folder = Folder::new();
    let mut silent = case("silent", "投诉", &[]);
    silent["call"] = json!({"1": []});
    let cases = format!("{}\n{silent}\n", case("noise", "投诉", &["8000元"]));
    let file = folder.write("cases.jsonl", &cases);
    let (code, figures, log) = run(&["--drafts", file.to_str().expect("UTF-8")]).await;
    assert_eq!(code, Some(1), "{log}");
    assert_eq!(
        (&figures["cases"], &figures["failed"], &figures["degraded"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(figures["malformed"], 0);
}

#[actix_web::test]
async fn a_line_that_is_no_case_is_named_before_anything_is_asked() {
    let folder = Folder::new();
    let file = folder.write("cases.jsonl", "\n{\"call\": {}}\n");
    let (code, _, log) = run(&[file.to_str().expect("UTF-8")]).await;
    assert_eq!(code, Some(1));
    assert!(log.contains("cases.jsonl:2 is no case") && log.contains("missing field"), "{log}");
}
