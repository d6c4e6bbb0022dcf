//! Place names: which places a zone could mean, and which correction of it may be believed.
//!
//! One rule: a zone changes only by characters of a listed name, never by a name that was not said.
//!
//! [`Corrector`] knows the units of the whole country. In reading order: `gazetteer` is the list;
//! `syllable`, `sound`, `dialect` and `characters` say what a heard character may have been;
//! `zone`, `align` and `listen` find the names that may stand at a place of the text; `search`
//! walks down the levels; `decide` says what may be believed; `correct` writes it.

mod align;
mod characters;
mod correct;
mod decide;
mod dialect;
mod edit;
mod evaluate;
mod gazetteer;
mod listen;
mod lists;
mod locations;
mod name;
mod search;
mod sound;
mod step;
mod syllable;
mod zone;

pub use self::{
    correct::{Answer, Change, Corrector, Named, Outcome, Reason},
    dialect::{BadMerger, Dialect},
    edit::is_plain_correction,
    evaluate::{Case, Evaluation, Figures, Tally},
    gazetteer::Gazetteer,
    lists::{BadList, Files},
    locations::{BadLocations, Entry, Locations},
    name::Level,
};

/// The endings of administrative names, longest first; what stands before one is the name's stem.
const SUFFIXES: [&str; 9] = ["自治县", "街道", "地区", "市", "区", "县", "镇", "乡", "旗"];

/// A name's characters without its administrative ending; the whole name where nothing would remain.
fn stem(name: &[char]) -> &[char] {
    let ends_with = |suffix: &&str| {
        let suffix: Vec<char> = suffix.chars().collect();
        name.len() > suffix.len() && name.ends_with(&suffix)
    };
    let cut = SUFFIXES.iter().find(|suffix| ends_with(suffix)).map_or(0, |s| s.chars().count());
    &name[..name.len() - cut]
}

/// Whether `heard` may be `name` misheard: as long, with the same ending and at least half of the
/// stem's characters the same.
fn resembles(heard: &[char], name: &[char]) -> bool {
    let stem = stem(name).len();
    let equal = heard.iter().zip(name).take(stem).filter(|(a, b)| a == b).count();
    heard.len() == name.len() && heard[stem..] == name[stem..] && equal >= stem.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misheard_name_keeps_its_ending_and_half_of_its_stem() {
        let table = [
            ("刘安市", "六安市", true),
            ("冯岭镇", "冯瓴镇", true),
            ("茅坦厂", "毛坦厂", true),
            ("山西镇", "山七镇", true),
            ("毛坦厂镇", "三十铺镇", false),
            ("六安县", "六安市", false),
            ("安市", "六安市", false),
            ("郊区", "城区", false),
        ];
        for (heard, name, expected) in table {
            let heard: Vec<char> = heard.chars().collect();
            let name: Vec<char> = name.chars().collect();
            assert_eq!(resembles(&heard, &name), expected, "{heard:?} {name:?}");
        }
    }
}
