//! The sum of a number with magnitudes: each must be smaller than the one before (rule 2).

use crate::ticket::numerals::decimal::Decimal;

/// A number while it is read: what is finished, the part under 万, and the last magnitudes.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    finished: Decimal,
    section: Decimal,
    /// The last magnitude of the section and of all; the next one must be smaller.
    section_limit: u32,
    limit: u32,
    pub(super) last: u32,
}

impl Default for Sum {
    fn default() -> Self {
        let zero = Decimal::ZERO;
        Self { finished: zero, section: zero, section_limit: u32::MAX, limit: u32::MAX, last: 0 }
    }
}

impl Sum {
    /// Adds a factor times a magnitude; none if the magnitude does not fit behind the last one.
    pub(super) fn add(&mut self, factor: Decimal, exponent: u32) -> Option<()> {
        if exponent <= 3 {
            if exponent >= self.section_limit {
                return None;
            }
            self.section = self.section.plus(factor.times_ten(exponent)?)?;
            (self.section_limit, self.last) = (exponent, exponent);
            return Some(());
        }
        let section = self.section;
        let added = Self { section: section.plus(factor)?, ..*self };
        *self = added.scaled(exponent)?;
        Some(())
    }

    /// A magnitude right behind another: 两千万, 一百十五.
    pub(super) fn scale_up(&mut self, exponent: u32) -> Option<()> {
        if exponent == 1 && self.last == 2 {
            return self.add(Decimal::whole(1), 1);
        }
        *self = self.scaled(exponent).filter(|_| exponent > 3)?;
        Some(())
    }

    fn scaled(self, exponent: u32) -> Option<Self> {
        let whole = exponent == 8 && self.limit == 4;
        if exponent >= self.limit && !whole {
            return None;
        }
        let (kept, scaled) =
            if whole { (Decimal::ZERO, self.total()?) } else { (self.finished, self.section) };
        Some(Self {
            finished: kept.plus(scaled.times_ten(exponent)?)?,
            section: Decimal::ZERO,
            section_limit: u32::MAX,
            limit: exponent,
            last: exponent,
        })
    }

    pub(super) fn units(&mut self, units: Decimal) -> Option<()> {
        self.section = self.section.plus(units)?;
        Some(())
    }

    pub(super) fn total(self) -> Option<Decimal> {
        self.finished.plus(self.section)
    }
}
