//! Whether a text was said: by its sounds, since speech recognition writes a name in several ways.

use super::{
    characters::Id,
    correct::Corrector,
    zone::{Numerals, written_out},
};
use crate::words::is_letter;

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

    /// Listens to what was said, turn by turn.
    pub fn listen<'a>(&'a self, turns: impl Iterator<Item = &'a str> + Clone) -> Said<'a> {
        let characters = &self.gazetteer.characters;
        let written: Vec<String> = turns.clone().flat_map(written).take(MOST_WRITTEN).collect();
        let mut heard = vec![BREAK];
        let mut hear = |turn: &str| {
            heard.extend(turn.chars().filter(is_letter));
            heard.push(BREAK);
        };
        turns.for_each(&mut hear);
        written.iter().for_each(|turn| hear(turn));
        let mut letters = heard.clone();
        letters.sort_unstable();
        letters.dedup();
        let number = |letter: &char| letters.binary_search(letter).unwrap_or_default();
        let places = heard.iter().map(number).collect();
        let letters = letters.into_iter().map(|letter| (letter, characters.find(letter))).collect();
        Said { corrector: self, heard, letters, places }
    }
}

/// What was said, to be asked for names.
pub struct Said<'a> {
    corrector: &'a Corrector,
    /// The letters, with a break in front of each turn and behind the last one.
    heard: Vec<char>,
    /// Each of them once, with its number among the characters of names.
    letters: Vec<(char, Id)>,
    /// Which one of these stands at each place.
    places: Vec<usize>,
}

/// Stands between two turns.
const BREAK: char = '\n';

impl Said<'_> {
    /// The parts of a text that nobody said: runs of two characters or more that sound like nothing that was
    /// heard. Digits and signs are not looked at, and ranks may be added to names. What joins the
    /// roads of a crossing (与) and calls it one (交叉口) is no part of their names.
    pub fn lacks(&self, text: &str) -> Vec<String> {
        roads(text).into_iter().flat_map(|road| self.lacks_of(road)).collect()
    }

    fn lacks_of(&self, text: &str) -> Vec<String> {
        let letters: Vec<char> = text.chars().filter(is_letter).collect();
        let mut said: Vec<bool> = letters.iter().map(char::is_ascii_alphanumeric).collect();
        self.find_literally(&letters, &mut said);
        add_ranks(&letters, &mut said);
        if said.contains(&false) {
            self.find_by_sound(&letters, &mut said);
            add_ranks(&letters, &mut said);
        }
        let places: Vec<usize> = (0..letters.len()).collect();
        let runs = places.chunk_by(|one, other| said[*one] == said[*other]);
        let text = |run: &[usize]| {
            let other = || self.is_other(&letters, run[0]);
            match run.len() {
                LEAST_RUN.. => Some(letters[run[0]..run[0] + run.len()].iter().collect()),
                _ if !RANKS.contains(letters[run[0]]) && other() => Some(name(&letters[run[0]..])),
                _ => None,
            }
        };
        runs.filter(|run| !said[run[0]]).filter_map(text).collect()
    }

    /// Marks what was said letter by letter, as most is.
    fn find_literally(&self, letters: &[char], said: &mut [bool]) {
        for (at, run) in letters.windows(LEAST_RUN).enumerate() {
            if self.heard.windows(LEAST_RUN).any(|heard| heard == run) {
                said[at..at + LEAST_RUN].fill(true);
            }
        }
    }

    /// Marks what sounds like something that was said.
    fn find_by_sound(&self, letters: &[char], said: &mut [bool]) {
        let characters = &self.corrector.gazetteer.characters;
        // How long a row of characters ends at each place of what was said, for the character before: of
        // those that sound the same, and of alike ones.
        let mut rows = vec![[0_usize; 2]; self.places.len()];
        let mut costs = vec![u8::MAX; self.letters.len()];
        for (at, letter) in letters.iter().enumerate() {
            let ear = characters.ear(characters.find(*letter));
            for (cost, (other, id)) in costs.iter_mut().zip(&self.letters) {
                *cost = match *id {
                    _ if other == letter => 0,
                    0 => u8::MAX,
                    id => ear.cost(characters, id),
                };
            }
            let mut longest = [0; 2];
            // Backwards, because each row goes on from the place before. At the first one is a break.
            for place in (1..rows.len()).rev() {
                let cost = costs[self.places[place]];
                for (run, most) in [(0, SAME), (1, ALIKE)] {
                    let row = if cost <= most { rows[place - 1][run] + 1 } else { 0 };
                    rows[place][run] = row;
                    longest[run] = longest[run].max(row);
                }
            }
            for (longest, least) in longest.into_iter().zip([LEAST_RUN, LEAST_ALIKE]) {
                if longest >= least {
                    said[at + 1 - longest..=at].fill(true);
                }
            }
        }
    }

    /// Whether another character was said in the place of this one, between the same neighbours: 北 in
    /// 水韵北方 where 水韵东方 was said. At the beginning two behind it must be the same.
    fn is_other(&self, letters: &[char], at: usize) -> bool {
        let alike = |place: Option<usize>, at: Option<usize>| {
            let letter = at.and_then(|at| letters.get(at));
            let heard = place.and_then(|place| self.heard.get(place)).filter(|c| **c != BREAK);
            heard.zip(letter).is_some_and(|(other, one)| self.corrector.sounds_alike(*other, *one))
        };
        (0..self.heard.len()).any(|place| {
            let before = alike(place.checked_sub(1), at.checked_sub(1));
            let next = at == 0 && alike(Some(place + 2), Some(at + 2));
            self.heard[place] != BREAK && alike(Some(place + 1), Some(at + 1)) && (before || next)
        })
    }
}

/// Marks the ranks that may stand behind what was said.
fn add_ranks(letters: &[char], said: &mut [bool]) {
    for at in 1..letters.len() {
        said[at] |= said[at - 1] && RANKS.contains(letters[at]);
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

    fn unsaid(text: &str, words: &[&str]) -> Vec<String> {
        CORRECTOR.listen(words.iter().copied()).lacks(text)
    }

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
            assert_eq!(unsaid(text, &words), expected, "{text}");
        }
        assert_eq!(unsaid("六安市", &[]), ["六安市"]);
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
            assert_eq!(unsaid(text, &words), expected, "{text}");
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
            assert_eq!(unsaid(text, &words), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_said_letter_by_letter_is_never_told(words in "[一-龥a-z0-9，。]{2,40}") {
            prop_assert_eq!(unsaid(&words, &[&words]), Vec::<String>::new());
        }
    }
}
