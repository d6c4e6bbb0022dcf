//! The words of a life: its phases, what can happen, what is to be done, and its timing. Pure.

use std::time::Duration;

use crate::{backoff::Backoff, ollama::Probe};

/// Where a node is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Managed, and its port is being looked at.
    Looking,
    /// Its process was started, or it is an endpoint that has not answered yet.
    Starting {
        /// Since when.
        since: Duration,
    },
    /// It answers, but does not list the model.
    ModelMissing,
    /// It answers and lists the model, which is being loaded.
    Loading,
    /// It takes calls.
    Ready {
        /// Since when.
        since: Duration,
    },
    /// It answered once and does not now.
    Unhealthy {
        /// Since when.
        since: Duration,
    },
    /// Its process ended or could not start; the next try comes later.
    BackingOff {
        /// When it comes.
        until: Duration,
        /// Whether only an operator can make it succeed.
        hopeless: bool,
    },
    /// It failed again and again; the next try comes after the longest delay.
    CrashLooping {
        /// When it comes.
        until: Duration,
    },
    /// Its process was asked to end.
    Stopping,
    /// It is over.
    Stopped,
}

/// What can happen to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing listens on the port.
    PortFree,
    /// An Ollama answers on the port.
    PortServed,
    /// Something else listens on the port.
    PortTaken,
    /// The process could not be started.
    SpawnFailed {
        /// Whether only an operator can make it start.
        hopeless: bool,
    },
    /// A probe came back.
    Probed(Probe),
    /// The model was loaded, or could not be.
    Warmed {
        /// Whether it was loaded.
        loaded: bool,
    },
    /// The process has ended.
    Exited,
    /// The delay is over.
    DelayOver,
    /// The node shall end.
    StopAsked,
}

/// What the actor has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look whether the port is free.
    Look,
    /// Start the process.
    Spawn,
    /// Load the model, and send [`Event::Warmed`].
    WarmUp,
    /// Send [`Event::DelayOver`] after this delay.
    RetryAfter(Duration),
    /// End the process group at once.
    Kill,
    /// Ask the process group to end, and kill it after the grace.
    Terminate,
    /// Nothing is left to do.
    Finish,
}

/// The delays and limits of a life.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a process may take to its first answer.
    pub start_timeout: Duration,
    /// Failed probes in a row that make a node unhealthy.
    pub probe_failures: u32,
    /// How long a process of ours may be unhealthy before it is killed.
    pub hang_timeout: Duration,
    /// How long an adopted Ollama may be gone before our own takes its port.
    pub adopted_gone_timeout: Duration,
    /// The delays before a restart. A node that was ready for as long as the ceiling starts over.
    pub backoff: Backoff,
    /// Failures in a row that make a crash loop.
    pub crash_loop_failures: u32,
}
