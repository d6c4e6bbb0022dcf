//! The content of a draft: the words of both sides that say something, with their numbers in digits.
//!
//! One rule: of a call that is too long for a ticket, telephones and amounts are kept first, then other
//! numbers, then what names a demand.

use super::{cues, cut, digits, is_stop, joins, types};
use crate::{
    place::Finder,
    ticket::{Speaker, Transcript},
};

/// The most characters of the words quoted in one part of the content; a ticket has 4000 at most.
const MOST_QUOTED: usize = 1900;

/// The most characters of a piece that is kept or left out as a whole.
const MOST_PIECE: usize = 120;

/// How many pieces are searched for a demand.
const MOST_WEIGHED: usize = 1000;

/// The digits of the shortest telephone number.
const PHONE: usize = 7;

/// What the two parts of a content begin with.
const LABELS: [(&str, &str); 2] =
    [("来电人咨询", "来电人 咨询"), ("话务员解答内容", "话务员 解答内容")];

/// Words that cannot be taken for the beginning of a part.
pub(super) fn without_labels(words: &str) -> String {
    LABELS.iter().fold(words.to_owned(), |words, (label, parted)| words.replace(label, parted))
}

/// The content of a call's ticket.
pub(super) fn of(call: &Transcript, finder: &Finder<'_>) -> String {
    let asked = lines(call, Speaker::Citizen, finder);
    let answered = lines(call, Speaker::Operator, finder);
    let asked = quoted(&pieces(&asked, |_| true));
    let known = asked.clone().unwrap_or_default();
    // A question is worth keeping for a number that only it has.
    let says = |line: &str| !cues::is_question(line) || has_other_number(line, &known);
    let answered = quoted(&pieces(&answered, says));
    let asked = asked
        .map_or("来电人未说明诉求。".to_owned(), |words| format!("来电人称“{words}”。"));
    let answered = answered
        .map_or("话务员已了解情况。".to_owned(), |words| format!("话务员称“{words}”。"));
    format!("{}：{asked} {}：{answered}", LABELS[0].0, LABELS[1].0)
}

/// What one side said, a line a turn, without small talk and with its numbers in digits.
fn lines(call: &Transcript, speaker: Speaker, finder: &Finder<'_>) -> Vec<String> {
    let said: Vec<&str> =
        call.said_by(speaker).filter(|words| !cues::is_small_talk(words)).collect();
    digits::written(&said.join("\n"), Some(finder)).lines().map(str::to_owned).collect()
}

/// The lines that say something, cut into pieces; none stands twice.
fn pieces(lines: &[String], says: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut pieces: Vec<&str> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for line in lines.iter().filter(|line| says(line)) {
        let mut rest = line.trim_matches(is_stop);
        while !rest.is_empty() {
            let piece = first_piece(rest);
            rest = rest[piece.len()..].trim_start_matches(is_stop);
            let piece = piece.trim_end_matches(is_stop);
            if known.insert(piece) && piece.contains(char::is_alphanumeric) {
                pieces.push(piece);
            }
        }
    }
    pieces
}

/// The beginning of a line, up to a stop if it is long.
fn first_piece(line: &str) -> &str {
    if line.chars().count() <= MOST_PIECE {
        return line;
    }
    let end = line.char_indices().nth(MOST_PIECE).map_or(line.len(), |(end, _)| end);
    // A number without an end is no number.
    let piece =
        Some(cut(line, MOST_PIECE)).filter(|piece| !piece.is_empty()).unwrap_or(&line[..end]);
    let parts = |(end, stop): &(usize, &str)| {
        *end > 0 && !joins(&line[..*end], stop, &line[end + stop.len()..])
    };
    piece.rmatch_indices(is_stop).find(parts).map_or(piece, |(end, _)| &piece[..end])
}

/// The pieces that find room, one after the other; none if there are none.
fn quoted(pieces: &[&str]) -> Option<String> {
    let length = |piece: &str| piece.chars().count() + 1;
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    if pieces.iter().map(|piece| length(piece)).sum::<usize>() > MOST_QUOTED {
        order.sort_by_cached_key(|at| rank(pieces[*at], *at < MOST_WEIGHED));
    }
    let mut room = MOST_QUOTED;
    order.retain(|at| {
        let fits = length(pieces[*at]) <= room;
        room -= if fits { length(pieces[*at]) } else { 0 };
        fits
    });
    order.sort_unstable();
    let kept: Vec<&str> = order.iter().map(|at| pieces[*at]).collect();
    (!kept.is_empty()).then(|| kept.join("，"))
}

/// How early a piece is kept; the least comes first. Demands count in what is `weighed`.
fn rank(piece: &str, weighed: bool) -> u32 {
    let mut runs = piece.split(|c: char| !c.is_ascii_digit() && c != '-');
    if runs.any(|run| run.len() >= PHONE) || piece.contains('元') {
        0
    } else if piece.contains(|c: char| c.is_ascii_digit()) {
        1
    } else if weighed && types::any_weight(piece) > 0 {
        2
    } else {
        3
    }
}

/// Whether a line has a number that a text lacks.
fn has_other_number(line: &str, text: &str) -> bool {
    let mut numbers = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    numbers.any(|number| number.contains(|c: char| c.is_ascii_digit()) && !text.contains(number))
}
