//! How long a node may take follows from what calls took of late; who is to blame, from what others do.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Fake, Reply, Ticketd, assert_ticket, call, until};

/// Budgets of the size of these tests.
const SHORT: &str = "[balancer]\nbudget_floor = \"300ms\"\nbudget_factor = 2\n[nodes]\n\
                     probe_interval = \"100ms\"\ncanary_timeout = \"300ms\"\n";

/// A call with so many more words.
fn long_call(number: usize, words: usize) -> String {
    let words: String = (0..words).map(|word| format!("第{word}件事没人管，")).collect();
    json!({"s": [{"citizen": format!("我要投诉，第{number}次打电话了。{words}")}]}).to_string()
}

/// The ways that a call's attempts went.
fn outcomes(reply: &Reply) -> Vec<&str> {
    assert_ticket(reply);
    let attempts = reply.body["trace"]["attempts"].as_array().expect("a list");
    attempts.iter().map(|attempt| attempt["outcome"].as_str().expect("a word")).collect()
}

async fn learn(ticketd: &Ticketd, calls: usize) {
    for number in 0..calls {
        assert_ticket(&ticketd.summarize(&call(number)).await);
    }
}

async fn node(ticketd: &Ticketd, number: usize) -> Value {
    ticketd.get("/lb-stats").await.body["endpoints"][number].clone()
}

#[actix_web::test]
async fn a_long_call_is_not_taken_for_a_hang() {
    let fake = Fake::start().await;
    // Four times what is usual, so that a machine with other work keeps within it.
    let short = SHORT.replace("budget_factor = 2", "budget_factor = 4");
    let config = format!("{short}[model.options]\nnum_ctx = 131072\n");
    let ticketd = Ticketd::over(&[&fake], &config).await;
    fake.behave(json!({"prompt_us_per_char": 60})).await;
    learn(&ticketd, 10).await;
    let usual = node(&ticketd, 0).await["first_token_ms"]["p50"].as_u64().expect("a time");
    let began = Instant::now();
    let reply = ticketd.summarize(&long_call(1, 5000)).await;
    assert_eq!(outcomes(&reply), ["answered"]);
    let took = began.elapsed();
    assert!(took > Duration::from_millis(4 * usual.max(75)), "{took:?} against {usual} ms");
    ticketd.stop().await;
}

/// The very call that a hang is judged by: nothing is known of this node, but the others answer.
#[actix_web::test]
async fn the_first_calls_of_a_node_are_judged_by_the_others() {
    let fakes = [Fake::start().await, Fake::start().await];
    fakes[1].behave(json!({"fault": "stall_before"})).await;
    let config = SHORT.replace("300ms", "1s");
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], &config).await;
    let began = Instant::now();
    let bodies: Vec<_> = (0..12).map(call).collect();
    let replies = join_all(bodies.iter().map(|body| ticketd.summarize(body))).await;
    let stalled = replies.iter().filter(|reply| outcomes(reply).contains(&"stalled")).count();
    assert_eq!(stalled, 1, "the node got no further call");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    fakes[1].behave(json!({})).await;
    ticketd.healthy(2).await;
    ticketd.stop().await;
}

/// The whole time may be shorter than that for the first token; silence is a hang all the same.
#[actix_web::test]
async fn silence_to_the_end_of_the_whole_time_is_a_hang() {
    let fakes = [Fake::start().await, Fake::start().await];
    fakes[0].behave(json!({"fault": "stall_before"})).await;
    let config =
        format!("[balancer]\ncall_timeout = \"500ms\"\n{}", SHORT.replace("[balancer]\n", ""));
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], &config).await;
    let mut number = 0;
    let outcomes = until("a call on the node that hangs", async || {
        number += 1;
        let reply = ticketd.summarize(&call(number)).await;
        Some(outcomes(&reply).join(" ")).filter(|outcomes| outcomes != "answered")
    })
    .await;
    assert_eq!(outcomes, "stalled answered");
    ticketd.stop().await;
}

#[actix_web::test]
async fn each_retry_of_a_call_is_given_twice_the_time() {
    let fakes = [Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], SHORT).await;
    learn(&ticketd, 20).await;
    fakes[0].behave(json!({"fault": "no_ticket"})).await;
    fakes[1].behave(json!({"delay_ms": 450})).await;
    // The least recently used one is the first.
    assert_eq!(outcomes(&ticketd.summarize(&call(1)).await), ["bad_answer", "answered"]);
    ticketd.stop().await;
}

/// What came in while a node hung may stay lost there, so one lost canary proves nothing.
#[actix_web::test]
async fn a_node_that_lost_its_canary_and_is_well_again_is_back_soon() {
    let fake = Fake::start().await;
    let config = SHORT.replace("canary_timeout = \"300ms\"", "canary_timeout = \"12s\"");
    let ticketd = Ticketd::over(&[&fake], &config).await;
    learn(&ticketd, 10).await;
    fake.behave(json!({"fault": "stall_before"})).await;
    let began = Instant::now();
    let body = call(10);
    let (reply, ()) = tokio::join!(ticketd.summarize(&body), async {
        until("the canary", async || (fake.seen().await["canaries"] == 1).then_some(())).await;
        fake.behave(json!({})).await;
    });
    assert_eq!(outcomes(&reply), ["stalled", "answered"]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_slow_node_among_fast_ones_is_given_more_and_more_time() {
    let fakes = [Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], SHORT).await;
    fakes[1].behave(json!({"delay_ms": 1500})).await;
    let mut number = 0;
    until("a call that the slow node answers", async || {
        let bodies = [call(number), call(number + 1)];
        number += 2;
        let replies = join_all(bodies.iter().map(|body| ticketd.summarize(body))).await;
        let slow = node(&ticketd, 1).await["call_ms"]["p50"].as_u64();
        replies.iter().for_each(assert_ticket);
        slow.filter(|ms| *ms >= 1500)
    })
    .await;
    ticketd.stop().await;
}

/// What others run may load its model with a call. That takes longer than any budget, and is no hang.
#[actix_web::test]
async fn a_cold_endpoint_holds_no_caller_and_is_loaded_all_the_same() {
    let fakes = [Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], SHORT).await;
    learn(&ticketd, 20).await;
    fakes[1].behave(json!({"lost_model": true, "load_ms": 2000})).await;
    let bodies = [call(1), call(2)];
    let began = Instant::now();
    let replies = join_all(bodies.iter().map(|body| ticketd.summarize(body))).await;
    replies.iter().for_each(assert_ticket);
    assert!(began.elapsed() < Duration::from_millis(1900), "{:?}", began.elapsed());
    until("it looks after itself", async || {
        (node(&ticketd, 1).await["state"] == "checking").then_some(())
    })
    .await;
    ticketd.healthy(2).await;
    let log = ticketd.stop().await;
    assert!(!log.contains("node hangs") && !log.contains("node lost"), "{log}");
}

#[actix_web::test]
async fn one_transcript_that_nobody_can_answer_opens_no_breaker() {
    let fakes = [Fake::start().await, Fake::start().await];
    let config = format!("{SHORT}require_gpu = false\n");
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], &config).await;
    learn(&ticketd, 20).await;
    for fault in ["no_ticket", "endless", "stall_before", "error_line", "status500"] {
        learn(&ticketd, 2).await;
        let poison = json!({"s": [{"citizen": format!("[[fake:{{\"fault\":\"{fault}\"}}]]")}]});
        for _ in 0..4 {
            let reply = ticketd.summarize(&poison.to_string()).await;
            assert_eq!(reply.status, 502, "{fault}: {reply:?}");
        }
        ticketd.healthy(2).await;
        for number in 0..2 {
            let node = node(&ticketd, number).await;
            assert_eq!(node["breaker"], "closed", "{fault}: {node}");
        }
    }
    assert_eq!(outcomes(&ticketd.summarize(&call(1)).await), ["answered"]);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_node_whose_calls_others_answer_is_taken_out_by_its_breaker() {
    let fakes = [Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], "").await;
    fakes[1].behave(json!({"fault": "no_ticket"})).await;
    let mut number = 0;
    until("the breaker to open", async || {
        number += 1;
        assert_ticket(&ticketd.summarize(&call(number)).await);
        (node(&ticketd, 1).await["breaker"] == "open").then_some(())
    })
    .await;
    let failure = node(&ticketd, 1).await["last_failure"].clone();
    assert_eq!(failure["outcome"], "bad_answer", "{failure}");
    fakes[1].behave(json!({})).await;
    until("a trial that closes it", async || {
        number += 1;
        assert_ticket(&ticketd.summarize(&call(number)).await);
        (node(&ticketd, 1).await["breaker"] == "closed").then_some(())
    })
    .await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_call_that_takes_long_runs_a_second_time_where_that_is_wanted() {
    for (percent, second) in [(50, true), (0, false)] {
        let fakes = [Fake::start().await, Fake::start().await];
        let config = |percent: u32| {
            format!("[balancer]\npolicy = \"round-robin\"\nhedge_percent = {percent}\n")
        };
        let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], &config(0)).await;
        learn(&ticketd, 20).await;
        ticketd.rewrite(&config(percent));
        ticketd.process.signal(rustix::process::Signal::HUP);
        ticketd.process.line_after("configuration reloaded").await;
        let slow = json!({"delay_ms": 4000});
        fakes[0].behave(slow.clone()).await;
        fakes[1].behave(json!({"delay_ms": 10})).await;
        let before = fakes[1].calls().await;
        let began = Instant::now();
        // It is the turn of the first one, however fast each was.
        let reply = ticketd.summarize(&call(1)).await;
        assert_eq!(outcomes(&reply), ["answered"]);
        assert_eq!(began.elapsed() < Duration::from_secs(3), second, "{:?}", began.elapsed());
        assert_eq!(fakes[1].calls().await - before, u64::from(second));
        if second {
            until("the first copy is called off", async || {
                fakes[0].seen().await["left"][0].as_u64()
            })
            .await;
        }
        ticketd.stop().await;
    }
}
