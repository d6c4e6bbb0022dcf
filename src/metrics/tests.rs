use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::*;
use crate::{
    balancer::{
        Measured, NodeId, NodeSnapshot, Outcome,
        breaker::Position,
        queue::{Priority, Waiting},
        tally::Tally,
    },
    node::{Kind, Residence, Usage},
    ticket::Method,
};

fn types() -> Vec<String> {
    ["投诉", "咨询"].map(str::to_owned).into()
}

/// A node that tells all that a node can tell.
fn node(id: &str) -> (NodeSnapshot, Status) {
    let id = NodeId::from(id.to_owned());
    let mut tally = Tally::default();
    let measured = Measured { prompt_tokens: Some(900), tokens: Some(80), ..Measured::default() };
    tally.count(Outcome::Answered, Some(&measured));
    let snapshot = NodeSnapshot {
        id: id.clone(),
        base_url: format!("http://{id}"),
        healthy: true,
        reachable: true,
        request_count: 0,
        error_count: 0,
        tally,
        slots: 2,
        in_flight: 1,
        breaker: Position::Closed,
        latency: None,
        first_token: None,
        tokens_per_second: None,
        last_failure: None,
    };
    let status = Status {
        id,
        url: snapshot.base_url.clone(),
        kind: Kind::Managed,
        state: "ready",
        since: Timestamp::UNIX_EPOCH,
        remedy: None,
        pid: None,
        restarts: 3,
        last_failure: None,
        model: String::new(),
        digest: None,
        pull_percent: None,
        memory: Some(Residence { bytes: 10_000, vram_bytes: 9_000 }),
        resources: Some(Usage { memory_bytes: Some(700), ..Usage::default() }),
        warning: None,
        off_gpu: true,
        running: None,
    };
    (snapshot, status)
}

/// What is told with these nodes.
fn render(metrics: &Metrics, types: &[String], nodes: &[(NodeSnapshot, Status)]) -> String {
    let (nodes, statuses): (Vec<_>, Vec<_>) = nodes.iter().cloned().unzip();
    let waiting = Waiting { begun: 1, interactive: 2, batch: 3 };
    metrics.render(types, &Overview { nodes, waiting, queue_wait: None }, &statuses)
}

/// The names of all metrics.
fn names() -> BTreeSet<String> {
    let text = render(&Metrics::default(), &types(), &[node("11434")]);
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|line| line.split(' ').next().expect("a name").to_owned()).collect()
}

/// The words that look like names of ours.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let own = words.filter(|word| word.starts_with("ticketd_") && !word.ends_with('_'));
    own.map(str::to_owned).collect()
}

#[test]
fn what_is_counted_stands_in_its_series_and_nowhere_else() {
    let metrics = Arc::new(Metrics::default());
    let counted = metrics.tickets.types(&types());
    let before = render(&metrics, &types(), &[node("11434")]);
    let made = Made {
        kind: "投诉",
        degraded: false,
        grounded: true,
        method: Method::Gazetteer,
        took: Duration::from_secs(20),
    };
    let begin = || Making::begin(Arc::clone(&metrics));
    begin().made(&counted, made);
    begin().made(&counted, Made { grounded: false, took: Duration::from_millis(40), ..made });
    begin().made(&counted, Made { kind: "咨询", degraded: true, method: Method::NoInput, ..made });
    begin().made(&counted, Made { kind: "nobody configured it", ..made });
    begin().lost(Loss::TimedOut);
    metrics.tickets.lost(Loss::Busy);
    drop(begin());
    let crash = std::thread::spawn({
        let making = begin();
        move || {
            let _making = making;
            panic!("on purpose");
        }
    });
    crash.join().expect_err("it panics");
    metrics.calls.waited(Priority::Batch, Duration::from_secs(7));
    metrics.calls.retried(Outcome::Stalled);
    metrics.calls.retried(Outcome::Abandoned);
    let (first_token, total) = (Duration::from_millis(300), Duration::from_secs(301));
    metrics.calls.answered(&Measured { first_token, total, ..Measured::default() });
    let after = render(&metrics, &types(), &[node("11434")]);
    let before: BTreeSet<_> = before.lines().collect();
    let new: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
    // Of histograms the first bucket that counts, and what they end with.
    let is_told = |line: &&&str| !line.contains("_bucket") || line.contains("le=\"0.05\"");
    let told: Vec<_> = new.iter().filter(is_told).copied().collect();
    assert_eq!(
        told,
        [
            "ticketd_call_duration_seconds_sum 301",
            "ticketd_call_duration_seconds_count 1",
            "ticketd_call_first_token_seconds_sum 0.3",
            "ticketd_call_first_token_seconds_count 1",
            "ticketd_call_retries_total{reason=\"stalled\"} 1",
            "ticketd_place_corrections_total{method=\"gazetteer\"} 3",
            "ticketd_place_corrections_total{method=\"no_input\"} 1",
            "ticketd_queue_wait_seconds_sum{priority=\"batch\"} 7",
            "ticketd_queue_wait_seconds_count{priority=\"batch\"} 1",
            "ticketd_ticket_duration_seconds_bucket{le=\"0.05\"} 1",
            "ticketd_ticket_duration_seconds_sum 60.04",
            "ticketd_ticket_duration_seconds_count 4",
            "ticketd_tickets_total{outcome=\"abandoned\",type=\"\"} 1",
            "ticketd_tickets_total{outcome=\"busy\",type=\"\"} 1",
            "ticketd_tickets_total{outcome=\"degraded\",type=\"咨询\"} 1",
            "ticketd_tickets_total{outcome=\"internal\",type=\"\"} 1",
            "ticketd_tickets_total{outcome=\"made\",type=\"投诉\"} 2",
            "ticketd_tickets_total{outcome=\"timed_out\",type=\"\"} 1",
            "ticketd_ungrounded_tickets_total 1",
        ]
    );
    let bucket = |line: &str| new.contains(&line);
    assert!(bucket("ticketd_queue_wait_seconds_bucket{priority=\"batch\",le=\"10\"} 1"));
    assert!(!bucket("ticketd_queue_wait_seconds_bucket{priority=\"batch\",le=\"5\"} 1"));
    assert!(bucket("ticketd_call_duration_seconds_bucket{le=\"+Inf\"} 1"));
    assert!(!bucket("ticketd_call_duration_seconds_bucket{le=\"300\"} 1"));
}

#[test]
fn nodes_and_queue_are_told_as_they_stand() {
    let metrics = Metrics::default();
    let nodes = [node("11434"), node("gpu-2:11434")];
    let text = render(&metrics, &types(), &nodes);
    let lines: BTreeSet<_> = text.lines().collect();
    for line in [
        "ticketd_queue_depth{priority=\"begun\"} 1",
        "ticketd_queue_depth{priority=\"interactive\"} 2",
        "ticketd_queue_depth{priority=\"batch\"} 3",
        "ticketd_node_calls_total{node=\"11434\",outcome=\"answered\"} 1",
        "ticketd_node_tokens_total{kind=\"prompt\",node=\"11434\"} 900",
        "ticketd_node_tokens_total{kind=\"answer\",node=\"gpu-2:11434\"} 80",
        "ticketd_node_state{node=\"11434\",state=\"ready\"} 1",
        "ticketd_node_state{node=\"11434\",state=\"crash-looping\"} 0",
        "ticketd_node_healthy{node=\"11434\"} 1",
        "ticketd_node_restarts_total{node=\"11434\"} 3",
        "ticketd_node_calls_in_flight{node=\"11434\"} 1",
        "ticketd_node_slots{node=\"11434\"} 2",
        "ticketd_node_memory_bytes{node=\"11434\"} 700",
        "ticketd_node_model_bytes{node=\"11434\"} 10000",
        "ticketd_node_model_vram_bytes{node=\"11434\"} 9000",
        "ticketd_node_off_gpu{node=\"11434\"} 1",
    ] {
        assert!(lines.contains(line), "{line} in\n{text}");
    }
    let gone = render(&metrics, &types(), &nodes[1..]);
    assert!(!gone.contains("\"11434\""), "{gone}");
    // Nothing that ticketd does not know is told as a 0.
    let (snapshot, status) = node("11435");
    let unknown = Status { memory: None, resources: None, ..status };
    let text = render(&metrics, &types(), &[(snapshot, unknown)]);
    assert!(!text.contains("_bytes") && !text.contains("off_gpu"), "{text}");
}

#[test]
fn only_configured_types_are_labels_and_a_type_that_returns_goes_on_counting() {
    let metrics = Arc::new(Metrics::default());
    let made = Made {
        kind: "咨询",
        degraded: false,
        grounded: true,
        method: Method::Unchanged,
        took: Duration::ZERO,
    };
    Making::begin(Arc::clone(&metrics)).made(&metrics.tickets.types(&types()), made);
    let fewer = render(&metrics, &types()[..1], &[]);
    assert!(fewer.contains("type=\"投诉\"") && !fewer.contains("咨询"), "{fewer}");
    Making::begin(Arc::clone(&metrics)).made(&metrics.tickets.types(&types()), made);
    let again = render(&metrics, &types(), &[]);
    assert!(again.contains("ticketd_tickets_total{outcome=\"made\",type=\"咨询\"} 2"), "{again}");
}

#[test]
fn both_readmes_list_exactly_the_metrics() {
    for readme in [include_str!("../../README.md"), include_str!("../../README.zh-CN.md")] {
        let rows = readme.lines().filter_map(|line| line.strip_prefix("| `ticketd_"));
        let listed = rows.filter_map(|row| row.split(['`', '{']).next());
        let listed: BTreeSet<_> = listed.map(|name| format!("ticketd_{name}")).collect();
        assert_eq!(listed, names());
    }
}

#[test]
fn dashboard_and_alerts_ask_only_for_metrics_that_there_are() {
    let dashboard: serde_json::Value =
        serde_json::from_str(include_str!("../../packaging/grafana/ticketd.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("a list");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions: Vec<_> =
        targets.map(|target| target["expr"].as_str().expect("text")).collect();
    let rules = include_str!("../../packaging/prometheus/ticketd.rules.yml");
    let (names, mut used) = (names(), BTreeSet::new());
    for text in expressions.into_iter().chain([rules]) {
        for name in named(text) {
            let of_histogram = ["_bucket", "_sum", "_count"].map(|end| name.strip_suffix(end));
            let family = of_histogram.into_iter().flatten().find(|family| names.contains(*family));
            let family = family.unwrap_or(&name);
            assert!(names.contains(family), "{name} in {text}");
            used.insert(family.to_owned());
        }
    }
    let unused: Vec<_> = names.difference(&used).collect();
    assert!(unused.is_empty(), "nobody would see {unused:?}");
}
