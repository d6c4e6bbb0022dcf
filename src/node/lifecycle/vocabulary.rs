//! The words of a life: its phases, what can happen, what is to be done, and its timing. Pure.

use std::time::Duration;

use crate::{backoff::Backoff, ollama::Probe};

/// Where a node is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its port is being looked at.
    Looking,
    /// Its process was started, or it is an endpoint that has not answered yet.
    Starting {
        /// Since when.
        since: Duration,
    },
    /// It answers, but does not list the model.
    ModelMissing,
    /// The same, and it is the one that pulls the model.
    Pulling,
    /// It answers and lists the model, which is being loaded.
    Loading,
    /// It takes calls.
    Ready {
        /// Since when.
        since: Duration,
    },
    /// Calls on it made no progress; when those it has are over, a canary tells whether it hangs.
    Checking {
        /// Since when it was ready.
        since: Duration,
    },
    /// It would take calls, but its model is not wholly on the GPU, and must be.
    NoGpu,
    /// It answers probes but generates nothing.
    Hung,
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
    /// It gets no new calls, and ends when those it has are over.
    Draining {
        /// What for.
        goal: Goal,
    },
    /// Its process was told to end.
    Stopping {
        /// What for.
        goal: Goal,
    },
    /// Out of service until an operator wants it back.
    Stopped,
    /// It is over.
    Finished,
}

impl Phase {
    /// Every state that people are told.
    pub const NAMES: [&str; 13] = [
        "starting",
        "model-missing",
        "pulling",
        "loading",
        "ready",
        "checking",
        "no-gpu",
        "unhealthy",
        "backing-off",
        "crash-looping",
        "draining",
        "stopping",
        "stopped",
    ];

    /// The state that people are told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Looking | Self::Starting { .. } => "starting",
            Self::ModelMissing => "model-missing",
            Self::Pulling => "pulling",
            Self::Loading => "loading",
            Self::Ready { .. } => "ready",
            Self::Checking { .. } => "checking",
            Self::NoGpu => "no-gpu",
            Self::Hung | Self::Unhealthy { .. } => "unhealthy",
            Self::BackingOff { .. } => "backing-off",
            Self::CrashLooping { .. } => "crash-looping",
            Self::Draining { .. } => "draining",
            Self::Stopping { .. } => "stopping",
            Self::Stopped | Self::Finished => "stopped",
        }
    }
}

/// What a process is ended for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// To start a new one after a delay: it hung.
    Recover,
    /// To start a new one at once: an operator asked for it.
    Restart,
    /// To stay out of service.
    Park,
    /// To end the node's life.
    Finish,
}

impl Goal {
    /// Of two goals the one that counts: an end is never taken back, and what comes later wins.
    pub(super) fn or_later(self, later: Self) -> Self {
        if self == Self::Finish { self } else { later }
    }
}

/// Where the model of a node is, as far as the node tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Wholly on the GPU.
    Gpu,
    /// Partly or wholly on the CPU.
    Cpu,
    /// Nowhere, although it was to stay.
    Nowhere,
}

/// How a pull goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// It has begun: nobody else pulls into this directory.
    Begun,
    /// The model is there.
    Whole,
    /// It broke off; what came is kept.
    Broken,
    /// Somebody else pulls into this directory.
    Elsewhere,
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
    /// The node said where its model is.
    Located(Memory),
    /// The model was loaded, or could not be.
    Warmed {
        /// Whether it was loaded.
        loaded: bool,
    },
    /// The model is listed, but a part of it is not there.
    Incomplete,
    /// A pull has begun or ended.
    Pulled(Pulled),
    /// A call got no token in time, and nothing shows that the node works: it gets no more calls.
    Stalled,
    /// A call was given up after a while, and nothing shows that the node works.
    Doubted,
    /// A call failed as one does whose runner died or whose model is gone.
    Faulted,
    /// No canary was sent, because the model is not even loaded.
    Unloaded,
    /// The canary came back, or did not in time.
    Sang {
        /// Whether it did.
        alive: bool,
    },
    /// The process has ended.
    Exited,
    /// The delay is over.
    DelayOver,
    /// The node shall end, or end and start anew, once its calls are over.
    DrainAsked(Goal),
    /// The calls of a draining node are over.
    Idle,
    /// They had their time.
    DrainOver,
    /// The node shall serve again, and not wait any longer.
    ResumeAsked,
    /// Another model, or the same with other options, shall be served.
    ModelChanged,
    /// The node shall end now.
    StopAsked,
}

/// What the actor has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look whether the port is free.
    Look,
    /// Probe an endpoint from now on.
    Watch,
    /// Start the process.
    Spawn,
    /// Pull the model, and send [`Event::Pulled`].
    Pull,
    /// Load the model, and send [`Event::Warmed`].
    WarmUp,
    /// Ask for one token, and send [`Event::Sang`].
    Canary,
    /// Send [`Event::DelayOver`] after this delay.
    RetryAfter(Duration),
    /// Send [`Event::Idle`] when no call is in flight, and [`Event::DrainOver`] when it is time.
    Drain,
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
    /// The most kills of a process that hangs in any hour.
    pub kills_per_hour: u32,
    /// The least time between two canaries.
    pub canary_cooldown: Duration,
    /// How long an adopted Ollama may be gone before our own is started.
    pub adopted_gone_timeout: Duration,
    /// The delay before a restart.
    pub backoff: Backoff,
    /// Failures in a row that make a crash loop.
    pub crash_loop_failures: u32,
    /// Whether a missing model is pulled.
    pub pull: bool,
    /// Whether the model must be on the GPU.
    pub require_gpu: bool,
}
