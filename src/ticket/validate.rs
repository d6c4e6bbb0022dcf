//! Whether an answer is a ticket. Pure, strict: what fails here is a failed attempt, and the next one is
//! told why.

mod fault;
mod instructions;
mod wording;

use serde_json::{Map, Value};

pub(super) use self::{
    fault::Fault,
    instructions::{Instructions, SaidLetters},
};
use super::{NOT_MENTIONED, Ticket, parse};

/// The four fields of a ticket.
pub(super) const FIELDS: [&str; 4] =
    ["ticket_type", "ticket_zone", "ticket_title", "ticket_content"];

/// The two parts of the content, in their order.
const PARTS: [&str; 2] = ["来电人咨询", "话务员解答内容"];

/// The title's length in characters. The contract says about 15.
const TITLE_CHARS: std::ops::RangeInclusive<usize> = 4..=30;

/// The most characters of a zone and of a content.
const MOST_ZONE_CHARS: usize = 100;
const MOST_CONTENT_CHARS: usize = 4000;

/// The fewest letters of a part of the content.
const LEAST_PART_LETTERS: usize = 2;

/// What stands around a type that is meant by itself: 投诉类, 类型：投诉.
const AROUND_TYPES: [&str; 8] = ["工单", "类型", "类别", "事项", "诉求", "类", "型", "件"];

/// Reads a model's answer as a ticket of one of these types. What is a ticket is so once more, unchanged.
pub(super) fn ticket(answer: &str, types: &[String]) -> Result<Ticket, Fault> {
    let object = parse::object(answer, &FIELDS).ok_or(Fault::NoObject)?;
    let ticket_type = kind(&text(&object, "ticket_type")?, types)?;
    let mut ticket_zone = text(&object, "ticket_zone")?;
    if ticket_zone.is_empty() || says_none(&ticket_zone) {
        NOT_MENTIONED.clone_into(&mut ticket_zone);
    } else if ticket_zone.chars().count() > MOST_ZONE_CHARS || ticket_zone.contains('\n') {
        return Err(Fault::LongZone);
    }
    let ticket_title = title(&text(&object, "ticket_title")?)?;
    let ticket_content = content(&text(&object, "ticket_content")?)?;
    let (asked, answered) = parts(&ticket_content).ok_or(Fault::Parts)?;
    let worded = [ticket_title.as_str(), asked, answered];
    let all = [ticket_zone.as_str(), &ticket_title, asked, answered];
    if worded.into_iter().any(wording::addresses_somebody) {
        Err(Fault::Person)
    } else if all.into_iter().any(wording::has_markup) {
        Err(Fault::Markup)
    } else if wording::is_all_foreign(&ticket_title)
        || [asked, answered].into_iter().any(wording::is_foreign)
    {
        Err(Fault::Language)
    } else if all.into_iter().any(wording::goes_round) {
        Err(Fault::Loop)
    } else {
        Ok(Ticket { ticket_type, ticket_zone, ticket_title, ticket_content })
    }
}

fn text(object: &Map<String, Value>, field: &str) -> Result<String, Fault> {
    parse::text(object, field).ok_or(Fault::NoText)
}

/// The configured type that a text names: itself, or the only one in it, as in 投诉类.
fn kind(text: &str, types: &[String]) -> Result<String, Fault> {
    if types.iter().any(|known| known == text) {
        return Ok(text.to_owned());
    }
    let held: Vec<&String> = types.iter().filter(|known| text.contains(known.as_str())).collect();
    let is_part = |one: &str| held.iter().any(|other| *other != one && other.contains(one));
    let mut whole = held.iter().filter(|one| !is_part(one));
    let (Some(only), None) = (whole.next(), whole.next()) else { return Err(Fault::Type) };
    let around = text.replace(only.as_str(), " ");
    let around = AROUND_TYPES.iter().fold(around, |around, word| around.replace(word, " "));
    if wording::is_blank(&around) { Ok((*only).clone()) } else { Err(Fault::Type) }
}

/// Whether a zone only says, in other words, that there is none.
fn says_none(zone: &str) -> bool {
    let zone = zone.trim_matches(|c: char| !c.is_alphanumeric());
    zone.starts_with(NOT_MENTIONED)
        || ["无", "不详", "未知", "没有提及", "未说明", "未提供", "暂无"].contains(&zone)
}

/// One sentence, without the full stop at its end.
fn title(text: &str) -> Result<String, Fault> {
    let ends = ['。', '！', '？', '；', '!', '?', ';'];
    let title = text.trim_end_matches(|c: char| "。；;.".contains(c) || c.is_whitespace());
    let fits = TITLE_CHARS.contains(&title.chars().count()) && !wording::is_blank(title);
    let one = title.strip_suffix(ends).unwrap_or(title);
    if !fits || one.contains(ends) || one.contains('\n') {
        return Err(Fault::Title);
    }
    Ok(title.to_owned())
}

/// Checks the two parts and gives both their full-width colon.
fn content(text: &str) -> Result<String, Fault> {
    if text.chars().count() > MOST_CONTENT_CHARS {
        return Err(Fault::LongContent);
    }
    let (asked, answered) = parts(text).ok_or(Fault::Parts)?;
    let content = format!("{}：{asked} {}：{answered}", PARTS[0], PARTS[1]);
    match content.chars().count() {
        ..=MOST_CONTENT_CHARS => Ok(content),
        _ => Err(Fault::LongContent),
    }
}

/// What the two parts say. Each begins once, outside quotations, and the caller's comes first.
fn parts(text: &str) -> Option<(&str, &str)> {
    let quotations = wording::quotations(text);
    // A straight mark may be an inch, and then takes the names of both parts in.
    let quoted = |at: usize| {
        let mut around = quotations.iter().filter(|quotation| quotation.contains(&at));
        around.any(|quotation| !text[quotation.start..].starts_with('"'))
    };
    let first = text.trim_start().strip_prefix(PARTS[0])?;
    let begin = text.len() - first.len();
    let mut names = first.match_indices(PARTS[1]).map(|(at, _)| begin + at);
    let middle = names.find(|at| !quoted(*at))?;
    // The names are words, too: only with its colon is one the beginning of a part.
    let begins = |part: &str, from: usize| {
        let mut others = text[from..].match_indices(part).map(|(at, _)| from + at);
        others
            .any(|at| !quoted(at) && text[at + part.len()..].trim_start().starts_with([':', '：']))
    };
    if begins(PARTS[0], begin) || begins(PARTS[1], middle + PARTS[1].len()) {
        return None;
    }
    Some((said_in(&text[begin..middle])?, said_in(&text[middle + PARTS[1].len()..])?))
}

/// What stands behind the name of a part, if it says something.
fn said_in(part: &str) -> Option<&str> {
    let words = part.trim_start_matches(|c: char| c == ':' || c == '：' || c.is_whitespace());
    let letters = words.chars().filter(|letter| letter.is_alphanumeric()).count();
    (letters >= LEAST_PART_LETTERS).then(|| words.trim_end())
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
