//! A rule-made draft of a ticket, without any model: what the demo node answers. Pure.
//!
//! One rule: it extracts and never words anything itself; what people said stands in quotation
//! marks. It is no language model and knows nothing about a call that its cue words do not show.

mod address;
mod arabic;
mod cues;

use super::{NOT_MENTIONED, Speaker, Ticket, Transcript};

/// The most characters of the words quoted in one part of the content.
const MOST_QUOTED: usize = 1500;

/// The most characters of a title.
const MOST_TITLE: usize = 24;

/// The fewest characters of a clause that names a demand.
const LEAST_DEMAND: usize = 5;

/// Drafts a ticket; its type is one of `types`, the likeliest by the cue words said.
pub fn draft(call: &Transcript, types: &[String]) -> Ticket {
    let citizen: Vec<&str> = call.said_by(Speaker::Citizen).collect();
    let operator: Vec<&str> = call.said_by(Speaker::Operator).collect();
    let zone = address::of(citizen.iter().chain(&operator).copied());
    let ticket_type = cues::type_of(&citizen, types);
    Ticket {
        ticket_title: title(&citizen, &ticket_type, zone.as_deref()),
        ticket_content: content(&citizen, &operator),
        ticket_zone: zone.unwrap_or_else(|| NOT_MENTIONED.to_owned()),
        ticket_type,
    }
}

/// The clauses of what was said, without fillers at their ends.
fn clauses<'a>(said: &[&'a str]) -> Vec<&'a str> {
    let parts = said.iter().flat_map(|words| words.split(is_stop));
    parts.map(cues::without_fillers).filter(|clause| !clause.is_empty()).collect()
}

/// Whether a character parts two clauses.
fn is_stop(character: char) -> bool {
    "，。？！；：、,.?!;: …".contains(character)
}

/// The demand behind the last name of the zone. The demand is the first clause that is long enough
/// to say something and has at least half of the weight of cues that the weightiest one has.
fn title(citizen: &[&str], ticket_type: &str, zone: Option<&str>) -> String {
    let clauses: Vec<(&str, u32)> = clauses(citizen)
        .into_iter()
        .filter(|clause| clause.chars().count() >= LEAST_DEMAND && Some(*clause) != zone)
        .map(|clause| (clause, cues::any_weight(clause)))
        .collect();
    let most = clauses.iter().map(|(_, weight)| *weight).max().unwrap_or(0);
    let demand = clauses.iter().find(|(_, weight)| weight * 2 >= most);
    let demand = demand.map_or("", |(clause, _)| clause).replace(zone.unwrap_or("\n"), "");
    let place = zone.map(address::last_name).unwrap_or_default();
    let mut title = if demand.contains(place) { String::new() } else { place.to_owned() };
    title.extend(cues::impersonal(&demand).chars().filter(|c| c.is_alphanumeric()));
    title = arabic::numerals(&title).chars().take(MOST_TITLE).collect();
    if title.chars().count() < 4 { format!("来电人{ticket_type}事项") } else { title }
}

/// The turns of a call that say most: cues, numbers, addresses; else the first one.
pub fn gist(call: &Transcript) -> Transcript {
    let turns: Vec<_> = call.turns.iter().filter(|turn| says_much(&turn.words)).cloned().collect();
    let turns = if turns.is_empty() { call.turns.iter().take(1).cloned().collect() } else { turns };
    Transcript { turns, unknown_turns: 0 }
}

fn says_much(words: &str) -> bool {
    let cues = cues::any_weight(words) > 0;
    cues || arabic::numerals(words) != words || address::of(std::iter::once(words)).is_some()
}

fn content(citizen: &[&str], operator: &[&str]) -> String {
    let long = citizen.iter().map(|words| words.chars().count()).sum::<usize>() > MOST_QUOTED;
    // Of a long call those turns go in first that say most.
    let asked = quoted(citizen, |words| !cues::is_small_talk(words) && (!long || says_much(words)));
    let answers = |words: &str| !cues::is_small_talk(words) && !cues::is_question(words);
    let answered = quoted(operator, answers);
    let asked = asked
        .map_or("来电人未说明诉求。".to_owned(), |words| format!("来电人称“{words}”。"));
    let answered = answered
        .map_or("话务员已了解情况。".to_owned(), |words| format!("话务员称“{words}”。"));
    format!("来电人咨询：{asked} 话务员解答内容：{answered}")
}

/// The words worth keeping, one after the other, with door numbers and amounts in digits; none if
/// there are none.
fn quoted(said: &[&str], keep: impl Fn(&str) -> bool) -> Option<String> {
    let mut text = String::new();
    for words in said.iter().filter(|words| keep(words)) {
        let words = words.trim_end_matches(is_stop).replace(['“', '”', '"', '「', '」'], "");
        let room = MOST_QUOTED.saturating_sub(text.chars().count());
        let words: String = words.chars().take(room).collect();
        if words.is_empty() {
            break;
        }
        if !text.is_empty() {
            text.push('，');
        }
        text.push_str(&arabic::numerals(&words));
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
