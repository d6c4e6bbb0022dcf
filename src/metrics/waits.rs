//! How long calls waited, counted finely enough for percentiles of a minute.
//!
//! Every power of two has eight counters, so a percentile is at most an eighth too high; up to 15 ms it is
//! exact. Counting is adding to an atomic.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The counters for each power of two.
const PARTS: u64 = 8;

/// Enough for an hour, which is more than a caller may wait.
const COUNTERS: usize = 160;

/// How many calls waited how long since the start.
#[derive(Debug)]
pub(super) struct WaitCounts([AtomicU64; COUNTERS]);

impl Default for WaitCounts {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; COUNTERS])
    }
}

impl WaitCounts {
    /// One more waited so long.
    pub(super) fn count(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0[place(ms)].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted up to now.
    pub(super) fn now(&self) -> Waits {
        Waits(self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect())
    }
}

/// How many calls waited how long, at one moment or within a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits(Vec<u64>);

impl Waits {
    /// What came since an earlier moment.
    pub(super) fn since(&self, before: &Self) -> Self {
        let before = before.0.iter().copied().chain(std::iter::repeat(0));
        Self(self.0.iter().zip(before).map(|(now, before)| now.saturating_sub(before)).collect())
    }

    /// So many of a hundred waited no longer than this, in milliseconds; nothing if nobody waited.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.0.iter().sum::<u64>() * percent).div_ceil(100);
        let mut seen = 0;
        let reached = |count: &u64| {
            seen += count;
            seen >= rank
        };
        (rank > 0).then(|| self.0.iter().position(reached).map(longest)).flatten()
    }
}

/// The counter of a time.
fn place(ms: u64) -> usize {
    let halvings = ms.max(PARTS).ilog2() - PARTS.ilog2();
    let place = u64::from(halvings) * PARTS + (ms >> halvings);
    usize::try_from(place).map_or(COUNTERS - 1, |place| place.min(COUNTERS - 1))
}

/// The longest time of a counter, in milliseconds.
fn longest(place: usize) -> u64 {
    let place = place as u64;
    let halvings = (place / PARTS).saturating_sub(1);
    ((place - halvings * PARTS + 1) << halvings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_holds_times_that_differ_by_an_eighth_at_most() {
        let mut last = None;
        for ms in (0..100_000).chain((100_000..4_000_000).step_by(997)) {
            let (place, most) = (place(ms), longest(place(ms)));
            assert!(most >= ms && most - ms <= ms / 8, "{ms}: {most}");
            assert!(ms > 15 || most == ms, "{ms}: {most}");
            assert!(last.is_none_or(|last| place == last || place == last + 1) || ms > 100_000);
            last = Some(place);
        }
        assert_eq!((place(4_194_303), place(u64::MAX)), (COUNTERS - 1, COUNTERS - 1));
    }

    #[test]
    fn percentiles_are_of_what_came_since() {
        let counts = WaitCounts::default();
        assert_eq!(counts.now().percentile(50), None);
        counts.count(Duration::from_hours(3));
        let before = counts.now();
        for ms in 1..=100 {
            counts.count(Duration::from_millis(ms / 10));
        }
        let waits = counts.now().since(&before);
        let percentiles = [1, 50, 95, 100].map(|percent| waits.percentile(percent));
        assert_eq!(percentiles, [Some(0), Some(5), Some(9), Some(10)]);
        assert_eq!(counts.now().since(&counts.now()).percentile(95), None);
        assert_eq!(before.since(&Waits::default()).percentile(50), Some((1 << 22) - 1));
    }
}
