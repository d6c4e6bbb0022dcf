//! Whether a text was said: by its sounds, since speech recognition writes a name in several ways.

use super::{characters::Id, correct::Corrector};

/// The most that a character may cost to count as said: what whole regions do not tell apart.
const ALIKE: u8 = 30;

/// The fewest characters in a row that show that a name was said.
const LEAST_RUN: usize = 2;

/// What may be added to a name that was said without it.
const RANKS: &str = "省市区县旗州镇乡街道村社小";

impl Corrector {
    /// Whether speech recognition may write one character for the other.
    pub fn sounds_alike(&self, one: char, other: char) -> bool {
        let characters = &self.gazetteer.characters;
        let [a, b] = [one, other].map(|letter| characters.find(letter));
        one == other || (a != 0 && b != 0 && characters.cost(a, b) <= ALIKE)
    }

    /// The parts of a text that nobody said: runs of two characters or more that sound like nothing in
    /// `words`. Digits and signs are not looked at, and ranks may be added to names.
    pub fn unsaid(&self, text: &str, words: &[&str]) -> Vec<String> {
        let characters = &self.gazetteer.characters;
        let heard: Vec<Option<(Id, char)>> = words
            .iter()
            .flat_map(|turn| turn.chars().filter(|c| c.is_alphanumeric()).map(Some).chain([None]))
            .map(|letter| letter.map(|letter| (characters.find(letter), letter)))
            .collect();
        let letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let mut said: Vec<bool> = letters.iter().map(char::is_ascii_alphanumeric).collect();
        // How long a row of characters ends at each place of what was said, for the character before.
        let mut runs = vec![0_usize; heard.len() + 1];
        for (at, letter) in letters.iter().enumerate() {
            let ear = characters.ear(characters.find(*letter));
            let mut next = vec![0; heard.len() + 1];
            for (place, other) in heard.iter().enumerate() {
                let alike = other.is_some_and(|(id, other)| {
                    other == *letter || (id != 0 && ear.cost(characters, id) <= ALIKE)
                });
                if alike {
                    next[place + 1] = runs[place] + 1;
                }
            }
            let longest = next.iter().max().copied().unwrap_or(0);
            if longest >= LEAST_RUN {
                said[at + 1 - longest..=at].fill(true);
            }
            runs = next;
        }
        for at in 1..letters.len() {
            said[at] |= said[at - 1] && RANKS.contains(letters[at]);
        }
        let unsaid = letters.iter().zip(&said);
        let unsaid: Vec<_> = unsaid.collect();
        let runs = unsaid.chunk_by(|(_, one), (_, other)| one == other);
        let runs = runs.filter(|run| !*run[0].1 && run.len() >= LEAST_RUN);
        runs.map(|run| run.iter().map(|(letter, _)| **letter).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::place::Gazetteer;

    static CORRECTOR: LazyLock<Corrector> = LazyLock::new(|| Corrector::new(Gazetteer::embedded()));

    #[test]
    fn what_sounds_like_nothing_that_was_said_is_told() {
        let words = ["喂我家在刘安市冯岭那边", "水韵东方小区一百二十一栋"];
        let table: [(&str, &[&str]); 7] = [
            ("六安市冯瓴镇水韵东方小区", &[]),
            ("六安冯瓴镇水韵东方小区121栋", &[]),
            ("六安市金安区冯瓴镇", &["金安区"]),
            ("六安市冯瓴镇绿城玫瑰园", &["绿城玫瑰园"]),
            ("水云东方", &[]),
            ("", &[]),
            ("冯瓴镇。水韵东方", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(CORRECTOR.unsaid(text, &words), expected, "{text}");
        }
        assert_eq!(CORRECTOR.unsaid("六安市", &[]), ["六安市"]);
    }

    proptest! {
        #[test]
        fn what_was_said_letter_by_letter_is_never_told(words in "[一-龥a-z0-9，。]{2,40}") {
            prop_assert_eq!(CORRECTOR.unsaid(&words, &[&words]), Vec::<String>::new());
        }
    }
}
