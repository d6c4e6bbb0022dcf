//! `ticketd eval`: how well a part does over a test set. Needs no configuration and no service.

use std::{fmt::Write as _, fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Subcommand;
use tokio::time::Instant;

use crate::place::{Case, Corrector, Evaluation, Gazetteer, Tally};

/// What is evaluated.
#[derive(Debug, Subcommand)]
pub(super) enum Eval {
    /// The correction of place names
    ///
    /// Each line of the file is a JSON object with `home`, `zone`, `expected` and `kind`; lines with
    /// `"ambiguous": true` do not count. A table by kind goes to standard error, one line of JSON to
    /// standard output.
    Places {
        /// The test set
        file: PathBuf,
    },
}

impl Eval {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Places { file } = self;
        let text = fs::read_to_string(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        let text = text.trim_start_matches('\u{feff}');
        let corrector = Corrector::new(Gazetteer::embedded());
        let mut evaluation = Evaluation::default();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let case: Case = serde_json::from_str(line)
                .with_context(|| format!("{}:{number} is no case", file.display()))?;
            let since = Instant::now();
            let answer = corrector.correct(&case.zone, &case.home);
            evaluation.add(&case, &answer.outcome, since.elapsed());
        }
        eprint!("{}", table(&evaluation));
        let figures = serde_json::to_string(&evaluation.figures())?;
        super::say(&format!("{figures}\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn table(evaluation: &Evaluation) -> String {
    let mut table = format!(
        "{:20}{:>10}{:>8}{:>8}{:>10}{:>8}{:>8}{:>8}{:>10}\n",
        "KIND", "CORRUPTED", "EXACT", "WRONG", "DEFERRED", "LISTED", "CLEAN", "FALSE", "DEFERRED"
    );
    for (kind, tally) in evaluation.kinds() {
        let Tally { corrupted, exact, wrong, deferred, listed, clean, falsely, doubted } = tally;
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{kind:20}{corrupted:>10}{exact:>8}{wrong:>8}{deferred:>10}{listed:>8}{clean:>8}{falsely:>8}{doubted:>10}"
        );
    }
    table
}
