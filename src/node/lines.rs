//! Where the lines of a node are, for who reads them: in memory, behind its pipes, or in the journal.

use std::{future::pending, io};

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::{Stream, StreamExt, future::LocalBoxFuture, stream};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tracing::debug;
use utoipa::ToSchema;

use super::{
    LogLine, Node,
    output::{self, LAST_LINES},
};
use crate::journal::{self, Reader, tell};

/// The log of a node. What it holds is read only when it is asked for.
#[derive(Debug)]
pub enum NodeLines {
    /// The lines that came through its pipes, and those to come if they were asked for.
    Memory(Vec<LogLine>, Option<broadcast::Receiver<LogLine>>),
    /// Those that it wrote to the journal, also under an earlier ticketd.
    Journal(Reader),
}

/// What there is to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = LogEntry)]
pub enum Entry {
    /// A line.
    Line(LogLine),
    /// So many lines were lost here, because the reader was too slow.
    Dropped {
        /// How many lines were lost.
        #[schema(examples(118))]
        dropped: u64,
    },
    /// There are no more, because they cannot be read.
    Unreadable {
        /// Why, and what to do about it.
        #[schema(examples(
            "the journal cannot be read (Permission denied): ticketd's user must be in the group systemd-journal"
        ))]
        error: String,
    },
}

impl NodeLines {
    /// The last lines, and until `follow` ends those to come.
    pub fn entries(self, follow: Option<LocalBoxFuture<'static, ()>>) -> impl Stream<Item = Entry> {
        match self {
            Self::Memory(lines, coming) => {
                let coming = coming.zip(follow);
                let coming =
                    coming.map(|(coming, end)| stream::unfold(coming, next).take_until(end));
                let lines = stream::iter(lines).map(Entry::Line);
                lines.chain(stream::iter(coming).flatten()).left_stream()
            }
            Self::Journal(reader) => {
                let lines = stream::once(async move {
                    reader.open(follow.is_some()).map(|lines| (lines, follow))
                });
                let lines = lines.flat_map(|opened| match opened {
                    Ok((lines, follow)) => {
                        let end = follow.unwrap_or_else(|| Box::pin(pending()));
                        lines.stream().take_until(end).left_stream()
                    }
                    Err(error) => stream::iter([Err(error)]).right_stream(),
                });
                lines.map(entry).right_stream()
            }
        }
    }
}

async fn next(
    mut coming: broadcast::Receiver<LogLine>,
) -> Option<(Entry, broadcast::Receiver<LogLine>)> {
    match coming.recv().await {
        Ok(line) => Some((Entry::Line(line), coming)),
        Err(RecvError::Lagged(dropped)) => Some((Entry::Dropped { dropped }, coming)),
        Err(RecvError::Closed) => None,
    }
}

/// A record of the journal among a node's lines.
fn entry(line: io::Result<journal::Line>) -> Entry {
    match line {
        Ok(line) => Entry::Line(LogLine {
            seq: None,
            at: line.at,
            pid: line.pid,
            level: level(&line),
            line: output::cut(line.text),
        }),
        Err(error) => Entry::Unreadable {
            error: format!(
                "the journal cannot be read ({error}): ticketd's user must be in the group systemd-journal"
            ),
        },
    }
}

/// The priority, if the line brought one of its own; else what its text tells.
fn level(line: &journal::Line) -> &'static str {
    match line.priority {
        0..=3 => "error",
        4 => "warn",
        7 => "debug",
        _ => output::name(output::level(&line.text)),
    }
}

/// The stream of a process to the journal.
pub(super) struct Spoken {
    reader: Reader,
    stream: journal::Stream,
    since: Timestamp,
}

impl Spoken {
    pub(super) fn stream(&self) -> &journal::Stream {
        &self.stream
    }

    /// Closes the log of a process with how it ended, after which its last lines can be told from those that
    /// have not come yet. Gives what reads them.
    pub(super) fn close(self, ending: &str, pid: i32) -> impl Future<Output = Vec<String>> + use<> {
        let Self { reader, stream, since } = self;
        let last = format!("ticketd: process {pid} ended: {ending}");
        if let Err(error) = stream.send(&format!("{last}\n")) {
            debug!(%error, "the journal takes no more lines");
        }
        async move {
            let worth_reading = |line: &journal::Line| level(line) != "debug";
            match reader.until(since, &last, LAST_LINES, worth_reading).await {
                Ok(lines) => lines.into_iter().map(|line| output::cut(line.text)).collect(),
                Err(error) => {
                    tell!(warn: JournalUnusable, %error, "the last lines of a node cannot be read: put ticketd's user into the group systemd-journal");
                    Vec::new()
                }
            }
        }
    }
}

impl Node {
    /// The node's log, with the lines to come if they are followed.
    pub(super) fn lines(&mut self, follow: bool) -> NodeLines {
        match self.reader().filter(|_| !self.piped) {
            Some(reader) => NodeLines::Journal(reader),
            None => {
                let (lines, coming) = self.log.read(follow);
                NodeLines::Memory(lines, coming)
            }
        }
    }

    /// A stream to the journal for the next process, if there is a journal that takes one.
    pub(super) fn speak(&mut self) -> Option<Spoken> {
        self.piped = true;
        let journal = self.audience.journal.as_ref()?;
        let (identifier, since) = (self.identifier(), Timestamp::now());
        match journal.open(&identifier) {
            Ok(stream) => {
                self.piped = false;
                Some(Spoken { reader: journal.reader(identifier), stream, since })
            }
            Err(error) => {
                tell!(
                    warn: JournalUnusable, ticketd.node = %self.setup.id, %error,
                    "the journal takes no stream: the node's lines come through ticketd"
                );
                None
            }
        }
    }

    /// Adds to the failure at `at` what the process last said.
    pub(super) fn recall(
        &mut self,
        at: Timestamp,
        lines: impl Future<Output = Vec<String>> + 'static,
        context: &mut Context<Self>,
    ) {
        let read = lines.into_actor(self).map(move |lines, node, _| {
            if let Some(failure) = node.last_failure.as_mut().filter(|failure| failure.at == at) {
                failure.output = Some(lines);
                node.report();
            }
        });
        context.spawn(read);
    }

    fn reader(&self) -> Option<Reader> {
        Some(self.audience.journal.as_ref()?.reader(self.identifier()))
    }

    /// What the journal calls the node's lines.
    fn identifier(&self) -> String {
        format!("ollama@{}", self.setup.endpoint.port())
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn line(seq: u64) -> LogLine {
        let (at, line) = (Timestamp::UNIX_EPOCH, format!("line {seq}"));
        LogLine { seq: Some(seq), at, pid: 7, level: "info", line }
    }

    fn record(priority: u8, text: &str) -> journal::Line {
        journal::Line { at: Timestamp::UNIX_EPOCH, pid: 7, priority, text: text.to_owned() }
    }

    #[actix::test]
    async fn who_follows_memory_gets_what_is_there_and_what_comes_until_the_service_stops() {
        let (sender, coming) = broadcast::channel(2);
        let stopping = CancellationToken::new();
        let lines = NodeLines::Memory(vec![line(1)], Some(coming));
        let mut entries =
            Box::pin(lines.entries(Some(Box::pin(stopping.clone().cancelled_owned()))));
        assert_eq!(entries.next().await, Some(Entry::Line(line(1))));
        for seq in 2..6 {
            sender.send(line(seq)).expect("somebody follows");
        }
        assert_eq!(entries.next().await, Some(Entry::Dropped { dropped: 2 }));
        assert_eq!(entries.next().await, Some(Entry::Line(line(4))));
        stopping.cancel();
        assert_eq!(entries.next().await, None);
        let lines = NodeLines::Memory(vec![line(1)], Some(sender.subscribe()));
        let last: Vec<_> = lines.entries(None).collect().await;
        assert_eq!(last, [Entry::Line(line(1))]);
    }

    #[test]
    fn a_record_has_the_level_that_it_brought_or_that_its_text_tells() {
        let table = [
            (record(3, "x"), "error"),
            (record(4, "time=x level=INFO x"), "warn"),
            (record(6, "time=x level=WARN x"), "warn"),
            (record(6, "[GIN] x"), "debug"),
            (record(6, "x"), "info"),
            (record(7, "x"), "debug"),
        ];
        for (record, expected) in table {
            assert_eq!(level(&record), expected, "{}", record.text);
        }
    }

    #[test]
    fn a_log_that_cannot_be_read_says_what_to_do() {
        let Entry::Unreadable { error } = entry(Err(io::Error::other("why"))) else {
            panic!("it is no line");
        };
        assert!(error.contains("why") && error.contains("systemd-journal"), "{error}");
        let Entry::Line(line) = entry(Ok(record(6, &"长".repeat(3000)))) else {
            panic!("it is a line");
        };
        assert_eq!(line.line.len(), 4095, "cut at a sign");
        let told = serde_json::to_value(&line).expect("JSON");
        assert_eq!(told.get("seq"), None, "each reader would count anew");
    }
}
