//! `ticketd check`: is the configuration right, and where does each value come from?

use std::{path::PathBuf, process::ExitCode};

pub(super) fn run(file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let loaded = super::sources(file, None).load()?;
    let rows = loaded.effective();
    let width =
        rows.iter().map(|(key, value, _)| key.len() + value.len()).filter(|w| *w < 70).max();
    for (key, value, origin) in &rows {
        let pad = width.unwrap_or(0).saturating_sub(key.len() + value.len());
        if !super::say(&format!("{key} = {value}{:pad$}  # {origin}\n", ""))? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}
