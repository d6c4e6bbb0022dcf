//! The numbers that were said, by value.

use std::collections::HashMap;

use super::Ear;
use crate::ticket::{
    Speaker, Transcript,
    numerals::{self, Number},
};

/// All words of one speaker, a line a turn, with their numbers.
pub(super) struct Voice {
    pub(super) text: String,
    pub(super) numbers: Vec<Number>,
    /// The digits said one after the other, also over several turns; bars between what has a unit.
    digits: String,
}

impl Voice {
    fn new(text: String, ear: &impl Ear) -> Self {
        let numbers = numerals::said(&text, &ear.names(&text));
        let mut digits = String::new();
        for number in &numbers {
            let first = number.readings.first().map_or("", String::as_str);
            let is_group = first.bytes().all(|byte| byte.is_ascii_digit());
            if number.unit.is_some() || !is_group {
                digits.push('|');
            } else if number.certain || first.len() == 1 {
                digits.push_str(first);
            }
        }
        Self { text, numbers, digits }
    }
}

/// What both speakers said.
pub(super) struct Spoken {
    pub(super) citizen: Voice,
    pub(super) operator: Voice,
    /// Where each reading is: the speaker's numbers, counted on from the citizen's.
    by_reading: HashMap<String, Vec<usize>>,
    /// The readings with many digits.
    strings: Vec<String>,
}

impl Spoken {
    pub(super) fn new(transcript: &Transcript, ear: &impl Ear) -> Self {
        let voice = |speaker| {
            let turns: Vec<&str> = transcript.said_by(speaker).collect();
            Voice::new(turns.join("\n"), ear)
        };
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
        Self { citizen, operator, by_reading, strings }
    }

    /// All numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &Number> {
        self.citizen.numbers.iter().chain(&self.operator.numbers)
    }

    /// The words of both speakers.
    pub(super) fn texts(&self) -> [&str; 2] {
        [&self.citizen.text, &self.operator.text]
    }

    /// Whether a time after noon was named.
    pub(super) fn names_evening(&self) -> bool {
        self.texts().iter().any(|text| text.contains(['晚', '夜']) || text.contains("下午"))
    }

    /// The numbers that may mean the same value.
    pub(super) fn like<'a>(&'a self, readings: &'a [String]) -> impl Iterator<Item = &'a Number> {
        let indices = readings.iter().filter_map(|reading| self.by_reading.get(reading)).flatten();
        let citizen = self.citizen.numbers.len();
        indices.filter_map(move |index| match index.checked_sub(citizen) {
            None => self.citizen.numbers.get(*index),
            Some(index) => self.operator.numbers.get(index),
        })
    }

    /// Whether a number of many digits was said: in turns, with or without area code, or masked.
    pub(super) fn has_string(&self, digits: &str) -> bool {
        digits.len() >= 7
            && (self.strings.iter().any(|said| same_string(said, digits))
                || [&self.citizen, &self.operator]
                    .iter()
                    .any(|voice| voice.digits.contains(digits)))
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
