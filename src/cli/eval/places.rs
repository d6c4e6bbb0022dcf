//! `ticketd eval places`: how well place names are corrected.

use std::{fmt::Write as _, path::Path, process::ExitCode};

use tokio::time::Instant;

use super::super::say;
use crate::place::{Case, Corrector, Evaluation, Gazetteer, Tally};

pub(super) fn run(file: &Path) -> anyhow::Result<ExitCode> {
    let corrector = Corrector::new(Gazetteer::embedded());
    let mut evaluation = Evaluation::default();
    for (_, case) in super::cases::<Case>(file)? {
        let since = Instant::now();
        let answer = corrector.correct(&case.zone, &case.home);
        evaluation.add(&case, &answer.outcome, since.elapsed());
    }
    eprint!("{}", table(&evaluation));
    say(&format!("{}\n", serde_json::to_string(&evaluation.figures())?))?;
    Ok(ExitCode::SUCCESS)
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
