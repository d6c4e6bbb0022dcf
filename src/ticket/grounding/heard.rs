//! What a call sounds like: names are looked up by sound, as speech recognition writes 冯岭 for 冯瓴.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::Ear;
use crate::{ticket::Transcript, words::is_letter};

/// Stands between two turns.
const BREAK: char = '\n';

/// The characters of a call without punctuation.
pub(super) struct Heard<'a, E> {
    chars: Vec<char>,
    /// Each character with a place of it, in order.
    places: Vec<(char, usize)>,
    ear: &'a E,
    /// The places of what sounds like a character, as far as it was asked for.
    sounding: RefCell<HashMap<char, Rc<[usize]>>>,
}

impl<'a, E: Ear> Heard<'a, E> {
    /// All turns.
    pub(super) fn new(transcript: &Transcript, ear: &'a E) -> Self {
        let none =
            Self { chars: vec![BREAK], places: Vec::new(), ear, sounding: RefCell::default() };
        none.and(transcript.turns.iter().map(|turn| turn.words.as_str()))
    }

    /// The same and a zone, whose names may be corrected.
    pub(super) fn with(&self, zone: &str) -> Self {
        let (chars, places) = (self.chars.clone(), self.places.clone());
        Self { chars, places, ear: self.ear, sounding: RefCell::default() }.and([zone])
    }

    fn and<'b>(mut self, turns: impl IntoIterator<Item = &'b str>) -> Self {
        let from = self.chars.len();
        for words in turns {
            self.chars.extend(words.chars().filter(is_letter));
            self.chars.push(BREAK);
        }
        self.places.extend(self.chars.iter().copied().zip(0..).skip(from));
        self.places.sort();
        self
    }

    /// Where a character was said, each time with it.
    fn exactly(&self, c: char) -> &[(char, usize)] {
        let from = self.places.partition_point(|(other, _)| *other < c);
        let length = self.places[from..].partition_point(|(other, _)| *other == c);
        &self.places[from..from + length]
    }

    fn same(&self, one: char, other: char) -> bool {
        one == other || (other != BREAK && self.ear.same_sound(one, other))
    }

    /// Where something sounds like a character.
    fn places_of(&self, c: char) -> Rc<[usize]> {
        if let Some(known) = self.sounding.borrow().get(&c) {
            return Rc::clone(known);
        }
        let each = self.places.chunk_by(|(one, _), (other, _)| one == other);
        let alike = each.filter(|places| self.same(c, places[0].0));
        let mut found: Vec<usize> = alike.flatten().map(|(_, at)| *at).collect();
        found.sort_unstable();
        let found: Rc<[usize]> = found.into();
        self.sounding.borrow_mut().insert(c, Rc::clone(&found));
        found
    }

    /// Whether a name was said.
    pub(super) fn has(&self, name: &[char]) -> bool {
        let Some(first) = name.first() else { return true };
        self.places_of(*first).iter().any(|at| self.is_at(*at, name))
    }

    /// Where a word was said in these very characters.
    pub(super) fn places_exactly<'b>(&'b self, word: &'b str) -> impl Iterator<Item = usize> + 'b {
        let first = word.chars().next().map_or(&[][..], |first| self.exactly(first));
        let is_here = |at: &usize| {
            word.chars().eq(self.chars[*at..].iter().copied().take(word.chars().count()))
        };
        first.iter().map(|(_, at)| *at).filter(is_here)
    }

    /// Whether a name was said in these very characters.
    pub(super) fn has_exactly(&self, name: &[char]) -> bool {
        let first = name.first().map_or(&[][..], |first| self.exactly(*first));
        first.iter().any(|(_, at)| self.chars[*at..].starts_with(name))
    }

    /// Whether one of some characters was said at a place or a few behind it, in the same turn.
    pub(super) fn has_near(&self, at: usize, reach: usize, marks: &str) -> bool {
        let near = self.chars[at..].iter().take(reach + 1).take_while(|c| **c != BREAK);
        near.copied().any(|c| marks.contains(c))
    }

    /// What was said right in front of a place, the last character first, in the same turn.
    pub(super) fn before(&self, at: usize) -> impl Iterator<Item = char> + '_ {
        self.chars[..at].iter().rev().copied().take_while(|c| *c != BREAK)
    }

    /// Where a name was said.
    pub(super) fn places_alike(&self, name: &[char]) -> Vec<usize> {
        let Some(first) = name.first() else { return Vec::new() };
        self.places_of(*first).iter().copied().filter(|at| self.is_at(*at, name)).collect()
    }

    /// Whether a surname was said: right behind or in front of certain words, or at the start of a
    /// turn. What sounds alike there may be another word, unless the turn is an answer.
    pub(super) fn has_beside(
        &self,
        name: char,
        before: &[&str],
        may_be: &[&str],
        behind: &[&str],
    ) -> bool {
        self.places_of(name).iter().any(|&at| {
            let ends = |word: &&str| {
                let length = word.chars().count();
                at >= length && self.chars[at - length..at].iter().copied().eq(word.chars())
            };
            let starts = |word: &&str| {
                word.chars()
                    .enumerate()
                    .all(|(index, c)| self.chars.get(at + 1 + index) == Some(&c))
            };
            let is_answer = || self.chars[at..].iter().take(ANSWER + 1).any(|c| *c == BREAK);
            let is_same = self.chars[at] == name;
            before.iter().any(ends)
                || behind.iter().any(starts)
                || (is_same && may_be.iter().any(ends))
                || (self.chars[at - 1] == BREAK && (is_same || is_answer()))
        })
    }

    fn is_at(&self, at: usize, name: &[char]) -> bool {
        self.chars
            .get(at..at + name.len())
            .is_some_and(|said| name.iter().zip(said).all(|(one, other)| self.same(*one, *other)))
    }

    /// Where a short form of a name was said, or a long one: 住建局 for 住房和城乡建设局. Both begin
    /// and end alike, and the characters of the shorter are all in the longer, in their order.
    pub(super) fn places_of_form(&self, name: &[char]) -> Vec<usize> {
        let (Some(first), Some(last)) = (name.first(), name.last()) else { return Vec::new() };
        let begins = |(_, end): &(char, usize)| {
            let from = end.saturating_sub(MOST_FORM.max(name.len()));
            let mut span = (from..(end + 1).saturating_sub(LEAST_FORM - 1)).rev();
            let end = *end;
            span.find(|at| {
                let said = &self.chars[*at..=end];
                said[0] == *first
                    && !said.contains(&BREAK)
                    && name.len() >= LEAST_FORM
                    && (is_within(said, name) || is_within(name, said))
            })
        };
        self.exactly(*last).iter().filter_map(begins).collect()
    }
}

/// The most characters of a turn that answers with a name.
const ANSWER: usize = 3;

/// The fewest characters of a short form, and the most of a long one.
const LEAST_FORM: usize = 3;
const MOST_FORM: usize = 12;

/// Whether all characters of one name are in another one, in their order.
fn is_within(short: &[char], long: &[char]) -> bool {
    let mut long = long.iter();
    short.iter().all(|c| long.any(|other| other == c))
}
