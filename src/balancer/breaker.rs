//! Whether a node that fails again and again may be tried. Pure.
//!
//! One rule: closed → open after so many failures in a row that are its own → one trial after a
//! cool-down that doubles with each trial that fails.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::backoff::Backoff;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Failures in a row that open it.
    pub failures: u32,
    /// The time to the trial.
    pub cooldown: Backoff,
}

/// What people are told of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = Breaker, examples("closed"))]
pub enum Position {
    /// Calls pass.
    Closed,
    /// None does.
    Open,
    /// One call tries whether they may.
    HalfOpen,
}

/// A node's breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row.
    failures: u32,
    /// Trials that failed, and the opening before the first; 0 while it is closed.
    trips: u32,
    until: Duration,
    /// When the trial began that is on its way.
    trial: Option<Duration>,
}

impl Breaker {
    /// Where it is.
    pub fn position(&self) -> Position {
        match (self.trips, self.trial) {
            (0, _) => Position::Closed,
            (_, None) => Position::Open,
            (_, Some(_)) => Position::HalfOpen,
        }
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// When a trial may come; zero while it is closed.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// Takes note that a call was let through.
    pub fn begin(&mut self, now: Duration) {
        self.trial = (self.trips > 0).then_some(now);
    }

    /// Takes note of the end of a call and says whether it was the trial; what began before that
    /// may still run.
    pub fn end(&mut self, began: Duration) -> bool {
        self.trial.take_if(|trial| began >= *trial).is_some()
    }

    /// Takes note of a failure that is the node's own, in the trial or else. While it is open, only
    /// the trial prolongs it.
    pub fn fail(&mut self, in_trial: bool, now: Duration, policy: Policy) {
        self.failures = self.failures.saturating_add(1);
        if in_trial || (self.trips == 0 && self.failures >= policy.failures) {
            self.trips = self.trips.saturating_add(1);
            self.until = now + policy.cooldown.delay(self.trips);
        }
    }

    /// Takes note of an answer.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }

    /// Takes back one failure. One that opened the breaker leaves it open until its trial.
    pub fn pardon(&mut self) {
        self.failures = self.failures.saturating_sub(1);
        if self.failures == 0 {
            self.succeed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const POLICY: Policy =
        Policy { failures: 3, cooldown: Backoff { base: SECOND, ceiling: Duration::from_secs(4) } };

    /// A breaker that is open until a second has passed.
    fn open() -> Breaker {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| breaker.fail(false, Duration::ZERO, POLICY));
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_an_answer_closes_it() {
        let mut breaker = Breaker::default();
        for _ in 0..2 {
            breaker.fail(false, SECOND, POLICY);
            assert_eq!(breaker.position(), Position::Closed);
        }
        breaker.succeed();
        for position in [Position::Closed, Position::Closed, Position::Open, Position::Open] {
            breaker.fail(false, SECOND, POLICY);
            assert_eq!(breaker.position(), position);
        }
        assert_eq!(breaker.until(), 2 * SECOND, "what began before does not prolong it");
        breaker.begin(2 * SECOND);
        assert_eq!(breaker.position(), Position::HalfOpen);
        breaker.succeed();
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn each_trial_that_fails_doubles_the_wait_up_to_the_ceiling() {
        let mut breaker = open();
        let mut waits = vec![breaker.until().as_secs()];
        for _ in 0..3 {
            let now = breaker.until();
            breaker.begin(now);
            let in_trial = breaker.end(now);
            breaker.fail(in_trial, now, POLICY);
            waits.push((breaker.until() - now).as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 4]);
    }

    #[test]
    fn only_the_end_of_the_trial_itself_makes_room_for_another_one() {
        let mut breaker = open();
        breaker.begin(SECOND);
        assert!(!breaker.end(Duration::ZERO), "that began before");
        breaker.fail(false, SECOND, POLICY);
        assert_eq!((breaker.position(), breaker.until()), (Position::HalfOpen, SECOND));
        assert!(breaker.end(SECOND));
        assert_eq!((breaker.position(), breaker.until()), (Position::Open, SECOND));
    }

    #[test]
    fn a_pardon_takes_a_failure_back() {
        let mut breaker = Breaker::default();
        breaker.fail(false, Duration::ZERO, POLICY);
        breaker.pardon();
        assert_eq!(breaker, Breaker::default());
    }
}
