//! Cities and counties that are no more. Their names live on in addresses and are right as they are,
//! though no unit bears them: 杭州市下城区 is not 上城区 misheard.

use super::{gazetteer::hash, name};

/// The hashes of their names, with and without rank, and the first two digits of their codes.
pub(super) struct Former(Vec<(u32, u32)>);

impl Former {
    /// The list that `data/place/build.py` writes.
    pub(super) fn embedded() -> Self {
        let mut former = Vec::new();
        for line in include_str!("../../data/place/former.tsv").lines() {
            let Some((code, name)) = line.split_once('\t') else { continue };
            let province = code.parse::<u32>().unwrap_or_default() / 10_000;
            let letters: Vec<char> = name.chars().collect();
            let stem = &letters[..name::stem(&letters)];
            former.push((hash(letters.iter().copied()), province));
            if stem.len() > 1 {
                former.push((hash(stem.iter().copied()), province));
            }
        }
        former.sort_unstable();
        Self(former)
    }

    /// Whether a unit bore a name, in a province, which is the first two digits of its code, or in any.
    pub(super) fn bore(&self, name: impl Iterator<Item = char>, province: Option<u32>) -> bool {
        let name = hash(name);
        match province {
            Some(province) => self.0.binary_search(&(name, province)).is_ok(),
            None => self.0.binary_search_by_key(&name, |(other, _)| *other).is_ok(),
        }
    }
}
