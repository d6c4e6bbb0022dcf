//! The one bounded queue of calls that wait for a slot.
//!
//! One rule: a ticket that has begun goes before one that has not, and within a class first come is
//! first served. What has begun is never turned away: the bound holds for new tickets, and those
//! that have begun are at most as many more as there are slots. Pure; a waiter is whatever the
//! asker is answered through.

use std::{collections::BTreeMap, time::Duration};

/// How far the ticket behind a call is. The order is the order of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// A model call was made for this ticket already: finishing it frees most.
    Begun,
    /// The ticket's first model call.
    First,
}

/// The waiting calls, each with its stage and its deadline.
#[derive(Debug)]
pub struct Queue<W> {
    waiters: BTreeMap<(Stage, u64), (Duration, W)>,
    limit: usize,
    arrivals: u64,
}

/// The queue holds as many waiters as it may.
#[derive(Debug, PartialEq, Eq)]
pub struct Full<W>(
    /// The waiter that found no place.
    pub W,
);

impl<W> Queue<W> {
    /// An empty queue for at most `limit` waiters.
    pub fn new(limit: usize) -> Self {
        Self { waiters: BTreeMap::new(), limit, arrivals: 0 }
    }

    /// The number of waiters.
    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Adds a waiter behind those of its stage. Only a first call can find the queue full.
    pub fn push(&mut self, stage: Stage, deadline: Duration, waiter: W) -> Result<(), Full<W>> {
        if stage == Stage::First && self.waiters.len() >= self.limit {
            return Err(Full(waiter));
        }
        self.arrivals += 1;
        self.waiters.insert((stage, self.arrivals), (deadline, waiter));
        Ok(())
    }

    /// Forgets the waiters that have left, and returns those whose deadline has come.
    pub fn prune(&mut self, now: Duration, has_left: impl Fn(&W) -> bool) -> Vec<W> {
        self.waiters.retain(|_, (_, waiter)| !has_left(waiter));
        let late = |deadline, _: &W| (deadline <= now).then_some(());
        self.take_each(late).into_iter().map(|(waiter, ())| waiter).collect()
    }

    /// Takes over another bound; who waits already stays.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The first deadline of those who wait.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.waiters.values().map(|(deadline, _)| *deadline).min()
    }

    /// Removes and returns the waiters that match, with what the match gave, in the order of service.
    ///
    /// One that does not match keeps its place and blocks nobody behind it.
    pub fn take_each<T>(
        &mut self,
        mut matching: impl FnMut(Duration, &W) -> Option<T>,
    ) -> Vec<(W, T)> {
        let mut taken = Vec::new();
        let keys: Vec<_> = self.waiters.keys().copied().collect();
        for key in keys {
            let found = self.waiters.get(&key).and_then(|(deadline, w)| matching(*deadline, w));
            if let Some(value) = found
                && let Some((_, waiter)) = self.waiters.remove(&key)
            {
                taken.push((waiter, value));
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LATE: Duration = Duration::from_secs(100);

    fn all(queue: &mut Queue<u32>) -> Vec<u32> {
        queue.take_each(|_, _| Some(())).into_iter().map(|(waiter, ())| waiter).collect()
    }

    #[test]
    fn begun_tickets_go_first_and_the_rest_in_the_order_of_arrival() {
        let mut queue = Queue::new(8);
        for (stage, waiter) in
            [(Stage::First, 1), (Stage::Begun, 2), (Stage::First, 3), (Stage::Begun, 4)]
        {
            queue.push(stage, LATE, waiter).expect("there is room");
        }
        assert_eq!(all(&mut queue), [2, 4, 1, 3]);
    }

    #[test]
    fn a_full_queue_gives_a_first_call_back() {
        let mut queue = Queue::new(1);
        assert_eq!(queue.push(Stage::First, LATE, 1), Ok(()));
        assert_eq!(queue.push(Stage::First, LATE, 2), Err(Full(2)));
        assert_eq!(queue.push(Stage::Begun, LATE, 3), Ok(()), "what has begun is not turned away");
        assert_eq!(queue.push(Stage::First, LATE, 4), Err(Full(4)));
    }

    #[test]
    fn who_left_or_is_late_is_never_served() {
        let mut queue = Queue::new(8);
        for (waiter, deadline) in [(1, 10), (2, 5), (3, 10)] {
            queue.push(Stage::First, Duration::from_secs(deadline), waiter).expect("room");
        }
        assert_eq!(queue.next_deadline(), Some(Duration::from_secs(5)));
        let late = queue.prune(Duration::from_secs(5), |waiter| *waiter == 3);
        assert_eq!(late, [2]);
        assert_eq!(all(&mut queue), [1]);
    }

    proptest! {
        #[test]
        fn a_waiter_that_cannot_be_served_blocks_nobody(choices in prop::collection::vec(any::<bool>(), 0..40)) {
            let mut queue = Queue::new(64);
            for waiter in 0..choices.len() {
                queue.push(Stage::First, LATE, waiter).expect("room");
            }
            let taken = queue.take_each(|_, waiter| choices[*waiter].then_some(()));
            let taken: Vec<usize> = taken.into_iter().map(|(waiter, ())| waiter).collect();
            let wanted: Vec<usize> = (0..choices.len()).filter(|waiter| choices[*waiter]).collect();
            prop_assert_eq!(taken, wanted);
        }
    }
}
