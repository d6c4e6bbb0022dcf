//! The life of one node as a table: what happens in each phase at each event. Pure.
//!
//! One rule: every start of a process but the first comes after a delay. Time comes in as a value,
//! counted from the node's start; jitter as a number between 0 and 1.

mod vocabulary;

use std::time::Duration;

pub use self::vocabulary::{Action, Event, Phase, Timing};
use crate::{balancer::NodeState, ollama::Probe};

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
    /// Probes without an answer in a row.
    silent: u32,
    /// Since when every probe was refused.
    refused_since: Option<Duration>,
    warmth: Warmth,
}

/// Whether the model of a process of ours is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Warmth {
    /// It is not; loading it failed so often, and may be tried again from then on.
    Cold { failures: u32, next: Duration },
    /// It is being loaded, after so many failures.
    Warming { failures: u32 },
    /// It is.
    Warm,
}

impl Warmth {
    /// As a process starts.
    const COLD: Self = Self::Cold { failures: 0, next: Duration::ZERO };
}

impl Lifecycle {
    /// The life of a managed node; it begins with [`Action::Look`].
    pub fn managed(timing: Timing) -> Self {
        let phase = Phase::Looking;
        Self {
            phase,
            timing,
            startable: true,
            managed: true,
            failures: 0,
            silent: 0,
            refused_since: None,
            warmth: Warmth::COLD,
        }
    }

    /// The life of an endpoint that others run.
    pub fn endpoint(timing: Timing) -> Self {
        let phase = Phase::Starting { since: Duration::ZERO };
        let warmth = Warmth::Warm;
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

    /// Whether the last failure is the one that made the crash loop.
    pub fn begins_to_loop(&self) -> bool {
        self.failures == self.timing.crash_loop_failures
    }

    /// Whether probes make sense.
    pub fn wants_probes(&self) -> bool {
        match self.phase {
            Phase::Starting { .. }
            | Phase::ModelMissing
            | Phase::Loading
            | Phase::Ready { .. }
            | Phase::Unhealthy { .. } => true,
            Phase::Looking
            | Phase::BackingOff { .. }
            | Phase::CrashLooping { .. }
            | Phase::Stopping
            | Phase::Stopped => false,
        }
    }

    /// What the balancer is told.
    pub fn state(&self, now: Duration) -> NodeState {
        match self.phase {
            Phase::Ready { .. } => NodeState::Ready,
            Phase::ModelMissing | Phase::Loading => NodeState::Reachable,
            Phase::Looking | Phase::Starting { .. } | Phase::Unhealthy { .. } => {
                NodeState::Down { back_in: Some(Duration::ZERO) }
            }
            Phase::BackingOff { until, hopeless: false } | Phase::CrashLooping { until } => {
                NodeState::Down { back_in: Some(until.saturating_sub(now)) }
            }
            Phase::BackingOff { hopeless: true, .. } | Phase::Stopping | Phase::Stopped => {
                NodeState::Down { back_in: None }
            }
        }
    }

    /// Moves to the next phase and says what to do; `None` means there is nothing to do.
    pub fn on(&mut self, event: Event, now: Duration, jitter: f64) -> Option<Action> {
        use {Event as E, Phase as P};
        match (self.phase, event) {
            (P::Looking, E::PortFree) => {
                (self.managed, self.warmth) = (true, Warmth::COLD);
                self.enter(P::Starting { since: now }, Some(Action::Spawn))
            }
            (P::Looking, E::PortServed) => {
                (self.managed, self.warmth) = (false, Warmth::Warm);
                self.enter(P::Starting { since: now }, None)
            }
            (P::Looking, E::PortTaken) => self.back_off(now, jitter, false),
            (P::Starting { .. }, E::SpawnFailed { hopeless }) => {
                self.back_off(now, jitter, hopeless)
            }
            (
                P::Starting { .. }
                | P::ModelMissing
                | P::Loading
                | P::Ready { .. }
                | P::Unhealthy { .. },
                E::Probed(probe),
            ) => self.probed(probe, now),
            (P::ModelMissing | P::Loading | P::Unhealthy { .. }, E::Warmed { loaded }) => {
                self.warmed(loaded, now)
            }
            (P::Ready { .. }, E::Exited) => {
                self.forgive(now);
                self.back_off(now, jitter, false)
            }
            (
                P::Starting { .. } | P::ModelMissing | P::Loading | P::Unhealthy { .. },
                E::Exited,
            ) => self.back_off(now, jitter, false),
            (P::BackingOff { .. } | P::CrashLooping { .. }, E::DelayOver) => {
                self.enter(P::Looking, Some(Action::Look))
            }
            (
                P::Starting { .. }
                | P::ModelMissing
                | P::Loading
                | P::Ready { .. }
                | P::Unhealthy { .. },
                E::StopAsked,
            ) if self.managed => self.enter(P::Stopping, Some(Action::Terminate)),
            (
                P::Looking
                | P::BackingOff { .. }
                | P::CrashLooping { .. }
                | P::Starting { .. }
                | P::ModelMissing
                | P::Loading
                | P::Ready { .. }
                | P::Unhealthy { .. },
                E::StopAsked,
            )
            | (P::Stopping, E::Exited) => self.enter(P::Stopped, Some(Action::Finish)),
            // Late news of a phase that has passed.
            (
                P::Looking,
                E::SpawnFailed { .. } | E::Probed(_) | E::Warmed { .. } | E::Exited | E::DelayOver,
            )
            | (
                P::Starting { .. },
                E::PortFree | E::PortServed | E::PortTaken | E::Warmed { .. } | E::DelayOver,
            )
            | (P::Ready { .. }, E::Warmed { .. })
            | (
                P::ModelMissing | P::Loading | P::Ready { .. } | P::Unhealthy { .. },
                E::PortFree | E::PortServed | E::PortTaken | E::SpawnFailed { .. } | E::DelayOver,
            )
            | (
                P::BackingOff { .. } | P::CrashLooping { .. },
                E::PortFree
                | E::PortServed
                | E::PortTaken
                | E::SpawnFailed { .. }
                | E::Probed(_)
                | E::Warmed { .. }
                | E::Exited,
            )
            | (
                P::Stopping,
                E::PortFree
                | E::PortServed
                | E::PortTaken
                | E::SpawnFailed { .. }
                | E::Probed(_)
                | E::Warmed { .. }
                | E::DelayOver
                | E::StopAsked,
            )
            | (P::Stopped, _) => None,
        }
    }

    fn enter(&mut self, phase: Phase, action: Option<Action>) -> Option<Action> {
        self.phase = phase;
        action
    }

    fn probed(&mut self, probe: Probe, now: Duration) -> Option<Action> {
        match probe {
            Probe::Unknown => {}
            Probe::Refused => self.refused_since = self.refused_since.or(Some(now)),
            Probe::Ready | Probe::ModelMissing | Probe::Silent => self.refused_since = None,
        }
        match (probe, self.phase) {
            (Probe::Unknown, _) => {}
            (Probe::Ready, Phase::Ready { .. }) => self.silent = 0,
            (Probe::Ready, _) => {
                self.silent = 0;
                match self.warmth {
                    Warmth::Warm => self.phase = Phase::Ready { since: now },
                    Warmth::Warming { .. } => self.phase = Phase::Loading,
                    Warmth::Cold { failures, next } => {
                        self.phase = Phase::Loading;
                        if now >= next {
                            self.warmth = Warmth::Warming { failures };
                            return Some(Action::WarmUp);
                        }
                    }
                }
            }
            (Probe::ModelMissing, _) => {
                self.silent = 0;
                if self.managed && self.warmth == Warmth::Warm {
                    self.warmth = Warmth::COLD;
                }
                self.phase = Phase::ModelMissing;
            }
            (Probe::Refused | Probe::Silent, Phase::Starting { since }) => {
                return self.after(since, self.timing.start_timeout, now);
            }
            (Probe::Refused | Probe::Silent, Phase::Unhealthy { since }) => {
                return self.after(since, self.timing.hang_timeout, now);
            }
            (Probe::Refused | Probe::Silent, _) => {
                self.silent += 1;
                let gone = probe == Probe::Refused && !self.managed;
                if gone || self.silent >= self.timing.probe_failures {
                    self.forgive(now);
                    self.phase = Phase::Unhealthy { since: now };
                }
            }
        }
        None
    }

    /// Forgets earlier failures if the node was ready for as long as the longest delay.
    fn forgive(&mut self, now: Duration) {
        if let Phase::Ready { since } = self.phase
            && now.saturating_sub(since) >= self.timing.backoff.ceiling
        {
            self.failures = 0;
        }
    }

    /// The model was loaded, and the node is ready; or it was not, and is tried again later.
    fn warmed(&mut self, loaded: bool, now: Duration) -> Option<Action> {
        let Warmth::Warming { failures } = self.warmth else { return None };
        if loaded {
            (self.phase, self.warmth, self.silent) = (Phase::Ready { since: now }, Warmth::Warm, 0);
        } else {
            let failures = failures.saturating_add(1);
            self.warmth =
                Warmth::Cold { failures, next: now + self.timing.backoff.delay(failures) };
        }
        None
    }

    /// What to do about a node that has not answered since a moment: a process of ours that has had
    /// its time is killed; where an adopted Ollama is gone, our own may take its port.
    fn after(&mut self, since: Duration, limit: Duration, now: Duration) -> Option<Action> {
        if self.managed {
            return (now.saturating_sub(since) >= limit).then_some(Action::Kill);
        }
        let refused_for = self.refused_since.map(|since| now.saturating_sub(since));
        let gone = refused_for.is_some_and(|time| time >= self.timing.adopted_gone_timeout);
        if self.startable && gone {
            return self.enter(Phase::Looking, Some(Action::Look));
        }
        None
    }

    fn back_off(&mut self, now: Duration, jitter: f64, hopeless: bool) -> Option<Action> {
        self.failures = self.failures.saturating_add(1);
        self.silent = 0;
        let looping = self.failures >= self.timing.crash_loop_failures;
        let longest = hopeless || looping;
        let full = if longest {
            self.timing.backoff.ceiling
        } else {
            self.timing.backoff.delay(self.failures)
        };
        // Half of the delay is jitter, so that nodes that fell together do not rise together.
        let delay = full.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        let until = now + delay;
        self.phase = if looping && !hopeless {
            Phase::CrashLooping { until }
        } else {
            Phase::BackingOff { until, hopeless }
        };
        Some(Action::RetryAfter(delay))
    }
}

#[cfg(test)]
mod tests;
