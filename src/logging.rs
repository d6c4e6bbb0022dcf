//! The log: records in the journal, or on standard error, one a line. Never a word of a call.
//!
//! Fields that operators select by are called `ticketd.…`: `ticketd.event`, `ticketd.node`,
//! `ticketd.request_id`. The journal has them as `TICKETD_…`, text without that beginning.

mod journal;
mod text;

use std::{
    io::{IsTerminal, stderr},
    panic::{Location, PanicHookInfo, set_hook},
};

use tracing::warn;
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub use self::journal::Flush;
use self::{journal::Records, text::Readable};
use crate::{
    config::{Format, Log},
    journal::{Journal, tell},
};

type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging for the whole process. What it gives is to be held until the end, so that the last records
/// are written.
pub fn start(settings: &Log) -> anyhow::Result<Option<Flush>> {
    let asked = settings.level.parse::<Targets>()?;
    // The server's start and stop lines repeat what ticketd says, and every malformed request of a
    // port scan is an error to its parser. Who asks for these parts gets them.
    let quiet = [("actix_server", LevelFilter::WARN), ("actix_http", LevelFilter::OFF)];
    let quiet =
        quiet.into_iter().filter(|(part, _)| asked.iter().all(|(target, _)| target != *part));
    let filter = asked.clone().with_targets(quiet.collect::<Vec<_>>());
    let journal = Journal::of(settings).map(|_| Records::new());
    let flush = journal.as_ref().and_then(|records| Some(records.as_ref().ok()?.flush()));
    let lines = fmt::layer().with_writer(stderr);
    let text = || fmt::layer().with_writer(stderr).fmt_fields(Readable);
    let (layer, failed): (AnyLayer, _) = match (settings.format, journal) {
        (Format::Json, _) => (lines.json().flatten_event(true).boxed(), None),
        (Format::Text, _) => (text().with_ansi(false).boxed(), None),
        (Format::Auto, Some(Ok(layer))) => (layer.boxed(), None),
        (Format::Auto, Some(Err(error))) => {
            (text().with_ansi(false).without_time().boxed(), Some(error))
        }
        (Format::Auto, None) => (text().with_ansi(stderr().is_terminal()).boxed(), None),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init()?;
    set_hook(Box::new(panicked));
    if let Some(error) = failed {
        warn!(%error, "the journal takes no records with fields: they are lines of text");
    }
    Ok(flush)
}

/// Tells where a panic was. Its message may hold words of a call: that of a wrong slice holds the text.
fn panicked(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(Location::to_string);
    tell!(error: Panicked, at, "a part of ticketd panicked; please report this line");
}

#[cfg(test)]
mod tests {
    use std::{
        env::current_exe,
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use tokio::process::Command;
    use tracing::{error_span, subscriber::with_default};

    use super::*;

    const WORDS: &str = "六安市三十铺镇";

    #[test]
    #[ignore = "it panics, for the test below"]
    fn a_wrong_slice() {
        let _flush = start(&Log::default()).expect("it starts");
        let amid = WORDS.len() / 2;
        assert!(WORDS[amid..].is_empty());
    }

    #[actix_web::test]
    async fn a_panic_is_told_without_its_message() {
        let mut child = Command::new(current_exe().expect("this test has a file"));
        child.args(["--exact", "logging::tests::a_wrong_slice", "--ignored", "--nocapture"]);
        let output = child.env("RUST_BACKTRACE", "0").output().await.expect("it runs");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        assert!(!output.status.success() && said.contains("src/logging.rs:"), "{said}");
        assert!(WORDS.chars().all(|word| !said.contains(word)), "{said}");
    }

    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<u8>>>);

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn said(layer: impl FnOnce(Said) -> AnyLayer, records: impl FnOnce()) -> String {
        let said = Said::default();
        with_default(tracing_subscriber::registry().with(layer(said.clone())), records);
        let bytes = said.0.lock().expect("no panic").clone();
        String::from_utf8(bytes).expect("text")
    }

    fn records() {
        let span = error_span!("request", ticketd.request_id = %"a-1", part = 2);
        let node = 11435;
        span.in_scope(
            || tell!(warn: NodeLost, ticketd.node = %node, node.url = "u", "lost\u{1b}[2J"),
        );
        tell!(info: Stopped, "stopped");
    }

    #[test]
    fn text_leaves_out_what_is_for_the_journal_alone_and_escapes_the_rest() {
        let layer = |said: Said| {
            let lines = fmt::layer().with_writer(move || said.clone()).fmt_fields(Readable);
            lines.with_ansi(false).without_time().boxed()
        };
        let said = said(layer, records);
        let lost = "request{request_id=a-1 part=2}: ticketd::logging::tests: lost\\x1b[2J \
                    event=node_lost node=11435 node.url=\"u\"";
        let (first, second) = said.split_once('\n').expect("two lines");
        assert!(first.trim_start().starts_with("WARN ") && first.ends_with(lost), "{first}");
        assert!(second.trim_end().ends_with(" stopped event=stopped"), "{second}");
    }

    #[test]
    fn json_has_the_names_of_the_fields_as_they_are() {
        let layer = |said: Said| {
            fmt::layer().with_writer(move || said.clone()).json().flatten_event(true).boxed()
        };
        let said = said(layer, records);
        let first: serde_json::Value =
            serde_json::from_str(said.lines().next().expect("a line")).expect("JSON");
        assert_eq!(first["ticketd.event"], "node_lost");
        assert_eq!(first["ticketd.node"], "11435");
        assert_eq!(first["span"]["ticketd.request_id"], "a-1");
    }
}
