//! `ticketd eval tickets`: how good the tickets of a test set are.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::super::{
    plain::plain,
    say,
    summarize::{Service, Summarize},
};
use crate::{
    config,
    place::{Corrector, Gazetteer},
    ticket::{
        self, Transcript,
        evaluate::{Case, Made, TicketEvaluation, TicketTally, Wrong},
    },
};

pub(super) const AFTER_HELP: &str = "\
The test set has one JSON object a line, and may be given to `ticketd summarize` too:
  {\"id\": …, \"kind\": \"noise\", \"home\": \"六安市\", \"call\": {…the transcript…},
   \"type\": \"投诉\", \"type_alt\": [\"举报\"], \"zone\": \"金安区三十铺镇\",
   \"must\": [\"12栋\", [\"8000元\", \"8000块\"]], \"must_not\": [\"5000元\"]}
`type_alt` are types that are right too; `home` counts with --drafts (a service has its own `place.home`). A fact of
`must` may be written in several ways; blanks, hyphens and the commas of thousands do not count. `id`, `kind`,
`home`, `type_alt`, `must` and `must_not` may be left out.

The columns: tickets that came, FAILED calls without one, DRAFT rule-made ones, MALFORMED ones; the shares of
right TYPEs and ZONEs, and of FACTS held; FORBIDDEN facts held; numbers INVENTED, which nobody said; ATTEMPTS a
ticket took, and BAD answers among them, which were no ticket or had to be made again.

Exit codes: 0 every call has its ticket; 1 some have none, or the files cannot be used; others as of
`ticketd summarize`.";

/// The test set, and where the tickets come from.
#[derive(Debug, Args)]
pub(in crate::cli) struct Tickets {
    /// The test set
    file: PathBuf,
    /// Judge the rule-made drafts; asks no service
    #[arg(long, conflicts_with_all = ["tickets", "server", "socket", "token_file", "jobs", "wait"])]
    drafts: bool,
    /// A file that keeps the tickets, as `summarize -o` does; those that are in it are not made again.
    /// Without this option they are gone in the end
    #[arg(long, value_name = "FILE")]
    tickets: Option<PathBuf>,
    /// Tell what is wrong with each ticket too, with the words of the test set and of the ticket
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    service: Service,
}

impl Tickets {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { file, drafts, tickets, list, service } = self;
        let cases = cases(&file)?;
        let corrector = Corrector::new(Gazetteer::embedded());
        let made = if drafts {
            self::drafts(&cases, &corrector)
        } else {
            let kept = tempfile::tempdir().context("there is no place for the tickets")?;
            let output = tickets.unwrap_or_else(|| kept.path().join("tickets.jsonl"));
            let code = Summarize::of(file, output.clone(), service).run().await?;
            if code != ExitCode::SUCCESS && code != ExitCode::FAILURE {
                return Ok(code);
            }
            read(&output)?
        };
        let mut evaluation = TicketEvaluation::default();
        for (case, call) in &cases {
            let made = made.get(&case.id.to_string());
            let (Some(call), Some(made)) = (call, made) else {
                evaluation.failed(case);
                continue;
            };
            let wrong = evaluation.add(case, call, made, &corrector);
            if list {
                eprint!("{}", told(case, &wrong));
            }
        }
        eprint!("{}", table(&evaluation));
        let figures = evaluation.figures();
        say(&format!("{}\n", serde_json::to_string(&figures)?))?;
        Ok(if figures.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The cases, each with an id and its call; none if that is no transcript, which brings no ticket.
fn cases(file: &Path) -> anyhow::Result<Vec<(Case, Option<Transcript>)>> {
    let read = |(number, mut case): (u64, Case)| {
        let call = Transcript::parse(case.call.to_string().as_bytes()).ok();
        if case.id.is_null() {
            // As `summarize` calls it.
            case.id = format!("{}:{number}", file.display()).into();
        }
        (case, call)
    };
    Ok(super::cases(file)?.into_iter().map(read).collect())
}

/// The drafts of all cases, with their zones corrected.
fn drafts(cases: &[(Case, Option<Transcript>)], corrector: &Corrector) -> HashMap<String, Made> {
    let types = config::Ticket::default().types;
    let draft = |(case, call): &(Case, Option<Transcript>)| {
        let draft = ticket::draft(call.as_ref()?, &types, corrector, &case.home);
        Some((case.id.to_string(), draft.into()))
    };
    cases.iter().filter_map(draft).collect()
}

/// The tickets of a file that `summarize` wrote, by the ids of their calls.
fn read(file: &Path) -> anyhow::Result<HashMap<String, Made>> {
    #[derive(Deserialize)]
    struct Line {
        id: Value,
        ticket: Option<Made>,
    }
    let unreadable = || format!("{} cannot be read", file.display());
    let lines = BufReader::new(File::open(file).with_context(unreadable)?).lines();
    let mut made = HashMap::new();
    for (number, line) in (1..).zip(lines) {
        let line: Line = serde_json::from_str(&line.with_context(unreadable)?)
            .with_context(|| format!("{}:{number} is no line of tickets", file.display()))?;
        made.extend(line.ticket.map(|ticket| (line.id.to_string(), ticket)));
    }
    Ok(made)
}

/// What is wrong with a ticket, a line each; nothing if it is right.
fn told(case: &Case, wrong: &Wrong) -> String {
    let Wrong { kind, zone, missing, forbidden, invented, malformed } = wrong;
    let mut told = String::new();
    let mut tell = |what: &str, text: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(told, "{}: {what} {}", case.id, plain(text));
    };
    let right = |wrong: &str, right: &str| format!("{wrong}, not {right}");
    kind.iter().for_each(|kind| tell("type is", &right(kind, &case.ticket_type)));
    zone.iter().for_each(|zone| tell("zone is", &right(zone, &case.zone)));
    missing.iter().for_each(|fact| tell("lacks", fact));
    forbidden.iter().for_each(|fact| tell("must not say", fact));
    invented.iter().for_each(|number| tell("invents", number));
    malformed.iter().for_each(|reason| tell("malformed:", reason));
    told
}

fn table(evaluation: &TicketEvaluation) -> String {
    let mut table = format!(
        "{:16}{:>8}{:>8}{:>7}{:>11}{:>8}{:>8}{:>8}{:>11}{:>10}{:>10}{:>5}\n",
        "KIND",
        "TICKETS",
        "FAILED",
        "DRAFT",
        "MALFORMED",
        "TYPE",
        "ZONE",
        "FACTS",
        "FORBIDDEN",
        "INVENTED",
        "ATTEMPTS",
        "BAD"
    );
    for (kind, tally) in evaluation.kinds().chain([("all", evaluation.total())]) {
        let TicketTally { cases, failed, degraded, malformed, forbidden, invented, .. } = tally;
        let TicketTally { types, zones, facts, held, attempts, bad_answers, .. } = tally;
        let [types, zones] = [types, zones].map(|right| percent(right, cases));
        let (tickets, held) = (cases - failed, percent(held, facts));
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{:16}{tickets:>8}{failed:>8}{degraded:>7}{malformed:>11}{types:>8}{zones:>8}{held:>8}\
             {forbidden:>11}{invented:>10}{attempts:>10}{bad_answers:>5}",
            plain(kind)
        );
    }
    table
}

fn percent(part: u64, whole: u64) -> String {
    let percent = (part * 100 + whole / 2).checked_div(whole);
    percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"))
}
