//! Exact decimal numbers, as large as people say them. No floats: 2.5 times ten thousand is 25000.

use std::fmt;

/// The most digits of a number; what is longer is no quantity.
const MOST_DIGITS: usize = 24;

/// A decimal number: `mantissa` with its last `scale` digits behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: u128,
    scale: u32,
}

impl Decimal {
    /// Nothing.
    pub(super) const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// A small whole number.
    pub(super) fn whole(value: u8) -> Self {
        Self { mantissa: u128::from(value), scale: 0 }
    }

    /// The number that these digits write, `behind` of them behind the point.
    pub(super) fn of_digits(digits: &[u8], behind: &[u8]) -> Option<Self> {
        if digits.len() + behind.len() > MOST_DIGITS {
            return None;
        }
        let all = digits.iter().chain(behind);
        let mantissa = all.fold(0, |value: u128, digit| value * 10 + u128::from(*digit));
        Some(Self { mantissa, scale: u32::try_from(behind.len()).ok()? })
    }

    /// Ten to the power of `exponent` times this.
    pub(super) fn times_ten(self, exponent: u32) -> Option<Self> {
        let down = exponent.min(self.scale);
        let mantissa = self.mantissa.checked_mul(10_u128.checked_pow(exponent - down)?)?;
        Some(Self { mantissa, scale: self.scale - down })
    }

    /// One tenth of this to the power of `exponent`.
    pub(super) fn over_ten(self, exponent: u32) -> Option<Self> {
        Some(Self { scale: self.scale.checked_add(exponent)?, ..self })
    }

    /// The sum.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let to_scale =
            |number: Self| number.mantissa.checked_mul(10_u128.checked_pow(scale - number.scale)?);
        Some(Self { mantissa: to_scale(self)?.checked_add(to_scale(other)?)?, scale })
    }

    /// Whether it is smaller than a whole number.
    pub(super) fn is_below(self, limit: u32) -> bool {
        let ten = 10_u128.checked_pow(self.scale);
        ten.and_then(|ten| ten.checked_mul(u128::from(limit)))
            .is_none_or(|limit| self.mantissa < limit)
    }

    /// The number if it is whole and small.
    pub(super) fn small(self) -> Option<u32> {
        let ten = 10_u128.checked_pow(self.scale)?;
        self.mantissa.is_multiple_of(ten).then(|| u32::try_from(self.mantissa / ten).ok())?
    }
}

/// Canonical: no zeros at the end behind the point, none in front but the one before the point.
impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::try_from(self.scale).unwrap_or(usize::MAX).min(64);
        let digits = format!("{:0>width$}", self.mantissa, width = scale + 1);
        let (whole, behind) = digits.split_at(digits.len() - scale);
        match behind.trim_end_matches('0') {
            "" => formatter.write_str(whole),
            behind => write!(formatter, "{whole}.{behind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_written_alike() {
        let number = |digits: &[u8], behind: &[u8]| Decimal::of_digits(digits, behind).unwrap();
        assert_eq!(number(&[2, 5, 0, 0, 0], &[0, 0]).to_string(), "25000");
        assert_eq!(number(&[2], &[5]).times_ten(4).unwrap().to_string(), "25000");
        assert_eq!(number(&[0, 3], &[5, 0]).to_string(), "3.5");
        assert_eq!(Decimal::whole(5).over_ten(1).unwrap().to_string(), "0.5");
        let sum = number(&[1, 2], &[]).plus(number(&[8, 5], &[]).over_ten(2).unwrap());
        assert_eq!(sum.unwrap().to_string(), "12.85");
        assert_eq!(number(&[3], &[0]).small(), Some(3));
        assert_eq!(number(&[3], &[1]).small(), None);
        assert_eq!(Decimal::of_digits(&[9; 25], &[]), None);
    }
}
