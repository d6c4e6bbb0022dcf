//! The `ticketd` program: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    ticketd::cli::Cli::parse().run()
}
