//! `GET /`, `/health` and `/lb-stats`, and what every answer has.

use serde_json::json;

use super::{assert_error, assert_timestamp};
use crate::harness::{CALL, Fake, Ticketd, assert_ticket, call, until};

#[actix_web::test]
async fn get_root_names_the_service() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let reply = ticketd.get("/").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["service"], "12345 市民热线工单总结服务");
    assert_eq!(reply.body["status"], "running");
    assert_timestamp(&reply.body);
    ticketd.stop().await;
}

#[actix_web::test]
async fn get_health_is_always_200_and_tells_healthy_unhealthy_and_unreachable_apart() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "[nodes]\nprobe_interval = \"50ms\"\n").await;
    let health = ticketd.get("/health").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.body["service"], "healthy");
    assert_eq!(health.body["deepseek_service"], "healthy");
    assert_timestamp(&health.body);
    let endpoint = json!({"url": format!("{}/api/generate", fake.url), "healthy": true, "request_count": 0, "error_count": 0});
    let original =
        json!({"total_endpoints": 1, "healthy_endpoints": 1, "endpoints": [endpoint.clone()]});
    assert_eq!(health.body["load_balancer"], original, "what the original told, and no more");
    let told = &ticketd.get("/lb-stats").await.body["endpoints"][0];
    for (name, value) in endpoint.as_object().expect("an object") {
        assert_eq!(&told[name], value);
    }
    assert_eq!((&told["state"], &told["kind"]), (&json!("ready"), &json!("endpoint")));
    assert_eq!(ticketd.get("/readyz").await.status, 200);
    let address = fake.url.trim_start_matches("http://").to_owned();
    drop(fake);
    let is = async |state: &str| {
        until(state, async || {
            let health = ticketd.get("/health").await;
            assert_eq!(health.status, 200);
            (health.body["deepseek_service"] == state).then_some(())
        })
        .await;
    };
    is("unreachable").await;
    // An Ollama that answers, but without the model: reachable, not usable.
    let other = Fake::start_with(&address, "another:7b").await;
    is("unhealthy").await;
    assert_error(&ticketd.get("/readyz").await, 503, "not_ready");
    assert_eq!(ticketd.get("/healthz").await.status, 200);
    assert!(ticketd.process.log().contains("ollama pull deepseek-r1:14b"), "the remedy is named");
    drop(other);
    ticketd.stop().await;
}

#[actix_web::test]
async fn get_lb_stats_shows_every_endpoint_with_its_url_health_and_counts() {
    let fakes = [Fake::start().await, Fake::start().await, Fake::start().await];
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1], &fakes[2]], "").await;
    for number in 0..7 {
        assert_ticket(&ticketd.summarize(&call(number)).await);
    }
    let stats = ticketd.get("/lb-stats").await.body;
    assert_eq!((&stats["total_endpoints"], &stats["healthy_endpoints"]), (&json!(3), &json!(3)));
    for (endpoint, fake) in stats["endpoints"].as_array().expect("a list").iter().zip(&fakes) {
        assert_eq!(endpoint["url"], format!("{}/api/generate", fake.url));
        assert_eq!(endpoint["healthy"], true);
        assert_eq!(endpoint["request_count"], fake.calls().await, "calls, not probes");
        assert_eq!(endpoint["error_count"], 0);
    }
    let counts = ticketd.counts().await;
    let (most, least) = (counts.iter().max(), counts.iter().min());
    assert_eq!(most.zip(least).map(|(most, least)| most - least), Some(1), "{counts:?}");
    ticketd.stop().await;
}

#[actix_web::test]
async fn error_count_counts_the_failures_of_a_node() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "cut", "times": 2})).await;
    assert_ticket(&ticketd.summarize(CALL).await);
    let node = &ticketd.get("/lb-stats").await.body["endpoints"][0];
    assert_eq!((&node["request_count"], &node["error_count"]), (&json!(3), &json!(2)));
    ticketd.stop().await;
}

#[actix_web::test]
async fn request_ids_are_taken_over_or_made_and_every_request_has_one_line() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    let request = ticketd.client.post(format!("{}/summarize", ticketd.url));
    let reply = request.insert_header(("x-request-id", "call-42")).send_body(CALL).await;
    let reply = reply.expect("an answer");
    assert_eq!(
        reply.headers().get("x-request-id").and_then(|id| id.to_str().ok()),
        Some("call-42")
    );
    let made = ticketd.get("/healthz").await;
    let made = made.header("x-request-id").expect("an id").to_owned();
    let log = ticketd.stop().await;
    for id in ["call-42", made.as_str()] {
        let of_access = |line: &&str| line.contains("request answered") && line.contains(id);
        assert_eq!(log.lines().filter(of_access).count(), 1, "{log}");
    }
    assert!(!log.contains("水韵"), "no words of a call in the log");
}
