//! Debian's Prometheus scrapes a ticketd under load for a minute, and finds all that the README lists.

use std::{cell::Cell, collections::BTreeSet, path::Path, process::Stdio, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    process::Command,
    time::{Instant, timeout},
};

use super::text;
use crate::{
    harness::{
        LIMIT, Process, Ticketd, behave, call, client, free_ports, is_ticket, managed, until,
    },
    raw::control,
    socket::Folder,
};

/// How long there is load.
const MINUTE: Duration = Duration::from_secs(60);

/// Those who call one after the other.
const CALLERS: usize = 8;

/// What only nodes tell that have cgroups with the memory's controller, which takes a systemd that delegates.
const NEEDS_CGROUPS: &str = "ticketd_node_memory_bytes";

fn packaged(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(path)
}

/// A running Prometheus.
struct Prometheus {
    _process: Process,
    url: String,
    client: awc::Client,
}

impl Prometheus {
    async fn scraping(ticketd: &Ticketd, folder: &Folder) -> Self {
        let config = json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "5s"},
            "rule_files": [packaged("prometheus/ticketd.rules.yml")],
            "scrape_configs": [{"job_name": "ticketd", "static_configs":
                [{"targets": [ticketd.url.trim_start_matches("http://")]}]}],
        });
        // JSON is YAML.
        let config = folder.write("prometheus.yml", &config.to_string());
        let [port] = free_ports();
        let process = Process::spawn(
            Command::new("prometheus")
                .arg(format!("--config.file={}", config.display()))
                .arg(format!("--storage.tsdb.path={}", folder.at("data").display()))
                .arg(format!("--web.listen-address=127.0.0.1:{port}")),
        );
        let own =
            Self { _process: process, url: format!("http://127.0.0.1:{port}"), client: client() };
        until("a ready Prometheus", async || {
            let reply = own.client.get(format!("{}/-/ready", own.url)).send().await.ok()?;
            reply.status().is_success().then_some(())
        })
        .await;
        own
    }

    async fn api(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = self.client.post(format!("{}/api/v1/{path}", self.url));
        let mut reply = request.send_form(&form).await.expect("Prometheus answers");
        let body: Value = reply.json().limit(16 * 1024 * 1024).await.expect("JSON");
        assert_eq!(body["status"], "success", "{form:?}: {body}");
        body["data"].clone()
    }

    /// The result of an expression.
    async fn ask(&self, expression: &str) -> Vec<Value> {
        let data = self.api("query", &[("query", expression)]).await;
        data["result"].as_array().expect("a vector").clone()
    }

    /// The one value of an expression.
    async fn value(&self, expression: &str) -> f64 {
        let result = self.ask(expression).await;
        let [sample] = result.as_slice() else { panic!("{expression}: {result:?}") };
        sample["value"][1].as_str().and_then(|value| value.parse().ok()).expect("a number")
    }
}

/// The metrics that the README lists.
fn listed() -> BTreeSet<String> {
    let rows = include_str!("../../../README.md").lines();
    let names = rows.filter_map(|row| row.strip_prefix("| `ticketd_")?.split(['`', '{']).next());
    names.map(|name| format!("ticketd_{name}")).collect()
}

/// The expressions of the dashboard, as Grafana would send them.
fn shown() -> Vec<String> {
    let dashboard = std::fs::read(packaged("grafana/ticketd.json")).expect("it is there");
    let dashboard: Value = serde_json::from_slice(&dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions = targets.map(|target| target["expr"].as_str().expect("an expression"));
    expressions
        .map(|text| text.replace("$instance", ".*").replace("$__rate_interval", "1m"))
        .collect()
}

/// Calls until the time is over; so many tickets came.
async fn load(ticketd: &Ticketd) -> u32 {
    let (until, made) = (Instant::now() + MINUTE, Cell::new(0));
    let caller = async |caller: usize| {
        let mut number = caller;
        while Instant::now() < until {
            if is_ticket(&ticketd.summarize(&call(number)).await) {
                made.set(made.get() + 1);
            }
            number += CALLERS;
        }
    };
    join_all((0..CALLERS).map(caller)).await;
    made.get()
}

async fn check_metrics(text: String) {
    let mut promtool = Command::new("promtool");
    let promtool = promtool.args(["check", "metrics"]).kill_on_drop(true).stdin(Stdio::piped());
    let mut child =
        promtool.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is installed");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).await.expect("it reads");
    drop(input);
    let output = timeout(LIMIT, child.wait_with_output()).await.expect("in time").expect("an end");
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success() && said.concat().is_empty(), "{said:?}");
}

/// `make metrics`: it needs Debian's package `prometheus`.
#[actix_web::test]
#[ignore = "it takes more than a minute and needs Prometheus"]
async fn a_real_prometheus_finds_every_metric_of_a_ticketd_under_load() {
    let (folder, ports) = (Folder::new(), free_ports::<3>());
    let behaviour = json!({"delay_ms": 150, "token_ms": 2});
    let config = folder.config(&[]) + &managed(&ports, &behaviour);
    let ticketd = Ticketd::start(&config, &[]).await;
    ticketd.healthy(ports.len()).await;
    // Some calls go to another node.
    let failing = json!({"fault": "status500", "times": 3});
    behave(&ticketd.client, &format!("http://127.0.0.1:{}", ports[0]), failing).await;
    let prometheus = Prometheus::scraping(&ticketd, &folder).await;
    let made = load(&ticketd).await;

    let total = "sum(ticketd_tickets_total{outcome=\"made\"})";
    until("the last scrape", async || {
        (prometheus.value(total).await >= f64::from(made)).then_some(())
    })
    .await;
    let scrapes = prometheus.value("count_over_time(up{job=\"ticketd\"}[1m])").await;
    let up = prometheus.value("min_over_time(up{job=\"ticketd\"}[1m])").await;
    let slowest = prometheus.value("max_over_time(scrape_duration_seconds[1m])").await;
    let series = prometheus.value("scrape_samples_scraped").await;
    println!(
        "{made} tickets by {CALLERS} callers; {scrapes} scrapes within the last minute, up at least {up}, \
         {series} series, the slowest scrape took {slowest} s"
    );
    assert!(scrapes > 50.0 && (up - 1.0).abs() < f64::EPSILON, "{scrapes} scrapes, up {up}");
    assert!((prometheus.value(total).await - f64::from(made)).abs() < f64::EPSILON);

    check_metrics(text(&ticketd).await).await;
    let nodes = control(&folder.socket(), "GET /admin/nodes", "").await.body;
    let told = nodes["nodes"][0]["resources"]["memory_bytes"].is_u64();
    let is_there = |text: &str| told || !text.contains(NEEDS_CGROUPS);
    for name in listed().iter().filter(|name| is_there(name)) {
        let selector = format!("{{__name__=~\"{name}(_bucket)?\"}}");
        assert!(!prometheus.ask(&selector).await.is_empty(), "Prometheus has no {name}");
    }
    for expression in shown().iter().filter(|text| is_there(text)) {
        assert!(!prometheus.ask(expression).await.is_empty(), "the dashboard has no {expression}");
    }
    assert!(prometheus.value("sum(ticketd_call_retries_total)").await > 0.0);
    let rules = prometheus.client.get(format!("{}/api/v1/rules", prometheus.url)).send().await;
    let rules: Value = rules.expect("an answer").json().await.expect("JSON");
    let rules = rules["data"]["groups"][0]["rules"].as_array().expect("a list").clone();
    assert!(!rules.is_empty());
    for rule in rules {
        assert_eq!((&rule["health"], &rule["state"]), (&json!("ok"), &json!("inactive")), "{rule}");
    }
    ticketd.stop().await;
}
