//! The list before it is put in order.

use std::ops::Range;

use super::{
    super::{
        characters::{Characters, Id, byte, signed, varint},
        former::Former,
        name::{self, Level},
        villages::Villages,
    },
    Alias, Gazetteer, Index, Unit, hash,
};

/// Units in preorder, and other names.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) letters: Vec<Id>,
    pub(super) units: Vec<Drafted>,
    pub(super) aliases: Vec<Alias>,
}

/// A unit whose end and name proper are not known yet.
pub(super) struct Drafted {
    pub(super) level: Level,
    pub(super) code: Option<u32>,
    /// The unit above, which stands before it; none above a province.
    pub(super) above: Option<Index>,
    pub(super) name: (u32, u8),
}

impl Draft {
    /// Reads the list that `data/place/build.py` writes.
    pub(super) fn read(mut bytes: &[u8]) -> Self {
        let bytes = &mut bytes;
        let mut draft = Self::default();
        let mut last = [0_i64; 5];
        let mut open: Vec<(Index, Level, u32)> = Vec::new();
        for _ in 0..varint(bytes) {
            let packed = byte(bytes);
            let level = usize::from(packed >> 5);
            let mut base = last[level];
            if level == 4 && base / 1000 != last[0] {
                base = last[0] * 1000;
            }
            let code = base + signed(bytes);
            last[level] = code;
            if level < 4 {
                last[0] = code;
            }
            let level = match level {
                1 => Level::Province,
                2 => Level::City,
                3 => Level::County,
                _ => Level::Town,
            };
            let name = draft.name(bytes, packed & 31);
            let code = u32::try_from(code).unwrap_or(0);
            while open
                .pop_if(|(_, above, begin)| *above >= level || !begins(*above, *begin, code))
                .is_some()
            {}
            let above = open.last().map(|(above, ..)| *above);
            open.push((draft.units.len() as Index, level, code));
            draft.units.push(Drafted { level, code: Some(code), above, name });
        }
        let mut unit = 0;
        for _ in 0..varint(bytes) {
            unit += varint(bytes);
            let length = byte(bytes);
            let name = draft.name(bytes, length);
            draft.aliases.push(Alias { unit, name });
        }
        draft
    }

    fn name(&mut self, bytes: &mut &[u8], length: u8) -> (u32, u8) {
        let start = self.letters.len() as u32;
        self.letters.extend((0..length).map(|_| varint(bytes) as Id));
        (start, length)
    }

    /// Finds where units end, and sorts what is looked up.
    pub(super) fn assemble(self, characters: Characters) -> Gazetteer {
        let Self { letters, units: drafted, mut aliases } = self;
        let slice = |(start, length): (u32, u8)| {
            &letters[start as usize..start as usize + usize::from(length)]
        };
        let mut units: Vec<Unit> = Vec::with_capacity(drafted.len());
        let mut open: Vec<Index> = Vec::new();
        for Drafted { level, code, above, name } in drafted {
            let at = units.len() as Index;
            while let Some(last) = open.pop_if(|last| Some(*last) != above) {
                units[last as usize].end = at;
            }
            let spelled: Vec<char> = slice(name).iter().map(|id| characters.letter(*id)).collect();
            let parent = above.unwrap_or(at);
            let stem = name::stem(&spelled) as u8;
            units.push(Unit { level, code, parent, end: at, name, stem });
            open.push(at);
        }
        let count = units.len() as Index;
        for last in open {
            units[last as usize].end = count;
        }
        let all = || (0..count).zip(&units);
        let first = |unit: &Unit| slice(unit.name).first().copied().unwrap_or(0);
        let firsts: Vec<Id> = units.iter().map(first).collect();
        let above = |level: Level, range: Range<Index>| {
            let range = range.filter(|unit| units[*unit as usize].level < level);
            range.map(|unit| (unit, firsts[unit as usize])).collect::<Vec<_>>()
        };
        let tops = above(Level::County, 0..count);
        let provinces = all().filter(|(_, unit)| unit.level == Level::Province);
        let seats = provinces.map(|(at, unit)| (at, above(Level::Town, at + 1..unit.end)));
        let seats = seats.collect();
        let mut by_name: Vec<(u32, Index)> =
            all().map(|(at, u)| (hash(slice(u.name).iter().copied()), at)).collect();
        by_name.extend(
            aliases.iter().map(|alias| (hash(slice(alias.name).iter().copied()), alias.unit)),
        );
        let stem = |unit: &Unit| hash(slice(unit.name)[..usize::from(unit.stem)].iter().copied());
        let mut by_stem: Vec<(u32, Index)> = all().map(|(at, unit)| (stem(unit), at)).collect();
        let long = units.iter().filter(|unit| unit.stem > 1);
        let mut beginnings: Vec<[Id; 2]> = long
            .map(|unit| {
                let name = slice(unit.name);
                [name[0], name[1]]
            })
            .collect();
        beginnings.sort_unstable();
        let beginnings: Vec<[Id; 2]> = beginnings
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() > 2)
            .map(|s| s[0])
            .collect();
        by_name.sort_unstable();
        by_stem.sort_unstable();
        aliases.sort_by_key(|alias| alias.unit);
        Gazetteer {
            characters,
            units,
            firsts,
            letters,
            aliases,
            tops,
            seats,
            by_name,
            by_stem,
            beginnings,
            only_city: None,
            former: Former::embedded(),
            villages: Villages::default(),
        }
    }
}

/// Whether the code of a unit of a level is the beginning of another one.
pub(in crate::place) fn begins(level: Level, above: u32, code: u32) -> bool {
    let six = if code > 999_999 { code / 1000 } else { code };
    match level {
        Level::Province => above / 10_000 == six / 10_000,
        Level::City => above / 100 == six / 100,
        Level::County | Level::Town => above == six,
    }
}
