//! The pure parts of a ticket, each by itself: mean times by criterion, and what criterion does not know.
//! Writes its part of BENCHMARKS.md, unless only some of them were asked for.

mod balancer;
mod place;
#[path = "../report.rs"]
mod report;
mod ticket;

use std::{env, fs, path::Path, process::ExitCode};

use anyhow::Context as _;
use criterion::Criterion;
use serde_json::Value;

use self::report::Report;

/// What is measured, by criterion's name of it.
const PARTS: [(&str, &str); 7] = [
    ("pool", "a slot among 50 busy nodes is chosen, and given back"),
    ("queue", "a call is queued behind 255 others, and the first of them served"),
    ("prompt", "the prompt of a call"),
    ("parse", "a model's answer, as a ticket's object"),
    ("numerals", "all numbers that a call has"),
    ("grounding", "a ticket is compared with its call"),
    ("place", "a zone is corrected"),
];

#[actix_web::main]
async fn main() -> anyhow::Result<ExitCode> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion");
    let mut report = Report::begin("The pure parts").await?;
    let places = place::Places::read()?;
    let mut criterion = Criterion::default().output_directory(&folder).configure_from_args();
    balancer::measure(&mut criterion);
    ticket::measure(&mut criterion, &places.corrector)?;
    places.measure(&mut criterion);
    criterion.final_summary();
    let is_whole = env::args().skip(1).all(|argument| argument == "--bench");
    if !is_whole {
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for (part, what) in PARTS {
        let file = folder.join(part).join("new/estimates.json");
        let text = fs::read(&file).with_context(|| format!("{} is missing", file.display()))?;
        let estimates: Value = serde_json::from_slice(&text)?;
        let mean = estimates["mean"]["point_estimate"].as_f64().context("no mean")?;
        rows.push([part.to_owned(), what.to_owned(), time(mean)]);
    }
    report.table(["part", "what", "mean"], rows);
    let (text, p99) = places.figures();
    report.say(&text);
    report.target("p99 of a zone", format!("{p99:.1} µs"), "at most 1 ms".to_owned(), p99 <= 1e3);
    report.write()
}

/// So many nanoseconds, for people.
fn time(nanos: f64) -> String {
    if nanos < 1e3 { format!("{nanos:.0} ns") } else { format!("{:.1} µs", nanos / 1e3) }
}
