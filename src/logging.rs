//! The log: records on standard error, one a line. Never a word of a call.

use std::io::{IsTerminal, stderr};

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
    Ok(())
}
