//! Names with numerals in them, which count nothing: 三十铺镇, 七里河, 八一街道.

use std::{collections::BTreeMap, ops::Range};

use super::{correct::Corrector, gazetteer::Gazetteer};
use crate::words::Letters;

/// Characters that write numbers.
const NUMERALS: &str = "一二三四五六七八九十百千万两";

/// What is counted: 三间房 may be three rooms, and is a name only as 三间房乡.
const COUNTED: &str = "间家座棵户条个门面元层只头口道所";

/// What makes a quantity of numerals that stand in front of it alone: 三十号.
const UNITS: &str = "号里户人年月日天步";

/// The fewest characters of a name proper that is one without its rank: 七里河, but not 五里.
const LEAST_STEM: usize = 3;

/// The names of a gazetteer that have numerals, by their first two characters.
#[derive(Default)]
pub(super) struct Numbered {
    names: Vec<([char; 2], Vec<Vec<char>>)>,
    /// What they begin with.
    firsts: Letters,
}

impl Numbered {
    pub(super) fn new(gazetteer: &Gazetteer) -> Self {
        let mut found: BTreeMap<[char; 2], Vec<Vec<char>>> = BTreeMap::new();
        let mut add = |name: &[char]| {
            let is_numeral = |c: &char| NUMERALS.contains(*c);
            if let [first, second, _, ..] = *name
                && name.iter().any(is_numeral)
                && !name.iter().all(is_numeral)
            {
                found.entry([first, second]).or_default().push(name.to_vec());
            }
        };
        for unit in (0..).take(gazetteer.len()) {
            let name: Vec<char> = gazetteer.text(unit).chars().collect();
            let stem = &name[..gazetteer.stem(unit).min(name.len())];
            if stem.len() >= LEAST_STEM && !is_counted(stem) {
                add(stem);
            }
            add(&name);
        }
        for names in found.values_mut() {
            names.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
            names.dedup();
        }
        let firsts = Letters::of(found.keys().map(|[first, _]| *first));
        Self { names: found.into_iter().collect(), firsts }
    }

    /// The longest name that a text begins with.
    fn at(&self, chars: &[char]) -> Option<usize> {
        let first = chars.first().filter(|first| self.firsts.has(**first))?;
        let key = [*first, *chars.get(1)?];
        let at = self.names.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        let name = self.names[at].1.iter().find(|name| chars.starts_with(name))?;
        Some(name.len())
    }
}

/// Whether a numeral of a name may count what follows it.
fn is_counted(name: &[char]) -> bool {
    let is_numeral = |c: char| NUMERALS.contains(c);
    let rest = name.iter().position(|c| !is_numeral(*c)).map_or(&[][..], |at| &name[at..]);
    matches!(rest, [last] if UNITS.contains(*last))
        || name.windows(2).any(|pair| is_numeral(pair[0]) && COUNTED.contains(pair[1]))
}

impl Corrector {
    /// Where a text has listed names with numerals in them, in bytes. A name that a numeral stands
    /// in front of is none: 二十三元.
    pub fn numbered(&self, text: &str) -> Vec<Range<usize>> {
        let chars: Vec<char> = text.chars().collect();
        let mut found = Vec::new();
        let (mut at, mut from) = (0, 0);
        while at < chars.len() {
            let goes_on =
                || at > 0 && NUMERALS.contains(chars[at - 1]) && NUMERALS.contains(chars[at]);
            let length = self.numbered.at(&chars[at..]).filter(|_| !goes_on());
            let to = from
                + chars[at..at + length.unwrap_or(1)].iter().map(|c| c.len_utf8()).sum::<usize>();
            found.extend(length.map(|_| from..to));
            (at, from) = (at + length.unwrap_or(1), to);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_names_with_numerals_are_found_and_quantities_are_not() {
        let corrector = Corrector::new(Gazetteer::embedded());
        let names = |text: &str| -> Vec<String> {
            corrector.numbered(text).into_iter().map(|range| text[range].to_owned()).collect()
        };
        assert_eq!(names("那个三十铺镇，兰州七里河那边"), ["三十铺镇", "七里河"]);
        assert_eq!(names("合肥市五里墩街道"), ["五里墩街道"]);
        assert_eq!(names("三十号截止，走了七里路，租了三间房，二十三元，幺三八一二三四"), [""; 0]);
    }
}
