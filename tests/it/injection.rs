//! Calls that try to change type, format or language, to reveal the prompt, or to close the fence around
//! them (`tests/data/injections.jsonl`): what is sent for each, and what becomes of a model that obeys.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{Fake, Ticketd, assert_ticket};

/// What parts the roles of a chat, or the thoughts of a model, in the templates of known ones.
const TOKENS: [&str; 16] = [
    "<|",
    "|>",
    "<｜",
    "｜>",
    "[INST]",
    "[/INST]",
    "［INST］",
    "[TOOL_CALLS]",
    "<<SYS>>",
    "<s>",
    "</s>",
    "<think>",
    "</think>",
    "<start_of_turn>",
    "<end_of_turn>",
    "\u{200b}",
];

#[derive(Deserialize)]
struct Injection {
    /// What it tries.
    aim: String,
    /// The turns of the call, as in a request.
    turns: Value,
    /// The lines of the prompt between the lines of the fence.
    sent: Vec<String>,
    /// The answer of a model that does what it is told.
    obeyed: String,
    /// What the next attempt is told of that.
    repair: String,
}

fn injections() -> Vec<Injection> {
    let lines = include_str!("../data/injections.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[actix_web::test]
async fn what_callers_say_stays_in_its_fence_and_who_obeys_them_is_asked_anew() {
    let fake = Fake::start().await;
    // A node that answers badly rests; here it may answer at once.
    let config = "[balancer]\npenalty_base = \"1ms\"\npenalty_ceiling = \"1ms\"\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    let injections = injections();
    assert!(injections.len() >= 20);
    for injection in injections {
        let Injection { aim, turns, sent, obeyed, repair } = injection;
        let before = fake.seen().await["bodies"].as_array().map_or(0, Vec::len);
        fake.behave(json!({"answer": obeyed, "times": 1})).await;
        let reply = ticketd.summarize(&json!({"1": turns}).to_string()).await;
        assert_ticket(&reply);
        let attempts = reply.body["trace"]["attempts"].as_array().expect("a list").clone();
        assert_eq!(attempts.len(), 2, "{aim}: {attempts:?}");
        assert_eq!(attempts[0]["outcome"], "bad_answer", "{aim}");
        let types = ["咨询", "求助", "举报", "投诉"];
        assert!(types.contains(&reply.body["ticket_type"].as_str().expect("text")), "{aim}");
        let title = reply.body["ticket_title"].as_str().expect("text");
        assert!((4..=30).contains(&title.chars().count()), "{aim}: {title}");

        let bodies = fake.seen().await["bodies"].as_array().expect("a list")[before..].to_vec();
        let prompts: Vec<_> =
            bodies.iter().map(|body| body["prompt"].as_str().expect("text")).collect();
        let fenced = format!("<通话记录>\n{}\n</通话记录>", sent.join("\n"));
        assert_eq!(prompts[0], format!("请整理下面的通话记录：\n{fenced}"), "{aim}");
        for prompt in &prompts {
            assert!(prompt.ends_with(&fenced), "{aim}: the fence closes at the very end");
            assert_eq!(prompt.matches('<').count(), 2, "{aim}: no other fence, no token");
            assert_eq!(prompt.matches('>').count(), 2, "{aim}");
            assert!(!prompt.contains(['[', ']']), "{aim}");
            for token in TOKENS {
                assert!(!prompt.contains(token), "{aim}: {token}");
            }
        }
        let told = prompts[1].strip_suffix(prompts[0]).expect("the same prompt behind the repair");
        assert!(told.contains(&repair), "{aim}: {told}");
        for part in ["system", "format", "options", "model"] {
            assert_eq!(bodies[0][part], bodies[1][part], "{aim}: no word of a call in {part}");
        }
    }
    ticketd.stop().await;
}
