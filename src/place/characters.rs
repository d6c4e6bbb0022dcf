//! The characters of place names: their numbers, and what it costs to hear one for another.
//!
//! A cost is 0 for the same character, around 10 for a homophone, up to 75 for a syllable that is
//! only near, and [`ALIEN`] for two characters that share neither sound nor shape.

mod reading;

use self::reading::Reading;
use super::{
    dialect::Dialect,
    sound::{UNLIKE, distances},
    syllable::Syllable,
};

/// The cost of two characters that have nothing in common.
pub(super) const ALIEN: u8 = 100;

/// A character's number; 0 is a character of no place name.
pub(super) type Id = u16;

const SAME_TONE: u8 = 8;
const OTHER_TONE: u8 = 11;

/// The most that two characters with a common reading of any rarity may cost, short of nearness.
pub(super) const HOMOPHONE: u8 = OTHER_TONE;
const NEAR: u8 = 13;

/// The least cost of characters that only look alike.
const SHAPE: u8 = 34;

/// More syllables than Mandarin has.
const MOST_SYLLABLES: usize = 512;

/// The range of the common ideographs, whose numbers are looked up directly.
const FIRST: u32 = 0x3400;
const LAST: u32 = 0x9fff;

/// A character without a reading.
const UNREAD: [Reading; 4] = [Reading::NONE; 4];

/// Numbers, readings and look-alikes of all characters that a place name may hold or be heard as.
pub(super) struct Characters {
    letters: Vec<char>,
    numbers: Vec<Id>,
    others: Vec<(char, Id)>,
    /// For each character its usual readings, the commonest first, at most four.
    readings: Vec<[Reading; 4]>,
    alike_ends: Vec<u32>,
    alike: Vec<(Id, u8)>,
    syllables: Vec<Syllable>,
    /// What it costs to take a syllable for another, row by row.
    costs: Vec<u8>,
}

impl Characters {
    /// Reads the table that `data/place/build.py` writes.
    pub(super) fn read(mut bytes: &[u8]) -> Self {
        let bytes = &mut bytes;
        let syllables: Vec<Syllable> = (0..varint(bytes))
            .map(|_| {
                let length = usize::from(byte(bytes));
                let (text, rest) = bytes.split_at(length);
                *bytes = rest;
                Syllable::parse(std::str::from_utf8(text).unwrap_or_default())
            })
            .collect();
        let count = varint(bytes) as usize;
        let mut table = Self {
            letters: vec!['\0'],
            numbers: vec![0; (LAST - FIRST + 1) as usize],
            others: Vec::new(),
            readings: vec![UNREAD],
            alike_ends: vec![0],
            alike: Vec::new(),
            syllables,
            costs: Vec::new(),
        };
        let mut code = 0_i64;
        for _ in 0..count {
            code += signed(bytes);
            let letter = u32::try_from(code).ok().and_then(char::from_u32).unwrap_or('\0');
            table.number(letter);
            let mut readings = UNREAD;
            for at in 0..usize::from(byte(bytes)) {
                let reading = u16::from_le_bytes([byte(bytes), byte(bytes)]);
                if let Some(slot) = readings.get_mut(at) {
                    *slot = Reading(reading);
                }
            }
            table.readings.push(readings);
        }
        table.look_alikes(bytes, count);
        table.hear(&Dialect::default());
        table
    }

    /// Hears syllables as the speakers of a dialect say them.
    pub(super) fn hear(&mut self, dialect: &Dialect) {
        let cost = |distance| match distance {
            0 => OTHER_TONE,
            UNLIKE.. => ALIEN,
            distance => NEAR + distance,
        };
        self.costs = distances(&self.syllables, dialect).into_iter().map(cost).collect();
    }

    fn look_alikes(&mut self, bytes: &mut &[u8], count: usize) {
        let mut pairs: Vec<(Id, Id, u8)> = Vec::new();
        for one in 1..=count as Id {
            let mut other = one;
            for _ in 0..varint(bytes) {
                other += varint(bytes) as Id;
                // Likeness 0.8 costs 34, 0.45 costs 42: as much as a syllable that is far but near.
                let cost = SHAPE + (80_u8.saturating_sub(byte(bytes))) / 4;
                pairs.extend([(one, other, cost), (other, one, cost)]);
            }
        }
        pairs.sort_unstable();
        self.alike_ends.resize(count + 1, 0);
        for (one, other, cost) in pairs {
            self.alike.push((other, cost));
            self.alike_ends[usize::from(one)] = self.alike.len() as u32;
        }
        for one in 1..=count {
            self.alike_ends[one] = self.alike_ends[one].max(self.alike_ends[one - 1]);
        }
    }

    /// The number of a character; one that had none yet gets the next, without reading. A digit
    /// gets one too, though no zone has it: there it is written out.
    pub(super) fn number(&mut self, letter: char) -> Id {
        let digit = self.others.iter().find(|(other, _)| letter.is_ascii() && *other == letter);
        match digit.map_or_else(|| self.find(letter), |(_, id)| *id) {
            0 => {
                let id = Id::try_from(self.letters.len()).unwrap_or(0);
                if id == 0 {
                    return 0;
                }
                self.letters.push(letter);
                match slot(letter) {
                    Some(slot) => self.numbers[slot] = id,
                    None => self.others.push((letter, id)),
                }
                id
            }
            id => id,
        }
    }

    /// The number of a character, 0 if no place name holds it.
    pub(super) fn find(&self, letter: char) -> Id {
        match slot(letter) {
            Some(slot) => self.numbers[slot],
            None if letter.is_ascii() => 0,
            None => self.others.iter().find(|(other, _)| *other == letter).map_or(0, |(_, id)| *id),
        }
    }

    /// The character with a number.
    pub(super) fn letter(&self, id: Id) -> char {
        self.letters[usize::from(id)]
    }

    /// What it costs to take `heard` for `meant`.
    pub(super) fn cost(&self, heard: Id, meant: Id) -> u8 {
        let syllable = |meant: usize| {
            let cost = |reading: Reading| {
                self.costs[reading.syllable() * self.syllables.len() + meant] + reading.cost()
            };
            self.readings(heard).map(cost).min().unwrap_or(ALIEN).min(ALIEN)
        };
        self.cost_by(heard, meant, syllable, || true)
    }

    /// The same, with what a syllable costs for the heard character, and whether another one may look
    /// like it.
    #[inline]
    fn cost_by(
        &self,
        heard: Id,
        meant: Id,
        syllable: impl Fn(usize) -> u8,
        may_look_alike: impl Fn() -> bool,
    ) -> u8 {
        if heard == meant {
            return if meant == 0 { ALIEN } else { 0 };
        }
        let mut best = ALIEN;
        let readings = self.readings.get(usize::from(meant)).unwrap_or(&UNREAD);
        for reading in readings {
            if *reading == Reading::NONE {
                break;
            }
            let mut cost = syllable(reading.syllable());
            if cost == OTHER_TONE && self.says(heard, *reading) {
                cost = SAME_TONE;
            }
            best = best.min(cost + reading.cost());
        }
        if best > SHAPE && may_look_alike() {
            best = best.min(self.shape(heard, meant));
        }
        best
    }

    /// All that a heard character may be taken for, by syllables.
    pub(super) fn ear(&self, heard: Id) -> Ear {
        let mut ear = Ear { heard, alike: 0, syllables: [ALIEN; MOST_SYLLABLES] };
        for reading in self.readings(heard) {
            let from = reading.syllable() * self.syllables.len();
            let row = &self.costs[from..from + self.syllables.len()];
            for (least, cost) in ear.syllables.iter_mut().zip(row) {
                *least = (*least).min(cost + reading.cost());
            }
        }
        for (other, _) in part(&self.alike_ends, &self.alike, heard) {
            ear.alike |= 1 << (other % 64);
        }
        ear
    }

    /// What it costs to read `seen` for `meant`, by shape alone.
    pub(super) fn shape(&self, seen: Id, meant: Id) -> u8 {
        let alike = part(&self.alike_ends, &self.alike, seen);
        alike.iter().find(|(other, _)| *other == meant).map_or(ALIEN, |(_, cost)| *cost)
    }

    /// Whether two characters are the same, or have a syllable in common.
    pub(super) fn sound_alike(&self, a: Id, b: Id) -> bool {
        let syllable =
            |reading: Reading| self.readings(b).any(|r| r.syllable() == reading.syllable());
        a == b || self.readings(a).any(syllable)
    }

    /// Whether a character is usually read in this way, with this tone.
    fn says(&self, id: Id, reading: Reading) -> bool {
        self.readings(id).any(|own| own.usual() && own.says(reading))
    }

    fn readings(&self, id: Id) -> impl Iterator<Item = Reading> {
        let known = self.readings.get(usize::from(id)).into_iter().flatten().copied();
        known.take_while(|reading| *reading != Reading::NONE)
    }
}

/// What one heard character may be taken for.
pub(super) struct Ear {
    heard: Id,
    /// A bit for each character that looks alike, by its number's remainder.
    alike: u64,
    syllables: [u8; MOST_SYLLABLES],
}

impl Ear {
    /// What it costs to take the heard character for `meant`.
    #[inline]
    pub(super) fn cost(&self, characters: &Characters, meant: Id) -> u8 {
        let syllable = |meant: usize| self.syllables[meant % MOST_SYLLABLES];
        let may_look_alike = || self.alike & 1 << (meant % 64) != 0;
        characters.cost_by(self.heard, meant, syllable, may_look_alike)
    }
}

fn slot(letter: char) -> Option<usize> {
    let code = u32::from(letter);
    (FIRST..=LAST).contains(&code).then(|| (code - FIRST) as usize)
}

fn part<'a, T>(ends: &[u32], all: &'a [T], id: Id) -> &'a [T] {
    let id = usize::from(id);
    if id == 0 || id >= ends.len() {
        return &[];
    }
    &all[ends[id - 1] as usize..ends[id] as usize]
}

/// Takes one byte; 0 after the end.
pub(super) fn byte(bytes: &mut &[u8]) -> u8 {
    match bytes.split_first() {
        Some((first, rest)) => {
            *bytes = rest;
            *first
        }
        None => 0,
    }
}

/// Takes a number in groups of seven bits, the lowest first.
pub(super) fn varint(bytes: &mut &[u8]) -> u32 {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let next = byte(bytes);
        number |= u32::from(next & 0x7f) << shift;
        if next < 0x80 {
            break;
        }
    }
    number
}

/// Takes a signed number.
pub(super) fn signed(bytes: &mut &[u8]) -> i64 {
    let number = i64::from(varint(bytes));
    if number % 2 == 0 { number / 2 } else { -(number + 1) / 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homophones_cost_less_than_near_sounds_and_these_less_than_strangers() {
        let table = Characters::read(include_bytes!("../../data/place/characters.bin"));
        let cost = |a, b| table.cost(table.find(a), table.find(b));
        assert_eq!(cost('安', '安'), 0);
        assert_eq!(cost('岭', '瓴'), OTHER_TONE);
        assert_eq!(cost('刘', '六'), OTHER_TONE);
        // 六 is read lù in 六安, which few dictionaries know.
        assert!((SAME_TONE..NEAR + 5).contains(&cost('路', '六')));
        assert!((NEAR..30).contains(&cost('难', '兰')));
        assert!((30..45).contains(&cost('古', '叶')), "by shape");
        assert_eq!(cost('镇', '好'), ALIEN);
        assert_eq!(cost('😀', '😀'), ALIEN);
    }

    #[test]
    fn a_new_character_gets_a_number_and_is_only_like_itself() {
        let mut table = Characters::read(include_bytes!("../../data/place/characters.bin"));
        let id = table.number('\u{3134a}');
        assert_eq!((table.find('\u{3134a}'), table.letter(id)), (id, '\u{3134a}'));
        assert_eq!((table.cost(id, id), table.cost(id, 1)), (0, ALIEN));
    }
}
