//! Exponential backoff with a ceiling: one rule for restarts, loads and rests. Pure.

use std::time::Duration;

/// A delay that doubles with each failure.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The delay after the first failure.
    pub base: Duration,
    /// The longest delay.
    pub ceiling: Duration,
}

impl Backoff {
    /// The delay after so many failures in a row, without jitter.
    pub fn delay(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.base.saturating_mul(doubled).min(self.ceiling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_ceiling() {
        let backoff = Backoff { base: Duration::from_secs(1), ceiling: Duration::from_secs(5) };
        let table = [(0, 1), (1, 1), (2, 2), (3, 4), (4, 5), (40, 5), (u32::MAX, 5)];
        for (failures, seconds) in table {
            assert_eq!(backoff.delay(failures), Duration::from_secs(seconds), "{failures}");
        }
    }
}
