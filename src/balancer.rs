//! The Balancer actor: who gets the next slot. Messages in; [`pool`] and [`queue`] decide.
//!
//! It knows nodes as ids, URLs and slots only, and no request passes through it: an asker gets a
//! [`Lease`], calls the node itself, and gives the lease back by dropping it.

mod lease;
mod membership;
mod messages;
pub mod pool;
pub mod queue;

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, MessageResult, Recipient, SpawnHandle};
use serde::{Serialize, Serializer};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::debug;

pub use self::{
    lease::{Lease, Outcome},
    messages::{
        Acquire, AwaitIdle, CallEnded, Close, Configure, Latency, NodeReport, NodeSnapshot,
        NodeState, Overview, Pardon, Register, Snapshot, Unregister, Unserved,
    },
};
use self::{
    messages::Release,
    pool::{Member, Pool},
    queue::{Full, Queue},
};
use crate::{backoff::Backoff, config};

/// A node's name: its port, or `host:port` for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(Arc<str>);

impl From<String> for NodeId {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl NodeId {
    /// Whether it is this one.
    pub fn is(&self, name: &str) -> bool {
        &*self.0 == name
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A call that waits for a slot.
#[derive(Debug)]
struct Waiter {
    excluded: Vec<NodeId>,
    reply: oneshot::Sender<Result<Lease, Unserved>>,
}

/// The actor.
pub struct Balancer {
    pool: Pool,
    waiting: Queue<Waiter>,
    watchers: HashMap<NodeId, Recipient<CallEnded>>,
    /// Cancelled when the calls of a node had better go elsewhere.
    leased: HashMap<NodeId, CancellationToken>,
    /// Who waits for the end of a node's calls.
    draining: Vec<(NodeId, oneshot::Sender<()>)>,
    epoch: Instant,
    closed: bool,
    /// The timer for the end of a penalty or the next deadline.
    wake: Option<SpawnHandle>,
    /// Cancelled when the actor ends although nobody asked it to.
    failed: CancellationToken,
}

impl Balancer {
    /// A balancer without nodes; `failed` is cancelled if the actor dies.
    pub fn new(settings: &config::Balancer, failed: CancellationToken) -> Self {
        Self {
            pool: Pool::new(settings.policy, penalty(settings)),
            waiting: Queue::new(settings.queue_limit),
            watchers: HashMap::new(),
            leased: HashMap::new(),
            draining: Vec::new(),
            epoch: Instant::now(),
            closed: false,
            wake: None,
            failed,
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Gives every usable slot to the waiter whose turn it is, and refuses who waits in vain.
    fn serve(&mut self, context: &mut Context<Self>) {
        let now = self.now();
        self.prune(now);
        let pool = &mut self.pool;
        let waiting = self.waiting.len();
        let answers = self.waiting.take_each(|deadline, waiter| {
            if let Some(node) = pool.choose(&waiter.excluded, now) {
                return Some(Ok(node));
            }
            let refusal = || Err(Unserved::NoNode { retry_after: pool.retry_after(waiting, now) });
            (!pool.can_serve_before(deadline)).then(refusal)
        });
        for (waiter, answer) in answers {
            let lease = answer.map(|taken| {
                let revoked = self.leased.entry(taken.node.clone()).or_default().clone();
                Lease::new(taken, revoked, context.address())
            });
            // Who left meanwhile drops the lease, which gives the slot back.
            let _ = waiter.reply.send(lease);
        }
        if let Some(timer) = self.wake.take() {
            context.cancel_future(timer);
        }
        let next = self.waiting.next_deadline().map(|deadline| {
            self.pool.next_penalty_end(now).map_or(deadline, |end| end.min(deadline))
        });
        self.wake = next.map(|next| {
            context.run_later(next.saturating_sub(now), |balancer, context| balancer.serve(context))
        });
    }

    /// Forgets who left, and tells who waited in vain.
    fn prune(&mut self, now: Duration) {
        let late = self.waiting.prune(now, |waiter| waiter.reply.is_closed());
        for waiter in late {
            let retry_after = self.pool.retry_after(self.waiting.len(), now);
            let _ = waiter.reply.send(Err(Unserved::NoNode { retry_after }));
        }
    }

    /// Tells those who wait for a node's calls to end, if they have.
    fn tell_idle(&mut self) {
        for (node, idle) in std::mem::take(&mut self.draining) {
            if self.pool.is_idle(&node) {
                // Who no longer waits need not be told.
                let _ = idle.send(());
            } else {
                self.draining.push((node, idle));
            }
        }
    }
}

fn penalty(settings: &config::Balancer) -> Backoff {
    Backoff { base: settings.penalty_base, ceiling: settings.penalty_ceiling }
}

impl Actor for Balancer {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.failed.cancel();
    }
}

impl Handler<Acquire> for Balancer {
    type Result = ();

    fn handle(&mut self, ask: Acquire, context: &mut Context<Self>) {
        if self.closed {
            let _ = ask.reply.send(Err(Unserved::ShuttingDown));
            return;
        }
        let deadline = ask.deadline.saturating_duration_since(self.epoch);
        let waiter = Waiter { excluded: ask.excluded, reply: ask.reply };
        self.prune(self.now());
        if let Err(Full(waiter)) = self.waiting.push(ask.stage, deadline, waiter) {
            let after = self.pool.retry_after(self.waiting.len(), self.now());
            let _ = waiter.reply.send(Err(Unserved::QueueFull { retry_after: after }));
        }
        self.serve(context);
        if !self.waiting.is_empty() {
            debug!(waiting = self.waiting.len(), "calls wait for a slot");
        }
    }
}

impl Handler<Release> for Balancer {
    type Result = ();

    fn handle(&mut self, release: Release, context: &mut Context<Self>) {
        let now = self.now();
        let Release { membership, outcome, held } = release;
        if let Some(member) = self.pool.release(membership, outcome, held, now) {
            let ended = CallEnded { outcome, held, suspect: member.is_suspect(held, now) };
            if let Some(watcher) = self.watchers.get(&member.id).filter(|_| went_wrong(outcome)) {
                watcher.do_send(ended);
            }
        }
        self.tell_idle();
        self.serve(context);
    }
}

impl Handler<NodeReport> for Balancer {
    type Result = ();

    fn handle(&mut self, report: NodeReport, context: &mut Context<Self>) {
        let now = self.now();
        self.pool.set_slots(&report.node, report.slots);
        self.pool.set_state(&report.node, report.state, now);
        if report.lost
            && let Some(leased) = self.leased.remove(&report.node)
        {
            leased.cancel();
        }
        self.serve(context);
    }
}

impl Handler<Snapshot> for Balancer {
    type Result = MessageResult<Snapshot>;

    fn handle(&mut self, _: Snapshot, _: &mut Context<Self>) -> Self::Result {
        let now = self.now();
        let seen = |member: &Member| NodeSnapshot {
            id: member.id.clone(),
            base_url: member.base_url.clone(),
            healthy: member.is_healthy(now),
            reachable: !matches!(member.state, NodeState::Down { .. }),
            request_count: member.request_count,
            error_count: member.error_count,
            slots: member.slots,
            in_flight: member.in_flight,
            latency: member.latency(),
        };
        let nodes = self.pool.members().iter().map(seen).collect();
        MessageResult(Overview { nodes, waiting: self.waiting.len() })
    }
}

/// Whether a node's supervisor may learn something from a call.
fn went_wrong(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Failed | Outcome::Stalled | Outcome::Abandoned => true,
        Outcome::Answered
        | Outcome::Refused
        | Outcome::Busy
        | Outcome::BadAnswer
        | Outcome::Rejected => false,
    }
}

impl Handler<Close> for Balancer {
    type Result = ();

    fn handle(&mut self, _: Close, _: &mut Context<Self>) {
        self.closed = true;
        for (waiter, ()) in self.waiting.take_each(|_, _| Some(())) {
            let _ = waiter.reply.send(Err(Unserved::ShuttingDown));
        }
    }
}

#[cfg(test)]
mod tests;
