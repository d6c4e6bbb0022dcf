//! Signals, and arguments and files that cannot be used.

use std::path::Path;

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Service, assert_each_once, count, records, run};
use crate::{
    harness::{Process, call, command, until},
    socket::Folder,
};

#[actix_web::test]
async fn a_signal_lets_what_is_in_flight_finish_and_another_one_does_not() {
    let service = Service::new("", 300).await;
    let ticketd = service.start().await;
    let folder = Folder::new();
    let input = records(&folder, 60);
    let output = folder.at("out.jsonl");
    let in_flight = async || {
        let stats = ticketd.get("/lb-stats").await.body;
        let of = |node: &Value| node["in_flight"].as_u64().expect("a count");
        stats["endpoints"].as_array().expect("a list").iter().map(of).sum::<u64>()
    };
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut batch =
            Process::spawn(&mut service.batch(&folder, &[input.to_str().expect("text")]));
        let before = count(&output);
        until("a line and a call", async || {
            (count(&output) > before && in_flight().await > 0).then_some(())
        })
        .await;
        let (lines, calls) = (count(&output), in_flight().await as usize);
        batch.signal(signal);
        assert_eq!(batch.ended().await.code(), Some(code), "{}", batch.log());
        assert!(batch.log().contains("not done"), "{}", batch.log());
        assert!(count(&output) > lines || calls == 0, "what was in flight was written");
    }
    join_all(service.fakes.iter().map(|fake| fake.behave(json!({"fault": "stall_before"})))).await;
    let mut batch = Process::spawn(&mut service.batch(&folder, &[input.to_str().expect("text")]));
    until("a call", async || (in_flight().await > 0).then_some(())).await;
    batch.signal(Signal::INT);
    batch.line_after("a second signal ends at once").await;
    batch.signal(Signal::INT);
    assert_eq!(batch.ended().await.code(), Some(130), "{}", batch.log());
    join_all(service.fakes.iter().map(|fake| fake.behave(json!({})))).await;
    let (code, log) = run(service.batch(&folder, &[input.to_str().expect("text")])).await;
    assert_eq!(code, Some(0), "{log}");
    assert_each_once(&output, 60);
    ticketd.stop().await;
}

#[actix_web::test]
async fn one_batch_at_a_time_writes_a_file() {
    let service = Service::new("", 0).await;
    let folder = Folder::new();
    let input = records(&folder, 3);
    let arguments = [input.to_str().expect("text")];
    let first = Process::spawn(&mut service.batch(&folder, &arguments));
    first.line_after("the server cannot be reached").await;
    let (code, log) = run(service.batch(&folder, &arguments)).await;
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("is written by another ticketd"), "{log}");
}

#[actix_web::test]
async fn what_cannot_be_used_is_told_before_anything_begins() {
    let service = Service::new("", 0).await;
    let folder = Folder::new();
    let input = records(&folder, 3);
    let input = input.to_str().expect("text");
    let twice = folder.write("twice.jsonl", &format!("\n{{\"id\": 2, \"call\": {}}}", call(2)));
    let notes = folder.write("notes.txt", "minutes of a meeting\n");
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let table = [
        (vec![input.to_owned(), text(&twice)], "twice.jsonl:2 has the id of "),
        (vec!["/no/such.jsonl".to_owned()], "/no/such.jsonl cannot be read"),
        (vec![input.to_owned(), "--token-file".to_owned(), text(&notes)], "notes.txt:1: a token"),
    ];
    for (arguments, part) in table {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let (code, log) = run(service.batch(&folder, &arguments)).await;
        assert_eq!(code, Some(2), "{log}");
        assert!(log.contains(part), "{log}");
    }
    for (output, part) in
        [(text(&notes), "notes.txt:1 is no line of tickets"), (input.to_owned(), "is read as well")]
    {
        let mut command = command(&[]);
        command.args(["summarize", input, "-o", &output]);
        let (code, log) = run(command).await;
        assert_eq!(code, Some(2), "{log}");
        assert!(log.contains(part), "{log}");
    }
    assert_eq!(std::fs::read_to_string(notes).expect("it is there"), "minutes of a meeting\n");
}
