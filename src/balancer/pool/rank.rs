//! Which of the usable nodes is the best. Pure.

use std::{cmp::Ordering, time::Duration};

use super::Member;

/// A node counts as slower than another one from this ratio of their mean times on.
const CLEARLY_SLOWER: f64 = 1.5;

/// The difference below which it does not: a busy host makes that much of equal nodes.
const NOISE: Duration = Duration::from_millis(50);

/// How many times as long as on the fastest node a call takes; 1 unless it is clearly more.
fn slowness(member: &Member, fastest: Option<Duration>) -> f64 {
    let paces = member.pace().zip(fastest).filter(|(own, fastest)| *own >= *fastest + NOISE);
    let ratio = paces.map(|(own, fastest)| own.as_secs_f64() / fastest.as_secs_f64());
    ratio.filter(|ratio| ratio.is_finite() && *ratio >= CLEARLY_SLOWER).unwrap_or(1.0)
}

/// What a node is chosen by; the least is the best.
#[derive(Debug)]
pub(super) struct Rank {
    /// Whether a call that has failed already had better go elsewhere.
    risky: bool,
    slowness: f64,
    in_flight: u32,
    slots: u32,
    last_used: u64,
}

impl Rank {
    /// The rank of a node for a call that has failed already or not; `fastest` is the pace of the fastest node.
    pub(super) fn of(member: &Member, failed: bool, fastest: Option<Duration>) -> Self {
        let Member { in_flight, slots, last_used, .. } = *member;
        let risky = failed && member.breaker.failures() > 0;
        Self { risky, slowness: slowness(member, fastest), in_flight, slots, last_used }
    }

    /// By the calls in flight for the slots, each as long as the node is slow; then by the speed; then
    /// by the longest rest.
    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        let load = |of: &Self, other: &Self| {
            f64::from(of.in_flight) * of.slowness * f64::from(other.slots)
        };
        let by_load = load(self, other).total_cmp(&load(other, self));
        let by_speed = self.slowness.total_cmp(&other.slowness);
        let by_use = self.last_used.cmp(&other.last_used);
        self.risky.cmp(&other.risky).then(by_load).then(by_speed).then(by_use)
    }
}
