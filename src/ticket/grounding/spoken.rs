//! The numbers that were said, by value.

use std::{collections::HashMap, ops::Range};

use super::{Ear, corrected::Corrected};
use crate::ticket::{
    Speaker, Transcript,
    numerals::{self, Number},
};

/// The most characters in front of a number that say what it counts, and behind it.
const CONTEXT: (usize, usize) = (40, 6);

/// The same, where it must be beyond doubt.
const NEAR: (usize, usize) = (6, 5);

/// The most characters of a question that its answer counts in.
const QUESTION: usize = 16;

/// The fewest digits of a number that no other group goes on.
const LEAST_WHOLE: usize = 11;

/// The fewest digits that show by themselves that a number was said in groups.
const LEAST_IN_GROUPS: usize = 5;

/// All words of one speaker, a line a turn, with their numbers.
pub(super) struct Voice {
    pub(super) text: String,
    pub(super) numbers: Vec<Number>,
    /// The digits said one after the other, also over several turns; bars between what has a unit.
    digits: String,
    /// Where each turn starts, and the end of the other speaker's words in front of it.
    asked: Vec<(usize, String)>,
}

impl Voice {
    fn new(transcript: &Transcript, speaker: Speaker, ear: &impl Ear) -> Self {
        let (mut text, mut asked) = (String::new(), Vec::new());
        let mut question = "";
        for turn in &transcript.turns {
            if turn.speaker != speaker {
                question = &turn.words;
                continue;
            }
            asked.push((text.len(), last(question, QUESTION).to_owned()));
            // Of the same length, so that places stay.
            text.push_str(&turn.words.replace("个把半月", "一个半月"));
            text.push('\n');
        }
        let numbers = numerals::said(&text, &ear.names(&text));
        let digits = in_groups(&numbers, |_, _| {});
        Self { text, numbers, digits, asked }
    }

    /// The numbers that have these digits together, one after the other.
    pub(super) fn group(&self, digits: &str) -> Vec<&Number> {
        let Some(from) = self.digits.find(digits) else { return Vec::new() };
        let mut group: Vec<&Number> = Vec::new();
        in_groups(&self.numbers, |range, number| {
            if range.start < from + digits.len() && range.end > from {
                group.push(number);
            }
        });
        group
    }

    /// Which of the speaker's turns a place is in, and where that starts.
    pub(super) fn turn_at(&self, at: usize) -> Option<(usize, usize)> {
        let turn = self.asked.partition_point(|(from, _)| *from <= at).checked_sub(1)?;
        Some((turn, self.asked[turn].0))
    }

    /// A number with the few words right in front of it and behind it.
    pub(super) fn near(&self, number: &Number) -> String {
        let before = last(&self.text[..number.span.start], NEAR.0);
        let before = before.rsplit('\n').next().unwrap_or_default();
        let behind = self.text[number.span.end..].chars().take(NEAR.1);
        before.chars().chain(behind.take_while(|c| *c != '\n')).collect()
    }

    /// Which turn a number is in, counted from one.
    fn turn(&self, number: &Number) -> usize {
        self.asked.partition_point(|(from, _)| *from <= number.span.start)
    }

    /// A number with the words around it and the question that it answers.
    pub(super) fn around(&self, number: &Number) -> String {
        let (from, question) = self.turn(number).checked_sub(1).map_or((0, ""), |turn| {
            let (from, question) = &self.asked[turn];
            (*from, question.as_str())
        });
        let before = &self.text[from..number.span.start];
        let own_words = self.text[number.span.clone()].chars();
        let behind = self.text[number.span.end..].chars().take(CONTEXT.1);
        let own = last(before, CONTEXT.0);
        let question = if own.len() < before.len() { "" } else { question };
        let parts = question.chars().chain(['\n']).chain(own.chars());
        parts.chain(own_words).chain(behind.take_while(|c| *c != '\n')).collect()
    }
}

/// The digits of numbers one after the other; `told` gets the place of each number's among them.
fn in_groups<'a>(numbers: &'a [Number], mut told: impl FnMut(Range<usize>, &'a Number)) -> String {
    let mut digits = String::new();
    let mut at = 0;
    for number in numbers {
        // What is read once more comes behind all others.
        if number.span.start < at {
            break;
        }
        at = number.span.start;
        let from = digits.len();
        // 03 in groups is no 3.
        let digits_of = |reading: &&String| reading.bytes().all(|byte| byte.is_ascii_digit());
        let whole = number.readings.iter().filter(digits_of).max_by_key(|reading| reading.len());
        let first = number.readings.first().filter(|first| !digits_of(first)).or(whole);
        let first = first.map_or("", String::as_str);
        let is_group = first.bytes().all(|byte| byte.is_ascii_digit());
        if number.unit.is_some() || !is_group {
            digits.push('|');
        } else if first.len() >= LEAST_WHOLE {
            digits.extend(["|", first, "|"]);
        } else if number.certain || first.len() == 1 {
            digits.push_str(first);
        }
        told(from..digits.len(), number);
    }
    digits
}

/// The last characters of a text.
fn last(text: &str, most: usize) -> &str {
    let at = text.char_indices().rev().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    &text[at..]
}

/// What both speakers said.
pub(super) struct Spoken {
    pub(super) citizen: Voice,
    pub(super) operator: Voice,
    /// Where each reading is: the speaker's numbers, counted on from the citizen's.
    by_reading: HashMap<String, Vec<usize>>,
    /// The readings with many digits.
    strings: Vec<String>,
    /// Those that were taken back, with those in place of them.
    withdrawn: HashMap<String, String>,
}

impl Spoken {
    pub(super) fn new(transcript: &Transcript, ear: &impl Ear) -> Self {
        let voice = |speaker| Voice::new(transcript, speaker, ear);
        let (citizen, operator) = (voice(Speaker::Citizen), voice(Speaker::Operator));
        let mut by_reading: HashMap<String, Vec<usize>> = HashMap::new();
        let mut strings = Vec::new();
        for (index, number) in citizen.numbers.iter().chain(&operator.numbers).enumerate() {
            for reading in &number.readings {
                by_reading.entry(reading.clone()).or_default().push(index);
                if reading.len() >= 7 && number.unit.is_none() {
                    strings.push(reading.clone());
                }
            }
        }
        let Corrected { withdrawn, composed } = Corrected::new(transcript, &citizen, &operator);
        strings.extend(composed);
        Self { citizen, operator, by_reading, strings, withdrawn }
    }

    /// All numbers, with who said them.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (&Voice, &Number)> {
        let of = |voice| move |number| (voice, number);
        let citizen = self.citizen.numbers.iter().map(of(&self.citizen));
        citizen.chain(self.operator.numbers.iter().map(of(&self.operator)))
    }

    /// The words of both speakers.
    pub(super) fn texts(&self) -> [&str; 2] {
        [&self.citizen.text, &self.operator.text]
    }

    /// Whether a time after noon was named.
    pub(super) fn names_evening(&self) -> bool {
        self.texts().iter().any(|text| text.contains(['晚', '夜']) || text.contains("下午"))
    }

    /// The numbers that may mean the same value, with who said them.
    pub(super) fn like<'a>(
        &'a self,
        readings: &[String],
    ) -> impl Iterator<Item = (&'a Voice, &'a Number)> {
        let indices = readings.iter().filter_map(|reading| self.by_reading.get(reading)).flatten();
        let citizen = self.citizen.numbers.len();
        indices.filter_map(move |index| match index.checked_sub(citizen) {
            None => Some((&self.citizen, self.citizen.numbers.get(*index)?)),
            Some(index) => Some((&self.operator, self.operator.numbers.get(index)?)),
        })
    }

    /// What was said in place of a number that was taken back.
    pub(super) fn in_place_of(&self, digits: &str) -> Option<&str> {
        self.withdrawn.get(digits).map(String::as_str)
    }

    /// Whether a number of many digits was said: in turns, with or without area code, or masked. An
    /// area code that stands nowhere with the number must have been said by itself.
    pub(super) fn has_string(&self, digits: &str) -> bool {
        let is_known = |said: &String| same_string(said, digits) && self.has_code(digits, said);
        let mut voices = [&self.citizen, &self.operator].into_iter();
        (digits.len() >= 7 && self.strings.iter().any(is_known))
            || (digits.len() >= LEAST_IN_GROUPS
                && voices.any(|voice| voice.digits.contains(digits)))
    }

    /// Whether what a number has in front of what was said was said, too.
    fn has_code(&self, digits: &str, said: &str) -> bool {
        let code = digits.strip_suffix(said).unwrap_or("");
        code.is_empty() || code == "86" || self.by_reading.contains_key(code)
    }
}

/// Whether two numbers of many digits are one: with and without area code or country code, with the
/// middle of one masked.
pub(super) fn same_string(one: &str, other: &str) -> bool {
    let fits = |mask: &str, digits: &str| {
        mask.split_once('*').is_some_and(|(prefix, suffix)| {
            digits.len() > prefix.len() + suffix.len()
                && digits.starts_with(prefix)
                && digits.ends_with(suffix)
        })
    };
    let with_code = |long: &str, short: &str| {
        let code = long.strip_suffix(short).unwrap_or("");
        let is_area = code.starts_with('0') && (3..=4).contains(&code.len());
        (is_area && (7..=8).contains(&short.len())) || (code == "86" && short.len() == 11)
    };
    one == other
        || fits(one, other)
        || fits(other, one)
        || with_code(one, other)
        || with_code(other, one)
}
