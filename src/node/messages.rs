//! What a Node is told and asked.

use actix::Message;
use tokio::sync::oneshot;

use super::{NodeLines, Setup, Status};
use crate::config;

/// Ends the node at once and in order: SIGTERM, the grace, SIGKILL. `done` fires when its process has
/// ended and the rest of its group is killed; it is dropped unfired if the node had ended already.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Stop {
    /// Where the end is reported.
    pub done: oneshot::Sender<()>,
}

/// Kills the node's process group at once. The reply comes when the signal is out.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Kill;

/// Asks to be told of the node's end; `done` is dropped unfired if it had ended already.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct AwaitEnd {
    /// Where the end is reported.
    pub done: oneshot::Sender<()>,
}

/// What an operator wants of a node. The answer is its status after the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Message)]
#[rtype(result = "Result<Status, NotOurs>")]
pub enum Order {
    /// No new calls, and when those in flight are over, end its process.
    Drain,
    /// Serve again; try now if it waits for its next try.
    Resume,
    /// Drain, and start anew.
    Restart,
    /// Drain, and be gone.
    Remove,
}

/// The node's process is none of ours, so it cannot be restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node's process is run by somebody else")]
pub struct NotOurs;

/// Takes over what the configuration now says. A process that differs in more than its settings is
/// drained and started anew.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Reconfigure {
    /// What it is made from.
    pub setup: Setup,
    /// Delays and limits.
    pub settings: config::Nodes,
    /// Says whether it serves again, once that is clear; none if the process may stay.
    pub restart: Option<oneshot::Sender<bool>>,
}

/// Asks for the last lines of output.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "NodeLines")]
pub struct ReadLog {
    /// Whether lines to come are read, too.
    pub follow: bool,
}
