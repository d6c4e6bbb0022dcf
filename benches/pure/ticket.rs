//! What a ticket takes besides the model: prompt, answer, numbers, comparison.

use std::hint::black_box;

use anyhow::Context as _;
use criterion::Criterion;
use serde_json::Value;
use ticketd::{
    place::Corrector,
    ticket::{Quality, Ticket, Transcript, numerals, parse, prompt},
};

/// The fields that make an object a ticket.
const FIELDS: [&str; 4] = ["ticket_type", "ticket_zone", "ticket_title", "ticket_content"];

/// Measures with the first of the calls whose tickets are known.
pub(crate) fn measure(criterion: &mut Criterion, corrector: &Corrector) -> anyhow::Result<()> {
    let cases = include_str!("../../tests/data/calls.jsonl");
    let case: Value = serde_json::from_str(cases.lines().next().context("no case")?)?;
    let call = Transcript::parse(case["call"].to_string().as_bytes());
    let Ok(call) = call else { anyhow::bail!("the call is no transcript") };
    let ticket: Ticket = serde_json::from_value(case["ticket"].clone())?;
    let answer = case["ticket"].to_string();
    let words: Vec<_> = call.turns.iter().map(|turn| turn.words.as_str()).collect();
    let words = words.join("\n");
    anyhow::ensure!(parse::object(&answer, &FIELDS).is_some(), "the answer is no ticket");
    anyhow::ensure!(Quality::of(&call, &ticket, corrector).grounded, "the ticket is not grounded");
    criterion
        .bench_function("prompt", |bencher| bencher.iter(|| prompt::for_ticket(black_box(&call))));
    criterion.bench_function("parse", |bencher| {
        bencher.iter(|| parse::object(black_box(&answer), &FIELDS));
    });
    criterion.bench_function("numerals", |bencher| {
        bencher.iter(|| numerals::said(black_box(&words), &[]));
    });
    criterion.bench_function("grounding", |bencher| {
        bencher.iter(|| Quality::of(black_box(&call), &ticket, corrector));
    });
    Ok(())
}
