//! The command line. One verb a file.

mod answers;
mod check;
mod control;
mod ctl;
mod demo;
mod eval;
mod node;
mod place;
mod plain;
mod serve;
mod status;
mod summarize;
mod table;

use std::{
    ffi::OsString,
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{Invalid, Sources, duration},
    demo_node, journal,
    node::exec,
};

/// `EX_CONFIG` of sysexits.h: the configuration is wrong, and another try would end the same.
const EXIT_CONFIG: u8 = 78;

const AFTER_HELP: &str = "\
Environment: TICKETD_SECTION__KEY sets a key of the configuration; DEEPSEEK_ENDPOINTS, OLLAMA_MODEL and
OLLAMA_MODELS mean what they meant to the original service.
Exit codes: 0 stopped in order, 1 failed or stopped by a second signal, 2 wrong arguments,
78 wrong configuration.";

/// What `node` and `ctl` end with.
const ORDER_CODES: &str =
    "Exit codes: 0 done; 1 failed, or ticketd cannot be asked; 2 wrong arguments.";

/// Turns calls to a 12345 citizen hotline into work tickets with a local LLM.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    files: Files,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Args)]
struct Files {
    /// The configuration file; `config.d/*.toml` beside it is read too. Without this option,
    /// /etc/ticketd/config.toml is read if it exists; with --socket and by `demo`, `place`, `eval` and
    /// `summarize`, none is read
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the service
    Serve(serve::Serve),
    /// Run the whole service with embedded demo nodes, without Ollama
    ///
    /// The embedded nodes are no LLM: they draft tickets by fixed rules (cue words, address
    /// patterns, quoted sentences), so that the service can be tried anywhere. The environment is
    /// not read, and no file unless --config names one.
    Demo(demo::Demo),
    /// Check the configuration and print its effective values with their origins
    ///
    /// Whether the program, the model and the ports are there shows when `serve` starts.
    Check,
    /// Make tickets of many transcripts, with the running service
    Summarize(summarize::Summarize),
    /// Show how the running service and its nodes are
    Status(status::Status),
    /// List, add, drain, resume, restart and remove nodes of the running service
    Node(node::Node),
    /// Reload the running service
    Ctl(ctl::Ctl),
    /// Show what becomes of a zone whose place names were misheard
    Place(place::Place),
    /// Measure how well a part does over a test set
    #[command(subcommand)]
    Eval(eval::Eval),
    /// Enter a cgroup and become a program, as `serve` starts its nodes
    #[command(hide = true)]
    ExecNode {
        /// The cgroup's directory
        #[arg(long)]
        cgroup: PathBuf,
        /// The program and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// One embedded node, as `demo` starts it; listens on OLLAMA_HOST
    #[command(hide = true)]
    DemoNode {
        /// The model that it says it has
        #[arg(long)]
        model: String,
    },
}

impl Cli {
    /// Does what was asked, and says how the process shall end.
    pub fn run(self) -> ExitCode {
        if let Verb::ExecNode { cgroup, command } = &self.verb
            && let [program, args @ ..] = command.as_slice()
        {
            return exec::enter(cgroup, program, args);
        }
        let system = actix::System::new();
        match system.block_on(self.dispatch()) {
            Ok(code) => code,
            Err(error) => {
                complain(&error);
                let invalid = error.downcast_ref::<Invalid>().is_some();
                if invalid { ExitCode::from(EXIT_CONFIG) } else { ExitCode::FAILURE }
            }
        }
    }

    async fn dispatch(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Serve(serve) => serve.run(self.files.config).await,
            Verb::Demo(demo) => demo.run(self.files.config).await,
            Verb::Check => check::run(self.files.config),
            Verb::Summarize(summarize) => summarize.run().await,
            Verb::Status(status) => status.run(self.files.config).await,
            Verb::Node(node) => node.run(self.files.config).await,
            Verb::Ctl(ctl) => ctl.run(self.files.config).await,
            Verb::Place(place) => place.run(),
            Verb::Eval(eval) => eval.run().await,
            Verb::ExecNode { .. } => Ok(ExitCode::FAILURE),
            Verb::DemoNode { model } => {
                let listen: SocketAddr = std::env::var("OLLAMA_HOST")?.parse()?;
                demo_node::run(listen, model).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// Prints why it failed. There may be no log yet, and in the journal each line is a record of its own: `<3>`
/// makes it an error.
fn complain(error: &anyhow::Error) {
    let priority = if journal::has_stderr() { "<3>" } else { "" };
    for line in format!("ticketd: {error:#}").lines() {
        eprintln!("{priority}{line}");
    }
}

/// Prints a text. `false` means that its reader has left, which is not a failure.
fn say(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// A length of time on the command line.
fn time(text: &str) -> Result<Duration, &'static str> {
    duration::parse(text).ok_or("write it like 30s, 10m or 1h 30m; at most 7d")
}

/// The sources of all verbs but `demo`: file, environment, command line.
fn sources(file: Option<PathBuf>, listen: Option<SocketAddr>) -> Sources {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    Sources {
        files: file.into(),
        environment: std::env::vars_os().filter_map(text).collect(),
        listen,
    }
}
