//! A process of a test, with what it writes.

use std::{
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{LIMIT, pid_of, until_or};

/// A process whose lines are kept; it is ended when this is dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self::spawn_reading(command.stdin(Stdio::null()))
    }

    /// The same, with the standard input that the command has.
    pub(crate) fn spawn_reading(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("the program starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let pipes: [Box<dyn AsyncRead + Unpin>; 2] = [
            Box::new(child.stdout.take().expect("a pipe")),
            Box::new(child.stderr.take().expect("a pipe")),
        ];
        let read = |pipe| {
            let lines = Arc::clone(&lines);
            actix_web::rt::spawn(async move {
                let mut reader = BufReader::new(pipe).lines();
                while let Ok(Some(line)) = reader.next_line().await {
                    lines.lock().expect("no reader panics").push(line);
                }
            })
        };
        let readers = pipes.into_iter().map(read).collect();
        Self { child, lines, readers }
    }

    /// What the process has written so far.
    pub(crate) fn log(&self) -> String {
        self.lines.lock().expect("no reader panics").join("\n")
    }

    /// Waits for a line that holds `part`, and gives the rest of it.
    pub(crate) async fn line_after(&self, part: &str) -> String {
        until_or(
            || format!("a line with {part:?} in:\n{}", self.log()),
            async || self.log().lines().find_map(|line| Some(line.split_once(part)?.1.to_owned())),
        )
        .await
    }

    pub(crate) fn pid(&self) -> Pid {
        pid_of(self.child.id().expect("it runs"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// Waits for the end, and for the last line.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let status = timeout(LIMIT, self.child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("it runs on:\n{}", self.log()));
        for reader in self.readers.drain(..) {
            // A grandchild that lives on holds the pipe; then the log is what came so far.
            let _ = timeout(Duration::from_secs(2), reader).await;
        }
        status.expect("it can be waited for")
    }
}

impl Drop for Process {
    /// A test that fails leaves no node behind: the second signal makes ticketd kill the groups.
    fn drop(&mut self) {
        let Some(pid) = self.child.id().map(pid_of) else { return };
        for signal in [Signal::TERM, Signal::INT] {
            let _ = kill_process(pid, signal);
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
    }
}
