//! A server that comes and goes, has no room, or wants to know who calls.

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::json;
use tokio::time::timeout;

use super::{Service, assert_each_once, assert_table, count, lines, records, run, table};
use crate::{
    harness::{LIMIT, Process, command, until},
    socket::Folder,
};

#[actix_web::test]
async fn a_batch_outlives_its_server() {
    let service = Service::new("", 20).await;
    let folder = Folder::new();
    let input = records(&folder, 120);
    let output = folder.at("out.jsonl");
    // It may begin before the server does.
    let mut batch = Process::spawn(
        &mut service.batch(&folder, &[input.to_str().expect("text"), "--wait", "1m"]),
    );
    batch.line_after("the server cannot be reached").await;
    let mut ticketd = service.start().await;
    for (signal, lines) in [(Signal::TERM, 30), (Signal::KILL, 70)] {
        until("enough lines", async || (count(&output) >= lines).then_some(())).await;
        ticketd.process.signal(signal);
        ticketd.process.ended().await;
        ticketd = service.start().await;
    }
    assert_eq!(batch.ended().await.code(), Some(0), "{}", batch.log());
    assert_table(&batch.log(), [120, 120, 0, 0]);
    assert_each_once(&output, 120);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_server_that_is_away_for_too_long_ends_the_batch_and_fails_no_record() {
    let service = Service::new("", 0).await;
    let folder = Folder::new();
    let input = records(&folder, 20);
    let (code, log) =
        run(service.batch(&folder, &[input.to_str().expect("text"), "--wait", "300ms"])).await;
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("no record got on for 300ms"), "{log}");
    assert_table(&log, [20, 0, 0, 0]);
    assert_eq!(table(&log).get("not done"), Some(&"20"));
    assert_eq!(count(&folder.at("out.jsonl")), 0);
}

#[actix_web::test]
async fn a_full_queue_delays_records_and_fails_none() {
    let service = Service::new("[balancer]\nqueue_limit = 1\n", 50).await;
    let ticketd = service.start().await;
    let folder = Folder::new();
    let input = records(&folder, 24);
    let (code, log) =
        run(service.batch(&folder, &[input.to_str().expect("text"), "--jobs", "12"])).await;
    assert_eq!(code, Some(0), "{log}");
    assert_table(&log, [24, 24, 0, 0]);
    assert_each_once(&folder.at("out.jsonl"), 24);
    let log = ticketd.stop().await;
    let refused = log.matches("status=503").count();
    assert!((1..100).contains(&refused), "{refused} refusals: they are obeyed");
}

#[actix_web::test]
async fn a_record_that_no_node_can_do_fails_after_three_tries() {
    let service = Service::new("[balancer]\nattempts = 1\n", 0).await;
    let ticketd = service.start().await;
    join_all(service.fakes.iter().map(|fake| fake.behave(json!({"fault": "no_ticket"})))).await;
    let folder = Folder::new();
    let input = records(&folder, 1);
    let (code, log) = run(service.batch(&folder, &[input.to_str().expect("text")])).await;
    assert_eq!(code, Some(1), "{log}");
    assert_table(&log, [1, 0, 0, 1]);
    let lines = lines(&folder.at("out.jsonl"));
    assert_eq!((lines.len(), &lines[0]["error"]["code"]), (1, &json!("upstream_failed")));
    assert_eq!(service.calls().await, 3);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_token_or_the_control_socket_opens_the_server() {
    let folder = Folder::new();
    let token = "token-of-the-batch-1";
    let tokens = folder.write("tokens", &format!("# of the hotline\n{token}\n"));
    let service = Service::new(&folder.config(&[("tokens_file", &tokens)]), 0).await;
    let ticketd = service.start_guarded().await;
    let input = records(&folder, 6);
    let input = input.to_str().expect("text");
    let (code, log) = run(service.batch(&folder, &[input])).await;
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("--token-file FILE") && !log.contains(token), "{log}");
    let tokens = tokens.to_str().expect("text");
    let (code, log) = run(service.batch(&folder, &[input, "--token-file", tokens])).await;
    assert_eq!(code, Some(0), "{log}");
    assert_each_once(&folder.at("out.jsonl"), 6);
    let mut command = command(&[]);
    command.args(["summarize", input, "--socket"]).arg(folder.socket());
    let output = timeout(LIMIT, command.output()).await.expect("it ends").expect("it starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).expect("text").lines().count(), 6);
    ticketd.stop().await;
}
