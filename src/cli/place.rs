//! `ticketd place`: what becomes of a zone. Needs no configuration and no service.

use std::{fmt::Write as _, process::ExitCode};

use clap::Args;

use super::plain::plain;
use crate::place::{Answer, Corrector, Gazetteer, Outcome};

/// The zones.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The city whose hotline took the call, by its full name or its code
    #[arg(long, value_name = "CITY", default_value = "")]
    home: String,
    /// Zones as they were heard
    #[arg(required = true, value_name = "TEXT")]
    zones: Vec<String>,
}

impl Place {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let corrector = Corrector::new(Gazetteer::embedded());
        for zone in &self.zones {
            let told = tell(zone, &corrector.correct(zone, &self.home));
            if !super::say(&told)? {
                break;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
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
            let _ = writeln!(told, "  {from} → {to}  {} ({:?})", change.code, change.reason);
        }
    }
    if let Outcome::Ask { alternatives } = &answer.outcome {
        for (number, alternative) in (1..).zip(alternatives) {
            let _ = writeln!(told, "  {number}. {}", plain(alternative));
        }
    }
    told
}
