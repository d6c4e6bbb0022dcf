//! The lines that a node writes: always read, kept for a while, and logged with the node's identity.
//!
//! One rule: an unread pipe freezes Ollama, so lines are dropped rather than waited for.

use std::{collections::VecDeque, time::Duration};

use futures_util::{Stream, stream};
use jiff::Timestamp;
use serde::Serialize;
use tokio::{
    io::{AsyncRead, BufReader},
    sync::broadcast,
};
use tracing::{Level, debug, error, info, warn};
use utoipa::ToSchema;

use super::status;
use crate::{balancer::NodeId, journal::tell, lines};

/// The longest line that is kept; the rest of a longer one is dropped.
const MOST_LINE_BYTES: usize = 4096;

/// The lines that are kept in memory.
const KEPT: usize = 200;

/// How many lines a follower may be behind before some are lost to it; a tenth of a megabyte.
const AHEAD: usize = 1024;

/// The lines of output that are kept with the end of a process.
pub(super) const LAST_LINES: usize = 10;

/// What llama-server's own lines, which carry no level, begin with (as recorded with 0.32.15).
const RUNNER_NOISE: [&str; 9] = [
    "srv ",
    "slot ",
    "print_info:",
    "llama_",
    "load_tensors:",
    "common_",
    "ggml_",
    "load:",
    "main:",
];

/// The lines of a pipe, to its end.
pub(super) fn lines(pipe: impl AsyncRead + Unpin) -> impl Stream<Item = String> {
    stream::unfold(BufReader::new(pipe), |mut reader| async {
        let line = lines::next(&mut reader, MOST_LINE_BYTES).await.ok()??;
        Some((String::from_utf8_lossy(&line).trim_end().to_owned(), reader))
    })
}

/// A line as long as one through a pipe may be.
pub(super) fn cut(mut line: String) -> String {
    line.truncate(line.floor_char_boundary(MOST_LINE_BYTES));
    line
}

/// One line of a node's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogLine {
    /// Counts the lines of the node from the start of ticketd; none where they are in the journal, which does
    /// not count them.
    #[schema(examples(1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When it came, in UTC.
    #[serde(serialize_with = "status::to_millisecond")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-23T00:01:26.002Z"))]
    pub at: Timestamp,
    /// The process that wrote it.
    #[schema(examples(17918))]
    pub pid: i32,
    /// The level it had: `error`, `warn`, `info` or `debug`.
    #[schema(examples("info"))]
    pub level: &'static str,
    /// Its text, cut off after 4,096 bytes.
    #[schema(examples("Listening on 127.0.0.1:11434 (version 0.32.15)"))]
    pub line: String,
}

/// The last lines of a node.
#[derive(Debug)]
pub(super) struct NodeLog {
    node: NodeId,
    lines: VecDeque<LogLine>,
    count: u64,
    /// Those who read on. When the last one has gone, the next line or look at the log drops the buffer.
    followers: Option<broadcast::Sender<LogLine>>,
    limit: Limit,
}

impl NodeLog {
    pub(super) fn new(node: NodeId, lines_per_second: u32) -> Self {
        let limit = Limit::new(lines_per_second);
        Self { node, lines: VecDeque::new(), count: 0, followers: None, limit }
    }

    pub(super) fn set_rate(&mut self, lines_per_second: u32) {
        self.limit = Limit::new(lines_per_second);
    }

    /// Keeps a line, and logs it unless too many came at once.
    pub(super) fn take(&mut self, line: String, pid: i32, now: Duration) {
        if line.is_empty() {
            return;
        }
        let level = level(&line);
        if self.limit.allows(now) {
            self.tell_dropped();
            let node = &self.node;
            match level {
                Level::ERROR => {
                    error!(target: "node", { ticketd.node = %node, node.pid = pid }, "{line}")
                }
                Level::WARN => {
                    warn!(target: "node", { ticketd.node = %node, node.pid = pid }, "{line}")
                }
                Level::INFO => {
                    info!(target: "node", { ticketd.node = %node, node.pid = pid }, "{line}")
                }
                _ => debug!(target: "node", { ticketd.node = %node, node.pid = pid }, "{line}"),
            }
        }
        self.count += 1;
        let level = name(level);
        let line = LogLine { seq: Some(self.count), at: Timestamp::now(), pid, level, line };
        self.lines.truncate(KEPT - 1);
        self.lines.push_front(line.clone());
        // It is refused when the last follower has gone.
        self.followers = self.followers.take().filter(|followers| followers.send(line).is_ok());
    }

    /// Says how many lines were not logged, if any.
    pub(super) fn tell_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.limit.dropped);
        if dropped > 0 {
            tell!(
                warn: NodeLinesDropped, ticketd.node = %self.node, dropped,
                "the node wrote more lines than nodes.log_lines_per_second: the rest was left out"
            );
        }
    }

    /// The lines that are kept, and those to come if they are followed.
    pub(super) fn read(
        &mut self,
        follow: bool,
    ) -> (Vec<LogLine>, Option<broadcast::Receiver<LogLine>>) {
        self.followers.take_if(|followers| followers.receiver_count() == 0);
        let new = || broadcast::channel(AHEAD).0;
        let coming = follow.then(|| self.followers.get_or_insert_with(new).subscribe());
        (self.lines.iter().rev().cloned().collect(), coming)
    }

    /// The last lines of one process.
    pub(super) fn last_of(&self, pid: i32, count: usize) -> Vec<String> {
        let of = self.lines.iter().filter(|line| line.pid == pid && line.level != "debug");
        let mut last: Vec<_> = of.take(count).map(|line| line.line.clone()).collect();
        last.reverse();
        last
    }
}

/// Lets so many lines a second pass, and ten times as many at once after a quiet time. Pure.
#[derive(Debug)]
struct Limit {
    rate: f64,
    room: f64,
    last: Duration,
    dropped: u64,
}

impl Limit {
    fn new(lines_per_second: u32) -> Self {
        let rate = f64::from(lines_per_second);
        Self { rate, room: rate * 10.0, last: Duration::ZERO, dropped: 0 }
    }

    fn allows(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.last).as_secs_f64();
        self.last = now;
        self.room = (self.room + passed * self.rate).min(self.rate * 10.0);
        if self.room < 1.0 {
            self.dropped += 1;
            return false;
        }
        self.room -= 1.0;
        true
    }
}

/// The level that a line had: Ollama's own lines name it; its access log and the runner's chatter
/// are for debugging; what is unknown is worth reading.
pub(super) fn level(line: &str) -> Level {
    let named = line.split_once(" level=").and_then(|(_, rest)| rest.split(' ').next());
    match named {
        Some("ERROR") => Level::ERROR,
        Some("WARN") => Level::WARN,
        Some("INFO") => Level::INFO,
        Some(_) => Level::DEBUG,
        None if line.starts_with("Error:") || line.starts_with("panic:") => Level::ERROR,
        None if line.starts_with("[GIN]") => Level::DEBUG,
        None if RUNNER_NOISE.iter().any(|start| line.starts_with(start)) => Level::DEBUG,
        None => Level::INFO,
    }
}

/// What a level is called.
pub(super) fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        _ => "debug",
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[test]
    fn a_line_keeps_the_level_it_had() {
        let table = [
            (
                "time=2026-11-22T18:42:18.944Z level=INFO source=routes.go:2008 msg=\"Listening\"",
                Level::INFO,
            ),
            ("time=2026-11-22T18:42:18.944Z level=WARN source=x msg=y", Level::WARN),
            ("Error: listen tcp 127.0.0.1:21499: bind: address already in use", Level::ERROR),
            (
                "[GIN] 2026/11/22 - 18:42:19 | 200 | 138µs | 127.0.0.1 | GET \"/api/version\"",
                Level::DEBUG,
            ),
            ("srv  update_slots: all slots are idle", Level::DEBUG),
            ("something else", Level::INFO),
        ];
        for (line, expected) in table {
            assert_eq!(level(line), expected, "{line}");
        }
    }

    #[actix::test]
    async fn lines_are_cut_at_their_ends_and_at_the_limit() {
        let long = "x".repeat(2 * MOST_LINE_BYTES);
        let text = format!("one\r\n\n{long}\nlast");
        let lines: Vec<String> = lines(text.as_bytes()).collect().await;
        assert_eq!(lines, ["one", "", &long[..MOST_LINE_BYTES], "last"]);
    }

    #[test]
    fn a_flood_is_cut_and_counted_and_a_trickle_is_not() {
        let mut limit = Limit::new(2);
        let at = |second: u32| Duration::from_secs(1) * second;
        let flood = (0..100).filter(|_| limit.allows(at(1))).count();
        assert_eq!((flood, limit.dropped), (20, 80));
        assert!((2..60).all(|second| limit.allows(at(second)) && limit.allows(at(second))));
        assert_eq!(limit.dropped, 80);
    }

    #[test]
    fn the_last_lines_are_kept_also_those_that_were_not_logged() {
        let mut log = NodeLog::new(NodeId::from("n".to_owned()), 1);
        for number in 0..300 {
            log.take(format!("line {number}"), 7, Duration::ZERO);
        }
        log.take("of another process".to_owned(), 8, Duration::ZERO);
        let (kept, _) = log.read(false);
        assert_eq!(kept.len(), KEPT);
        assert_eq!((kept[0].seq, kept[0].line.as_str()), (Some(102), "line 101"));
        assert_eq!(log.last_of(7, 2), ["line 298", "line 299"]);
    }

    #[test]
    fn a_buffer_for_followers_is_there_only_while_somebody_follows() {
        let mut log = NodeLog::new(NodeId::from("n".to_owned()), 1);
        let take = |log: &mut NodeLog, line: &str| log.take(line.to_owned(), 7, Duration::ZERO);
        take(&mut log, "one");
        assert_eq!(log.read(false).0.len(), 1);
        assert!(log.followers.is_none(), "who only looks follows nothing");
        let [mut one, mut other] = [(); 2].map(|()| log.read(true).1.expect("lines to come"));
        take(&mut log, "two");
        for coming in [&mut one, &mut other] {
            assert_eq!(coming.try_recv().expect("a line").line, "two");
        }
        drop(one);
        take(&mut log, "three");
        assert_eq!(other.try_recv().expect("a line").line, "three");
        drop(other);
        assert_eq!(log.read(false).0.len(), 3);
        assert!(log.followers.is_none(), "a look drops it");
        drop(log.read(true));
        take(&mut log, "four");
        assert!(log.followers.is_none(), "and so does a line");
    }
}
