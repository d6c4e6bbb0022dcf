//! `ticketd node log`: what is printed, and how following ends.

use std::process::{ExitStatus, Stdio};

use rustix::process::{Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    sync::mpsc::UnboundedSender,
    time::timeout,
};

use super::stub::Stub;
use crate::harness::{LIMIT, command, pid_of};

const LOG: &str = "GET /admin/nodes/11434/log";

const LINES: &str = concat!(
    r#"{"seq":4,"at":"2026-11-22T10:00:00+08:00","pid":123,"level":"info","line":"Listening on 127.0.0.1:11434"}"#,
    "\n",
    r#"{"dropped":17}"#,
    "\n",
    r#"{"seq":22,"at":"2026-11-22T10:00:01+08:00","pid":123,"level":"warn","line":"\u001b[31m50%\r\tGPU\u001b[0m"}"#,
    "\n",
);

#[actix_web::test]
async fn log_prints_lines_that_cannot_harm_a_terminal() {
    let stub = Stub::start();
    let pieces = stub.streams(LOG);
    // Pieces end anywhere, and the last line needs no end.
    let (first, second) = LINES.trim_end().split_at(150);
    for piece in [first, second] {
        pieces.send(piece.to_owned()).expect("the stub runs");
    }
    drop(pieces);
    let said = stub.ask("node log 11434").await;
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""), "{said:?}");
    let expected = "2026-11-22T10:00:00+08:00 123 info Listening on 127.0.0.1:11434\n\
                    (17 lines were lost here)\n\
                    2026-11-22T10:00:01+08:00 123 warn \\u{1b}[31m50%\\r\tGPU\\u{1b}[0m\n";
    assert_eq!(said.out, expected);

    stub.streams(LOG).send(LINES.to_owned()).expect("the stub runs");
    let said = stub.ask("node log 11434 --json").await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), LINES), "{said:?}");
}

/// A `node log -f` that has printed its first line.
struct Following {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    pieces: UnboundedSender<String>,
    _stub: Stub,
}

impl Following {
    async fn start() -> Self {
        let stub = Stub::start();
        let pieces = stub.streams(&format!("{LOG}?follow=true"));
        let mut command = command(&[]);
        command.args(["node", "log", "-f", "11434", "--socket", stub.path()]);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut following = Self { child, out, pieces, _stub: stub };
        following.write("one");
        assert!(following.read().await.ends_with(" info one"));
        following
    }

    fn write(&self, line: &str) {
        let line = format!("{{\"at\":\"T\",\"pid\":1,\"level\":\"info\",\"line\":\"{line}\"}}\n");
        // The stub drops its end when the reader of the answer has left.
        let _ = self.pieces.send(line);
    }

    async fn read(&mut self) -> String {
        let line = timeout(LIMIT, self.out.next_line()).await.expect("a line comes");
        line.expect("it is read").expect("it goes on")
    }

    /// How it ended, and what it said about it.
    async fn ended(mut child: Child) -> (ExitStatus, String) {
        let status = timeout(LIMIT, child.wait()).await.expect("it ends").expect("it ran");
        let mut error = String::new();
        let pipe = child.stderr.as_mut().expect("it is piped");
        pipe.read_to_string(&mut error).await.expect("it is read");
        (status, error)
    }
}

#[actix_web::test]
async fn following_prints_each_line_as_it_comes_until_the_interrupt() {
    let mut following = Following::start().await;
    for line in ["two", "three"] {
        following.write(line);
        assert_eq!(following.read().await, format!("T 1 info {line}"));
    }
    let pid = pid_of(following.child.id().expect("it runs"));
    kill_process(pid, Signal::INT).expect("it runs");
    let (status, error) = Following::ended(following.child).await;
    assert_eq!((status.code(), error.as_str()), (Some(0), ""));
}

#[actix_web::test]
async fn following_ends_quietly_when_nobody_reads() {
    let following = Following::start().await;
    let Following { child, out, pieces, _stub } = following;
    drop(out);
    pieces.send("{\"line\":\"two\"}\n".to_owned()).expect("the stub runs");
    let (status, error) = Following::ended(child).await;
    assert_eq!((status.code(), error.as_str()), (Some(0), ""));
}

#[actix_web::test]
async fn following_tells_that_ticketd_ended_the_log() {
    let Following { child, out: _out, pieces, _stub } = Following::start().await;
    drop(pieces);
    let (status, error) = Following::ended(child).await;
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("the log has ended"), "{error}");
}
