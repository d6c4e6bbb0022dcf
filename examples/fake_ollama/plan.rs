//! What a streamed answer consists of, with its fault.

use std::iter;

use actix_web::web::Bytes;
use fastrand::Rng;

use crate::{behaviour::Fault, generate::error_line};

/// The pieces of an answer that has no end.
pub(crate) fn endless(fault: Fault) -> Option<Box<dyn Iterator<Item = String>>> {
    let start = match fault {
        Fault::Endless | Fault::EndlessWords => "{\"ticket_type\":\"",
        Fault::EndlessThink | Fault::EndlessThinkWords => "<think>",
        _ => return None,
    };
    let mut random = Rng::with_seed(1);
    let word = move || match fault {
        Fault::Endless | Fault::EndlessThink => "好的".repeat(2),
        _ => iter::repeat_with(|| random.char('一'..='龥')).take(4).collect(),
    };
    Some(Box::new(iter::once(start.to_owned()).chain(iter::repeat_with(word))))
}

/// What a stream does next.
pub(crate) enum Step {
    Token(String),
    Done(&'static str),
    Last(Bytes),
    CleanEnd,
    Stall,
    Cut,
    Crash,
}

/// The steps of a stream: all tokens and the closing line, or half of them and the fault.
pub(crate) fn plan(fault: Fault, tokens: Vec<String>, reason: &'static str) -> Vec<Step> {
    let half = (tokens.len() / 2).max(1);
    let mut steps: Vec<Step> = tokens.into_iter().map(Step::Token).collect();
    let end = match fault {
        Fault::StallAmid => Step::Stall,
        Fault::Cut => Step::Cut,
        Fault::CrashAmid => Step::Crash,
        Fault::Garbage => Step::Last(Bytes::from_static(b"<html>502 Bad Gateway</html>\n")),
        Fault::ErrorLine => Step::Last(error_line()),
        Fault::NoDone => {
            steps.push(Step::CleanEnd);
            return steps;
        }
        _ => {
            steps.push(Step::Done(reason));
            return steps;
        }
    };
    steps.truncate(half);
    steps.push(end);
    steps
}
