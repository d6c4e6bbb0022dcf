//! `ticketd node log`: what a node has written, as lines for people or as they came.

use std::{pin::pin, process::ExitCode};

use actix_web::web::Bytes;
use anyhow::bail;
use clap::Args;
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};

use crate::cli::{
    control::{ANSWER, Control, Unanswered},
    plain::plain,
    say,
};

/// The longest line that is believed; ticketd cuts lines far below.
const MOST_BYTES: usize = 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Log {
    /// The node, as `node list` calls it
    #[arg(value_parser = super::id)]
    id: String,
    /// Go on with what the node writes, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// Print each line as JSON
    #[arg(long)]
    json: bool,
}

/// One line of the answer: one of the node, how many of them were lost, or why there are no more.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    at: String,
    pid: Option<u32>,
    level: String,
    line: String,
    dropped: Option<u64>,
    error: Option<String>,
}

/// How the printing of a log ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// There was no more.
    Log,
    /// Nobody reads any longer.
    Reader,
}

impl Log {
    pub(super) async fn run(self, control: &Control) -> anyhow::Result<ExitCode> {
        let path = ["admin", "nodes", &self.id, "log"];
        if !self.follow {
            let whole = async { self.print(control.open(&path, "").await?).await };
            timeout(ANSWER, whole).await.map_err(|_| Unanswered::Silent(ANSWER))??;
            return Ok(ExitCode::SUCCESS);
        }
        let mut interrupt = signal(SignalKind::interrupt())?;
        let followed = async { self.print(control.open(&path, "follow=true").await?).await };
        let end = tokio::select! {
            end = pin!(followed) => end?,
            _ = interrupt.recv() => End::Reader,
        };
        match end {
            End::Reader => Ok(ExitCode::SUCCESS),
            End::Log => bail!("the log has ended: ticketd stops, or the node was removed"),
        }
    }

    /// Prints the lines as they come.
    async fn print(
        &self,
        mut pieces: impl Stream<Item = Result<Bytes, Unanswered>> + Unpin,
    ) -> anyhow::Result<End> {
        let mut rest: Vec<u8> = Vec::new();
        while let Some(piece) = pieces.next().await {
            rest.extend_from_slice(&piece?);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                if !self.say(&line)? {
                    return Ok(End::Reader);
                }
            }
            if rest.len() > MOST_BYTES {
                bail!("a line of the log is longer than {MOST_BYTES} bytes; look at the journal");
            }
        }
        let read = rest.is_empty() || self.say(&rest)?;
        Ok(if read { End::Log } else { End::Reader })
    }

    fn say(&self, line: &[u8]) -> anyhow::Result<bool> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end();
        if let Ok(Line { error: Some(error), .. }) = serde_json::from_str(line) {
            bail!("{}", plain(&error));
        }
        Ok(say(&if self.json { format!("{line}\n") } else { format!("{}\n", for_people(line)) })?)
    }
}

/// A line of the answer as text.
fn for_people(json: &str) -> String {
    let Ok(line) = serde_json::from_str::<Line>(json) else { return plain(json) };
    if let Some(dropped) = line.dropped {
        let lines = if dropped == 1 { "line was" } else { "lines were" };
        return format!("({dropped} {lines} lost here)");
    }
    let pid = line.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
    let [at, level, text] = [&line.at, &line.level, &line.line].map(|part| plain(part));
    format!("{at} {pid} {level} {text}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_told_without_its_control_characters() {
        let table = [
            (
                r#"{"seq":1,"at":"2026-11-22T10:00:00+08:00","pid":123,"level":"info","line":"a\tb"}"#,
                "2026-11-22T10:00:00+08:00 123 info a\tb",
            ),
            (r#"{"at":"T","level":"warn","line":"\u001b[2J\r"}"#, "T - warn \\u{1b}[2J\\r"),
            (r#"{"dropped":17}"#, "(17 lines were lost here)"),
            (r#"{"dropped":1}"#, "(1 line was lost here)"),
            ("no \u{7} JSON", "no \\u{7} JSON"),
        ];
        for (json, expected) in table {
            assert_eq!(for_people(json), expected);
        }
    }
}
