//! `ticketd summarize`: whatever happens on the way, in the end every record stands in the output once.
//!
//! `make batch` runs the long forms: a thousand records, with their numbers.

mod long;
mod operator;
mod server;

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::Output,
};

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use crate::{
    harness::{Fake, LIMIT, Process, Ticketd, call, command, free_ports, until},
    socket::Folder,
};

const NODES: usize = 3;

/// Nodes that take this long for a call, at least, and a ticketd over them that can be started anew.
struct Service {
    fakes: Vec<Fake>,
    port: u16,
    config: String,
}

impl Service {
    async fn new(config: &str, delay_ms: u64) -> Self {
        let fakes = join_all((0..NODES).map(|_| Fake::start())).await;
        join_all(fakes.iter().map(|fake| fake.behave(json!({"delay_ms": delay_ms})))).await;
        let [port] = free_ports();
        Self { fakes, port, config: config.to_owned() }
    }

    /// Starts ticketd and waits until its nodes are healthy.
    async fn start(&self) -> Ticketd {
        let ticketd = self.start_guarded().await;
        ticketd.healthy(NODES).await;
        ticketd
    }

    /// Starts ticketd, which may want a token to be asked.
    async fn start_guarded(&self) -> Ticketd {
        let urls: Vec<_> = self.fakes.iter().map(|fake| fake.url.clone()).collect();
        let listen = format!("127.0.0.1:{}", self.port);
        let environment =
            [("DEEPSEEK_ENDPOINTS", urls.join(",")), ("TICKETD_SERVER__LISTEN", listen)];
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        Ticketd::start(&self.config, &environment).await
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `ticketd summarize` with files and where its output goes.
    fn batch(&self, folder: &Folder, arguments: &[&str]) -> Command {
        let mut command = command(&[]);
        command.args(["summarize", "--server", &self.url(), "-o"]).arg(folder.at("out.jsonl"));
        command.args(arguments);
        command
    }

    async fn calls(&self) -> u64 {
        join_all(self.fakes.iter().map(Fake::calls)).await.into_iter().sum()
    }
}

/// A file with one record a line, with the ids from 0.
fn records(folder: &Folder, count: usize) -> PathBuf {
    let line = |id| format!("{{\"id\": {id}, \"call\": {}, \"note\": \"x\"}}\n", call(id));
    folder.write("in.jsonl", &(0..count).map(line).collect::<String>())
}

/// The lines of an output, all of which must be whole.
fn lines(output: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(output).expect("there is an output");
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// How many whole lines there are so far.
fn count(output: &Path) -> usize {
    std::fs::read(output).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count())
}

/// Asserts that each record from 0 has its ticket once, and that nothing else is there.
fn assert_each_once(output: &Path, count: usize) {
    let mut ids: Vec<_> = lines(output)
        .iter()
        .map(|line| {
            assert!(line["ticket"]["ticket_content"].is_string(), "{line}");
            line["id"].as_u64().expect("a number")
        })
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..count as u64).collect::<Vec<_>>());
}

async fn run(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        timeout(LIMIT, command.output()).await.expect("it ends").expect("it starts");
    assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
    (status.code(), String::from_utf8(stderr).expect("text"))
}

/// The rows of the table at the end.
fn table(log: &str) -> BTreeMap<&str, &str> {
    let names = ["records", "tickets", "done before", "failed", "not done"];
    log.lines()
        .filter_map(|line| {
            let name = names.into_iter().find(|name| line.starts_with(&format!("{name:12}")))?;
            Some((name, line[12..].trim()))
        })
        .collect()
}

/// Asserts what the table says of records, tickets, those that were done before, and failed ones.
fn assert_table(log: &str, expected: [usize; 4]) {
    let table = table(log);
    let names = ["records", "tickets", "done before", "failed"];
    let told = names.map(|name| table.get(name).and_then(|value| value.parse().ok()));
    assert_eq!(told, expected.map(Some), "{log}");
}

#[actix_web::test]
async fn files_and_standard_input_become_tickets_and_bad_records_stop_nobody() {
    let service = Service::new("", 5).await;
    let ticketd = service.start().await;
    let folder = Folder::new();
    let line = |id: usize| json!({"id": format!("a{id}"), "call": call_of(id)}).to_string();
    let mut text: Vec<_> = (0..30).map(line).collect();
    text[4] = "秘密 no JSON".to_owned();
    text[9] = r#"{"id": "a9", "call": {"s": [{"citizen": 7}]}}"#.to_owned();
    text.insert(20, "  ".to_owned());
    let jsonl = folder.write("a.jsonl", &text.join("\r\n"));
    let mut array: Vec<_> = (100..114).map(call_of).collect();
    array.push(json!(["秘密"]));
    let array = folder.write("b.json", &json!(array).to_string());
    let single = folder.write("c.json", &call(200));
    let from_stdin: Vec<_> = (300..314).map(call).collect();
    let stdin = folder.write("stdin", &(from_stdin.join("\n") + "\n" + &line(0)));
    let files = [&jsonl, &array, &single].map(|file| file.to_str().expect("text"));
    let batch = || {
        let mut command = service.batch(&folder, &files);
        command.arg("-").stdin(File::open(&stdin).expect("it is there"));
        command
    };
    let (code, log) = run(batch()).await;
    assert_eq!(code, Some(1), "{log}");
    assert_table(&log, [61, 57, 0, 4]);
    for part in [
        "            1 400 turn_value_not_a_string\n",
        "            1 duplicate_id\n",
        "            1 not_an_object\n",
        "            1 not_json\n",
        "a.jsonl:5: failed: not_json\n",
        "a.jsonl:10: failed: 400 turn_value_not_a_string\n",
        "b.json:15: failed: not_an_object\n",
        "-:15: failed: duplicate_id\n",
    ] {
        assert!(log.contains(part), "{part:?} in:\n{log}");
    }
    assert!(!log.contains("秘密") && !log.contains("水韵"), "{log}");
    let output = folder.at("out.jsonl");
    let of = |id: &str| {
        let found: Vec<_> = lines(&output).into_iter().filter(|line| line["id"] == id).collect();
        assert_eq!(found.len(), 1, "{id}");
        found[0].clone()
    };
    assert_eq!(lines(&output).len(), 61);
    assert_eq!(of("a29")["source"], json!({"file": files[0], "line": 31}));
    assert_eq!(of(&format!("{}:1", files[1]))["source"], json!({"file": files[1], "record": 1}));
    assert!(of(&format!("{}:1", files[2]))["ticket"]["trace"].is_object());
    assert!(of("-:14")["ticket"]["ticket_title"].is_string());
    let error = of("a9")["error"].clone();
    assert_eq!(
        (&error["status"], &error["code"]),
        (&json!(400), &json!("turn_value_not_a_string"))
    );
    assert!(error["detail"].is_string() && error["request_id"].is_string(), "{error}");
    assert_eq!(of("-:15")["error"]["detail"], format!("the record has the id of {}:1", files[0]));

    // The bad records are tried again, and nothing else is.
    text[9] = line(9);
    folder.write("a.jsonl", &text.join("\n"));
    let calls = service.calls().await;
    let (code, log) = run(batch()).await;
    assert_eq!(code, Some(1), "{log}");
    assert_table(&log, [61, 1, 57, 3]);
    assert_eq!((lines(&output).len(), service.calls().await), (61, calls + 1));
    assert!(of("a9")["ticket"].is_object());
    ticketd.stop().await;
}

fn call_of(number: usize) -> Value {
    serde_json::from_str(&call(number)).expect("JSON")
}

#[actix_web::test]
async fn a_batch_that_is_killed_again_and_again_makes_every_ticket_once() {
    let service = Service::new("", 10).await;
    let ticketd = service.start().await;
    let folder = Folder::new();
    killed_and_resumed(&service, &folder, 200, &[20, 21, 90, 150]).await;
    ticketd.stop().await;
}

/// Kills a batch whenever its output has so many lines, and lets it go on.
async fn killed_and_resumed(service: &Service, folder: &Folder, total: usize, kills: &[usize]) {
    let input = records(folder, total);
    let batch = || service.batch(folder, &[input.to_str().expect("text")]);
    let output = folder.at("out.jsonl");
    for at in kills {
        let mut process = Process::spawn(&mut batch());
        until("enough lines", async || (count(&output) >= *at).then_some(())).await;
        process.signal(Signal::KILL);
        process.ended().await;
        // What a write that was cut off leaves.
        let mut text = std::fs::read(&output).expect("there is an output");
        assert!(count(&output) < total, "it was killed too late to tell anything");
        text.extend_from_slice(b"{\"id\":7,\"source\":{\"file\":\"\xe5\x9c");
        std::fs::write(&output, text).expect("written");
    }
    let before = count(&output);
    let (code, log) = run(batch()).await;
    assert_eq!(code, Some(0), "{log}");
    assert_table(&log, [total, total - before, before, 0]);
    assert_each_once(&output, total);
    // The jobs of each killed run at most were made in vain.
    let (calls, most) = (service.calls().await, total + 4 * kills.len());
    println!("{total} records, {} kills, {calls} model calls", kills.len());
    assert!(calls >= total as u64 && calls <= most as u64, "{calls} calls");
    let (code, log) = run(batch()).await;
    assert_eq!((code, service.calls().await), (Some(0), calls), "{log}");
    assert_table(&log, [total, 0, total, 0]);
}
