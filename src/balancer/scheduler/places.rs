//! Where waiters stand and how long they may wait yet. Pure.
//!
//! One rule: what is told is what [`Scheduler::serve`] does if nobody comes or leaves and every call
//! takes as long as calls did of late.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::{Scheduler, Stage, time};

/// Where a waiter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// 1 for who is served next.
    pub position: usize,
    /// How long it waits yet; none if nothing is known of how long calls take, or no node will come
    /// back by itself.
    pub wait: Option<Duration>,
}

impl<W> Scheduler<W> {
    /// The place of every waiter, in the order of service.
    pub fn places(&self, now: Duration) -> impl Iterator<Item = (&W, Place)> {
        let per_ticket = self.calls_per_ticket();
        let slots = self.pool.slots(self.queue.len(), now);
        let mut slots: BinaryHeap<_> = slots.into_iter().map(Reverse).collect();
        self.queue.in_order().zip(1..).map(move |(waiter, position)| {
            // The calls that follow it in its slot before another ticket begins there.
            let calls = match waiter.stage {
                Stage::First => per_ticket,
                Stage::Begun => 1.0,
            };
            let wait = slots.peek_mut().map(|mut slot| {
                let Reverse(slot) = &mut *slot;
                let wait = slot.free_at.saturating_sub(now);
                let takes = time(slot.pace.as_secs_f64() * calls);
                slot.free_at = slot.free_at.saturating_add(takes);
                wait
            });
            (&waiter.reply, Place { position, wait })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Ask, Priority,
            simulation::{node, scheduler},
        },
        *,
    };
    use crate::{
        balancer::{Measured, NodeState, Outcome, pool::Ended},
        config::Policy,
    };

    const SECOND: Duration = Duration::from_secs(1);

    fn ask(scheduler: &mut Scheduler<u32>, stage: Stage, priority: Priority, waiter: u32) {
        let deadline = Duration::from_secs(1 << 30);
        let ask = Ask { stage, priority, deadline, excluded: Vec::new(), last: false };
        assert_eq!(scheduler.ask(ask, waiter, Duration::ZERO), None, "there is room");
    }

    /// Takes a slot at this second for a first call, and gives the node's membership.
    fn take(scheduler: &mut Scheduler<u32>, second: u32) -> u64 {
        ask(scheduler, Stage::First, Priority::Interactive, 0);
        let served = scheduler.serve(SECOND * second, |_| false).pop().expect("one is free");
        served.1.expect("served").membership
    }

    /// So many nodes whose calls take 20 s, with a call on each: one begun at 0 s, one at 1 s…
    fn busy(nodes: u32) -> Scheduler<u32> {
        let mut scheduler = scheduler(nodes as usize, Policy::LeastBusy, 100);
        for _ in 0..8 {
            let membership = take(&mut scheduler, 0);
            let held = 20 * SECOND;
            let measured = Some(Measured { total: held, ..Measured::default() });
            let ended = Ended { membership, call: 0, outcome: Outcome::Answered, held, measured };
            scheduler.pool.release(ended, Duration::ZERO);
        }
        for second in 0..nodes {
            take(&mut scheduler, second);
        }
        scheduler
    }

    /// The waiters with position and seconds to wait.
    fn told(scheduler: &Scheduler<u32>, second: u32) -> Vec<(u32, usize, Option<u64>)> {
        let places = scheduler.places(SECOND * second);
        let told = |(waiter, place): (&u32, Place)| {
            (*waiter, place.position, place.wait.map(|wait| wait.as_secs()))
        };
        places.map(told).collect()
    }

    #[test]
    fn each_waiter_gets_the_slot_that_is_free_first_when_those_before_it_have_theirs() {
        let mut scheduler = busy(2);
        let (first, urgent) = (Stage::First, Priority::Interactive);
        (1..=5).for_each(|waiter| ask(&mut scheduler, first, urgent, waiter));
        let told_at = |second| told(&scheduler, second);
        let expected = [(1, 1, 15), (2, 2, 16), (3, 3, 35), (4, 4, 36), (5, 5, 55)];
        let expected = expected.map(|(waiter, position, wait)| (waiter, position, Some(wait)));
        assert_eq!(told_at(5), expected);
        assert_eq!(told_at(15)[0], (1, 1, Some(5)), "time passes");
        assert_eq!(told_at(90)[0], (1, 1, Some(0)), "a call that takes longer is over any moment");
    }

    #[test]
    fn begun_tickets_stand_before_urgent_ones_and_those_before_batch_calls() {
        let mut scheduler = busy(1);
        let [first, begun] = [Stage::First, Stage::Begun];
        ask(&mut scheduler, first, Priority::Batch, 1);
        ask(&mut scheduler, first, Priority::Interactive, 2);
        ask(&mut scheduler, begun, Priority::Batch, 3);
        let expected = [(3, 1, Some(20)), (2, 2, Some(40)), (1, 3, Some(60))];
        assert_eq!(told(&scheduler, 0), expected);
    }

    #[test]
    fn the_calls_that_a_ticket_takes_count() {
        let mut scheduler = busy(1);
        // Of the leases so far 9 began a ticket; by now half of all do.
        (0..9).for_each(|_| scheduler.count(Stage::Begun));
        (1..=2).for_each(|waiter| {
            ask(&mut scheduler, Stage::First, Priority::Interactive, waiter);
        });
        assert_eq!(told(&scheduler, 0), [(1, 1, Some(20)), (2, 2, Some(60))]);
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let mut unmeasured = scheduler(1, Policy::LeastBusy, 100);
        take(&mut unmeasured, 0);
        ask(&mut unmeasured, Stage::First, Priority::Interactive, 1);
        assert_eq!(told(&unmeasured, 0), [(1, 1, None)]);
        let mut down = busy(1);
        ask(&mut down, Stage::First, Priority::Interactive, 1);
        let mut set = |back_in| {
            down.pool.set_state(&node(0), NodeState::Down { back_in }, 0, Duration::ZERO);
            told(&down, 0)
        };
        assert_eq!(set(Some(30 * SECOND)), [(1, 1, Some(30))], "it comes back then");
        assert_eq!(set(None), [(1, 1, None)], "only an operator brings it back");
    }
}
