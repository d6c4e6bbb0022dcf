//! What the single events do in the phases in which they mean something. Pure.

use std::time::Duration;

use super::{Action, Effort, Goal, HOUR, Lifecycle, Memory, Phase, Pulled};
use crate::ollama::Probe;

impl Lifecycle {
    pub(super) fn probed(&mut self, probe: Probe, now: Duration) -> Option<Action> {
        match probe {
            Probe::Unknown => return None,
            Probe::Refused => self.refused_since = self.refused_since.or(Some(now)),
            Probe::Ready | Probe::ModelMissing | Probe::Silent => self.refused_since = None,
        }
        match probe {
            Probe::Ready => self.listed(now),
            Probe::ModelMissing => self.unlisted(now),
            Probe::Refused | Probe::Silent | Probe::Unknown => self.unanswered(probe, now),
        }
    }

    /// The node answers and lists the model.
    fn listed(&mut self, now: Duration) -> Option<Action> {
        self.silent = 0;
        if self.phase == Phase::NoGpu && !self.timing.require_gpu {
            return self.serve(now);
        }
        if matches!(self.phase, Phase::Ready { .. } | Phase::Checking { .. } | Phase::NoGpu) {
            return None;
        }
        if self.phase == Phase::Hung {
            return self.hung(now);
        }
        if self.phase == Phase::Pulling && self.pull.is_running() {
            // It ends by itself in a moment.
            return None;
        }
        if self.warmth == Effort::Done {
            return self.serve(now);
        }
        self.phase = Phase::Loading;
        self.warmth.begin(now).then_some(Action::WarmUp)
    }

    /// The node answers and does not list the model.
    pub(super) fn unlisted(&mut self, now: Duration) -> Option<Action> {
        self.silent = 0;
        if self.managed && self.warmth == Effort::Done {
            self.warmth = Effort::NEW;
        }
        if self.phase != Phase::Pulling {
            self.phase = Phase::ModelMissing;
        }
        if self.pull == Effort::Done {
            // It was there once, and was removed, or is listed under another name.
            self.pull = Effort::Due { failures: 0, next: now + self.timing.backoff.ceiling };
        }
        let wanted = self.managed && self.timing.pull;
        (wanted && self.pull.begin(now)).then_some(Action::Pull)
    }

    /// The node does not answer.
    fn unanswered(&mut self, probe: Probe, now: Duration) -> Option<Action> {
        if let Phase::Starting { since } = self.phase {
            return self.unstarted(since, now);
        }
        if let Phase::Unhealthy { since } = self.phase {
            return self.gone(since, now);
        }
        if self.phase == Phase::Hung && self.managed {
            return self.hung(now);
        }
        self.silent += 1;
        let gone = probe == Probe::Refused && !self.managed;
        if gone || self.silent >= self.timing.probe_failures {
            self.forgive(now);
            self.phase = Phase::Unhealthy { since: now };
            // What others run may come back with another process.
            self.on_cpu &= self.managed;
        }
        None
    }

    /// The node said where its model is.
    pub(super) fn located(&mut self, memory: Memory, now: Duration) -> Option<Action> {
        self.on_cpu = memory == Memory::Cpu;
        match (memory, self.phase) {
            (Memory::Nowhere, Phase::Ready { .. } | Phase::NoGpu) if self.managed => {
                self.warm_again(now)
            }
            // What others run and is nowhere is loaded by its next call.
            (Memory::Gpu | Memory::Nowhere, Phase::NoGpu) => self.serve(now),
            (Memory::Cpu, Phase::Ready { .. }) if self.timing.require_gpu => self.serve(now),
            (Memory::Gpu | Memory::Cpu | Memory::Nowhere, _) => None,
        }
    }

    /// Loads the model again; that of others is their business.
    pub(super) fn warm_again(&mut self, since: Duration) -> Option<Action> {
        if !self.managed {
            return self.enter(Phase::Ready { since }, None);
        }
        self.warmth = Effort::Running { failures: 0 };
        self.enter(Phase::Loading, Some(Action::WarmUp))
    }

    /// The model was loaded, and the node is ready; or it was not, and is tried again later.
    pub(super) fn warmed(&mut self, loaded: bool, now: Duration) -> Option<Action> {
        if !self.warmth.is_running() {
            return None;
        }
        if !loaded {
            self.warmth.fail(now, self.timing.backoff);
            return None;
        }
        self.warmth = Effort::Done;
        if matches!(self.phase, Phase::Draining { .. }) {
            return None;
        }
        self.silent = 0;
        self.serve(now)
    }

    /// The node takes calls, if its model is where it must be.
    fn serve(&mut self, now: Duration) -> Option<Action> {
        let out = self.on_cpu && self.timing.require_gpu;
        self.enter(if out { Phase::NoGpu } else { Phase::Ready { since: now } }, None)
    }

    pub(super) fn pulled(&mut self, pulled: Pulled, now: Duration) -> Option<Action> {
        if !self.pull.is_running() {
            return None;
        }
        match pulled {
            Pulled::Begun => self.enter(Phase::Pulling, None),
            Pulled::Whole => {
                self.pull = Effort::Done;
                let load = self.warmth.begin(now).then_some(Action::WarmUp);
                self.enter(Phase::Loading, load)
            }
            Pulled::Broken => {
                self.pull.fail(now, self.timing.backoff);
                None
            }
            Pulled::Elsewhere => {
                self.pull = Effort::NEW;
                None
            }
        }
    }

    /// Sends out a canary.
    pub(super) fn check(&mut self, since: Duration, now: Duration) -> Option<Action> {
        self.canary_next = now + self.timing.canary_cooldown;
        self.enter(Phase::Checking { since }, Some(Action::Canary))
    }

    /// The canary told whether the node generates at all.
    pub(super) fn judged(&mut self, alive: bool, since: Duration, now: Duration) -> Option<Action> {
        if alive {
            return self.enter(Phase::Ready { since }, None);
        }
        self.forgive(now);
        self.phase = Phase::Hung;
        self.hung(now)
    }

    /// What to do about a node that generates nothing: a process of ours is killed, if this hour's
    /// kills allow it; any other is asked again after a while.
    fn hung(&mut self, now: Duration) -> Option<Action> {
        if self.managed && self.may_kill(now) {
            return self.kill(now);
        }
        if now >= self.canary_next { self.check(now, now) } else { None }
    }

    /// Other options, or another model: the node is loaded anew before it gets calls.
    pub(super) fn model_changed(&mut self, now: Duration) -> Option<Action> {
        if self.managed {
            self.warmth = Effort::NEW;
        }
        (self.pull, self.on_cpu) = (Effort::NEW, false);
        let down = matches!(
            self.phase,
            Phase::Starting { .. } | Phase::Unhealthy { .. } | Phase::Hung | Phase::Draining { .. }
        );
        if down { None } else { self.enter(Phase::Starting { since: now }, None) }
    }

    /// Forgets earlier failures if the node was ready for as long as the longest delay.
    pub(super) fn forgive(&mut self, now: Duration) {
        if let Phase::Ready { since } | Phase::Checking { since } = self.phase
            && now.saturating_sub(since) >= self.timing.backoff.ceiling
        {
            (self.failures, self.ends) = (0, 0);
        }
    }

    /// What to do about a node that has not answered yet.
    fn unstarted(&mut self, since: Duration, now: Duration) -> Option<Action> {
        if !self.managed {
            self.silent += 1;
            if self.silent >= self.timing.probe_failures {
                self.phase = Phase::Unhealthy { since: now };
            }
            return self.replace_adopted(now);
        }
        let late = now.saturating_sub(since) >= self.timing.start_timeout;
        // It has nothing to lose that answers nobody; its backoff is bound enough.
        if late {
            self.enter(Phase::Stopping { goal: Goal::Recover }, Some(Action::Kill))
        } else {
            None
        }
    }

    /// What to do about a node that answered once.
    fn gone(&mut self, since: Duration, now: Duration) -> Option<Action> {
        if !self.managed {
            return self.replace_adopted(now);
        }
        let late = now.saturating_sub(since) >= self.timing.hang_timeout;
        if late && self.may_kill(now) { self.kill(now) } else { None }
    }

    /// Where an adopted Ollama has been gone for a while, our own takes its port.
    fn replace_adopted(&mut self, now: Duration) -> Option<Action> {
        let refused_for = self.refused_since.map(|since| now.saturating_sub(since));
        let gone = refused_for.is_some_and(|time| time >= self.timing.adopted_gone_timeout);
        if self.startable && gone {
            return self.enter(Phase::Looking, Some(Action::Look));
        }
        None
    }

    /// Whether this hour's kills allow one more.
    pub(super) fn may_kill(&self, now: Duration) -> bool {
        let recent = |at: &&Duration| now.saturating_sub(**at) < HOUR;
        let count = self.kills.iter().filter(recent).count();
        count < usize::try_from(self.timing.kills_per_hour).unwrap_or(usize::MAX)
    }

    fn kill(&mut self, now: Duration) -> Option<Action> {
        self.kills.retain(|at| now.saturating_sub(*at) < HOUR);
        self.kills.push_back(now);
        self.enter(Phase::Stopping { goal: Goal::Recover }, Some(Action::Kill))
    }

    /// No process runs any more, or none that is ours: on to what it was ended for.
    pub(super) fn settle(&mut self, goal: Goal, now: Duration, jitter: f64) -> Option<Action> {
        match goal {
            Goal::Recover => self.back_off(now, jitter, Why::Ended),
            Goal::Restart => {
                (self.failures, self.ends, self.silent, self.refused_since) = (0, 0, 0, None);
                self.on_cpu = false;
                if self.startable {
                    self.enter(Phase::Looking, Some(Action::Look))
                } else {
                    self.enter(Phase::Starting { since: now }, Some(Action::Watch))
                }
            }
            Goal::Park => self.enter(Phase::Stopped, None),
            Goal::Finish => self.enter(Phase::Finished, Some(Action::Finish)),
        }
    }

    /// The next try comes later; only what ended by itself can be a crash loop.
    pub(super) fn back_off(&mut self, now: Duration, jitter: f64, why: Why) -> Option<Action> {
        self.failures = self.failures.saturating_add(1);
        self.ends = self.ends.saturating_add(u32::from(why == Why::Ended));
        self.silent = 0;
        let looping = self.ends >= self.timing.crash_loop_failures && why == Why::Ended;
        let full = if looping || why == Why::Hopeless {
            self.timing.backoff.ceiling
        } else {
            self.timing.backoff.delay(self.failures)
        };
        // Half of the delay is jitter, so that nodes that fell together do not rise together.
        let delay = full.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        let until = now + delay;
        self.phase = if looping {
            Phase::CrashLooping { until }
        } else {
            Phase::BackingOff { until, hopeless: why == Why::Hopeless }
        };
        Some(Action::RetryAfter(delay))
    }
}

/// Why a node has to wait for its next start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Its process ended, or could not be started this time.
    Ended,
    /// Its port is taken.
    Taken,
    /// Only an operator can make it start.
    Hopeless,
}
