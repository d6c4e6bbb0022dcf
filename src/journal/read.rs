//! Reads back what the journal holds, by `journalctl`: its files have no other reader without C code.
//!
//! One rule: whoever drops what is read has ended the program that reads.

use std::{
    collections::VecDeque,
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use rustix::process::getuid;
use serde::Deserialize;
use tokio::{
    io::{AsyncBufRead, AsyncReadExt, BufReader},
    process::{Child, ChildStderr, ChildStdout, Command},
    time::{Instant, sleep, timeout},
};

use super::Journal;
use crate::lines;

/// The records that are shown: so many does a node's memory hold without a journal.
const SHOWN: usize = 200;

/// The longest record that is taken; the journal itself cuts lines at 48 KiB.
const MOST_BYTES: usize = 512 * 1024;

/// How long a reading without an end of its own may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How long the journal may need to take in what was written to it.
const SETTLE: Duration = Duration::from_secs(1);

/// A pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Who reads the records of one identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    journal: Journal,
    identifier: String,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When the journal got it.
    pub at: Timestamp,
    /// The process that wrote it.
    pub pid: i32,
    /// Its priority, from 0 (emergency) to 7 (debug).
    pub priority: u8,
    /// Its text.
    pub text: String,
}

impl Reader {
    pub(super) fn new(journal: Journal, identifier: String) -> Self {
        Self { journal, identifier }
    }

    /// The last records, and with `follow` those to come.
    pub fn open(&self, follow: bool) -> io::Result<Lines> {
        let mut command = Command::new(&self.journal.journalctl);
        command
            // To follow means else: this boot alone (systemd 252).
            .args(["--quiet", "--no-pager", "--all", "--merge", "--output=json"])
            .arg("--output-fields=MESSAGE,PRIORITY,_PID")
            .arg(format!("--lines={SHOWN}"))
            .arg(format!("--identifier={}", self.identifier))
            .args(follow.then_some("--follow"))
            .args(self.journal.namespace.as_ref().map(|name| format!("--namespace={name}")))
            // Anybody may write under any identifier, but nobody under another one's user. The unit is
            // not known of the last lines of a process that was gone before the journal read them.
            .arg(format!("_UID={}", getuid().as_raw()))
            .args(self.journal.machine.as_ref().map(|id| format!("_MACHINE_ID={}", id.trim())))
            // Nothing of the service's own, such as its way to notify systemd.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let pipes = child.stdout.take().zip(child.stderr.take());
        let (stdout, stderr) = pipes.ok_or_else(|| io::Error::other("no pipes"))?;
        let stdout = BufReader::new(stdout);
        Ok(Lines { child, stdout, stderr, deadline: (!follow).then(|| Instant::now() + LIMIT) })
    }

    /// The last `count` records since a time that `wanted` takes, once the one is there whose text is
    /// `last`, or at the latest after a second. It is not among them.
    pub async fn until(
        &self,
        since: Timestamp,
        last: &str,
        count: usize,
        wanted: impl Fn(&Line) -> bool,
    ) -> io::Result<Vec<Line>> {
        let deadline = Instant::now() + SETTLE;
        loop {
            let all: Vec<_> = self.open(false)?.stream().collect().await;
            let mut lines = all.into_iter().collect::<io::Result<VecDeque<_>>>()?;
            lines.retain(|line| line.at >= since);
            let end = lines.iter().rposition(|line| line.text == last);
            if end.is_none() && Instant::now() < deadline {
                sleep(PAUSE).await;
                continue;
            }
            lines.truncate(end.unwrap_or(lines.len()));
            lines.retain(wanted);
            return Ok(lines.split_off(lines.len().saturating_sub(count)).into());
        }
    }
}

/// Records as they are read. Dropping it ends the reading.
#[derive(Debug)]
pub struct Lines {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
    /// None if there is no end to wait for.
    deadline: Option<Instant>,
}

impl Lines {
    /// The records, one after the other; the last item may say why there are no more.
    pub fn stream(self) -> impl Stream<Item = io::Result<Line>> {
        stream::unfold(Some(self), |lines| async {
            let mut lines = lines?;
            match lines.next().await {
                Ok(Some(line)) => Some((Ok(line), Some(lines))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    async fn next(&mut self) -> io::Result<Option<Line>> {
        let Some(deadline) = self.deadline else { return self.read().await };
        let left = deadline.saturating_duration_since(Instant::now());
        let late = || io::Error::new(io::ErrorKind::TimedOut, "journalctl takes too long");
        timeout(left, self.read()).await.map_err(|_| late())?
    }

    async fn read(&mut self) -> io::Result<Option<Line>> {
        let found = parsed(&mut self.stdout).await?;
        if found.is_some() {
            return Ok(found);
        }
        let mut said = Vec::new();
        // What it says of its failure is short.
        (&mut self.stderr).take(1024).read_to_end(&mut said).await?;
        let status: ExitStatus = self.child.wait().await?;
        let said = String::from_utf8_lossy(&said);
        let reason = said.lines().last().unwrap_or_default();
        if status.success() && reason.is_empty() {
            return Ok(None);
        }
        Err(io::Error::other(format!("journalctl: {status}: {reason}")))
    }
}

/// The next record that can be read.
async fn parsed(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Line>> {
    while let Some(json) = lines::next(reader, MOST_BYTES).await? {
        if let Some(line) = Record::read(&json) {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

/// A record in the form of `journalctl --output=json`.
#[derive(Deserialize)]
struct Record {
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    at: String,
    #[serde(rename = "_PID", default)]
    pid: String,
    #[serde(rename = "PRIORITY", default)]
    priority: String,
    #[serde(rename = "MESSAGE")]
    message: Message,
}

/// A field's value: an array of bytes if it is not printable.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Bytes(Vec<u8>),
}

impl Record {
    fn read(json: &[u8]) -> Option<Line> {
        let Self { at, pid, priority, message } = serde_json::from_slice(json).ok()?;
        let text = match message {
            Message::Text(text) => text,
            Message::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        };
        Some(Line {
            at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
            pid: pid.parse().unwrap_or_default(),
            priority: priority.parse().unwrap_or(6),
            text,
        })
    }
}
