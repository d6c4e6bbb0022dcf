//! `GET /metrics`: after known calls it has known values.

mod prometheus;

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    harness::{CALL, Fake, Ticketd, assert_ticket, call, until},
    raw::{control, summarize},
    socket::Folder,
};

/// What ticketd tells Prometheus.
async fn text(ticketd: &Ticketd) -> String {
    let mut reply =
        ticketd.client.get(format!("{}/metrics", ticketd.url)).send().await.expect("an answer");
    assert_eq!(reply.status(), 200);
    let kind = reply.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
    String::from_utf8(reply.body().await.expect("a body").to_vec()).expect("UTF-8")
}

/// The value of every series.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    async fn of(ticketd: &Ticketd) -> Self {
        let text = text(ticketd).await;
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        };
        Self(samples.map(|line| sample(line).expect("a sample")).collect())
    }

    /// The sum over the series that have all these parts.
    fn sum(&self, parts: &[&str]) -> f64 {
        let series = self.0.iter().filter(|(name, _)| parts.iter().all(|part| name.contains(part)));
        series.map(|(_, value)| value).sum()
    }

    #[track_caller]
    fn assert(&self, expected: &[(&[&str], f64)]) {
        for (parts, value) in expected {
            let sum = self.sum(parts);
            assert!((sum - value).abs() < 1e-9, "{parts:?}: {sum}, not {value}, in {:#?}", self.0);
        }
    }
}

/// The id that the node at a fake has.
fn id(fake: &Fake) -> &str {
    fake.url.trim_start_matches("http://")
}

#[actix_web::test]
async fn calls_retries_and_drafts_are_counted_where_they_belong() {
    let folder = Folder::new();
    let fakes = [Fake::start().await, Fake::start().await];
    let config = folder.config(&[]) + "[ticket]\nfallback = \"extractive\"\n";
    let ticketd = Ticketd::over(&[&fakes[0], &fakes[1]], &config).await;
    Scrape::of(&ticketd).await.assert(&[
        (&["ticketd_tickets_total"], 0.0),
        (&["ticketd_node_calls_total"], 0.0),
        (&["ticketd_node_healthy"], 2.0),
        (&["ticketd_node_state{", "state=\"ready\""], 2.0),
        (&["ticketd_node_state{"], 2.0),
        (&["ticketd_node_slots"], 2.0),
    ]);

    // One attempt a node that is no ticket, and a third one that is.
    for fake in &fakes {
        fake.behave(json!({"fault": "no_ticket", "times": 1})).await;
    }
    assert_ticket(&ticketd.summarize(CALL).await);
    let batch = summarize(&ticketd, &[("x-priority", "batch")], CALL).await;
    assert_ticket(&batch);
    let answered: &[(&[&str], f64)] = &[
        (&["ticketd_tickets_total", "outcome=\"made\""], 2.0),
        (&["ticketd_tickets_total"], 2.0),
        (&["ticketd_ticket_duration_seconds_count"], 2.0),
        (&["ticketd_place_corrections_total"], 2.0),
        (&["ticketd_call_retries_total{reason=\"bad_answer\"}"], 2.0),
        (&["ticketd_call_retries_total"], 2.0),
        (&["ticketd_call_duration_seconds_count"], 2.0),
        (&["ticketd_call_first_token_seconds_count"], 2.0),
        (&["ticketd_queue_wait_seconds_count{priority=\"interactive\"}"], 3.0),
        (&["ticketd_queue_wait_seconds_count{priority=\"batch\"}"], 1.0),
        (&["ticketd_node_calls_total", "outcome=\"answered\""], 2.0),
        (&["ticketd_node_calls_total", "outcome=\"bad_answer\"", id(&fakes[0])], 1.0),
        (&["ticketd_node_calls_total", "outcome=\"bad_answer\"", id(&fakes[1])], 1.0),
        (&["ticketd_node_calls_total"], 4.0),
        (&["ticketd_queue_depth"], 0.0),
        (&["ticketd_node_calls_in_flight"], 0.0),
    ];
    let seen = Scrape::of(&ticketd).await;
    seen.assert(answered);
    assert!(seen.sum(&["ticketd_node_tokens_total", "kind=\"prompt\""]) > 0.0);
    assert!(seen.sum(&["ticketd_node_tokens_total", "kind=\"answer\""]) > 0.0);

    for fake in &fakes {
        fake.behave(json!({"fault": "status500"})).await;
    }
    let draft = ticketd.summarize(&call(1)).await;
    assert_eq!(draft.body["degraded"], true);
    let failed = summarize(&ticketd, &[("x-priority", "batch")], &call(2)).await;
    assert_eq!((failed.status, &failed.body["code"]), (502, &json!("upstream_failed")));
    let seen = Scrape::of(&ticketd).await;
    seen.assert(&[
        (&["ticketd_tickets_total", "outcome=\"degraded\"", "type=\"投诉\""], 1.0),
        (&["ticketd_tickets_total{outcome=\"upstream_failed\",type=\"\"}"], 1.0),
        (&["ticketd_tickets_total"], 4.0),
        (&["ticketd_ticket_duration_seconds_count"], 3.0),
        (&["ticketd_node_calls_total", "outcome=\"failed\""], 6.0),
        (&["ticketd_call_retries_total{reason=\"failed\"}"], 4.0),
        (&["ticketd_call_duration_seconds_count"], 2.0),
    ]);

    let gone = format!("DELETE /admin/nodes/{}", id(&fakes[0]));
    assert_eq!(control(&folder.socket(), &gone, "").await.status, 202);
    until("the series of one node alone", async || {
        let seen = Scrape::of(&ticketd).await;
        let is_of = |fake: &Fake| seen.0.keys().any(|series| series.contains(id(fake)));
        (!is_of(&fakes[0]) && is_of(&fakes[1])).then_some(())
    })
    .await;
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_retry_that_gets_no_slot_is_none() {
    let fake = Fake::start().await;
    // It rests until after the deadline.
    let config = "[server]\nrequest_timeout = \"20s\"\n[balancer]\npenalty_base = \"1m\"\n\
                  penalty_ceiling = \"1m\"\noutage_retry = \"1m\"\n";
    let ticketd = Ticketd::over(&[&fake], config).await;
    fake.behave(json!({"fault": "status500"})).await;
    assert_eq!(ticketd.summarize(CALL).await.status, 502);
    Scrape::of(&ticketd)
        .await
        .assert(&[(&["ticketd_node_calls_total"], 1.0), (&["ticketd_call_retries_total"], 0.0)]);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_ticket_whose_caller_leaves_is_counted_as_abandoned() {
    let fake = Fake::start().await;
    let ticketd = Ticketd::over(&[&fake], "").await;
    fake.behave(json!({"fault": "stall_before"})).await;
    let asked = actix_web::rt::spawn({
        let request = ticketd.client.post(format!("{}/summarize", ticketd.url));
        request.send_body(CALL)
    });
    until("a call in flight", async || {
        let in_flight = Scrape::of(&ticketd).await.sum(&["ticketd_node_calls_in_flight"]);
        (in_flight > 0.0).then_some(())
    })
    .await;
    asked.abort();
    until("an abandoned ticket, and an abandoned call", async || {
        let seen = Scrape::of(&ticketd).await;
        let tickets = seen.sum(&["ticketd_tickets_total", "outcome=\"abandoned\""]);
        let calls = seen.sum(&["ticketd_node_calls_total", "outcome=\"abandoned\""]);
        (tickets > 0.5 && calls > 0.5).then_some(())
    })
    .await;
    ticketd.stop().await;
}
