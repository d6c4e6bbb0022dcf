//! What a call sounds like: names are looked up by sound, as speech recognition writes 冯岭 for 冯瓴.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::Ear;
use crate::ticket::Transcript;

/// Stands between two turns.
const BREAK: char = '\n';

/// The characters of a call without punctuation.
pub(super) struct Heard<'a, E> {
    chars: Vec<char>,
    places: HashMap<char, Vec<usize>>,
    ear: &'a E,
    /// The places of what sounds like a character, as far as it was asked for.
    sounding: RefCell<HashMap<char, Rc<[usize]>>>,
}

impl<'a, E: Ear> Heard<'a, E> {
    /// All turns, and the zone, whose names may be corrected.
    pub(super) fn new(transcript: &Transcript, zone: &str, ear: &'a E) -> Self {
        let turns = transcript.turns.iter().map(|turn| turn.words.as_str());
        let mut chars = vec![BREAK];
        for words in turns.chain([zone]) {
            chars.extend(words.chars().filter(|c| c.is_alphanumeric()));
            chars.push(BREAK);
        }
        let mut places: HashMap<char, Vec<usize>> = HashMap::new();
        for (at, c) in chars.iter().enumerate() {
            places.entry(*c).or_default().push(at);
        }
        Self { chars, places, ear, sounding: RefCell::default() }
    }

    fn same(&self, one: char, other: char) -> bool {
        one == other || (other != BREAK && self.ear.same_sound(one, other))
    }

    /// Where something sounds like a character.
    fn places_of(&self, c: char) -> Rc<[usize]> {
        if let Some(known) = self.sounding.borrow().get(&c) {
            return Rc::clone(known);
        }
        let alike = self.places.iter().filter(|(other, _)| self.same(c, **other));
        let mut found: Vec<usize> = alike.flat_map(|(_, places)| places.iter().copied()).collect();
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

    /// Whether a word was said in these very characters.
    pub(super) fn has_exactly(&self, word: &str) -> bool {
        let mut chars = word.chars();
        let places = chars.next().and_then(|first| self.places.get(&first));
        let follows = |at: &usize| {
            let said = self.chars[at + 1..].iter().copied();
            chars.clone().zip(said).all(|(one, other)| one == other)
        };
        places.is_some_and(|places| places.iter().any(follows))
    }

    /// Whether a name was said, right behind or right in front of certain words, or at the start of
    /// a turn.
    pub(super) fn has_beside(&self, name: char, before: &[&str], behind: &[&str]) -> bool {
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
            self.chars[at - 1] == BREAK || before.iter().any(ends) || behind.iter().any(starts)
        })
    }

    fn is_at(&self, at: usize, name: &[char]) -> bool {
        self.chars
            .get(at..at + name.len())
            .is_some_and(|said| name.iter().zip(said).all(|(one, other)| self.same(*one, *other)))
    }

    /// Whether the characters of a name were said in their order, with others between: 住建局 for
    /// what was said as 住房和城乡建设局.
    pub(super) fn has_in_order(&self, name: &[char]) -> bool {
        let Some((first, rest)) = name.split_first() else { return true };
        let most = name.len() * 3 + 4;
        self.places_of(*first).iter().any(|&at| {
            let window = self.chars[at + 1..].iter().take(most).take_while(|c| **c != BREAK);
            let mut rest = rest.iter().peekable();
            for said in window {
                rest.next_if(|next| self.same(**next, *said));
            }
            rest.peek().is_none()
        })
    }

    /// Whether a short form of a name was said: 住建局 for 住房和城乡建设局. It ends like the name,
    /// begins like it, and its characters are all in the name, in their order.
    pub(super) fn has_short_form(&self, name: &[char]) -> bool {
        let Some((last, before)) = name.split_last() else { return true };
        self.places_of(*last).iter().any(|&at| {
            let mut left = before.len();
            let mut matched = 1;
            for said in self.chars[..at].iter().rev().take(name.len()) {
                let found = before[..left].iter().rposition(|c| self.same(*c, *said));
                let Some(index) = found else { break };
                (left, matched) = (index, matched + 1);
            }
            left <= 1 && (matched >= 3 || (matched == 2 && name.len() <= 3))
        })
    }
}
