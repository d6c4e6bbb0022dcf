//! Pool and queue together: who is served when, who is refused, and when a refused caller had better
//! come back. Pure; a waiter is whatever the asker is answered through.
//!
//! One rule: never a waiter and a slot that is usable for it at once.

mod places;

use std::{collections::VecDeque, time::Duration};

pub use self::places::Place;
use super::{
    Latency, NodeId, Unserved,
    history::{ENOUGH, latency},
    member::Treatment,
    pool::{Pool, Taken},
    queue::{Priority, Queue, Stage, Waiting},
};
use crate::config::Policy;

/// How many waits are remembered.
const WAITS: usize = 100;

/// The longest time that a refused caller is told to stay away.
const LONGEST_AWAY: Duration = Duration::from_secs(600);

/// The share of the fleet that is promised to callers who come back; the rest is for new ones.
const PROMISED_SHARE: f64 = 0.5;

/// More than any wait.
const AGES: Duration = Duration::from_secs(1 << 40);

/// A ticket is taken in if so much more than the time that it may be expected to take is left.
const MARGIN: f64 = 1.1;

/// How often the counts of leases are halved, so that they tell of late ones.
const RECENT_LEASES: f64 = 1000.0;

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// How far the ticket is.
    pub stage: Stage,
    /// How urgent it is.
    pub priority: Priority,
    /// When the asker gives up.
    pub deadline: Duration,
    /// The nodes that failed this call.
    pub excluded: Vec<NodeId>,
    /// Whether it fails for good if this attempt does.
    pub last: bool,
}

#[derive(Debug)]
struct Waiter<W> {
    excluded: Vec<NodeId>,
    last: bool,
    stage: Stage,
    priority: Priority,
    since: Duration,
    reply: W,
}

/// An answer to one who asked.
pub type Answer<W> = (W, Result<Taken, Unserved>);

/// Slots and waiters.
#[derive(Debug)]
pub struct Scheduler<W> {
    /// The nodes.
    pub pool: Pool,
    queue: Queue<Waiter<W>>,
    /// How long those waited who were served last.
    waits: VecDeque<Duration>,
    /// Leases of late, and those of them that began a ticket.
    leases: (f64, f64),
    /// From when on the next refused caller is expected.
    promised: Duration,
    refusals: u32,
}

impl<W> Scheduler<W> {
    /// A scheduler without nodes.
    pub fn new(policy: Policy, treatment: Treatment, queue_limit: usize) -> Self {
        Self {
            pool: Pool::new(policy, treatment),
            queue: Queue::new(queue_limit),
            waits: VecDeque::new(),
            leases: (0.0, 0.0),
            promised: Duration::ZERO,
            refusals: 0,
        }
    }

    /// The calls that wait.
    pub fn queue(&self) -> &Queue<impl Sized> {
        &self.queue
    }

    /// Takes over another bound for the queue.
    pub fn set_queue_limit(&mut self, limit: usize) {
        self.queue.set_limit(limit);
    }

    /// How long those waited who were served last; none before the first.
    pub fn queue_wait(&self) -> Option<Latency> {
        latency(self.waits.iter().copied())
    }

    /// Lets a call wait, or refuses it: the queue is full, or its turn would come too late.
    /// [`Self::serve`] has to follow.
    pub fn ask(&mut self, ask: Ask, reply: W, now: Duration) -> Option<Answer<W>> {
        let Ask { stage, priority, deadline, excluded, last } = ask;
        if self.queue.is_full_for(stage, priority) {
            let retry_after = self.retry_after(now);
            return Some((reply, Err(Unserved::QueueFull { retry_after })));
        }
        if stage == Stage::First && self.is_hopeless(priority, deadline, now) {
            let retry_after = self.retry_after(now);
            return Some((reply, Err(Unserved::NoNode { retry_after })));
        }
        if self.queue.len() < self.queue.limit() / 2 {
            // There is room for whoever comes: no place need be promised.
            self.promised = Duration::ZERO;
        }
        let waiter = Waiter { excluded, last, stage, priority, since: now, reply };
        let pushed = self.queue.push(stage, priority, deadline, waiter);
        debug_assert!(pushed.is_ok(), "it is not full");
        None
    }

    /// Gives every usable slot to the waiter whose turn it is, and refuses who waits in vain. Those
    /// who have left are forgotten.
    pub fn serve(&mut self, now: Duration, has_left: impl Fn(&W) -> bool) -> Vec<Answer<W>> {
        let late = self.queue.prune(now, |waiter| has_left(&waiter.reply));
        let late = late.into_iter().map(|waiter| waiter.reply);
        let mut answers: Vec<Answer<W>> =
            late.map(|reply| (reply, Err(self.no_node(now)))).collect();
        let per_ticket = self.calls_per_ticket();
        let ticket = self.ticket_time();
        let pool = &mut self.pool;
        let least = least(pool);
        let potential = pool.potential();
        let usable_at = pool.usable_at(now);
        let mut has_room = pool.has_room(now);
        // The calls before the waiter at hand.
        let mut ahead = Waiting::default();
        let served = self.queue.serve(|deadline, waiter| {
            let begun = waiter.stage == Stage::Begun;
            let too_late = now + least > deadline && !begun;
            if too_late || usable_at.is_none_or(|at| at >= deadline) {
                return Some(None);
            }
            let taken =
                if has_room { pool.choose(&waiter.excluded, waiter.last, now) } else { None };
            if taken.is_some() {
                has_room = pool.has_room(now);
                return Some(taken);
            }
            let calls = calls_before(&ahead, waiter.priority, per_ticket);
            let wait = potential.map(|potential| time(calls / potential)).unwrap_or_default();
            if !begun && now.saturating_add(wait).saturating_add(ticket) > deadline {
                return Some(None);
            }
            ahead.count(waiter.stage, waiter.priority);
            None
        });
        for (waiter, taken) in served {
            let Some(taken) = taken else {
                answers.push((waiter.reply, Err(self.no_node(now))));
                continue;
            };
            self.count(waiter.stage);
            self.waits.truncate(WAITS - 1);
            self.waits.push_front(now.saturating_sub(waiter.since));
            answers.push((waiter.reply, Ok(taken)));
        }
        answers
    }

    /// Refuses all who wait.
    pub fn close(&mut self) -> Vec<W> {
        self.queue.drain().into_iter().map(|waiter| waiter.reply).collect()
    }

    /// When [`Self::serve`] may have something to do although nothing has happened; none while
    /// nobody waits.
    pub fn next_event(&self, now: Duration) -> Option<Duration> {
        let deadline = self.queue.next_deadline()?;
        Some(self.pool.next_rest_end(now).map_or(deadline, |end| end.min(deadline)))
    }

    fn count(&mut self, stage: Stage) {
        let (all, first) = &mut self.leases;
        *all += 1.0;
        *first += if stage == Stage::First { 1.0 } else { 0.0 };
        if *all > RECENT_LEASES {
            (*all, *first) = (*all / 2.0, *first / 2.0);
        }
    }

    /// The model calls that a ticket takes on the average.
    fn calls_per_ticket(&self) -> f64 {
        let (all, first) = self.leases;
        if first > 0.0 { (all / first).max(1.0) } else { 1.0 }
    }

    /// How long the live nodes need for the tickets that wait before one of this priority.
    fn backlog(&self, priority: Priority) -> Option<Duration> {
        let calls = calls_before(&self.queue.waiting(), priority, self.calls_per_ticket());
        Some(time(calls / self.pool.throughput()?))
    }

    /// How long nodes work on a ticket on the average.
    fn ticket_time(&self) -> Duration {
        self.pool.history().mean().unwrap_or_default().mul_f64(self.calls_per_ticket())
    }

    /// Whether a new ticket cannot be done before its deadline, as far as can be foreseen.
    fn is_hopeless(&self, priority: Priority, deadline: Duration, now: Duration) -> bool {
        if self.queue.is_empty() {
            return !self.pool.has_room(now) && now + least(&self.pool) > deadline;
        }
        let backlog = self.backlog(priority).unwrap_or_default();
        now.saturating_add(backlog.saturating_add(self.ticket_time()).min(AGES).mul_f64(MARGIN))
            > deadline
    }

    fn no_node(&mut self, now: Duration) -> Unserved {
        Unserved::NoNode { retry_after: self.retry_after(now) }
    }

    /// When a refused caller finds a place, if it and all who were refused before it come when told:
    /// after those who wait, and one after the other at a part of the fleet's speed. In whole
    /// seconds, 1 at least and [`LONGEST_AWAY`] at most.
    fn retry_after(&mut self, now: Duration) -> Duration {
        let first = self.pool.usable_at(now).unwrap_or(now + Duration::from_secs(60));
        let backlog = self.backlog(Priority::Batch).unwrap_or_default();
        let at = first.max(now).saturating_add(backlog).max(self.promised);
        let calls = self.calls_per_ticket() / PROMISED_SHARE;
        let spacing = self.pool.throughput().map_or(0.0, |throughput| calls / throughput);
        self.refusals = self.refusals.wrapping_add(1);
        let mut away = at - now;
        if away < LONGEST_AWAY {
            self.promised = at + Duration::from_secs_f64(spacing.min(60.0));
        } else {
            // The golden ratio spreads them evenly, however many there are.
            let spread = (f64::from(self.refusals) * 0.618_033_988_75).fract();
            away = LONGEST_AWAY.mul_f64(0.5 + 0.5 * spread);
        }
        Duration::from_secs(away.as_secs_f64().ceil().max(1.0) as u64)
    }
}

/// The calls that are made before the first one of a ticket of this priority, if so many wait.
#[expect(clippy::cast_precision_loss, reason = "no queue holds 2^52 calls")]
fn calls_before(waiting: &Waiting, priority: Priority, per_ticket: f64) -> f64 {
    waiting.begun as f64 + waiting.before(priority) as f64 * per_ticket
}

/// No call takes less, as far as can be foreseen: a little less than the fastest one of late.
fn least(pool: &Pool) -> Duration {
    let known = pool.history().least().filter(|_| pool.history().len() >= ENOUGH);
    known.unwrap_or_default().mul_f64(0.9)
}

fn time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
