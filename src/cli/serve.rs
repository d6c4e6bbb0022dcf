//! `ticketd serve`: what the unit runs.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Args;

use crate::{app::App, logging};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Listen on this address instead of server.listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

impl Serve {
    pub(super) async fn run(self, file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
        let sources = super::sources(file, self.listen);
        let config = sources.load()?.config;
        let _flush = logging::start(&config.log)?;
        App::start(&config, Some(sources)).await?.run_until_stopped().await
    }
}
