//! Records of the journal: their message can be read alone, because that is all that `journalctl` shows.
//!
//! One rule: whoever logs never waits for journald. One that hangs or has a slow disk would else stop
//! actors, HTTP workers and the watchdog, one after the other.

use std::{
    fmt::Debug,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing::{
    Event, Metadata, Span, Subscriber, Value,
    field::{Field, ValueSet, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::{
    Registry,
    fmt::{FormatFields, format::Writer},
    layer::{Context, Layer, SubscriberExt},
    registry::LookupSpan,
};

use super::text::Readable;
use crate::journal::{IDENTIFIER, tell};

/// The most fields that a record can have, which is `tracing`'s own limit.
const MOST: usize = 32;

/// How many records may wait for a journald that does not read; further ones are lost, and counted.
const QUEUE: usize = 4096;

/// How long the last records may take.
const LAST: Duration = Duration::from_secs(1);

/// Writes records with their fields, and their text as others see it for the message; a thread does it.
pub(super) struct Records {
    queue: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

enum Message {
    Record {
        /// The spans that it was written in, the outermost first.
        spans: Vec<Noted>,
        event: Noted,
    },
    /// Told when all before it are written.
    Flush(SyncSender<()>),
}

/// Waits when it is dropped until the records before are written, for a second at most.
pub struct Flush(SyncSender<Message>);

impl Drop for Flush {
    fn drop(&mut self) {
        let (sender, written) = sync_channel(1);
        // A journald that does not read by now gets no more.
        if self.0.try_send(Message::Flush(sender)).is_ok() {
            let _ = written.recv_timeout(LAST);
        }
    }
}

impl Records {
    /// Fails if the journal takes none. With a prefix, `MESSAGE_ID` would be another field; and as the
    /// crate maps levels, what is for information would be a notice.
    pub(super) fn new() -> io::Result<Self> {
        let priorities = PriorityMappings {
            error: Priority::Error,
            warn: Priority::Warning,
            info: Priority::Informational,
            debug: Priority::Debug,
            trace: Priority::Debug,
        };
        let layer = tracing_journald::layer()?.with_field_prefix(None);
        let layer = layer.with_syslog_identifier(IDENTIFIER.to_owned());
        Self::over(layer.with_priority_mappings(priorities), QUEUE)
    }

    fn over(layer: impl Layer<Registry> + Send + Sync, most: usize) -> io::Result<Self> {
        let (queue, records) = sync_channel(most);
        let lost = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&lost);
        let write = move || {
            with_default(tracing_subscriber::registry().with(layer), || write(&records, &counted));
        };
        thread::Builder::new().name("journal".to_owned()).spawn(write)?;
        Ok(Self { queue, lost })
    }

    /// What to hold until the end of the process.
    pub(super) fn flush(&self) -> Flush {
        Flush(self.queue.clone())
    }
}

/// Writes what comes, and how many were lost before.
fn write(records: &Receiver<Message>, lost: &AtomicU64) {
    for message in records {
        let (spans, event) = match message {
            Message::Record { spans, event } => (spans, event),
            Message::Flush(written) => {
                // Whoever waits no more does not mind.
                let _ = written.try_send(());
                continue;
            }
        };
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tell!(warn: JournalUnusable, lost, "the journal took no records for a while: some were lost");
        }
        let mut entered = Vec::new();
        for span in spans {
            entered.push(span.with(|values| Span::new(span.metadata, values)).entered());
        }
        event.with(|values| Event::dispatch(event.metadata, values));
        while entered.pop().is_some() {}
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Records {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut noted = Noted::of(attributes.metadata());
        attributes.record(&mut noted);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(noted);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(noted) = span.extensions_mut().get_mut::<Noted>()
        {
            values.record(noted);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let scope = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
        let spans = scope.filter_map(|span| span.extensions().get::<Noted>().cloned()).collect();
        let record = Message::Record { spans, event: readable(event) };
        if self.queue.try_send(record).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The event whose message is the whole text of this one. All else stays.
fn readable(event: &Event<'_>) -> Noted {
    let mut noted = Noted::of(event.metadata());
    event.record(&mut noted);
    let mut text = String::new();
    let written = Readable.format_fields(Writer::new(&mut text), event);
    let message = noted.values.iter_mut().find(|(field, _)| field.name() == "message");
    if let (Ok(()), Some((_, message))) = (written, message) {
        *message = text;
    }
    noted
}

/// A span or an event, with its values as the journal gets them.
#[derive(Clone)]
struct Noted {
    metadata: &'static Metadata<'static>,
    values: Vec<(Field, String)>,
}

impl Noted {
    fn of(metadata: &'static Metadata<'static>) -> Self {
        Self { metadata, values: Vec::new() }
    }

    /// Gives the values once more.
    fn with<T>(&self, give: impl FnOnce(&ValueSet<'_>) -> T) -> T {
        let names = self.metadata.fields();
        let Some(any) = names.iter().next() else { return give(&names.value_set(&[])) };
        let mut fields: [(&Field, Option<&dyn Value>); MOST] = [(&any, None); MOST];
        for (place, (field, value)) in fields.iter_mut().zip(&self.values) {
            *place = (field, Some(value));
        }
        give(&names.value_set(&fields))
    }
}

impl Visit for Noted {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.values.push((field.clone(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.values.push((field.clone(), format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc::channel};

    use tracing::{error_span, info};

    use super::*;

    /// Takes note of what the journal would get, spans and all, while it may.
    struct Got(SyncSender<Fields>, Mutex<Receiver<()>>);

    type Fields = Vec<(&'static str, String)>;

    fn fields(noted: Noted) -> impl Iterator<Item = (&'static str, String)> {
        noted.values.into_iter().map(|(field, value)| (field.name(), value))
    }

    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Got {
        fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
            let mut noted = Noted::of(attributes.metadata());
            attributes.record(&mut noted);
            context.span(id).expect("it is there").extensions_mut().insert(noted);
        }

        fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
            self.1.lock().expect("no panic").recv().expect("it may go on");
            let mut noted = Noted::of(event.metadata());
            event.record(&mut noted);
            let scope = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
            let spans = scope.flat_map(|span| {
                fields(span.extensions().get::<Noted>().cloned().expect("it was noted"))
            });
            self.0.send(spans.chain(fields(noted)).collect()).expect("somebody reads");
        }
    }

    #[test]
    fn the_message_holds_the_fields_and_the_fields_stay_spans_and_all() {
        let (got, read) = sync_channel(9);
        let (go, may_go) = channel();
        let records = Records::over(Got(got, Mutex::new(may_go)), 9).expect("a thread");
        let id = "2782eae9de5040179137edb6377d3942";
        with_default(tracing_subscriber::registry().with(records), || {
            let span =
                error_span!("request", ticketd.request_id = %"a-1", part = tracing::field::Empty);
            span.record("part", 2);
            span.in_scope(|| {
                tell!(warn: NodeLost, ticketd.node = %11435, node.url = "u", "node {}", "lost");
            });
            tell!(info: Stopped, "stopped");
            info!(count = 7, "no event");
            info!("alone");
        });
        let expected: [&[(&str, &str)]; 4] = [
            &[
                ("ticketd.request_id", "a-1"),
                ("part", "2"),
                ("message", "node lost event=node_lost node=11435 node.url=\"u\""),
                ("ticketd.event", "node_lost"),
                ("message_id", id),
                ("ticketd.node", "11435"),
                ("node.url", "u"),
            ],
            &[("message", "stopped event=stopped"), ("ticketd.event", "stopped")],
            &[("message", "no event count=7"), ("count", "7")],
            &[("message", "alone")],
        ];
        for expected in expected {
            go.send(()).expect("it waits");
            let got = read.recv_timeout(Duration::from_secs(9)).expect("a record");
            let got: Vec<_> = got.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(got, expected);
        }
    }

    #[test]
    fn nobody_waits_for_a_journal_that_does_not_read_and_what_was_lost_is_counted() {
        let (got, read) = sync_channel(9);
        let (go, may_go) = channel();
        let records = Records::over(Got(got, Mutex::new(may_go)), 2).expect("a thread");
        let flush = records.flush();
        let lost = Arc::clone(&records.lost);
        let subscriber = tracing_subscriber::registry().with(records);
        with_default(subscriber, || (0..100).for_each(|number| info!(number, "one of many")));
        // Two wait, and the thread may hold one more.
        assert!([97, 98].contains(&lost.load(Ordering::Relaxed)));
        drop(flush);
        let mut told = Vec::new();
        while !told.iter().any(|text: &String| text.contains("some were lost")) {
            go.send(()).expect("it waits");
            told.push(read.recv_timeout(Duration::from_secs(9)).expect("a record").remove(0).1);
        }
    }
}
