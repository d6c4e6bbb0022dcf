//! What the Balancer is told and asked.

use std::time::Duration;

use actix::Message;
use tokio::{sync::oneshot, time::Instant};

use super::{Lease, NodeId, Outcome, queue::Stage};

/// Asks for one slot; the answer comes on `reply`. Dropping the receiver withdraws the request.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Acquire {
    /// How far the ticket is.
    pub stage: Stage,
    /// When the asker gives up; nobody is served later.
    pub deadline: Instant,
    /// The nodes that failed this call; they get it again only when no other one lives.
    pub excluded: Vec<NodeId>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Lease, Unserved>>,
}

/// Why a call gets no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unserved {
    /// As many calls wait as may wait.
    #[error("the queue is full")]
    QueueFull {
        /// When another try makes sense.
        retry_after: Duration,
    },
    /// No node can be usable before the call's deadline.
    #[error("no node can be usable in time")]
    NoNode {
        /// When another try makes sense.
        retry_after: Duration,
    },
    /// ticketd is stopping.
    #[error("the service is shutting down")]
    ShuttingDown,
}

/// A lease came back. Sent by the lease itself when it is dropped.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Release {
    pub(super) node: NodeId,
    pub(super) outcome: Outcome,
    pub(super) held: Duration,
}

/// What a node's supervisor knows of it. Sent at every change and after every probe, so that a
/// report that got lost is made good by the next one.
#[derive(Clone, Debug, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct NodeReport {
    /// Which node.
    pub node: NodeId,
    /// Its state.
    pub state: NodeState,
}

/// A node's state as far as the balancer needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// It takes calls.
    Ready,
    /// It answers, but cannot serve the model yet.
    Reachable,
    /// It does not answer.
    Down {
        /// When it may answer again at the earliest; none if that takes an operator.
        back_in: Option<Duration>,
    },
}

/// Asks for what is known of all nodes, in the order of the configuration.
#[derive(Debug, Message)]
#[rtype(result = "Vec<NodeSnapshot>")]
pub struct Snapshot;

/// What is known of a node at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSnapshot {
    /// Its URL up to `/api`.
    pub base_url: String,
    /// Whether it takes calls.
    pub healthy: bool,
    /// Whether it answers at all.
    pub reachable: bool,
    /// Calls sent to it since the start; probes do not count.
    pub request_count: u64,
    /// Failures of it since the start.
    pub error_count: u64,
}

/// Refuses all who wait, and whoever asks from now on: the time for them is over.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Close;
