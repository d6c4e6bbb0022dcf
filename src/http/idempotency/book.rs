//! Which answers are kept, and which keys are in use. Here time is a value.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    time::Duration,
};

use actix_web::web::Bytes;
use tokio::time::Instant;

/// What one kept answer costs beside its bytes: its places in the map and in the order.
const OVERHEAD: usize = 160;

/// How long answers are kept, and how much of them.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Limits {
    /// For how long.
    pub(in crate::http) ttl: Duration,
    /// How many bytes, everything counted.
    pub(in crate::http) bytes: usize,
}

/// The key stands for another body already.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::http) struct Reused;

/// What a caller finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// The answer, which is kept.
    Kept(Bytes),
    /// None; the caller is noted and has to leave.
    Noted,
}

/// What is known of one key. One that nobody uses and that has no answer is forgotten.
#[derive(Debug)]
struct Known {
    body: u128,
    /// Those who work under this key.
    users: usize,
    answer: Option<Bytes>,
}

/// The keys in use and the answers. Names stand for a caller and his key.
#[derive(Debug, Default)]
pub(super) struct Book {
    known: HashMap<u128, Known>,
    /// The names of the answers, and since when they are kept, the oldest first.
    order: VecDeque<(Instant, u128)>,
    bytes: usize,
}

impl Book {
    /// Finds the answer, or notes that one more works on it.
    pub(super) fn enter(
        &mut self,
        name: u128,
        body: u128,
        now: Instant,
        limits: Limits,
    ) -> Result<Entered, Reused> {
        self.forget(now, limits);
        let new = || Known { body, users: 0, answer: None };
        let known = self.known.entry(name).or_insert_with(new);
        if known.body != body {
            return Err(Reused);
        }
        if let Some(answer) = &known.answer {
            return Ok(Entered::Kept(answer.clone()));
        }
        known.users += 1;
        Ok(Entered::Noted)
    }

    /// Keeps the answer of a name that is in use, unless there is one already.
    pub(super) fn keep(&mut self, name: u128, answer: &Bytes, now: Instant, limits: Limits) {
        let cost = cost(answer);
        let known = self.known.get_mut(&name).filter(|known| known.answer.is_none());
        if let Some(known) = known
            && cost <= limits.bytes
        {
            known.answer = Some(answer.clone());
            self.bytes += cost;
            self.order.push_back((now, name));
            self.forget(now, limits);
        }
    }

    /// One who was noted is not there any more.
    pub(super) fn leave(&mut self, name: u128) {
        if let Entry::Occupied(mut known) = self.known.entry(name) {
            known.get_mut().users -= 1;
            if known.get().users == 0 && known.get().answer.is_none() {
                known.remove();
            }
        }
    }

    /// Forgets the answers that are too old, and the oldest of those that are too many.
    fn forget(&mut self, now: Instant, limits: Limits) {
        while let Some((since, name)) = self.order.front().copied() {
            if now.duration_since(since) < limits.ttl && self.bytes <= limits.bytes {
                return;
            }
            self.order.pop_front();
            if let Entry::Occupied(mut known) = self.known.entry(name) {
                self.bytes -= known.get_mut().answer.take().as_ref().map_or(0, cost);
                if known.get().users == 0 {
                    known.remove();
                }
            }
        }
    }
}

fn cost(answer: &Bytes) -> usize {
    answer.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { ttl: Duration::from_secs(10), bytes: 1000 };

    fn answer(length: usize) -> Bytes {
        vec![b'a'; length].into()
    }

    /// Makes an answer of this length for a name whose body is its name.
    fn make(book: &mut Book, name: u128, length: usize, now: Instant) {
        assert_eq!(book.enter(name, name, now, LIMITS), Ok(Entered::Noted));
        book.keep(name, &answer(length), now, LIMITS);
        book.leave(name);
    }

    fn names(book: &Book) -> Vec<u128> {
        let mut names: Vec<_> = book.known.keys().copied().collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn an_answer_is_found_until_its_time_is_over_and_looking_does_not_prolong_it() {
        let mut book = Book::default();
        let start = Instant::now();
        make(&mut book, 1, 5, start);
        for second in [0, 5, 9] {
            let found = book.enter(1, 1, start + Duration::from_secs(second), LIMITS);
            assert_eq!(found, Ok(Entered::Kept(answer(5))));
        }
        let late = start + LIMITS.ttl;
        assert_eq!(book.enter(1, 1, late, LIMITS), Ok(Entered::Noted));
        assert_eq!((book.bytes, book.order.len()), (0, 0));
    }

    #[test]
    fn a_key_stands_for_one_body_while_it_is_in_use_and_while_its_answer_is_kept() {
        let mut book = Book::default();
        let now = Instant::now();
        for _ in 0..2 {
            assert_eq!(book.enter(1, 7, now, LIMITS), Ok(Entered::Noted));
        }
        book.leave(1);
        assert_eq!(book.enter(1, 8, now, LIMITS), Err(Reused), "one is still at work");
        book.keep(1, &answer(5), now, LIMITS);
        book.leave(1);
        assert_eq!(book.enter(1, 8, now, LIMITS), Err(Reused));
        assert_eq!(book.enter(1, 8, now + LIMITS.ttl, LIMITS), Ok(Entered::Noted));
    }

    #[test]
    fn without_an_answer_nothing_is_left_of_a_key() {
        let mut book = Book::default();
        let now = Instant::now();
        assert_eq!(book.enter(1, 7, now, LIMITS), Ok(Entered::Noted));
        book.leave(1);
        assert!(names(&book).is_empty());
        assert_eq!(book.enter(1, 8, now, LIMITS), Ok(Entered::Noted));
    }

    #[test]
    fn the_oldest_go_first_and_what_is_larger_than_all_is_not_kept() {
        let mut book = Book::default();
        let now = Instant::now();
        for name in 1..=3 {
            make(&mut book, name, 200, now);
        }
        assert_eq!(names(&book), [2, 3], "two of 360 bytes fit");
        make(&mut book, 4, 1000, now);
        assert_eq!(names(&book), [2, 3]);
        make(&mut book, 5, 1000 - OVERHEAD, now);
        assert_eq!((names(&book), book.bytes), (vec![5], 1000));
    }

    #[test]
    fn tighter_limits_hold_from_the_next_call_on() {
        let mut book = Book::default();
        let now = Instant::now();
        make(&mut book, 1, 200, now);
        make(&mut book, 2, 200, now);
        let fewer = Limits { bytes: 400, ..LIMITS };
        assert_eq!(book.enter(1, 1, now, fewer), Ok(Entered::Noted));
        let shorter = Limits { ttl: Duration::from_secs(1), ..LIMITS };
        let later = now + Duration::from_secs(1);
        assert_eq!(book.enter(2, 2, later, shorter), Ok(Entered::Noted));
    }

    proptest! {
        #[test]
        fn whatever_comes_the_bytes_are_counted_and_bounded(
            steps in prop::collection::vec((0..4u8, 0..6u128, 0..400usize), 0..60)
        ) {
            let mut book = Book::default();
            let mut now = Instant::now();
            let mut at_work = Vec::new();
            for (step, name, number) in steps {
                match step {
                    0 => if book.enter(name, 0, now, LIMITS) == Ok(Entered::Noted) {
                        at_work.push(name);
                    },
                    1 => if let Some(name) = at_work.pop() {
                        book.leave(name);
                    },
                    2 => if let Some(name) = at_work.last() {
                        book.keep(*name, &answer(number), now, LIMITS);
                    },
                    _ => now += Duration::from_millis(10 * number as u64),
                }
                let kept = book.known.values().filter_map(|known| known.answer.as_ref());
                let costs: Vec<_> = kept.map(cost).collect();
                prop_assert_eq!(book.bytes, costs.iter().sum::<usize>());
                prop_assert_eq!(book.order.len(), costs.len());
                prop_assert!(book.bytes <= LIMITS.bytes);
                let users: usize = book.known.values().map(|known| known.users).sum();
                prop_assert_eq!(users, at_work.len());
                prop_assert!(book.known.values().all(|known| known.users > 0 || known.answer.is_some()));
            }
        }
    }
}
