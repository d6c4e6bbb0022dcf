//! `ticketd ctl`: orders to the running service as a whole.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use actix_web::http::Method;
use clap::{Args, Subcommand};
use serde::Deserialize;

use super::{control::Socket, plain::plain, say};

/// How long a reload may take.
const RELOAD: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
#[command(after_help = super::ORDER_CODES)]
pub(super) struct Ctl {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read the configuration anew and apply what can change while ticketd runs
    ///
    /// A configuration with a fault changes nothing; its faults are printed.
    Reload,
}

/// What a reload did.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reloaded {
    changed: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
    restarted: Vec<String>,
    unchanged: u64,
    needs_restart: Vec<String>,
}

impl Ctl {
    pub(super) async fn run(self, file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
        let control = self.socket.open(file)?;
        match self.verb {
            Verb::Reload => {
                let path = ["admin", "reload"];
                let answer = control.call(Method::POST, &path, None, RELOAD).await?;
                say(&told(&control.understand(&answer)?))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn told(reloaded: &Reloaded) -> String {
    let Reloaded { changed, added, removed, restarted, unchanged, needs_restart } = reloaded;
    let mut text = String::new();
    let lists = [
        ("changed", changed),
        ("added", added),
        ("removed", removed),
        ("restarted one after the other", restarted),
        ("takes effect at the next start of ticketd", needs_restart),
    ];
    for (title, names) in lists {
        if !names.is_empty() {
            text.push_str(&format!("{title}: {}\n", plain(&names.join(", "))));
        }
    }
    text.push_str(&format!("unchanged nodes: {unchanged}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        let quiet = Reloaded { unchanged: 3, ..Reloaded::default() };
        assert_eq!(told(&quiet), "unchanged nodes: 3\n");
        let much = Reloaded {
            added: vec!["11437".to_owned(), "11438".to_owned()],
            changed: vec!["nodes.ports".to_owned()],
            restarted: vec!["11435".to_owned()],
            needs_restart: vec!["server.listen".to_owned()],
            ..quiet
        };
        let expected = "changed: nodes.ports\nadded: 11437, 11438\nrestarted one after the other: 11435\n\
                        takes effect at the next start of ticketd: server.listen\n\
                        unchanged nodes: 3\n";
        assert_eq!(told(&much), expected);
    }
}
