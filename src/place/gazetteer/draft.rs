//! The list before it is put in order.

use std::ops::Range;

use super::{
    super::{
        characters::{Characters, Id, byte, signed, varint},
        name::{self, Level},
    },
    Alias, Gazetteer, Index, Unit, hash,
};

/// Units and other names as they are read.
#[derive(Default)]
pub(super) struct Draft {
    letters: Vec<Id>,
    units: Vec<(Level, u32, (u32, u8))>,
    aliases: Vec<Alias>,
}

impl Draft {
    /// Reads the list that `data/place/build.py` writes.
    pub(super) fn read(mut bytes: &[u8]) -> Self {
        let bytes = &mut bytes;
        let mut draft = Self::default();
        let mut last = [0_i64; 5];
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
            draft.units.push((level, u32::try_from(code).unwrap_or(0), name));
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

    /// Finds parents and ends, and sorts what is looked up.
    pub(super) fn assemble(self, characters: Characters) -> Gazetteer {
        let Self { letters, units: drafted, mut aliases } = self;
        let slice = |(start, length): (u32, u8)| {
            &letters[start as usize..start as usize + usize::from(length)]
        };
        let mut units: Vec<Unit> = Vec::with_capacity(drafted.len());
        let mut open: Vec<Index> = Vec::new();
        for (level, code, name) in drafted {
            let at = units.len() as Index;
            let fits = |above: &Unit| above.level < level && begins(above, code);
            while let Some(last) = open.last().filter(|last| !fits(&units[**last as usize])) {
                units[*last as usize].end = at;
                open.pop();
            }
            let spelled: Vec<char> = slice(name).iter().map(|id| characters.letter(*id)).collect();
            let parent = open.last().copied().unwrap_or(at);
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
            all().map(|(at, u)| (hash(slice(u.name)), at)).collect();
        by_name.extend(aliases.iter().map(|alias| (hash(slice(alias.name)), alias.unit)));
        let stem = |unit: &Unit| hash(&slice(unit.name)[..usize::from(unit.stem)]);
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
        }
    }
}

/// Whether a unit's code is the beginning of another one.
fn begins(above: &Unit, code: u32) -> bool {
    let six = if code > 999_999 { code / 1000 } else { code };
    match above.level {
        Level::Province => above.code / 10_000 == six / 10_000,
        Level::City => above.code / 100 == six / 100,
        Level::County | Level::Town => above.code == six,
    }
}
