//! Endpoints that others run: even shares, loss, return, and calls at once.

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::json;
use tokio::time::Instant;

use crate::harness::{Fake, Ticketd, assert_ticket, call, until};

#[actix_web::test]
async fn calls_spread_evenly_and_a_dead_endpoint_is_healthy_again_by_itself() {
    let mut fakes = [Fake::start().await, Fake::start().await, Fake::start().await];
    let config = "[nodes]\nprobe_interval = \"100ms\"\n";
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1], &fakes[2]], config).await;
    for number in 0..30 {
        assert_ticket(&ticketd.summarize(&call(number)).await);
    }
    assert_eq!(ticketd.counts().await, [10, 10, 10]);
    let address = fakes[1].url.trim_start_matches("http://").to_owned();
    fakes[1].process.signal(Signal::KILL);
    fakes[1].process.ended().await;
    until("one endpoint unhealthy", async || {
        let stats = ticketd.get("/lb-stats").await.body;
        (stats["endpoints"][1]["healthy"] == false).then_some(())
    })
    .await;
    for number in 30..40 {
        assert_ticket(&ticketd.summarize(&call(number)).await);
    }
    let back = Fake::start_with(&address, "deepseek-r1:14b").await;
    ticketd.healthy(3).await;
    let mut numbers = 40..;
    until("it takes its share again", async || {
        assert_ticket(&ticketd.summarize(&call(numbers.next()?)).await);
        (back.calls().await >= 2).then_some(())
    })
    .await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn three_slow_calls_at_once_run_side_by_side() {
    let fakes = [Fake::start().await, Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1], &fakes[2]], "").await;
    for fake in &fakes {
        fake.behave(json!({"delay_ms": 500})).await;
    }
    let began = Instant::now();
    assert_ticket(&ticketd.summarize(&call(0)).await);
    let one = began.elapsed();
    let bodies: Vec<_> = (1..4).map(call).collect();
    let began = Instant::now();
    for reply in join_all(bodies.iter().map(|body| ticketd.summarize(body))).await {
        assert_ticket(&reply);
    }
    let three = began.elapsed();
    println!("one call {one:?}, three at once {three:?}");
    let mut counts = ticketd.counts().await;
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 2], "each node had one of the three");
    assert!(three < one * 2, "one call {one:?}, three at once {three:?}");
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_node_never_gets_more_calls_at_once_than_slots() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"delay_ms": 20})).await;
    let bodies: Vec<_> = (0..12).map(call).collect();
    for reply in join_all(bodies.iter().map(|body| ticketd.summarize(body))).await {
        assert_ticket(&reply);
    }
    let seen = fake.seen().await;
    assert_eq!((&seen["calls"], &seen["most_at_once"]), (&json!(12), &json!(1)));
    ticketd.stop().await;
}

#[actix_web::test]
async fn calls_wait_for_a_node_that_is_still_starting() {
    let [port] = crate::harness::free_ports();
    let url = format!("http://127.0.0.1:{port}");
    let config = "[nodes]\nprobe_interval = \"50ms\"\n";
    let ticketd = Ticketd::start(config, &[("DEEPSEEK_ENDPOINTS", &url)]).await;
    let body = call(0);
    let (reply, fake) = tokio::join!(ticketd.summarize(&body), async {
        until("the node is lost", async || {
            let health = ticketd.get("/health").await.body;
            (health["deepseek_service"] == "unreachable").then_some(())
        })
        .await;
        Fake::start_with(&format!("127.0.0.1:{port}"), "deepseek-r1:14b").await
    });
    assert_ticket(&reply);
    assert_eq!(fake.calls().await, 1);
    ticketd.stop().await;
}
