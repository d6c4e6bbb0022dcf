//! What the closing line of an answer measures, and answers without an end.

use std::collections::HashSet;

use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, time::timeout};

use super::{Sent, post};
use crate::harness::{Fake, LIMIT, until};

/// A measure of a closing line.
fn measure(line: &Value, name: &str) -> u64 {
    line[name].as_u64().expect(name)
}

#[actix_web::test]
async fn the_closing_line_measures_the_prompt_and_the_answer() {
    let fake = Fake::start_with("127.0.0.1:0", "smol").await;
    fake.behave(json!({
        "delay_ms": 5, "prompt_us_per_char": 100, "token_ms": 2, "answer": "十个字分成三块来说完",
    }))
    .await;
    // Of a prompt of so many characters, the tokens and the milliseconds at least.
    for (chars, tokens, least_ms) in [(10, 11, 6), (1000, 704, 105)] {
        let (system, prompt) = ("你".repeat(chars / 2), "好".repeat(chars / 2));
        let call = json!({"model": "smol", "system": system, "prompt": prompt});
        let answer = post(&fake, "/api/generate", &call).await;
        let done = answer.last();
        assert_eq!(measure(done, "prompt_eval_count"), tokens);
        let prompt_ns = measure(done, "prompt_eval_duration");
        assert!(prompt_ns >= least_ms * 1_000_000, "{prompt_ns}");
        assert_eq!(measure(done, "eval_count"), 3);
        let answer_ns = measure(done, "eval_duration");
        assert!(answer_ns >= 6_000_000, "{answer_ns}");
        let total_ns = measure(done, "total_duration");
        assert_eq!(total_ns, measure(done, "load_duration") + prompt_ns + answer_ns);
    }
}

#[actix_web::test]
async fn an_endless_answer_goes_on_until_its_caller_leaves() {
    let fake = Fake::start_with("127.0.0.1:0", "smol").await;
    let call = json!({"model": "smol", "prompt": "x"});
    // What the text begins with, and whether its words are ever new.
    let table = [
        ("endless", "{\"ticket_type\":\"", false),
        ("endless_words", "{\"ticket_type\":\"", true),
        ("endless_think", "<think>", false),
        ("endless_think_words", "<think>", true),
    ];
    for (fault, start, are_new) in table {
        fake.behave(json!({"fault": fault})).await;
        let mut sent = Sent::to(&fake, "POST", "/api/generate", &call).await;
        let mut bytes = Vec::new();
        while bytes.len() < 40_000 {
            let read = timeout(LIMIT, sent.0.read_buf(&mut bytes)).await.expect("in time");
            assert!(read.expect("it is open") > 0, "{fault}");
        }
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let pieces: Vec<String> =
            lines.filter_map(|line| line["response"].as_str().map(str::to_owned)).collect();
        assert_eq!(pieces[0], start, "{fault}");
        let words: HashSet<&String> = pieces[1..].iter().collect();
        assert_eq!(words.len(), if are_new { pieces.len() - 1 } else { 1 }, "{fault}");
        drop(sent);
        until("it has left", async || (fake.seen().await["running"] == 0).then_some(())).await;
    }
}
