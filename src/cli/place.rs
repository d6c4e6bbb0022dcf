//! `ticketd place`: what becomes of a zone. Needs no configuration and no service.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use clap::Args;

use super::plain::plain;
use crate::place::{Answer, Corrector, Files, Gazetteer, Outcome, Reason};

/// The zones, and files of own names to try.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The city whose hotline took the call, by its full name or its code; else the only city of
    /// the location file
    #[arg(long, value_name = "CITY")]
    home: Option<String>,
    /// A list of own units, CSV or JSON; may be given several times
    #[arg(long = "list", value_name = "FILE")]
    lists: Vec<PathBuf>,
    /// A location.json, which replaces what the country's list says of its cities
    #[arg(long, value_name = "FILE")]
    location_file: Option<PathBuf>,
    /// Villages with their towns, CSV
    #[arg(long, value_name = "FILE")]
    villages: Option<PathBuf>,
    /// Zones as they were heard; without any, the files are only checked
    #[arg(required_unless_present_any = ["lists", "location_file", "villages"], value_name = "TEXT")]
    zones: Vec<String>,
}

impl Place {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self { home, lists, location_file, villages: villages_file, zones } = self;
        let gazetteer = Gazetteer::with(&Files { location_file, lists, villages_file })?;
        let home = home.unwrap_or_default();
        if zones.is_empty() {
            super::say(&format!("The files can be used: {} units.\n", gazetteer.len()))?;
        }
        let corrector = Corrector::new(gazetteer);
        corrector.knows(&home)?;
        for zone in &zones {
            let told = tell(zone, &corrector.correct(zone, &home));
            if !super::say(&told)? {
                break;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A reason as the API names it.
fn name_of(reason: Reason) -> String {
    let name = serde_json::to_value(reason).expect("a name is plain JSON");
    name.as_str().unwrap_or_default().to_owned()
}

/// The zone that comes out, and below it why, or what it may mean.
fn tell(zone: &str, answer: &Answer) -> String {
    let mut told = String::new();
    // Writing to a string cannot fail.
    let _ = match &answer.outcome {
        Outcome::Kept => writeln!(told, "{}", plain(zone)),
        Outcome::Corrected { zone, .. } => writeln!(told, "{}", plain(zone)),
        Outcome::Ask { .. } => {
            writeln!(told, "{}  (kept: it may mean several places)", plain(zone))
        }
    };
    if let Outcome::Corrected { changes, .. } = &answer.outcome {
        for change in changes {
            let (from, to) = (plain(&change.from), plain(&change.to));
            let code = change.code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
            let _ = writeln!(told, "  {from} → {to}  {code} ({})", name_of(change.reason));
        }
    }
    if let Outcome::Ask { alternatives } = &answer.outcome {
        for (number, alternative) in (1..).zip(alternatives) {
            let _ = writeln!(told, "  {number}. {}", plain(&alternative.zone));
        }
    }
    told
}
