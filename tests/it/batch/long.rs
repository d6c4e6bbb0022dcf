//! The long forms, one after the other and alone on the machine: `make batch`.

use serde_json::json;
use tokio::time::Instant;

use super::{
    NODES, Service, assert_each_once, assert_table, count, killed_and_resumed, lines, records,
};
use crate::{
    harness::{Fake, Process, assert_ticket, call, until},
    raw::control,
    socket::Folder,
};

const RECORDS: usize = 1000;

/// The time to the first token; with all tokens, a call takes some 300 ms.
const FIRST_TOKEN_MS: u64 = 250;

/// The share of what the nodes could do that must be reached.
const LEAST_SHARE: f64 = 0.95;

#[actix_web::test]
#[ignore = "long; `make batch`"]
async fn a_thousand_records_keep_the_nodes_busy() {
    let service = Service::new("", FIRST_TOKEN_MS).await;
    let ticketd = service.start().await;
    let folder = Folder::new();
    let input = records(&folder, RECORDS);
    // What a call takes when it is alone.
    let mut alone = Vec::new();
    for number in 0..12 {
        let reply = ticketd.summarize(&call(RECORDS + number)).await;
        assert_ticket(&reply);
        alone.push(reply.body["trace"]["model_ms"].as_u64().expect("a number") as f64 / 1000.0);
    }
    alone.sort_by(f64::total_cmp);
    let service_time = alone[alone.len() / 2];
    let begin = Instant::now();
    let mut batch = service.batch(&folder, &[input.to_str().expect("text")]);
    let output = batch.output().await.expect("it starts");
    let took = begin.elapsed().as_secs_f64();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert_table(&log, [RECORDS, RECORDS, 0, 0]);
    let output = folder.at("out.jsonl");
    assert_each_once(&output, RECORDS);
    let model_ms = |line: &serde_json::Value| line["ticket"]["trace"]["model_ms"].as_u64();
    let worked: u64 = lines(&output).iter().filter_map(model_ms).sum();
    let ideal = NODES as f64 / service_time;
    let rate = RECORDS as f64 / took;
    let share = rate / ideal;
    let busy = worked as f64 / 1000.0 / took / NODES as f64;
    println!(
        "{RECORDS} records in {took:.1} s: {rate:.2}/s, {:.1} % of {ideal:.2}/s \
         ({NODES} slots, {service_time:.3} s a call alone); slots busy {:.1} % of the time",
        share * 100.0,
        busy * 100.0
    );
    assert!(share >= LEAST_SHARE, "{share}");
    ticketd.stop().await;
}

#[actix_web::test]
#[ignore = "long; `make batch`"]
async fn a_node_that_is_added_is_used_by_the_batch_that_runs() {
    let folder = Folder::new();
    let service = Service::new(&folder.config(&[]), FIRST_TOKEN_MS).await;
    let ticketd = service.start().await;
    let input = records(&folder, 300);
    let mut batch = Process::spawn(&mut service.batch(&folder, &[input.to_str().expect("text")]));
    until("lines", async || (count(&folder.at("out.jsonl")) > 5).then_some(())).await;
    let added = Fake::start_in(&[("OLLAMA_NUM_PARALLEL", "8")]).await;
    added.behave(json!({"delay_ms": FIRST_TOKEN_MS})).await;
    let body = json!({"endpoint": added.url, "slots": 8}).to_string();
    assert_eq!(control(&folder.socket(), "POST /admin/nodes", &body).await.status, 201);
    until("all slots are in use", async || (added.seen().await["running"] == 8).then_some(()))
        .await;
    assert_eq!(batch.ended().await.code(), Some(0), "{}", batch.log());
    assert_each_once(&folder.at("out.jsonl"), 300);
    ticketd.stop().await;
}

#[actix_web::test]
#[ignore = "long; `make batch`"]
async fn a_thousand_records_outlive_ten_kills() {
    let service = Service::new("", 20).await;
    let ticketd = service.start().await;
    let folder = Folder::new();
    let kills = [1, 50, 51, 200, 333, 480, 481, 700, 850, 980];
    killed_and_resumed(&service, &folder, RECORDS, &kills).await;
    ticketd.stop().await;
}
