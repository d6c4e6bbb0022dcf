//! Whether a text was said: by its sounds, since speech recognition writes a name in several ways.

use super::{
    characters::Id,
    correct::Corrector,
    zone::{Numerals, written_out},
};

/// The most that a character may cost to count as said: what whole regions do not tell apart.
const ALIKE: u8 = 30;

/// The most that a character may cost which sounds the same, whatever its tone.
const SAME: u8 = 11;

/// The fewest characters in a row that show that a name was said: of those that sound the same, and of
/// those that are only alike, because some two of them stand in a row in any long call.
const LEAST_RUN: usize = 2;
const LEAST_ALIKE: usize = 3;

/// The most numbers in digits that are looked at as numerals of names, and how much of what is around each.
const MOST_WRITTEN: usize = 1_000;
const AROUND: usize = 8;

/// What may be added to a name that was said without it.
const RANKS: &str = "省市区县旗州镇乡街道村社小";

/// The numbers of a turn as numerals, with what is around them: speech recognition writes 30铺 for 三十铺.
fn written(turn: &str) -> impl Iterator<Item = String> {
    let runs = turn
        .match_indices(|c: char| c.is_ascii_digit())
        .filter(|(at, _)| !turn[..*at].ends_with(|c: char| c.is_ascii_digit()));
    runs.filter_map(|(start, _)| {
        let rest = turn[start..].trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &turn[start..turn.len() - rest.len()];
        let numeral = written_out(digits, Numerals::Counted)?;
        let before: Vec<char> = turn[..start].chars().rev().take(AROUND).collect();
        let after = rest.chars().take(AROUND);
        Some(before.into_iter().rev().chain(numeral.chars()).chain(after).collect())
    })
}

impl Corrector {
    /// Whether speech recognition may write one character for the other.
    pub fn sounds_alike(&self, one: char, other: char) -> bool {
        let characters = &self.gazetteer.characters;
        let [a, b] = [one, other].map(|letter| characters.find(letter));
        one == other || (a != 0 && b != 0 && characters.cost(a, b) <= ALIKE)
    }

    /// The parts of a text that nobody said: runs of two characters or more that sound like nothing in
    /// `words`. Digits and signs are not looked at, and ranks may be added to names. What joins the
    /// roads of a crossing (与) and calls it one (交叉口) is no part of their names.
    pub fn unsaid(&self, text: &str, words: &[&str]) -> Vec<String> {
        let written: Vec<String> =
            words.iter().flat_map(|turn| written(turn)).take(MOST_WRITTEN).collect();
        let words: Vec<&str> =
            words.iter().copied().chain(written.iter().map(String::as_str)).collect();
        roads(text).into_iter().flat_map(|road| self.unsaid_of(road, &words)).collect()
    }

    fn unsaid_of(&self, text: &str, words: &[&str]) -> Vec<String> {
        let characters = &self.gazetteer.characters;
        let heard: Vec<Option<(Id, char)>> = words
            .iter()
            .flat_map(|turn| turn.chars().filter(|c| c.is_alphanumeric()).map(Some).chain([None]))
            .map(|letter| letter.map(|letter| (characters.find(letter), letter)))
            .collect();
        let letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let mut said: Vec<bool> = letters.iter().map(char::is_ascii_alphanumeric).collect();
        // How long a row of characters ends at each place of what was said, for the character before: of
        // those that sound the same, and of alike ones.
        let mut runs = vec![[0_usize; 2]; heard.len() + 1];
        for (at, letter) in letters.iter().enumerate() {
            let ear = characters.ear(characters.find(*letter));
            let mut next = vec![[0; 2]; heard.len() + 1];
            for (place, other) in heard.iter().enumerate() {
                let Some((id, other)) = other else { continue };
                let cost = match *id {
                    _ if other == letter => 0,
                    0 => u8::MAX,
                    id => ear.cost(characters, id),
                };
                for (run, most) in [(0, SAME), (1, ALIKE)] {
                    if cost <= most {
                        next[place + 1][run] = runs[place][run] + 1;
                    }
                }
            }
            for (run, least) in [(0, LEAST_RUN), (1, LEAST_ALIKE)] {
                let longest = next.iter().map(|runs| runs[run]).max().unwrap_or(0);
                if longest >= least {
                    said[at + 1 - longest..=at].fill(true);
                }
            }
            runs = next;
        }
        for at in 1..letters.len() {
            said[at] |= said[at - 1] && RANKS.contains(letters[at]);
        }
        let places: Vec<usize> = (0..letters.len()).collect();
        let runs = places.chunk_by(|one, other| said[*one] == said[*other]);
        let text = |run: &[usize]| {
            let other = || self.is_other(&letters, run[0], &heard);
            match run.len() {
                LEAST_RUN.. => Some(letters[run[0]..run[0] + run.len()].iter().collect()),
                _ if !RANKS.contains(letters[run[0]]) && other() => Some(name(&letters[run[0]..])),
                _ => None,
            }
        };
        runs.filter(|run| !said[run[0]]).filter_map(text).collect()
    }

    /// Whether another character was said in the place of this one, between the same neighbours: 北 in
    /// 水韵北方 where 水韵东方 was said. At the beginning two behind it must be the same.
    fn is_other(&self, letters: &[char], at: usize, heard: &[Option<(Id, char)>]) -> bool {
        let alike = |place: Option<usize>, at: Option<usize>| {
            let letter = at.and_then(|at| letters.get(at));
            let heard = place.and_then(|place| heard.get(place)).copied().flatten();
            heard.zip(letter).is_some_and(|((_, other), letter)| self.sounds_alike(other, *letter))
        };
        (0..heard.len()).any(|place| {
            let before = alike(place.checked_sub(1), at.checked_sub(1));
            let next = at == 0 && alike(Some(place + 2), Some(at + 2));
            heard[place].is_some() && alike(Some(place + 1), Some(at + 1)) && (before || next)
        })
    }
}

/// What ends the name of a road, and what joins it to the next one.
const ROADS: [char; 8] = ['路', '街', '道', '巷', '弄', '线', '桥', '里'];
const JOINTS: [char; 6] = ['与', '和', '及', '跟', '、', '同'];

/// What a place is called where roads meet.
const CROSSINGS: [&str; 7] =
    ["十字路口", "丁字路口", "交叉路口", "交叉口", "交汇处", "交界处", "交会处"];

/// The roads of a text that names several, or the text itself.
fn roads(text: &str) -> Vec<&str> {
    let text = CROSSINGS.iter().find_map(|word| text.strip_suffix(word)).unwrap_or(text);
    let (mut roads, mut from) = (Vec::new(), 0);
    for (at, joint) in text.match_indices(JOINTS) {
        let to = at + joint.len();
        if text[from..at].ends_with(ROADS) && text[to..].contains(ROADS) {
            roads.push(&text[from..at]);
            from = to;
        }
    }
    roads.push(&text[from..]);
    roads
}

/// A name at the start of a text: to its rank, or three characters.
fn name(letters: &[char]) -> String {
    let short = &letters[..letters.len().min(4)];
    let rank = short.iter().rposition(|letter| RANKS.contains(*letter) || "路街".contains(*letter));
    letters[..rank.map_or(letters.len().min(3), |at| at + 1)].iter().collect()
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
        let table: [(&str, &[&str]); 12] = [
            ("六安市冯瓴镇水韵北方小区", &["北方小区"]),
            ("刘安县冯岭", &[]),
            ("淮安市冯瓴镇", &["淮安市"]),
            ("水韵东方小区北", &[]),
            ("水韵的东方小区", &[]),
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

    #[test]
    fn a_numeral_of_a_name_was_said_in_digits_too() {
        let words = ["电话13855551234，我在六安市30铺水韵东方小区"];
        let table: [(&str, &[&str]); 3] = [
            ("六安市金安区三十铺镇水韵东方小区", &["金安区"]),
            ("六安市三十铺镇", &[]),
            ("六安市四十铺镇", &["四十铺镇"]),
        ];
        for (text, expected) in table {
            assert_eq!(CORRECTOR.unsaid(text, &words), expected, "{text}");
        }
    }

    #[test]
    fn what_joins_two_roads_is_no_part_of_their_names() {
        let words = ["咸嘉湖路跟银盆路交叉口", "中和路", "和平路和胜利路口"];
        let table: [(&str, &[&str]); 6] = [
            ("咸嘉湖路与银盆路交叉口", &[]),
            ("和平路与胜利路交叉口", &[]),
            ("胜利路及和平路交汇处", &[]),
            ("中和路、和平路", &[]),
            ("咸嘉湖路与韶山路交叉口", &["韶山路"]),
            ("咸嘉湖路与水库", &["与水库"]),
        ];
        for (text, expected) in table {
            assert_eq!(CORRECTOR.unsaid(text, &words), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_said_letter_by_letter_is_never_told(words in "[一-龥a-z0-9，。]{2,40}") {
            prop_assert_eq!(CORRECTOR.unsaid(&words, &[&words]), Vec::<String>::new());
        }
    }
}
