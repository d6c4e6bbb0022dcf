//! What is tried until it succeeds, ever more slowly. Pure.

use std::time::Duration;

use crate::backoff::Backoff;

/// Something that is tried until it succeeds: loading the model of a process of ours, pulling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// It failed so often, and may be tried again from then on.
    Due { failures: u32, next: Duration },
    /// It is being tried, after so many failures.
    Running { failures: u32 },
    /// It succeeded.
    Done,
}

impl Effort {
    /// Before the first try.
    pub(super) const NEW: Self = Self::Due { failures: 0, next: Duration::ZERO };

    /// Begins a try if it is time.
    pub(super) fn begin(&mut self, now: Duration) -> bool {
        match *self {
            Self::Due { failures, next } if now >= next => {
                *self = Self::Running { failures };
                true
            }
            Self::Due { .. } | Self::Running { .. } | Self::Done => false,
        }
    }

    /// Takes note of a failed try.
    pub(super) fn fail(&mut self, now: Duration, backoff: Backoff) {
        if let Self::Running { failures } = *self {
            let failures = failures.saturating_add(1);
            *self = Self::Due { failures, next: now + backoff.delay(failures) };
        }
    }

    /// Takes note of a try that was cancelled.
    pub(super) fn cancel(&mut self, now: Duration) {
        if let Self::Running { failures } = *self {
            *self = Self::Due { failures, next: now };
        }
    }

    pub(super) fn is_running(self) -> bool {
        matches!(self, Self::Running { .. })
    }
}
