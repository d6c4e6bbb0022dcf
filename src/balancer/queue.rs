//! The one bounded queue of calls that wait for a slot.
//!
//! One rule: a ticket that has begun goes before one that has not, what is urgent before what is not,
//! and within a class first come is first served. What has begun is never turned away: the bound
//! holds for new tickets, and those that have begun are at most as many more as there are slots.
//! Pure; a waiter is whatever the asker is answered through.

use std::{collections::BTreeMap, iter, time::Duration};

use serde::Serialize;
use utoipa::ToSchema;

/// So many urgent calls in a row pass a waiting batch call; then it is its turn, so that it never
/// waits for good.
const PASSES: u32 = 8;

/// How far the ticket behind a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A model call was made for this ticket already: finishing it frees most.
    Begun,
    /// The ticket's first model call.
    First,
}

/// How urgent a ticket is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    #[default]
    Interactive,
    /// Nobody does.
    Batch,
}

/// What a call waits as. The order is the order of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Begun,
    Interactive,
    Batch,
}

impl Class {
    fn of(stage: Stage, priority: Priority) -> Self {
        match (stage, priority) {
            (Stage::Begun, _) => Self::Begun,
            (Stage::First, Priority::Interactive) => Self::Interactive,
            (Stage::First, Priority::Batch) => Self::Batch,
        }
    }
}

/// How many calls wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    /// Calls of tickets that have begun, which go first.
    #[schema(examples(0))]
    pub begun: usize,
    /// First calls of interactive tickets.
    #[schema(examples(2))]
    pub interactive: usize,
    /// First calls of batch tickets.
    #[schema(examples(17))]
    pub batch: usize,
}

impl Waiting {
    /// Counts one more.
    pub fn count(&mut self, stage: Stage, priority: Priority) {
        *self.of(Class::of(stage, priority)) += 1;
    }

    fn of(&mut self, class: Class) -> &mut usize {
        match class {
            Class::Begun => &mut self.begun,
            Class::Interactive => &mut self.interactive,
            Class::Batch => &mut self.batch,
        }
    }

    /// How many new tickets are served before one of this priority that comes now: a batch call lets so
    /// many urgent ones pass, and no more.
    pub fn before(&self, priority: Priority) -> usize {
        match priority {
            Priority::Interactive => self.interactive,
            Priority::Batch => {
                let passes = self.batch.saturating_add(1).saturating_mul(PASSES as usize);
                self.interactive.min(passes) + self.batch
            }
        }
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.begun + self.interactive + self.batch
    }
}

/// The waiting calls, each with its class and its deadline.
#[derive(Debug)]
pub struct Queue<W> {
    waiters: BTreeMap<(Class, u64), (Duration, W)>,
    limit: usize,
    arrivals: u64,
    /// Urgent calls that were served while a batch call waited, since one of those was.
    passes: u32,
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
        Self { waiters: BTreeMap::new(), limit, arrivals: 0, passes: 0 }
    }

    /// The number of waiters.
    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// How many wait as what.
    pub fn waiting(&self) -> Waiting {
        let mut waiting = Waiting::default();
        self.waiters.keys().for_each(|(class, _)| *waiting.of(*class) += 1);
        waiting
    }

    /// Whether a call would find no place. Batch calls leave half of the places to urgent ones.
    pub fn is_full_for(&self, stage: Stage, priority: Priority) -> bool {
        let limit = match Class::of(stage, priority) {
            Class::Begun => return false,
            Class::Interactive => self.limit,
            Class::Batch => self.limit.div_ceil(2),
        };
        self.waiters.len() >= limit
    }

    /// Adds a waiter behind those of its class. Only a first call can find the queue full.
    pub fn push(
        &mut self,
        stage: Stage,
        priority: Priority,
        deadline: Duration,
        waiter: W,
    ) -> Result<(), Full<W>> {
        if self.is_full_for(stage, priority) {
            return Err(Full(waiter));
        }
        self.arrivals += 1;
        let key = (Class::of(stage, priority), self.arrivals);
        self.waiters.insert(key, (deadline, waiter));
        Ok(())
    }

    /// Forgets the waiters that have left, and returns those whose deadline has come.
    pub fn prune(&mut self, now: Duration, has_left: impl Fn(&W) -> bool) -> Vec<W> {
        self.waiters.retain(|_, (_, waiter)| !has_left(waiter));
        let late = self.waiters.extract_if(.., |_, (deadline, _)| *deadline <= now);
        late.map(|(_, (_, waiter))| waiter).collect()
    }

    /// Removes and returns all waiters, in the order of service.
    pub fn drain(&mut self) -> Vec<W> {
        std::mem::take(&mut self.waiters).into_values().map(|(_, waiter)| waiter).collect()
    }

    /// The waiters in the order of service, as it is if nobody comes or leaves and every slot suits
    /// everybody.
    pub fn in_order(&self) -> impl Iterator<Item = &W> {
        let of = |class| self.waiters.range((class, 0)..=(class, u64::MAX)).map(|entry| &entry.1.1);
        let (mut begun, mut urgent) = (of(Class::Begun), of(Class::Interactive));
        let mut batch = of(Class::Batch).peekable();
        let mut passes = self.passes;
        iter::from_fn(move || {
            let turn = passes >= PASSES;
            if let Some(waiter) = begun.next() {
                return Some(waiter);
            }
            if turn && let Some(waiter) = batch.next() {
                passes = 0;
                return Some(waiter);
            }
            let next = urgent.next();
            passes = if next.is_some() && batch.peek().is_some() { passes + 1 } else { 0 };
            next.or_else(|| batch.next())
        })
    }

    /// How many may wait.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Takes over another bound; who waits already stays.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The first deadline of those who wait.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.waiters.values().map(|(deadline, _)| *deadline).min()
    }

    /// Asks for each waiter in the order of service what there is for it, removes those for whom there
    /// is something, and returns them with it.
    ///
    /// One for whom there is nothing keeps its place and blocks nobody behind it. One who is turned away
    /// (`Some(None)`) had no turn.
    pub fn serve<T>(
        &mut self,
        mut offer: impl FnMut(Duration, &W) -> Option<Option<T>>,
    ) -> Vec<(W, Option<T>)> {
        let of = |class| move |key: &&(Class, u64)| key.0 == class;
        let keys: Vec<_> = self.waiters.keys().copied().collect();
        let (begun, rest) = keys.split_at(keys.iter().filter(of(Class::Begun)).count());
        let (urgent, batch) = rest.split_at(rest.iter().filter(of(Class::Interactive)).count());
        let mut taken = Vec::new();
        let (mut begun, mut urgent, mut batch) = (begun.iter(), urgent.iter(), batch.iter());
        loop {
            let turn = self.passes >= PASSES;
            let first = begun.next().or_else(|| if turn { batch.next() } else { None });
            let Some(key) = first.or_else(|| urgent.next()).or_else(|| batch.next()) else { break };
            let Some((deadline, waiter)) = self.waiters.get(key) else { continue };
            let Some(value) = offer(*deadline, waiter) else { continue };
            match key.0 {
                _ if value.is_none() => {}
                Class::Begun => {}
                Class::Interactive if batch.len() > 0 => self.passes += 1,
                Class::Interactive | Class::Batch => self.passes = 0,
            }
            let waiter = self.waiters.remove(key);
            taken.extend(waiter.map(|(_, waiter)| (waiter, value)));
        }
        taken
    }
}

#[cfg(test)]
mod tests;
