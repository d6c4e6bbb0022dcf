//! How well tickets are made over a test set. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Ticket;

/// A call with what a good ticket of it says.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// What the case is called.
    #[serde(default)]
    pub id: Value,
    /// The transcript as a request has it.
    pub call: Value,
    /// The right type.
    #[serde(rename = "type")]
    pub ticket_type: String,
    /// The right zone.
    pub zone: String,
    /// Facts that a ticket must hold, each in one of several spellings.
    #[serde(default)]
    pub must: Vec<Spellings>,
    /// What it must not hold.
    #[serde(default)]
    pub must_not: Vec<String>,
}

/// One fact as it may be written.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text, or a list of texts that mean the same")]
pub enum Spellings {
    /// In one way.
    One(String),
    /// In several ways.
    Several(Vec<String>),
}

impl Spellings {
    fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }

    /// Whether a text holds the fact, whatever the blanks and hyphens in it.
    fn is_in(&self, text: &str) -> bool {
        self.all().iter().any(|fact| text.contains(&plain(fact)))
    }
}

/// A text without what numbers are written with or without.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－' | ',' | '，')).collect()
}

/// What the tickets of a test set are like.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TicketFigures {
    /// How many calls there are.
    pub cases: u64,
    /// How many brought no ticket.
    pub failed: u64,
    /// The share of right types.
    pub types: f64,
    /// The share of zones that are right to the letter.
    pub zones: f64,
    /// The share of the facts that the tickets hold.
    pub recall: f64,
    /// How many facts they hold that they must not.
    pub forbidden: u64,
    /// How many of their numbers nobody said.
    pub invented: u64,
    /// The attempts that the tickets took, on average.
    pub attempts: f64,
}

/// What is counted.
#[derive(Clone, Debug, Default)]
pub struct TicketEvaluation {
    cases: u64,
    failed: u64,
    types: u64,
    zones: u64,
    facts: u64,
    held: u64,
    forbidden: u64,
    invented: u64,
    attempts: u64,
}

impl TicketEvaluation {
    /// Counts a call that brought no ticket.
    pub fn failed(&mut self, case: &Case) {
        self.cases += 1;
        self.failed += 1;
        self.facts += case.must.len() as u64;
    }

    /// Counts a ticket; gives what is wrong with it, without a word of the call.
    pub fn add(&mut self, case: &Case, ticket: &Ticket, invented: u64, attempts: u64) -> Wrong {
        let Ticket { ticket_type, ticket_zone, ticket_title, ticket_content } = ticket;
        let text = plain(&[ticket_zone.as_str(), ticket_title, ticket_content].join("\n"));
        let held = case.must.iter().filter(|fact| fact.is_in(&text)).count() as u64;
        let forbidden =
            case.must_not.iter().filter(|fact| text.contains(&plain(fact))).count() as u64;
        let facts = case.must.len() as u64;
        let wrong = Wrong {
            kind: *ticket_type != case.ticket_type,
            zone: *ticket_zone != case.zone,
            missing: facts - held,
            forbidden,
            invented,
        };
        self.cases += 1;
        self.types += u64::from(!wrong.kind);
        self.zones += u64::from(!wrong.zone);
        self.facts += facts;
        self.held += held;
        self.forbidden += forbidden;
        self.invented += invented;
        self.attempts += attempts;
        wrong
    }

    /// The figures so far.
    pub fn figures(&self) -> TicketFigures {
        let share = |part: u64, of: u64| if of == 0 { 1.0 } else { part as f64 / of as f64 };
        let made = self.cases - self.failed;
        TicketFigures {
            cases: self.cases,
            failed: self.failed,
            types: share(self.types, self.cases),
            zones: share(self.zones, self.cases),
            recall: share(self.held, self.facts),
            forbidden: self.forbidden,
            invented: self.invented,
            attempts: if made == 0 { 0.0 } else { self.attempts as f64 / made as f64 },
        }
    }
}

/// What is wrong with one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its type.
    pub kind: bool,
    /// Its zone.
    pub zone: bool,
    /// So many facts are missing.
    pub missing: u64,
    /// So many facts must not be there.
    pub forbidden: u64,
    /// So many numbers were not said.
    pub invented: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        ticket::{Transcript, extractive, validate},
    };

    fn cases() -> Vec<Case> {
        let text = include_str!("../../tests/data/calls.jsonl");
        text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
    }

    #[test]
    fn drafts_of_the_calls() {
        let types = config::Ticket::default().types;
        let mut evaluation = TicketEvaluation::default();
        for case in cases() {
            let body = case.call.to_string();
            let Ok(call) = Transcript::parse(body.as_bytes()) else {
                evaluation.failed(&case);
                println!("FAILED {}", case.id);
                continue;
            };
            let draft = extractive::draft(&call, &types);
            let answer = serde_json::to_string(&draft).expect("plain");
            if let Err(fault) = validate::ticket(&answer, &types) {
                println!("INVALID {} {:?} {:?}", case.id, fault, draft);
            }
            let wrong = evaluation.add(&case, &draft, 0, 1);
            if wrong.kind {
                println!("{} type {} for {}", case.id, draft.ticket_type, case.ticket_type);
            }
            if wrong.zone {
                println!("{} zone {} for {}", case.id, draft.ticket_zone, case.zone);
            }
            let text = plain(
                &[draft.ticket_zone.as_str(), &draft.ticket_title, &draft.ticket_content]
                    .join("\n"),
            );
            for fact in &case.must {
                if !fact.is_in(&text) {
                    println!("{} misses {:?}", case.id, fact.all());
                }
            }
        }
        println!("{:?}", evaluation.figures());
    }
}
