//! Streams to a socket of our own, and readers of a program of our own.

use std::{
    collections::BTreeMap,
    io::Read,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::Path,
    time::Duration,
};

use futures_util::StreamExt;
use jiff::Timestamp;
use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::*;

const LIMIT: Duration = Duration::from_secs(20);

/// A journal in a directory of its own: a real socket, and a program in the place of journalctl.
fn journal(journalctl: &str) -> (Journal, UnixListener, TempDir) {
    let directory = TempDir::new().expect("a directory");
    let [socket, program] = ["stdout", "journalctl"].map(|name| directory.path().join(name));
    let listener = UnixListener::bind(&socket).expect("a socket");
    let script = format!("#!/bin/sh\ncd {}\n{journalctl}\n", directory.path().display());
    std::fs::write(&program, script).expect("it can be written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("it is ours");
    let unit = Some("ticketd.service".to_owned());
    (
        Journal {
            socket,
            journalctl: program,
            unit,
            namespace: None,
            machine: Some("m\n".to_owned()),
        },
        listener,
        directory,
    )
}

/// A line of journalctl's.
fn record(at: i64, priority: u8, text: &str) -> String {
    let fields = BTreeMap::from([
        ("__REALTIME_TIMESTAMP", at.to_string()),
        ("_PID", "7".to_owned()),
        ("PRIORITY", priority.to_string()),
        ("MESSAGE", text.to_owned()),
    ]);
    serde_json::to_string(&fields).expect("JSON")
}

fn say(directory: &Path, lines: &[String]) {
    std::fs::write(directory.join("records"), lines.join("\n")).expect("it can be written");
}

#[actix_web::test]
async fn a_child_writes_to_the_journal_under_its_own_identifier_and_nothing_is_between() {
    let (journal, listener, _directory) = journal("");
    let stream = journal.open("ollama@11435").expect("a stream");
    let mut child = tokio::process::Command::new("sh");
    child.args(["-c", "echo out; echo '<3>err' >&2"]);
    child.stdout(stream.to_stdio().expect("a copy"));
    child.stderr(stream.to_stdio().expect("a copy"));
    assert!(child.status().await.expect("sh runs").success());
    drop(child);
    stream.send("the end\n").expect("there is room");
    drop(stream);
    let (mut journald, _) = listener.accept().expect("a stream");
    let mut said = String::new();
    journald.read_to_string(&mut said).expect("text");
    let header = "ollama@11435\nticketd.service\n6\n1\n0\n0\n0\n";
    assert_eq!(said, format!("{header}out\n<3>err\nthe end\n"));
}

#[test]
fn a_journal_that_is_not_there_or_takes_no_more_is_an_error_and_no_wait() {
    let (journal, listener, directory) = journal("");
    let stream = journal.open("x").expect("a stream");
    let line = "x".repeat(4096);
    assert!((0..1000).any(|_| stream.send(&line).is_err()), "nobody reads it");
    let backlog = (0..100_000).map(|_| journal.open("x")).find_map(Result::err);
    assert!(backlog.is_some(), "nobody accepts");
    drop(listener);
    assert!(journal.open("x").is_err(), "nobody is there");
    drop(directory);
    assert!(journal.open("x").is_err());
}

#[actix_web::test]
async fn the_last_lines_are_those_of_one_process_up_to_its_end_once_that_is_there() {
    let (journal, _listener, directory) = journal("echo \"$@\" >> asked; cat records");
    let second = 1_000_000;
    let records = [
        record(second, 6, "of an earlier process"),
        record(2 * second, 6, "one"),
        r#"{"__REALTIME_TIMESTAMP":"2500000","_PID":"7","PRIORITY":"6","MESSAGE":[228,184,128,255]}"#.to_owned(),
        r#"{"__REALTIME_TIMESTAMP":"2500000","_PID":"7","PRIORITY":"6","MESSAGE":null}"#.to_owned(),
        "no JSON".to_owned(),
        record(3 * second, 7, "chatter"),
        record(4 * second, 3, "two"),
        record(5 * second, 6, "the end"),
        record(6 * second, 6, "of a later process\n"),
    ];
    say(directory.path(), &records[..7]);
    let reader = journal.reader("ollama@11435".to_owned());
    let since = Timestamp::from_second(2).expect("a time");
    let wanted = |line: &Line| line.priority < 7;
    let without_end = reader.until(since, "the end", 2, wanted).await.expect("it is read");
    assert_eq!(texts(&without_end), ["一\u{fffd}", "two"], "after the wait");
    say(directory.path(), &records);
    let lines = reader.until(since, "the end", 10, wanted).await.expect("it is read");
    assert_eq!(texts(&lines), ["one", "一\u{fffd}", "two"]);
    assert_eq!((lines[2].pid, lines[2].priority, lines[2].at.as_second()), (7, 3, 4));
    let asked = std::fs::read_to_string(directory.path().join("asked")).expect("it was asked");
    assert!(asked.lines().count() > 2, "{asked}");
    for part in
        ["--output=json", "--identifier=ollama@11435", "--lines=200", "_UID=", "_MACHINE_ID=m"]
    {
        assert!(asked.contains(part), "{asked}");
    }
}

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[actix_web::test]
async fn whoever_stops_following_has_ended_the_program_that_reads() {
    let (journal, _listener, directory) = journal("echo $$ > pid; cat records; exec sleep 1000");
    say(directory.path(), &[record(1, 6, "one"), String::new()]);
    let reader = journal.reader("ollama@11435".to_owned());
    let mut lines = Box::pin(reader.open(true).expect("it starts").stream());
    let first = timeout(LIMIT, lines.next()).await.expect("in time").expect("a line");
    assert_eq!(first.expect("it is read").text, "one");
    let pid = std::fs::read_to_string(directory.path().join("pid")).expect("it runs");
    let pid = Pid::from_raw(pid.trim().parse().expect("a number")).expect("an id");
    assert!(test_kill_process(pid).is_ok());
    drop(lines);
    let gone = async {
        while test_kill_process(pid).is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, gone).await.expect("it was killed");
}

#[actix_web::test]
async fn why_nothing_can_be_read_is_told() {
    let (journal, _listener, _directory) =
        journal("echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1");
    let reader = journal.reader("ollama@11435".to_owned());
    let lines: Vec<_> = reader.open(false).expect("it starts").stream().collect().await;
    let [Err(error)] = &lines[..] else { panic!("{lines:?}") };
    assert!(error.to_string().contains("insufficient permissions"), "{error}");
    let missing = Journal { journalctl: "/nonexistent".into(), ..journal };
    assert!(missing.reader("x".to_owned()).open(false).is_err());
}

#[test]
fn the_unit_is_the_innermost_service_of_the_system() {
    let table = [
        ("0::/system.slice/ticketd.service\n", Some("ticketd.service")),
        ("1:name=x:/\n0::/system.slice/ticketd.service/supervisor\n", Some("ticketd.service")),
        ("0::/user.slice/user-0.slice/user@0.service/app.slice/x.service\n", None),
        ("0::/user.slice/user-0.slice/session-1.scope\n", None),
        ("0::/\n", None),
        ("", None),
    ];
    for (cgroups, unit) in table {
        assert_eq!(unit_of(cgroups).as_deref(), unit, "{cgroups}");
    }
}
