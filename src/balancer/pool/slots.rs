//! When slots get free, as far as can be foreseen. Pure.

use std::{iter::repeat_n, time::Duration};

use super::Pool;

/// When the leases that are out were taken, each with its node's membership.
#[derive(Debug, Default)]
pub(super) struct Began(Vec<(u64, Duration)>);

impl Began {
    /// A lease was taken.
    pub(super) fn note(&mut self, membership: u64, at: Duration) {
        self.0.push((membership, at));
    }

    /// The lease came back that was taken at about that time.
    pub(super) fn forget(&mut self, membership: u64, at: Duration) {
        let of_node = self.0.iter().enumerate().filter(|(_, began)| began.0 == membership);
        let nearest = of_node.min_by_key(|(_, began)| began.1.abs_diff(at));
        if let Some((index, _)) = nearest {
            self.0.swap_remove(index);
        }
    }
}

/// A slot, and what can be foreseen of it. The order is that in which they get free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// When it takes the next call at the earliest.
    pub free_at: Duration,
    /// How long a call takes there.
    pub pace: Duration,
}

impl Pool {
    /// The slots of all nodes but those that only an operator can bring back, `most` of each; none
    /// where no call was ever measured.
    pub fn slots(&self, most: usize, now: Duration) -> Vec<Slot> {
        let outage = self.is_outage(now);
        let mean = self.history.mean();
        let mut slots = Vec::new();
        for member in &self.members {
            let usable_at = member.usable_at(outage, &self.treatment);
            let Some((pace, from)) = member.pace().or(mean).zip(usable_at) else { continue };
            let from = from.max(now);
            let busy = self.began.0.iter().filter(|began| began.0 == member.membership);
            let busy = busy.map(|(_, at)| from.max(at.saturating_add(pace)));
            let busy = busy.map(|free_at| Slot { free_at, pace });
            let before = slots.len();
            slots.extend(busy);
            let idle = usize::try_from(member.slots).unwrap_or(usize::MAX).min(most);
            let idle = idle.saturating_sub(slots.len() - before);
            slots.extend(repeat_n(Slot { free_at: from, pace }, idle));
        }
        slots
    }
}
