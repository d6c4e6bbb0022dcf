//! `ticketd eval`: how well a part does over a test set. Needs no configuration.

mod places;
mod tickets;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Subcommand;
use serde::de::DeserializeOwned;

/// What is evaluated.
#[derive(Debug, Subcommand)]
pub(super) enum Eval {
    /// The correction of place names; needs no service
    ///
    /// Each line of the file is a JSON object with `home`, `zone`, `expected` and `kind`; lines with
    /// `"ambiguous": true` do not count. A table by kind goes to standard error, one line of JSON to
    /// standard output.
    Places {
        /// The test set
        file: PathBuf,
    },
    /// The tickets that the running service makes of calls, or the rule-made drafts
    ///
    /// A table by kind goes to standard error, one line of JSON to standard output.
    #[command(after_help = tickets::AFTER_HELP)]
    Tickets(tickets::Tickets),
}

impl Eval {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Places { file } => places::run(&file),
            Self::Tickets(tickets) => tickets.run().await,
        }
    }
}

/// The cases of a test set, one a line, with the numbers of their lines.
fn cases<T: DeserializeOwned>(file: &Path) -> anyhow::Result<Vec<(u64, T)>> {
    let text =
        fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let text = text.trim_start_matches('\u{feff}');
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let case = serde_json::from_str(line)
                .with_context(|| format!("{}:{number} is no case", file.display()))?;
            Ok((number, case))
        })
        .collect()
}
