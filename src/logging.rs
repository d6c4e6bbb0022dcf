//! The log: records on standard error, one a line. Never a word of a call.

use std::io::{IsTerminal, stderr};

use tracing::Level;
use tracing_subscriber::{
    Layer, Registry, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{Format, Log};

/// Starts logging for the whole process.
pub fn start(settings: &Log) -> anyhow::Result<()> {
    // The server's own start and stop lines repeat what ticketd says.
    let filter = settings.level.parse::<Targets>()?;
    let filter = match filter.iter().any(|(target, _)| target == "actix_server") {
        true => filter,
        false => filter.with_target("actix_server", Level::WARN),
    };
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
