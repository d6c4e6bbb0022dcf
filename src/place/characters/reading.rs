//! How a character is read.

/// What a reading costs more than the usual one, by its rarity: often heard, in dictionaries, in
/// old ones, in the largest only.
const RARITY: [u8; 4] = [0, 3, 6, 14];

/// One way to read a character: its syllable, its tone and its rarity in 9, 3 and 2 bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading(pub(super) u16);

impl Reading {
    pub(super) const NONE: Self = Self(u16::MAX);

    pub(super) fn syllable(self) -> usize {
        usize::from(self.0 >> 5)
    }

    pub(super) fn cost(self) -> u8 {
        RARITY[usize::from(self.0 & 3)]
    }

    pub(super) fn usual(self) -> bool {
        self.0 & 3 == 0
    }

    pub(super) fn says(self, other: Self) -> bool {
        self.0 >> 2 == other.0 >> 2
    }
}
