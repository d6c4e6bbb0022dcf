//! Fields as text for people: `event=node_lost node=11435`, not the journal's names.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::{RecordFields, VisitFmt, VisitOutput},
    fmt::{
        FormatFields,
        format::{DefaultVisitor, Writer},
    },
};

/// Leaves `ticketd.` out of the names of fields, and the field `message_id` altogether.
pub(super) struct Readable;

impl<'w> FormatFields<'w> for Readable {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let inner = DefaultVisitor::new(writer, true);
        let mut visitor = Visitor { inner, own: false, others: false, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result.and(visitor.inner.finish())
    }
}

struct Visitor<'w> {
    inner: DefaultVisitor<'w>,
    /// Whether a field was written that the inner visitor knows nothing of.
    own: bool,
    /// Whether the inner visitor has written any.
    others: bool,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn write(&mut self, text: fmt::Arguments<'_>) {
        let written = self.inner.writer().write_fmt(text);
        self.result = self.result.and(written);
    }
}

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.record_debug(field, &format_args!("{value}")),
            _ => self.record_debug(field, &value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message_id" {
            return;
        }
        let Some(name) = field.name().strip_prefix("ticketd.") else {
            if self.own && !self.others {
                self.write(format_args!(" "));
            }
            self.others = true;
            return self.inner.record_debug(field, value);
        };
        let space = if self.own || self.others { " " } else { "" };
        self.own = true;
        self.write(format_args!("{space}{name}={value:?}"));
    }
}
