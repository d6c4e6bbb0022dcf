//! Writes what the package holds beside the program: man pages, completions, the configuration of
//! `/etc`, the copyright and the changelog. `make deb` runs it.
//!
//! `cargo metadata --format-version 1 | cargo run --example package -- FOLDER`
//!
//! The same sources and the same `SOURCE_DATE_EPOCH` give the same files.

mod changelog;
mod copyright;
mod manual;
mod settings;

use std::{
    env::{args_os, var},
    fs,
    io::{self, Read},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate_to};
use ticketd::cli::Cli;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(args_os().nth(1).context("which folder?")?);
    let mut metadata = String::new();
    io::stdin().read_to_string(&mut metadata)?;
    let date = var("SOURCE_DATE_EPOCH").context("SOURCE_DATE_EPOCH is not set")?.parse()?;
    let [man, completions] = ["man", "completions"].map(|name| folder.join(name));
    for folder in [&man, &completions] {
        fs::create_dir_all(folder)?;
    }
    clap_mangen::generate_to(Cli::command(), &man)?;
    for page in fs::read_dir(&man)? {
        let page = page?.path();
        fs::write(&page, manual::finished(&fs::read_to_string(&page)?))?;
    }
    fs::write(man.join("ticketd.toml.5"), manual::of_settings(settings::SHIPPED))?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut shown(), "ticketd", &completions)?;
    }
    fs::write(folder.join("config.toml"), settings::packaged()?)?;
    fs::write(folder.join("copyright"), copyright::of(&metadata)?)?;
    fs::write(folder.join("changelog"), changelog::of(date)?)?;
    Ok(())
}

/// The command line without its hidden verbs, which completions would offer.
fn shown() -> Command {
    let all = Cli::command();
    let verbs = all.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned();
    Command::new("ticketd").args(all.get_arguments().cloned()).subcommands(verbs)
}
