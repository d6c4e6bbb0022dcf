//! Villages as evidence: a village that only one town of a county has says which town was meant.
//!
//! They are never corrected, and never what something is corrected to.

use std::ops::Range;

use super::{
    characters::Characters,
    gazetteer::{Index, hash},
    zone::{Numerals, Token, written_out},
};

/// The fewest and the most characters of a village's name proper.
const LENGTHS: Range<usize> = 2..9;

/// What ends a village's name, longest first.
const ENDINGS: [&str; 11] = [
    "社区居民委员会",
    "村民委员会",
    "居民委员会",
    "社区居委会",
    "牧民委员会",
    "村委会",
    "居委会",
    "牧委会",
    "社区",
    "嘎查",
    "村",
];

/// What a text behind a town's name says of the town.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Nothing.
    None,
    /// It names a village that of all towns of the county only this one has.
    For,
    /// It names a village that other towns of the county have, and this one has not.
    Against,
}

/// Which towns have a village, by the hash of its name proper.
#[derive(Debug, Default)]
pub(super) struct Villages(Vec<(u32, Index)>);

impl Villages {
    /// Villages whose towns' places in the list are still to be looked up.
    pub(super) fn new(mut villages: Vec<(u32, Index)>, places: &[Index]) -> Self {
        for (_, town) in &mut villages {
            *town = places[*town as usize];
        }
        villages.sort_unstable();
        villages.dedup();
        villages.shrink_to_fit();
        Self(villages)
    }

    /// Whether no village is known.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the text behind a town's name says of it; `county` are all units of its county.
    pub(super) fn evidence(
        &self,
        characters: &Characters,
        town: Index,
        county: Range<Index>,
        behind: &[Token],
    ) -> Evidence {
        let start = behind.iter().take_while(|token| token.separator).count();
        let known = behind[start..].iter().take_while(|token| token.id != 0);
        let letters: Vec<char> =
            known.take(LENGTHS.end).map(|token| characters.letter(token.id)).collect();
        let lengths = LENGTHS.start..=letters.len().min(LENGTHS.end - 1);
        for length in lengths.rev() {
            let (name, next) = letters.split_at(length);
            let after = behind.get(start + length);
            let apart = after.is_none_or(|token| token.numeral || token.separator || token.id == 0);
            if !ends(name, next.first().copied().filter(|_| !apart)) {
                continue;
            }
            let towns = self.towns(hash(name.iter().copied()), &county);
            let Some((_, first)) = towns.first() else { continue };
            return match towns.iter().any(|(_, other)| *other == town) {
                true if towns.len() == 1 && *first == town => Evidence::For,
                true => Evidence::None,
                false => Evidence::Against,
            };
        }
        Evidence::None
    }

    /// Whether a town of a county has a village of this name proper.
    pub(super) fn hold(&self, hash: u32, county: &Range<Index>) -> bool {
        !self.towns(hash, county).is_empty()
    }

    /// The towns of a county that have a village.
    fn towns(&self, hash: u32, county: &Range<Index>) -> &[(u32, Index)] {
        let from = self.0.partition_point(|village| *village < (hash, county.start));
        let rest = &self.0[from..];
        &rest[..rest.partition_point(|village| *village < (hash, county.end))]
    }
}

/// Whether a village's name may end where `next` follows: 大岭村, 大岭三组, not 大岭路. What is a
/// road's name too needs the word.
fn ends(name: &[char], next: Option<char>) -> bool {
    let road = name.last().is_some_and(|last| "路街巷道".contains(*last));
    match next {
        Some('村' | '社' | '居' | '嘎') => true,
        Some('组' | '队') | None => !road,
        Some(_) => false,
    }
}

/// The hash of a village's name proper, of 大岭 for 大岭村委会; `None` if it is too short or too
/// long for evidence.
pub(super) fn key(village: &str) -> Option<u32> {
    let said = written_out(village, Numerals::Counted);
    let mut name = said.as_deref().unwrap_or(village);
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)) {
        if shorter.chars().nth(LENGTHS.start - 1).is_none() {
            break;
        }
        name = shorter;
    }
    LENGTHS.contains(&name.chars().count()).then(|| hash(name.chars()))
}
