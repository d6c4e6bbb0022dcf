//! The life of one node as a table: what happens in each phase at each event. Pure.
//!
//! One rule: every start of a process but the first comes after a delay, or because an operator asked
//! for it. Time comes in as a value, counted from the node's start; jitter as a number between 0 and 1.

mod effort;
mod rules;
mod vocabulary;

use std::{collections::VecDeque, time::Duration};

pub use self::vocabulary::{Action, Event, Goal, Memory, Phase, Pulled, Timing};
use self::{effort::Effort, rules::Why};
use crate::balancer::NodeState;

const HOUR: Duration = Duration::from_secs(3600);

/// A phase in which a node is probed: its process runs, or others run it.
macro_rules! watched {
    () => {
        Phase::Starting { .. }
            | Phase::ModelMissing
            | Phase::Pulling
            | Phase::Loading
            | Phase::Ready { .. }
            | Phase::Checking { .. }
            | Phase::NoGpu
            | Phase::Hung
            | Phase::Unhealthy { .. }
    };
}

/// A phase in which a node waits for its next start.
macro_rules! waiting {
    () => {
        Phase::BackingOff { .. } | Phase::CrashLooping { .. }
    };
}

/// A node's life.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    phase: Phase,
    timing: Timing,
    /// Whether the process may be started by us.
    startable: bool,
    /// Whether the process is ours: not an endpoint, and not an Ollama that was adopted.
    managed: bool,
    /// Starts that failed, or ended soon, in a row.
    failures: u32,
    /// Of these, those after which a process had ended.
    ends: u32,
    /// Whether the model was last seen partly on the CPU.
    on_cpu: bool,
    /// Probes without an answer in a row.
    silent: u32,
    /// Since when every probe was refused.
    refused_since: Option<Duration>,
    /// When the process was killed because it hung, in the last hour.
    kills: VecDeque<Duration>,
    /// When the next canary may fly.
    canary_next: Duration,
    /// When a fault may make the model be loaded again.
    fault_next: Duration,
    warmth: Effort,
    pull: Effort,
}

impl Lifecycle {
    /// The life of a managed node; it begins with [`Action::Look`].
    pub fn managed(timing: Timing) -> Self {
        Self {
            phase: Phase::Looking,
            timing,
            startable: true,
            managed: true,
            failures: 0,
            ends: 0,
            on_cpu: false,
            silent: 0,
            refused_since: None,
            kills: VecDeque::new(),
            canary_next: Duration::ZERO,
            fault_next: Duration::ZERO,
            warmth: Effort::NEW,
            pull: Effort::NEW,
        }
    }

    /// The life of an endpoint that others run; it begins with [`Action::Watch`].
    pub fn endpoint(timing: Timing) -> Self {
        let phase = Phase::Starting { since: Duration::ZERO };
        let warmth = Effort::Done;
        Self { phase, startable: false, managed: false, warmth, ..Self::managed(timing) }
    }

    /// Where the node is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether ticketd runs the process.
    pub fn is_managed(&self) -> bool {
        self.managed
    }

    /// Whether an Ollama that somebody else started is used on a port of ours.
    pub fn is_adopted(&self) -> bool {
        self.startable && !self.managed && self.wants_probes()
    }

    /// The state that people are told. Who waits for another one's pull is told that it goes on.
    pub fn name(&self) -> &'static str {
        let pulled = self.managed && self.timing.pull && self.phase == Phase::ModelMissing;
        if pulled { Phase::Pulling.name() } else { self.phase.name() }
    }

    /// Whether the last failure is the one that made the crash loop.
    pub fn begins_to_loop(&self) -> bool {
        self.ends == self.timing.crash_loop_failures
    }

    /// Whether the process may not be killed again this hour, although it hangs.
    pub fn is_out_of_kills(&self, now: Duration) -> bool {
        self.managed && !self.may_kill(now)
    }

    /// Whether probes make sense.
    pub fn wants_probes(&self) -> bool {
        match self.phase {
            watched!() => true,
            // A drain can be called off.
            Phase::Draining { .. } => true,
            Phase::Looking
            | waiting!()
            | Phase::Stopping { .. }
            | Phase::Stopped
            | Phase::Finished => false,
        }
    }

    /// Whether calls that it works on had better go elsewhere.
    pub fn is_lost(&self) -> bool {
        match self.phase {
            Phase::Hung
            | Phase::Unhealthy { .. }
            | waiting!()
            | Phase::Stopping { .. }
            | Phase::Stopped
            | Phase::Finished => true,
            Phase::Looking
            | Phase::Starting { .. }
            | Phase::ModelMissing
            | Phase::Pulling
            | Phase::Loading
            | Phase::Ready { .. }
            | Phase::Checking { .. }
            | Phase::NoGpu
            | Phase::Draining { .. } => false,
        }
    }

    /// Takes over other delays and limits.
    pub fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// What the balancer is told.
    pub fn state(&self, now: Duration) -> NodeState {
        let soon = NodeState::Down { back_in: Some(Duration::ZERO) };
        let never = NodeState::Down { back_in: None };
        match self.phase {
            Phase::Ready { .. } => NodeState::Ready,
            Phase::ModelMissing | Phase::Pulling | Phase::Loading | Phase::Checking { .. } => {
                NodeState::Reachable
            }
            Phase::Looking | Phase::Starting { .. } | Phase::Unhealthy { .. } | Phase::Hung => soon,
            Phase::BackingOff { until, hopeless: false } | Phase::CrashLooping { until } => {
                NodeState::Down { back_in: Some(until.saturating_sub(now)) }
            }
            Phase::Draining { goal } | Phase::Stopping { goal } => match goal {
                Goal::Recover | Goal::Restart => soon,
                Goal::Park | Goal::Finish => never,
            },
            Phase::BackingOff { hopeless: true, .. }
            | Phase::NoGpu
            | Phase::Stopped
            | Phase::Finished => never,
        }
    }

    /// Moves to the next phase and says what to do; `None` means there is nothing to do.
    pub fn on(&mut self, event: Event, now: Duration, jitter: f64) -> Option<Action> {
        let action = self.next(event, now, jitter);
        if !matches!(self.phase, Phase::ModelMissing | Phase::Pulling) {
            // The actor has cancelled it.
            self.pull.cancel(now);
        }
        action
    }

    fn next(&mut self, event: Event, now: Duration, jitter: f64) -> Option<Action> {
        use {Event as E, Phase as P};
        match (self.phase, event) {
            (P::Looking, E::PortFree) => {
                (self.managed, self.warmth, self.on_cpu) = (true, Effort::NEW, false);
                self.enter(P::Starting { since: now }, Some(Action::Spawn))
            }
            (P::Looking, E::PortServed) => {
                (self.managed, self.warmth, self.on_cpu) = (false, Effort::Done, false);
                self.enter(P::Starting { since: now }, Some(Action::Watch))
            }
            (P::Looking, E::PortTaken) => self.back_off(now, jitter, Why::Taken),
            (P::Looking | P::Starting { .. }, E::SpawnFailed { hopeless }) => {
                let why = if hopeless { Why::Hopeless } else { Why::Ended };
                self.back_off(now, jitter, why)
            }
            (watched!(), E::Probed(probe)) => self.probed(probe, now),
            (watched!() | P::Draining { .. }, E::Located(memory)) => self.located(memory, now),
            (watched!() | P::Draining { .. }, E::Warmed { loaded }) => self.warmed(loaded, now),
            (P::Loading, E::Incomplete) if self.managed && self.timing.pull => self.unlisted(now),
            (watched!(), E::Pulled(pulled)) => self.pulled(pulled, now),
            (P::Ready { since }, E::Stalled) => self.check(since, now),
            (P::Ready { since }, E::Doubted) if now >= self.canary_next => self.check(since, now),
            (P::Ready { since }, E::Faulted) if now >= self.fault_next => {
                self.fault_next = now + self.timing.canary_cooldown;
                self.warm_again(since)
            }
            (P::Checking { since }, E::Unloaded) => self.warm_again(since),
            (P::Checking { since }, E::Sang { alive }) => self.judged(alive, since, now),
            (watched!() | P::Draining { .. }, E::ModelChanged) => self.model_changed(now),
            (watched!(), E::Exited) => {
                self.forgive(now);
                self.back_off(now, jitter, Why::Ended)
            }
            (P::Stopping { goal } | P::Draining { goal }, E::Exited) => {
                self.settle(goal, now, jitter)
            }
            (P::BackingOff { until, .. } | P::CrashLooping { until }, E::DelayOver)
                if now >= until =>
            {
                self.enter(P::Looking, Some(Action::Look))
            }
            (watched!(), E::DrainAsked(goal)) => {
                self.enter(P::Draining { goal }, Some(Action::Drain))
            }
            (P::Draining { goal: old }, E::DrainAsked(goal)) => {
                self.enter(P::Draining { goal: old.or_later(goal) }, None)
            }
            (P::Stopping { goal: old }, E::DrainAsked(goal)) => {
                self.enter(P::Stopping { goal: old.or_later(goal) }, None)
            }
            (P::Looking, E::DrainAsked(Goal::Restart | Goal::Recover)) => None,
            (P::Looking | waiting!() | P::Stopped, E::DrainAsked(goal)) => {
                self.settle(goal, now, jitter)
            }
            (P::Draining { goal }, E::Idle | E::DrainOver) if self.managed => {
                self.enter(P::Stopping { goal }, Some(Action::Terminate))
            }
            (P::Draining { goal }, E::Idle | E::DrainOver) => self.settle(goal, now, jitter),
            (waiting!() | P::Stopped, E::ResumeAsked) => self.settle(Goal::Restart, now, jitter),
            (P::Draining { goal: Goal::Park }, E::ResumeAsked) => {
                self.enter(P::Starting { since: now }, None)
            }
            (P::Stopping { goal: Goal::Park }, E::ResumeAsked) => {
                self.enter(P::Stopping { goal: Goal::Restart }, None)
            }
            (watched!() | P::Draining { .. }, E::StopAsked) if self.managed => {
                self.enter(P::Stopping { goal: Goal::Finish }, Some(Action::Terminate))
            }
            (P::Stopping { .. }, E::StopAsked) => {
                self.enter(P::Stopping { goal: Goal::Finish }, None)
            }
            (watched!() | P::Draining { .. }, E::StopAsked)
            | (P::Looking | waiting!() | P::Stopped, E::StopAsked) => {
                self.enter(P::Finished, Some(Action::Finish))
            }
            // What is left is late news of a phase that has passed, or asks for what is so already.
            (
                P::Looking,
                E::Probed(_)
                | E::Located(_)
                | E::Warmed { .. }
                | E::Incomplete
                | E::Pulled(_)
                | E::Stalled
                | E::Doubted
                | E::Faulted
                | E::Unloaded
                | E::Sang { .. }
                | E::Exited
                | E::DelayOver
                | E::Idle
                | E::DrainOver
                | E::ResumeAsked
                | E::ModelChanged,
            )
            | (
                watched!(),
                E::PortFree
                | E::PortServed
                | E::PortTaken
                | E::SpawnFailed { .. }
                | E::Incomplete
                | E::Stalled
                | E::Doubted
                | E::Faulted
                | E::Unloaded
                | E::Sang { .. }
                | E::DelayOver
                | E::Idle
                | E::DrainOver
                | E::ResumeAsked,
            )
            | (
                waiting!() | P::Stopped | P::Draining { .. } | P::Stopping { .. },
                E::PortFree
                | E::PortServed
                | E::PortTaken
                | E::SpawnFailed { .. }
                | E::Probed(_)
                | E::Incomplete
                | E::Pulled(_)
                | E::Stalled
                | E::Doubted
                | E::Faulted
                | E::Unloaded
                | E::Sang { .. }
                | E::DelayOver,
            )
            | (
                waiting!() | P::Stopped | P::Stopping { .. },
                E::Located(_) | E::Warmed { .. } | E::ModelChanged,
            )
            | (waiting!() | P::Stopped, E::Exited | E::Idle | E::DrainOver)
            | (P::Draining { .. }, E::ResumeAsked)
            | (P::Stopping { .. }, E::Idle | E::DrainOver | E::ResumeAsked)
            | (P::Finished, _) => None,
        }
    }

    fn enter(&mut self, phase: Phase, action: Option<Action>) -> Option<Action> {
        self.phase = phase;
        action
    }
}

#[cfg(test)]
mod tests;
