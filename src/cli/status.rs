//! `ticketd status`: how the running service and its nodes are.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use jiff::Timestamp;

use super::{answers, control::Socket, say, table};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 at least one node is healthy; 1 none is, or ticketd cannot be asked; \
                        2 wrong arguments."
)]
pub(super) struct Status {
    #[command(flatten)]
    socket: Socket,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) async fn run(self, file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
        let control = self.socket.open(file)?;
        let answer = control.get(&["admin", "status"]).await?;
        let status: answers::Status = control.understand(&answer)?;
        if self.json {
            say(&format!("{answer:#}\n"))?;
        } else {
            say(&table::header(&status))?;
            say(&table::nodes(&status.nodes, Timestamp::now()))?;
        }
        Ok(if status.healthy_endpoints > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
