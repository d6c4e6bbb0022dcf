//! The characters of a text, full-width forms folded, and which of them write numbers.

use std::ops::Range;

use super::{idiom, join::SAID_BETWEEN};

/// The most numerals that write one number after the other with nothing but pauses between them. More
/// are no speech, and would be looked at again from each of them.
const MOST_IN_A_ROW: usize = 100;

/// A text by characters.
pub(super) struct Text {
    /// The characters, full-width digits, letters and signs as half-width ones.
    pub(super) chars: Vec<char>,
    /// Where each character starts in bytes, and the length at the end.
    offsets: Vec<usize>,
    /// Characters that write no number here although they could.
    masked: Vec<bool>,
}

impl Text {
    /// The text, with the numerals of common words and of endless rows masked.
    pub(super) fn new(text: &str) -> Self {
        let count = text.chars().count();
        let (mut original, mut offsets) =
            (Vec::with_capacity(count), Vec::with_capacity(count + 1));
        for (at, c) in text.char_indices() {
            original.push(c);
            offsets.push(at);
        }
        offsets.push(text.len());
        let full = |at: Option<usize>| {
            at.and_then(|at| original.get(at)).is_some_and(|c| matches!(c, '０'..='９'))
        };
        let fold_at = |(at, c): (usize, &char)| match c {
            '，' if full(at.checked_sub(1)) && full(Some(at + 1)) => ',',
            _ => fold(*c),
        };
        let chars: Vec<char> = original.iter().enumerate().map(fold_at).collect();
        let mut text = Self { masked: vec![false; chars.len()], chars, offsets };
        idiom::mask(&mut text);
        text.mask_endless();
        text
    }

    fn mask_endless(&mut self) {
        let mut row = 0..0;
        let mut numerals = 0;
        for at in 0..=self.len() {
            let character = self.get(at);
            if character.is_some_and(is_numeral) {
                numerals += 1;
                row.end = at + 1;
            } else if character.is_none_or(|c| !SAID_BETWEEN.contains(c)) {
                if numerals > MOST_IN_A_ROW {
                    self.mask(row);
                }
                row = at + 1..at + 1;
                numerals = 0;
            }
        }
    }

    /// The number of characters.
    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at a place.
    pub(super) fn get(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied()
    }

    /// The character in front of a place.
    pub(super) fn previous(&self, at: usize) -> Option<char> {
        self.get(at.checked_sub(1)?)
    }

    /// Whether a word stands at a place.
    pub(super) fn is_at(&self, at: usize, word: &str) -> bool {
        let mut rest = self.chars.get(at..).unwrap_or_default().iter();
        word.chars().all(|c| rest.next() == Some(&c))
    }

    /// Whether a word ends at a place.
    pub(super) fn ends_at(&self, at: usize, word: &str) -> bool {
        let mut before = self.chars.get(..at).unwrap_or_default().iter().rev();
        word.chars().rev().all(|c| before.next() == Some(&c))
    }

    /// The first of some words that stands at a place, with its length in characters.
    pub(super) fn word_at(&self, at: usize, words: &[&str]) -> Option<usize> {
        words.iter().find(|word| self.is_at(at, word)).map(|word| word.chars().count())
    }

    /// The first of some words that ends at a place, with its length in characters.
    pub(super) fn word_before(&self, at: usize, words: &[&str]) -> Option<usize> {
        words.iter().find(|word| self.ends_at(at, word)).map(|word| word.chars().count())
    }

    /// The clause in front of a place, at most `most` characters of it.
    pub(super) fn clause_before(&self, at: usize, most: usize) -> String {
        let window = &self.chars[at.saturating_sub(most)..at];
        let start = window.iter().rposition(|c| is_stop(*c)).map_or(0, |stop| stop + 1);
        window[start..].iter().collect()
    }

    /// Says that characters write no number.
    pub(super) fn mask(&mut self, range: Range<usize>) {
        self.masked[range].fill(true);
    }

    /// The digit at a place.
    pub(super) fn digit(&self, at: usize) -> Option<u8> {
        let c = self.get(at).filter(|_| !self.masked[at])?;
        let by_neighbours = matches!(
            c,
            '壹' | '贰' | '叁' | '肆' | '伍' | '陆' | '柒' | '捌' | '玖' | '洞' | '拐' | '勾'
        );
        if by_neighbours && !self.has_numeral_beside(at, c) {
            return None;
        }
        digit(c)
    }

    /// The power of ten at a place: 4 for 万.
    pub(super) fn magnitude(&self, at: usize) -> Option<u32> {
        let c = self.get(at).filter(|_| !self.masked[at])?;
        if matches!(c, '拾' | '佰' | '仟') && !self.has_numeral_beside(at, c) {
            return None;
        }
        magnitude(c)
    }

    /// Whether a number may begin or go on at a place.
    pub(super) fn is_numeral(&self, at: usize) -> bool {
        self.digit(at).is_some() || self.magnitude(at).is_some()
    }

    /// Characters of bank slips and radio digits are common in names and words; they need company.
    fn has_numeral_beside(&self, at: usize, c: char) -> bool {
        let before = self.previous(at).is_some_and(is_numeral);
        let behind = self.get(at + 1).is_some_and(is_numeral);
        if matches!(c, '洞' | '拐' | '勾') { before && behind } else { before || behind }
    }

    /// Where a range of characters lies in bytes.
    pub(super) fn bytes(&self, from: usize, to: usize) -> Range<usize> {
        self.offsets[from]..self.offsets[to]
    }
}

/// Half-width forms of what numbers are written with.
fn fold(c: char) -> char {
    match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '％' | '．' | '＊' | '＋' => {
            char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
        }
        '－' | '—' | '–' | '−' | '‐' | '‑' | '―' => '-',
        '～' | '∼' | '〜' => '~',
        '\u{3000}' | '\u{a0}' => ' ',
        _ => c,
    }
}

/// Whether a character ends a clause.
pub(super) fn is_stop(c: char) -> bool {
    "，。？！；：、,?!;:…\n“”\"".contains(c)
}

/// Whether a character may write a number.
pub(super) fn is_numeral(c: char) -> bool {
    digit(c).is_some() || magnitude(c).is_some()
}

fn digit(c: char) -> Option<u8> {
    Some(match c {
        '0'..='9' => u8::try_from(u32::from(c) - u32::from('0')).unwrap_or(0),
        '零' | '〇' | '洞' => 0,
        '一' | '幺' | '壹' => 1,
        '二' | '两' | '贰' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' | '拐' => 7,
        '八' | '捌' => 8,
        '九' | '玖' | '勾' => 9,
        _ => return None,
    })
}

fn magnitude(c: char) -> Option<u32> {
    Some(match c {
        '十' | '拾' => 1,
        '百' | '佰' => 2,
        '千' | '仟' => 3,
        '万' | '萬' => 4,
        '亿' | '億' => 8,
        _ => return None,
    })
}
