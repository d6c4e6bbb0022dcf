//! One node as the balancer sees it: its slots, what its supervisor says of it, how its calls went.
//! Pure.

use std::time::Duration;

use super::{
    NodeId, NodeState, Outcome,
    breaker::{self, Breaker, Position},
    cases::{Case, OpenCases, Reason},
    history::{ENOUGH, Expected, History, Measured},
    tally::Tally,
};
use crate::backoff::Backoff;

/// So many different calls that a node did not answer, and no other one either, are its own fault; and
/// so many that it failed, whatever others did with them.
const SEVERAL: usize = 3;

/// The most that a node's patience grows to.
const MOST_PATIENCE: u32 = 64;

/// How a node that fails is treated.
#[derive(Clone, Copy, Debug)]
pub struct Treatment {
    /// How long a node rests after failures of its own.
    pub rest: Backoff,
    /// When its breaker opens.
    pub breaker: breaker::Policy,
    /// How long a node rests at most while every other one does, too.
    pub outage_retry: Duration,
}

/// What a call may expect of the node that it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prospect {
    /// How long such calls took of late; none if nothing is known.
    pub expected: Option<Expected>,
    /// How many times that long the node may take, because others answered what it did not in time.
    pub patience: u32,
}

/// How the last call went that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastFailure {
    /// How.
    pub outcome: Outcome,
    /// When.
    pub at: Duration,
}

/// One node's slots, health and counts.
#[derive(Clone, Debug)]
pub struct Member {
    /// Different for every node that ever was.
    pub(super) membership: u64,
    /// The node's id.
    pub id: NodeId,
    /// The URL up to `/api`.
    pub base_url: String,
    /// Calls it may work on at once.
    pub slots: u32,
    /// What its supervisor last said of it.
    pub state: NodeState,
    /// When the supervisor said so.
    state_at: Duration,
    /// Leases that are out.
    pub in_flight: u32,
    /// Calls sent to it since the start.
    pub request_count: u64,
    /// Failures of it since the start.
    pub error_count: u64,
    /// What became of its calls since it came.
    pub tally: Tally,
    /// The last failure.
    pub last_failure: Option<LastFailure>,
    /// Its breaker.
    pub breaker: Breaker,
    /// When it last failed by a fault of its own.
    failed_at: Duration,
    /// Until when it rests because it failed.
    rest_until: Duration,
    /// Until when a call that it failed early would have taken: who fails fast attracts no more.
    shun_until: Duration,
    /// The number of the lease that was its last; a lower one means longer unused.
    pub(super) last_used: u64,
    /// How its last answered calls went.
    pub history: History,
    /// When it last answered a call.
    answered_at: Option<Duration>,
    /// The number of the doubt that its supervisor has not settled yet.
    doubt: Option<u64>,
    patience: u32,
    /// Calls that it did not answer and that no other node has answered so far.
    cases: OpenCases,
    /// Whether it did not answer its last call, whoever is to blame.
    missed: bool,
    /// Different calls in a row that it failed and answered none between, and the last of them.
    failed: usize,
    last_failed: u64,
    /// How many calls it may have at once while it recovers.
    pub(super) ramp: Option<u32>,
}

impl Member {
    pub(super) fn new(membership: u64, id: NodeId, base_url: String, slots: u32) -> Self {
        Self {
            membership,
            id,
            base_url,
            slots,
            state: NodeState::Down { back_in: Some(Duration::ZERO) },
            state_at: Duration::ZERO,
            in_flight: 0,
            request_count: 0,
            error_count: 0,
            tally: Tally::default(),
            last_failure: None,
            breaker: Breaker::default(),
            failed_at: Duration::ZERO,
            rest_until: Duration::ZERO,
            shun_until: Duration::ZERO,
            last_used: 0,
            history: History::default(),
            answered_at: None,
            doubt: None,
            patience: 1,
            cases: OpenCases::default(),
            missed: false,
            failed: 0,
            last_failed: 0,
            ramp: None,
        }
    }

    /// Whether its supervisor says that it takes calls, and nothing has been heard since that makes
    /// this doubtful.
    pub(super) fn is_ready(&self) -> bool {
        self.state == NodeState::Ready && self.doubt.is_none()
    }

    /// Whether calls go there that are no trial, now or after a short rest.
    pub(super) fn is_live(&self) -> bool {
        self.is_ready() && self.breaker.position() == Position::Closed
    }

    /// Whether it answered its last call, or had none so far.
    pub(super) fn is_sound(&self) -> bool {
        !self.missed
    }

    /// Until when it gets no call. In an outage, when all nodes rest, it is tried again soon.
    pub(super) fn rests_until(&self, outage: bool, treatment: &Treatment) -> Duration {
        let until = self.rest_until.max(self.breaker.until());
        if outage {
            until.min(self.failed_at + treatment.outage_retry)
        } else {
            until.max(self.shun_until)
        }
    }

    /// Whether a slot is free for one more call, as far as it recovers or is tried.
    pub(super) fn has_room(&self) -> bool {
        let most = self.ramp.map_or(self.slots, |ramp| ramp.min(self.slots));
        let most = match self.breaker.position() {
            Position::Closed => most,
            // The one trial; what began before it may still run.
            Position::Open => self.slots,
            Position::HalfOpen => 0,
        };
        self.in_flight < most
    }

    /// When it can be usable at the earliest; none if that takes an operator. A node that is down
    /// says so itself, and every other one may be usable at any moment.
    pub(super) fn usable_at(&self, outage: bool, treatment: &Treatment) -> Option<Duration> {
        match self.state {
            NodeState::Ready => Some(self.rests_until(outage, treatment)),
            NodeState::Reachable => Some(Duration::ZERO),
            NodeState::Down { back_in } => back_in.map(|delay| self.state_at + delay),
        }
    }

    /// What a call may expect there, if the fleet's calls went like that.
    pub(super) fn prospect(&self, fleet: &History) -> Prospect {
        Prospect { expected: self.history.expected(fleet), patience: self.patience }
    }

    /// How long its calls take on the average, if there were enough to say so.
    pub(super) fn pace(&self) -> Option<Duration> {
        self.history.mean().filter(|_| self.history.len() >= ENOUGH)
    }

    /// Whether nothing shows that it works, after a call that held it so long without an answer: no
    /// other one runs there, or none was answered meanwhile.
    pub(super) fn is_suspect(&self, held: Duration, now: Duration) -> bool {
        self.in_flight == 0 || self.answered_at.is_none_or(|at| at + held < now)
    }

    /// Takes note of what its supervisor says, who has heard of the doubts up to `heard`.
    ///
    /// A node that was down comes back without a rest: a new process owes nothing. One that only
    /// loaded its model again keeps it, so that who fails fast does not attract calls. Whoever comes
    /// back takes calls slowly at first.
    pub(super) fn set_state(&mut self, state: NodeState, heard: u64, now: Duration) {
        let down = |state| matches!(state, NodeState::Down { .. });
        if self.doubt.is_some_and(|doubt| doubt <= heard) {
            self.doubt = None;
        }
        if down(state) {
            self.patience = 1;
        } else if down(self.state) {
            self.breaker = Breaker::default();
            (self.rest_until, self.shun_until) = (Duration::ZERO, Duration::ZERO);
            self.cases = OpenCases::default();
            (self.missed, self.failed) = (false, 0);
        }
        let comes_back = state == NodeState::Ready && self.state != NodeState::Ready;
        if comes_back && self.request_count > 0 {
            self.ramp = Some(1);
        }
        self.state = state;
        self.state_at = now;
    }

    /// Takes note of a lease.
    pub(super) fn take(&mut self, lease: u64, now: Duration) {
        self.in_flight += 1;
        self.request_count += 1;
        self.last_used = lease;
        self.breaker.begin(now);
    }

    /// Takes note of the end of a lease for `call`, which was held so long while a call takes
    /// `usual`.
    pub(super) fn end(
        &mut self,
        (outcome, call, held): (Outcome, u64, Duration),
        measured: Option<Measured>,
        usual: Option<Duration>,
        now: Duration,
        treatment: &Treatment,
    ) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let began = now.saturating_sub(held);
        let early = usual.unwrap_or_default().saturating_sub(held);
        let in_trial = self.breaker.end(began);
        if outcome.is_error() {
            self.error_count += 1;
            self.last_failure = Some(LastFailure { outcome, at: now });
        }
        if outcome != Outcome::Abandoned {
            self.missed = outcome != Outcome::Answered;
        }
        match outcome {
            Outcome::Answered => {
                if self.breaker.position() != Position::Closed {
                    self.ramp = Some(1);
                }
                self.breaker.succeed();
                (self.rest_until, self.shun_until) = (Duration::ZERO, Duration::ZERO);
                self.cases = OpenCases::default();
                self.failed = 0;
                self.patience = (self.patience / 2).max(1);
                self.answered_at = Some(now);
                self.ramp = self.ramp.map(|ramp| ramp * 2).filter(|ramp| *ramp < self.slots);
                if let Some(measured) = measured {
                    self.history.push(measured);
                }
            }
            Outcome::Refused | Outcome::Busy | Outcome::Failed => {
                if outcome == Outcome::Refused {
                    // The request was never sent.
                    self.request_count = self.request_count.saturating_sub(1);
                }
                if self.failed == 0 || self.last_failed != call {
                    self.failed = self.failed.saturating_add(1);
                    self.last_failed = call;
                }
                // What began before the last failure is one with it.
                if in_trial || self.breaker.failures() == 0 || began > self.failed_at {
                    self.fail(in_trial, now, treatment);
                }
                self.shun_until = self.shun_until.max(now + early);
            }
            Outcome::Stalled | Outcome::BadAnswer => {
                if in_trial {
                    // It has failed often enough for the benefit of the doubt.
                    self.fail(in_trial, now, treatment);
                }
                let stalled = outcome == Outcome::Stalled;
                let reason = if stalled { Reason::Silence } else { Reason::Uselessness };
                self.cases.open(Case { call, reason, early });
                let own = self.cases.take_own(SEVERAL);
                for _ in 0..own {
                    // One by one, as they came.
                    self.breaker.fail(false, now, treatment.breaker);
                }
                if own > 0 {
                    self.rest(now, treatment);
                }
            }
            Outcome::Rejected => self.cases.open(Case { call, reason: Reason::Call, early }),
            Outcome::Abandoned => {}
        }
    }

    /// Takes it out until its supervisor, told of the doubt by this number, has looked.
    pub(super) fn doubt(&mut self, number: u64) {
        self.doubt = Some(number);
    }

    /// Another node answered a call that this one did not: it was this one's fault. It may have been
    /// too slow, so it is given more time.
    pub(super) fn blame(&mut self, call: u64, now: Duration, treatment: &Treatment) {
        if let Some(Case { reason, early, .. }) = self.cases.settle(call) {
            if reason == Reason::Silence {
                self.patience = (self.patience * 2).min(MOST_PATIENCE);
            }
            self.fail(false, now, treatment);
            self.shun_until = self.shun_until.max(now + early);
        }
    }

    /// Takes back the blame for one failed call, until another node answers it. Who fails several and
    /// answers none between them proves more than one call can disprove.
    pub(super) fn pardon(&mut self, call: u64) {
        if self.failed >= SEVERAL {
            return;
        }
        self.error_count = self.error_count.saturating_sub(1);
        self.breaker.pardon();
        let early = self.shun_until.saturating_sub(self.failed_at);
        self.shun_until = Duration::ZERO;
        if self.breaker.failures() == 0 {
            self.rest_until = Duration::ZERO;
        }
        self.cases.open(Case { call, reason: Reason::Call, early });
    }

    /// A failure that is its own.
    fn fail(&mut self, in_trial: bool, now: Duration, treatment: &Treatment) {
        self.breaker.fail(in_trial, now, treatment.breaker);
        self.rest(now, treatment);
    }

    fn rest(&mut self, now: Duration, treatment: &Treatment) {
        self.failed_at = now;
        self.rest_until = now + treatment.rest.delay(self.breaker.failures());
    }
}
