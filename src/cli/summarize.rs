//! `ticketd summarize`: files of transcripts in, a file of tickets out. Needs no configuration.
//!
//! One rule: a run that ended anyhow goes on with the same command, and every record stands in the
//! output once.

mod attend;
mod book;
mod drive;
mod feed;
mod input;
mod line;
mod output;
mod progress;
mod record;
mod server;
mod stop;
mod tally;
mod verdict;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use tokio::select;
use url::Url;

use self::{
    book::Book,
    drive::{Done, Run, Setup},
    feed::Feed,
    input::Source,
    output::Output,
    progress::{Progress, warn},
    server::Server,
    stop::{Signals, Stopped},
    tally::Tally,
    verdict::MOST_JOBS,
};
use crate::tokens::Tokens;

/// `EX_USAGE` as clap has it: nothing was begun.
const EXIT_USAGE: u8 = 2;

const AFTER_HELP: &str = "\
Input: a .json file is one record or an array of records; in any other file, and in standard input (-),
every line is a record. A record is a transcript as POST /summarize takes it, or
  {\"id\": \"a string or a whole number\", \"call\": {…the transcript…}, …}
whose other fields are left alone. A record without an id is called FILE:NUMBER, by its line or its place in
the array. Two records with one id are an error. A line has at most 16 MiB, a .json file 256 MiB; other files
may have any size.

Output: one line of JSON a record, in the order in which they end:
  {\"id\": …, \"source\": {\"file\": …, \"line\": …}, \"ticket\": {…the server's answer…}}
  {\"id\": …, \"source\": {\"file\": …, \"record\": …}, \"error\": {\"status\": …, \"code\": …, \"detail\": …}}
`status` is there if the server said no, and `request_id` names the call in the server's log. A new file can
be read by its owner only.

Going on: with an output that exists, records whose ticket is in it are skipped, and those that failed are
tried again; their old lines go, and so does a line that was cut off. A record fails at once if the server
calls it wrong, and after three tries if the server or its nodes fail. A server that has no room, or is not
there, costs no try: records wait as long as --wait says. Ctrl-C waits for what is in flight; the same
command goes on later.

Exit codes: 0 every record has its ticket; 1 some have none; 2 wrong arguments, or files that cannot be used:
nothing was begun; 130, 143 stopped by SIGINT, SIGTERM.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Summarize {
    /// Files with transcripts, JSON or JSON Lines; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whether the server may answer with a ticket that it made before.
    #[arg(skip = true)]
    replays: bool,
    /// The file that gets the tickets; what is in it already is not made again. Without this option:
    /// standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    service: Service,
}

/// Who makes the tickets, and how they are asked for.
#[derive(Debug, Args)]
pub(super) struct Service {
    /// The running ticketd
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8001", value_parser = base)]
    server: Url,
    /// The control socket of a ticketd on this host, instead of --server; needs no token
    #[arg(long, value_name = "PATH", conflicts_with_all = ["server", "token_file"])]
    socket: Option<PathBuf>,
    /// A file whose first token the server knows, in the form of server.tokens_file
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Records that are sent at once. Without this option: as many as all nodes have slots, and some more
    /// so that none is ever idle; asked anew every 10 s
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST_JOBS as i64))]
    jobs: Option<u16>,
    /// How long to go on while the server cannot be reached or has no room, such as 30s or 10m
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = super::time)]
    wait: Duration,
}

impl Summarize {
    /// A run over one file, into another one; every ticket is made anew.
    pub(super) fn of(file: PathBuf, output: PathBuf, service: Service) -> Self {
        Self { files: vec![file], replays: false, output: Some(output), service }
    }

    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut signals = Signals::listen()?;
        match self.begin(&mut signals).await {
            Ok(Begun::Run(run)) => Ok(end(run.drive(&mut signals).await)),
            Ok(Begun::Stopped(code)) => Ok(code),
            Err(error) => {
                warn(&format!("ticketd: {error:#}\n"));
                Ok(ExitCode::from(EXIT_USAGE))
            }
        }
    }

    /// Looks at everything that can be wrong before a record is sent.
    async fn begin(self, signals: &mut Signals) -> anyhow::Result<Begun> {
        let Self { files, replays, output, service } = self;
        let Service { server, socket, token_file, jobs, wait } = service;
        let token = token_file.as_deref().map(Tokens::read).transpose()?;
        let mut server = match socket {
            Some(socket) => Server::behind(&socket),
            None => Server::at(server, token.as_ref().map(Tokens::first))?,
        };
        server.replays = replays;
        let sources: Vec<_> = files.iter().map(|file| Source::new(file)).collect();
        let mut book = Book::default();
        let output = match output.filter(|path| path != Path::new("-")) {
            Some(path) => {
                let inputs: Vec<_> = sources.iter().filter_map(Source::path).collect();
                Output::open(&path, &inputs, &mut book)?
            }
            None => Output::Stdout,
        };
        let Feed { survey, items } = feed::start(sources.clone(), book);
        let survey = select! {
            survey = survey => survey??,
            signal = signals.next() => return Ok(Begun::Stopped(signal.exit_code().into())),
        };
        let tally = Tally::of(survey.total);
        let progress = Progress::new(survey.total);
        let jobs = jobs.map(usize::from);
        let setup = Setup { sources, items, output, server, jobs, wait, progress, tally };
        Ok(Begun::Run(Box::new(Run::new(setup))))
    }
}

/// What comes of the beginning.
enum Begun {
    Run(Box<Run>),
    /// A signal came first.
    Stopped(ExitCode),
}

/// Says how it went, to people and to the shell.
fn end(done: Done) -> ExitCode {
    let Done { tally, took, stopped } = done;
    let code = match &stopped {
        Some(Stopped::BySignal(signal)) => ExitCode::from(signal.exit_code()),
        Some(_) => ExitCode::FAILURE,
        None if tally.failures() > 0 => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    };
    if let Some(stopped) = stopped {
        warn(&format!("ticketd: {:#}\n", anyhow::Error::from(stopped)));
    }
    warn(&tally.summary(took));
    code
}

/// A URL that paths can be put behind.
fn base(text: &str) -> Result<Url, &'static str> {
    let url =
        Url::parse(text).map_err(|_| "this is no URL; write it like http://127.0.0.1:8001")?;
    match url.scheme() {
        "http" if url.query().is_some() || url.fragment().is_some() => {
            Err("leave out what follows ? or #")
        }
        "http" if !url.username().is_empty() || url.password().is_some() => {
            Err("leave out user and password; --token-file names a token")
        }
        "http" => Ok(url),
        "https" => Err("ticketd speaks no TLS; name an http:// address"),
        _ => Err("this is no http:// address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_http_address() {
        for good in ["http://127.0.0.1:8001", "http://h/path/", "http://[::1]:8001"] {
            assert!(base(good).is_ok(), "{good}");
        }
        for (bad, part) in [
            ("127.0.0.1:8001", "no URL"),
            ("https://h", "no TLS"),
            ("unix:/run/x", "no http://"),
            ("http://user@h", "leave out user"),
            ("http://h/?x", "leave out what"),
        ] {
            assert!(base(bad).unwrap_err().contains(part), "{bad}");
        }
    }
}
