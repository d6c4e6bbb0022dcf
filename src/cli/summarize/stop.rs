//! Why a run ends before its input does, and the signals that say so.

use std::time::Duration;

use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
};

use super::{input::Unreadable, verdict::Hopeless};
use crate::config::duration;

/// Why a run ends before its input does.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error("stopped by {}", .0.name())]
    BySignal(StopSignal),
    #[error(transparent)]
    Hopeless(#[from] Hopeless),
    #[error("no record got on for {}: the server cannot be reached, or has no room", duration::display(*.0))]
    Standstill(Duration),
    #[error("the tickets cannot be written")]
    Unwritable(#[source] std::io::Error),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// A signal that means: stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopSignal {
    Interrupt,
    Terminate,
}

impl StopSignal {
    fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// What shells say of a process that the signal ended.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// The signals that mean: stop.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        Ok(Self { interrupt: interrupt?, terminate: terminate? })
    }

    pub(super) async fn next(&mut self) -> StopSignal {
        select! {
            _ = self.interrupt.recv() => StopSignal::Interrupt,
            _ = self.terminate.recv() => StopSignal::Terminate,
        }
    }
}
