//! Records of the journal: their message can be read alone, because that is all that `journalctl` shows.

use std::{fmt::Debug, io};

use tracing::{
    Event, Subscriber, Value,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::{
    fmt::{FormatFields, format::Writer},
    layer::{Context, Layer},
    registry::LookupSpan,
};

use super::text::Readable;
use crate::journal::IDENTIFIER;

/// The most fields that a record can have, which is `tracing`'s own limit.
const MOST: usize = 32;

/// Writes records with their fields, and their text as others see it for the message.
pub(super) struct Records(tracing_journald::Layer);

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
        Ok(Self(layer.with_priority_mappings(priorities)))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Records {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.0.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        readable(event, |event| self.0.on_event(event, context));
    }
}

/// Gives the event whose message is the whole text of this one. All else stays.
fn readable(event: &Event<'_>, give: impl FnOnce(&Event<'_>)) {
    let metadata = event.metadata();
    let mut values = Values::default();
    event.record(&mut values);
    let mut text = String::new();
    let written = Readable.format_fields(Writer::new(&mut text), event);
    let message = values.0.iter_mut().find(|(field, _)| field.name() == "message");
    if let (Ok(()), Some((_, message))) = (written, message) {
        *message = text;
    }
    let Some(any) = metadata.fields().iter().next() else { return give(event) };
    let mut fields: [(&Field, Option<&dyn Value>); MOST] = [(&any, None); MOST];
    for (place, (field, value)) in fields.iter_mut().zip(&values.0) {
        *place = (field, Some(value));
    }
    let fields = metadata.fields().value_set(&fields);
    give(&Event::new(metadata, &fields));
}

/// The values of a record as the journal gets them.
#[derive(Default)]
struct Values(Vec<(Field, String)>);

impl Visit for Values {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.clone(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.clone(), format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{info, subscriber::with_default};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::journal::tell;

    /// Takes note of what the journal would get.
    #[derive(Clone, Default)]
    struct Got(Arc<Mutex<Vec<Fields>>>);

    type Fields = Vec<(&'static str, String)>;

    impl<S: Subscriber> Layer<S> for Got {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            readable(event, |event| {
                let mut values = Values::default();
                event.record(&mut values);
                let named = values.0.into_iter().map(|(field, value)| (field.name(), value));
                self.0.lock().expect("no panic").push(named.collect());
            });
        }
    }

    #[test]
    fn the_message_holds_the_fields_and_the_fields_stay() {
        let got = Got::default();
        let id = "2782eae9de5040179137edb6377d3942";
        with_default(tracing_subscriber::registry().with(got.clone()), || {
            tell!(warn: NodeLost, ticketd.node = %11435, node.url = "u", "node {}", "lost");
            tell!(info: Stopped, "stopped");
            info!(count = 7, "no event");
            info!("alone");
        });
        let got = got.0.lock().expect("no panic").clone();
        let expected: [&[(&str, &str)]; 4] = [
            &[
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
        for (got, expected) in got.iter().zip(expected) {
            let got: Vec<_> = got.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(got, expected);
        }
        assert_eq!(got.len(), expected.len());
    }
}
