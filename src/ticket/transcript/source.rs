//! Where the words of a turn stood in the body, which may have had more lines, blanks and unseen signs.

use super::is_unseen;

/// A turn as it was sent.
pub(in crate::ticket) struct Source {
    /// The place of its session in the body, from 0.
    pub(in crate::ticket) session: usize,
    /// Its place in the session, from 0.
    pub(in crate::ticket) turn: usize,
    /// Its words, as they came.
    pub(in crate::ticket) words: String,
}

impl Source {
    /// For each character of the words on one line its place there, in bytes, and in the words that came, in
    /// characters.
    pub(in crate::ticket) fn places(&self) -> Vec<(usize, usize)> {
        let (mut places, mut at, mut gap) = (Vec::new(), 0, None);
        for (index, c) in self.words.chars().enumerate().filter(|(_, c)| !is_unseen(*c)) {
            if c.is_whitespace() || c.is_control() {
                gap = gap.or((at > 0).then_some(index));
                continue;
            }
            if let Some(blank) = gap.take() {
                places.push((at, blank));
                at += 1;
            }
            places.push((at, index));
            at += c.len_utf8();
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::on_one_line, *};

    proptest! {
        #[test]
        fn every_character_is_where_it_was(words in "[a字\u{1F600} \n\t\u{0}\u{200b}\u{202e}]{0,30}") {
            let line = on_one_line(&words);
            let raw: Vec<char> = words.chars().collect();
            let places = Source { session: 0, turn: 0, words }.places();
            let expected: Vec<_> = line.char_indices().map(|(at, _)| at).collect();
            prop_assert_eq!(places.iter().map(|(at, _)| *at).collect::<Vec<_>>(), expected);
            for (c, (_, index)) in line.chars().zip(&places) {
                let from = raw[*index];
                prop_assert!(from == c || (c == ' ' && (from.is_whitespace() || from.is_control())));
            }
            prop_assert!(places.is_sorted_by(|one, other| one.1 < other.1));
        }
    }
}
