//! What the Balancer is told and asked.

use std::time::Duration;

use actix::{Message, Recipient};
use tokio::{sync::oneshot, time::Instant};

use super::{
    Latency, Lease, NodeId, Outcome, Watcher,
    breaker::Position,
    member::Member,
    pool::Ended,
    queue::{Priority, Stage, Waiting},
    scheduler::Scheduler,
    tally::Tally,
};
use crate::config;

/// Asks for one slot; the answer comes on `reply`. Dropping the receiver withdraws the request.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Acquire {
    /// How far the ticket is.
    pub stage: Stage,
    /// How urgent it is.
    pub priority: Priority,
    /// When the asker gives up; nobody is served later.
    pub deadline: Instant,
    /// The nodes that failed this call; they get it again only when no other one lives.
    pub excluded: Vec<NodeId>,
    /// Whether the call fails for good if this attempt does.
    pub last: bool,
    /// Who is told where the call stands while it waits.
    pub watcher: Option<Box<dyn Watcher>>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Lease, Unserved>>,
}

/// Asks for a slot of an idle node, for a second copy of a call that takes long. If there is none,
/// or copies are not wanted now, `reply` is dropped.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Hedge {
    /// The node that the call is on, and those that failed it.
    pub excluded: Vec<NodeId>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Lease>,
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
pub(super) struct Release(pub(super) Ended);

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
    /// The number of the last doubt that it was told of, 0 before the first.
    pub heard: u64,
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
    /// The number of the doubt, if the node gets no calls until a report that has heard of it.
    pub doubt: Option<u64>,
}

/// Another node answered a call that this one did not answer in time, badly, or not at all for a reason
/// that seemed to be the call's: it was this one's fault.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Blame {
    /// Which node.
    pub node: NodeId,
    /// Which call.
    pub call: u64,
}

/// Takes back the blame for one failed call, until another node answers it: another one failed it in the
/// same way.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Pardon {
    /// Which node.
    pub node: NodeId,
    /// Which call.
    pub call: u64,
}

/// Takes over other settings.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct Configure {
    /// The settings.
    pub settings: config::Balancer,
    /// Whether another model is served, or the same one in another way: what was learnt of the old
    /// one is forgotten.
    pub other_model: bool,
}

/// Asks for what is known of all nodes.
#[derive(Debug, Message)]
#[rtype(result = "Overview")]
pub struct Snapshot;

/// What is known at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// The nodes, in the order in which they came.
    pub nodes: Vec<NodeSnapshot>,
    /// The calls that wait for a slot.
    pub waiting: Waiting,
    /// How long those waited that were served last.
    pub queue_wait: Option<Latency>,
}

impl Overview {
    pub(super) fn of<W>(scheduler: &Scheduler<W>, now: Duration) -> Self {
        let pool = &scheduler.pool;
        let seen = |member: &Member| NodeSnapshot {
            id: member.id.clone(),
            base_url: member.base_url.clone(),
            healthy: pool.is_healthy(member, now),
            reachable: !matches!(member.state, NodeState::Down { .. }),
            request_count: member.request_count,
            error_count: member.error_count,
            tally: member.tally.clone(),
            slots: member.slots,
            in_flight: member.in_flight,
            breaker: member.breaker.position(),
            latency: member.history.latency(),
            first_token: member.history.first_token(),
            tokens_per_second: member.history.tokens_per_second(),
            last_failure: member.last_failure.map(|failure| (failure.outcome, now - failure.at)),
        };
        Self {
            nodes: pool.members().iter().map(seen).collect(),
            waiting: scheduler.queue().waiting(),
            queue_wait: scheduler.queue_wait(),
        }
    }
}

/// What is known of a node at one moment.
#[derive(Clone, Debug, PartialEq)]
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
    /// What became of its calls since it came.
    pub tally: Tally,
    /// The calls it may work on at once.
    pub slots: u32,
    /// The calls it works on.
    pub in_flight: u32,
    /// Where its breaker is.
    pub breaker: Position,
    /// How long the last answered calls took.
    pub latency: Option<Latency>,
    /// How long they took to the first token.
    pub first_token: Option<Latency>,
    /// The tokens of their answers for each second of their making.
    pub tokens_per_second: Option<f64>,
    /// How the last failed call failed, and how long ago.
    pub last_failure: Option<(Outcome, Duration)>,
}

/// Refuses all who wait, and whoever asks from now on: the time for them is over.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Close;
