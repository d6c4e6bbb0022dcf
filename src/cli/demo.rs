//! `ticketd demo`: the whole service with managed child processes of the embedded node.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;

use crate::{
    app::App,
    config::{Files, Place, Sources},
    logging,
};

/// What the demo nodes call their rules.
const MODEL: &str = "extractive-demo";

/// A call in the contract's form, for the printed `curl` line.
const EXAMPLE: &str = include_str!("../../data/example-call.json");

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
    /// How many demo nodes to run
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=64))]
    nodes: u16,
}

impl Demo {
    pub(super) async fn run(self, file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
        let files = file.map_or(Files::None, Files::Named);
        let sources = Sources { files, environment: Vec::new(), listen: Some(self.listen) };
        let mut config = sources.load()?.config;
        config.model.name = MODEL.to_owned();
        config.nodes.program = std::env::current_exe().context("the own program is not known")?;
        config.nodes.args = ["demo-node", "--model", MODEL].map(str::to_owned).to_vec();
        config.nodes.ports = free_ports(self.nodes)?;
        config.nodes.endpoints.clear();
        config.nodes.node.clear();
        if config.place == Place::default() {
            // The example call is from there.
            config.place.home = "六安市".to_owned();
        }
        let _flush = logging::start(&config.log)?;
        let app = App::start(&config, None).await?;
        let address = app.addresses.first().copied().unwrap_or(self.listen);
        let mut out = std::io::stdout().lock();
        writeln!(out, "ticketd demo: embedded rule-made drafts, no LLM\n")?;
        for path in ["/ui", "/summarize", "/health", "/lb-stats", "/readyz"] {
            writeln!(out, "  http://{address}{path}")?;
        }
        for (number, url) in (1..).zip(&app.node_urls) {
            writeln!(out, "  node {number}: {url}")?;
        }
        writeln!(out, "\nTry it:\n")?;
        writeln!(out, "curl -sS http://{address}/summarize -d '{}'\n", EXAMPLE.trim_end())?;
        writeln!(out, "Ctrl-C stops it.")?;
        out.flush()?;
        drop(out);
        app.run_until_stopped().await
    }
}

/// Ports that are free now; all are held until the last is found, so that they differ.
fn free_ports(count: u16) -> anyhow::Result<Vec<u16>> {
    let bind = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listeners = (0..count).map(bind).collect::<Result<Vec<_>, _>>()?;
    let port = |listener: &TcpListener| Ok(listener.local_addr()?.port());
    listeners.iter().map(port).collect()
}
