//! What the Balancer is told and asked.

use std::time::Duration;

use actix::{Message, Recipient};
use tokio::{sync::oneshot, time::Instant};

use super::{Lease, NodeId, Outcome, queue::Stage};
use crate::config;

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
    pub(super) membership: u64,
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
    /// Whether the calls that it works on had better go elsewhere.
    pub lost: bool,
    /// The calls it may work on at once.
    pub slots: u32,
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

/// Takes a node in, unusable until its supervisor reports.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Register {
    /// Its id.
    pub node: NodeId,
    /// Its URL up to `/api`.
    pub base_url: String,
    /// The calls it may work on at once.
    pub slots: u32,
    /// Who is told of calls that went wrong there.
    pub watcher: Recipient<CallEnded>,
}

/// Forgets a node. Leases of it that are still out come back to nobody.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Unregister {
    /// Which node.
    pub node: NodeId,
}

/// Asks to be told when no call is in flight on a node: at once, if so; also if it is unknown.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct AwaitIdle {
    /// Which node.
    pub node: NodeId,
    /// Where it is told.
    pub idle: oneshot::Sender<()>,
}

/// Told to a node's supervisor: a call there went wrong, or was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct CallEnded {
    /// How it ended.
    pub outcome: Outcome,
    /// How long it held its slot.
    pub held: Duration,
    /// Whether nothing shows that the node works: no other call runs there, or none was answered
    /// since this one began.
    pub suspect: bool,
}

/// Takes back the blame for one failed call: another node failed it in the same way.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Pardon {
    /// Which node.
    pub node: NodeId,
}

/// Takes over other settings.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Configure(pub config::Balancer);

/// Asks for what is known of all nodes.
#[derive(Debug, Message)]
#[rtype(result = "Overview")]
pub struct Snapshot;

/// What is known at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// The nodes, in the order in which they came.
    pub nodes: Vec<NodeSnapshot>,
    /// The calls that wait for a slot.
    pub waiting: usize,
}

/// What is known of a node at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSnapshot {
    /// Its id.
    pub id: NodeId,
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
    /// The calls it may work on at once.
    pub slots: u32,
    /// The calls it works on.
    pub in_flight: u32,
    /// How long the last answered calls took.
    pub latency: Option<Latency>,
}

/// How long calls took that were answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 19 of 20 took no longer.
    pub p95: Duration,
}

/// Refuses all who wait, and whoever asks from now on: the time for them is over.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Close;
