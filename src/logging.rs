//! The log: records on standard error, one a line. Never a word of a call.

use std::{
    io::{IsTerminal, stderr},
    panic::{Location, PanicHookInfo, set_hook},
};

use tracing::error;
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::{Format, Log};

/// Starts logging for the whole process.
pub fn start(settings: &Log) -> anyhow::Result<()> {
    let asked = settings.level.parse::<Targets>()?;
    // The server's start and stop lines repeat what ticketd says, and every malformed request of a
    // port scan is an error to its parser. Who asks for these parts gets them.
    let quiet = [("actix_server", LevelFilter::WARN), ("actix_http", LevelFilter::OFF)];
    let quiet =
        quiet.into_iter().filter(|(part, _)| asked.iter().all(|(target, _)| target != *part));
    let filter = asked.clone().with_targets(quiet.collect::<Vec<_>>());
    let under_systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let lines = fmt::layer().with_writer(stderr);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        Format::Json => lines.json().flatten_event(true).boxed(),
        Format::Text => lines.with_ansi(false).boxed(),
        Format::Auto if under_systemd => lines.with_ansi(false).without_time().boxed(),
        Format::Auto => lines.with_ansi(stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init()?;
    set_hook(Box::new(panicked));
    Ok(())
}

/// Tells where a panic was. Its message may hold words of a call: that of a wrong slice holds the text.
fn panicked(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(Location::to_string);
    error!(at, "a part of ticketd panicked; please report this line");
}

#[cfg(test)]
mod tests {
    use std::env::current_exe;

    use tokio::process::Command;

    use super::*;

    const WORDS: &str = "六安市三十铺镇";

    #[test]
    #[ignore = "it panics, for the test below"]
    fn a_wrong_slice() {
        start(&Log::default()).expect("it starts");
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
}
