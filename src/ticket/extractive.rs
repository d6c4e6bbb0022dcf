//! A rule-made draft of a ticket, without any model: what the demo node answers. Pure.
//!
//! One rule: it extracts and never words anything itself; what people said stands in quotation
//! marks. It is no language model and knows nothing about a call that its cue words do not show.

mod address;
mod content;
mod cues;
mod digits;
mod plates;
mod types;

use super::{NOT_MENTIONED, Speaker, Ticket, Transcript, Turn};
use crate::place::Finder;

/// The most characters of a title.
const MOST_TITLE: usize = 24;

/// The fewest characters of a clause that names a demand.
const LEAST_DEMAND: usize = 5;

/// How many clauses are looked at for a demand.
const MOST_CLAUSES: usize = 300;

/// What may stand between two digits of a number, or between two numbers.
const SIGNS: &str = "、-:：~～/.";

/// What no ticket may hold: mark-up, and quotation marks within a quotation.
const NO_TEXT: &[char] = &[
    '<', '>', '*', '#', '`', '|', '\\', '&', '[', ']', '“', '”', '‘', '’', '"', '「', '」', '『',
    '』',
];

/// Drafts a ticket; its type is one of `types`, and its zone has the names that `finder` hears, as
/// they were said.
pub fn draft(call: &Transcript, types: &[String], finder: &Finder<'_>) -> Ticket {
    let call = &plain(call);
    let citizen: Vec<&str> = call.said_by(Speaker::Citizen).collect();
    let address = address::of(call, finder);
    let ticket_type = types::of(call, types);
    let last = address.as_ref().map(|address| address.last.as_str());
    Ticket {
        ticket_title: title(&citizen, &ticket_type, last, finder),
        ticket_content: content::of(call, finder),
        ticket_zone: address.map_or_else(|| NOT_MENTIONED.to_owned(), |address| address.text),
        ticket_type,
    }
}

/// The call without what no ticket may hold.
fn plain(call: &Transcript) -> Transcript {
    let mut plain = Transcript { turns: Vec::with_capacity(call.turns.len()), unknown_turns: 0 };
    for Turn { speaker, words } in &call.turns {
        let words = words.replace(NO_TEXT, " ");
        plain.push(*speaker, &content::without_labels(&words));
    }
    plain
}

/// The clauses of what was said, without fillers at their ends.
fn clauses<'a>(said: &[&'a str]) -> Vec<&'a str> {
    let parts = said.iter().flat_map(|words| parts(words));
    parts.map(cues::without_fillers).filter(|clause| !clause.is_empty()).collect()
}

/// What stands between stops; 11:30 and 三、四楼 are in one piece.
fn parts(words: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, stop) in words.match_indices(is_stop) {
        let end = at + stop.len();
        if !joins(&words[..at], stop, &words[end..]) {
            parts.push(&words[start..at]);
            start = end;
        }
    }
    parts.push(&words[start..]);
    parts
}

/// Whether a sign joins the digits on its sides to a number.
fn joins(before: &str, sign: &str, behind: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit() || digits::is_numeral(c);
    let (last, next) = (before.chars().next_back(), behind.chars().next());
    if !(last.is_some_and(digit) && next.is_some_and(digit)) {
        return false;
    }
    let thousands = || behind.bytes().take_while(u8::is_ascii_digit).count() == 3;
    SIGNS.contains(sign) || (sign == "," && thousands())
}

/// Whether a character parts two clauses.
fn is_stop(character: char) -> bool {
    "，。？！；：、,.?!;: …".contains(character)
}

/// The demand behind the last name of the zone. The demand is the first clause that is long enough
/// to say something and has at least half of the weight of cues that the weightiest one has.
fn title(citizen: &[&str], ticket_type: &str, place: Option<&str>, finder: &Finder<'_>) -> String {
    let place = place.unwrap_or_default();
    let clauses: Vec<(&str, u32)> = clauses(citizen)
        .into_iter()
        .filter(|clause| clause.chars().count() >= LEAST_DEMAND && *clause != place)
        .take(MOST_CLAUSES)
        .map(|clause| (clause, types::any_weight(clause)))
        .collect();
    let most = clauses.iter().map(|(_, weight)| *weight).max().unwrap_or(0);
    let demand = clauses.iter().find(|(_, weight)| weight * 2 >= most);
    let demand = demand.map_or("", |(clause, _)| clause);
    let mut title = if demand.contains(place) { String::new() } else { place.to_owned() };
    title.push_str(demand);
    let title = digits::written(&cues::impersonal(&title), Some(finder));
    let kept = |(at, c): (usize, char)| {
        let (before, behind) = (&title[..at], &title[at + c.len_utf8()..]);
        let sign = joins(before, c.encode_utf8(&mut [0; 4]), behind);
        (c.is_alphanumeric() || c == '%' || sign).then_some(c)
    };
    let title: String = title.char_indices().filter_map(kept).collect();
    let title = cut(&title, MOST_TITLE);
    if title.chars().count() < 4 {
        format!("来电人{ticket_type}事项")
    } else {
        title.to_owned()
    }
}

/// The beginning of a text, not within a number.
fn cut(text: &str, most: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    let number = |c: char| c.is_ascii_alphanumeric() || c == '%' || SIGNS.contains(c);
    match text[end..].starts_with(number) {
        true => text[..end].trim_end_matches(number),
        false => text[..end].trim_end_matches(|c| SIGNS.contains(c)),
    }
}

/// The turns of a call that say most: cues, numbers, addresses; else the first one.
pub fn gist(call: &Transcript) -> Transcript {
    let turns: Vec<_> = call.turns.iter().filter(|turn| says_much(&turn.words)).cloned().collect();
    let turns = if turns.is_empty() { call.turns.iter().take(1).cloned().collect() } else { turns };
    Transcript { turns, unknown_turns: 0 }
}

fn says_much(words: &str) -> bool {
    types::any_weight(words) > 0 || digits::has_number(words) || address::is_likely(words)
}

#[cfg(test)]
mod tests;
