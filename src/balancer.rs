//! The Balancer actor: who gets the next slot. Messages in; [`scheduler`] decides.
//!
//! It knows nodes as ids, URLs and slots only, and no request passes through it: an asker gets a
//! [`Lease`], calls the node itself, and gives the lease back by dropping it.

pub mod breaker;
mod cases;
#[cfg(feature = "fault-injection")]
pub mod faults;
pub mod history;
mod lease;
pub mod member;
mod membership;
mod messages;
mod places;
pub mod pool;
pub mod queue;
pub mod scheduler;
pub mod tally;

use std::{cell::Cell, collections::HashMap, fmt, sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, MessageResult, Recipient, SpawnHandle};
use serde::{Serialize, Serializer};
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

pub use self::{
    history::{Latency, Measured},
    lease::{Lease, Outcome},
    member::Prospect,
    messages::{
        Acquire, AwaitIdle, Blame, CallEnded, Close, Configure, Hedge, NodeReport, NodeSnapshot,
        NodeState, Overview, Pardon, Register, Snapshot, Unregister, Unserved,
    },
    places::{TellPlaces, Watcher},
    scheduler::Place,
};
use self::{
    member::Treatment,
    messages::Release,
    places::Asker,
    pool::{Ended, Taken, Verdict},
    scheduler::{Ask, Scheduler},
};
use crate::{backoff::Backoff, config, liveness::Heart};

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

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
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

/// How often the counts of calls and their second copies are halved, so that they tell of late ones.
const RECENT_CALLS: u64 = 1000;

/// The actor.
pub struct Balancer {
    scheduler: Scheduler<Asker>,
    watchers: HashMap<NodeId, Recipient<CallEnded>>,
    /// What the leases of each node are told while they are out.
    leased: HashMap<NodeId, Leased>,
    /// Who waits for the end of a node's calls.
    draining: Vec<(NodeId, oneshot::Sender<()>)>,
    epoch: Instant,
    closed: bool,
    /// The timer for the end of a rest or the next deadline.
    wake: Option<SpawnHandle>,
    /// The timer for telling waiters where they stand; none while nobody listens.
    telling: Option<SpawnHandle>,
    /// The calls that were asked for, and those of them that got a second copy.
    calls: u64,
    hedges: u64,
    hedge_percent: u32,
    heart: Heart,
    /// Cancelled when the actor ends although nobody asked it to.
    failed: CancellationToken,
}

/// What the leases of one node are told while they are out.
#[derive(Debug, Default)]
struct Leased {
    /// Cancelled when its calls had better go elsewhere.
    revoked: CancellationToken,
    /// What a call may expect there.
    prospect: watch::Sender<Prospect>,
}

impl Leased {
    fn tell(&self, prospect: Prospect) {
        self.prospect.send_if_modified(|told| std::mem::replace(told, prospect) != prospect);
    }
}

impl Balancer {
    /// A balancer without nodes; it beats, and `failed` is cancelled if it dies.
    pub fn new(settings: &config::Balancer, heart: Heart, failed: CancellationToken) -> Self {
        let scheduler = Scheduler::new(settings.policy, treatment(settings), settings.queue_limit);
        Self {
            scheduler,
            watchers: HashMap::new(),
            leased: HashMap::new(),
            draining: Vec::new(),
            epoch: Instant::now(),
            closed: false,
            wake: None,
            telling: None,
            calls: 0,
            hedges: 0,
            hedge_percent: settings.hedge_percent,
            heart,
            failed,
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Gives out the free slots, and looks again when that may have changed.
    fn serve(&mut self, context: &mut Context<Self>) {
        let now = self.now();
        for (asker, answer) in self.scheduler.serve(now, Asker::has_left) {
            asker.answer(answer.map(|taken| self.lease(taken, context)));
        }
        if let Some(timer) = self.wake.take() {
            context.cancel_future(timer);
        }
        self.wake = self.scheduler.next_event(now).map(|next| {
            context.run_later(next.saturating_sub(now), |balancer, context| balancer.serve(context))
        });
    }

    fn lease(&mut self, taken: Taken, context: &mut Context<Self>) -> Lease {
        let prospect = self.scheduler.pool.prospect(&taken.node);
        let leased = self.leased.entry(taken.node.clone()).or_default();
        leased.tell(prospect);
        Lease::new(taken, leased.revoked.clone(), leased.prospect.subscribe(), context.address())
    }

    /// Tells the leases that are out what is expected of their nodes by now.
    fn tell_prospects(&self) {
        for (node, leased) in &self.leased {
            leased.tell(self.scheduler.pool.prospect(node));
        }
    }

    /// Tells those who wait for a node's calls to end, if they have.
    fn tell_idle(&mut self) {
        for (node, idle) in std::mem::take(&mut self.draining) {
            if self.scheduler.pool.is_idle(&node) {
                // Who no longer waits need not be told.
                let _ = idle.send(());
            } else {
                self.draining.push((node, idle));
            }
        }
    }
}

fn treatment(settings: &config::Balancer) -> Treatment {
    Treatment {
        rest: Backoff { base: settings.penalty_base, ceiling: settings.penalty_ceiling },
        breaker: breaker::Policy {
            failures: settings.breaker_failures,
            cooldown: Backoff { base: settings.breaker_base, ceiling: settings.breaker_ceiling },
        },
        outage_retry: settings.outage_retry,
    }
}

impl Actor for Balancer {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if let Some(pulse) = self.heart.register("balancer") {
            context.run_interval(pulse.every(), move |_, _| pulse.beat());
        }
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.failed.cancel();
    }
}

impl Handler<Acquire> for Balancer {
    type Result = ();

    fn handle(&mut self, ask: Acquire, context: &mut Context<Self>) {
        let Acquire { stage, priority, deadline, excluded, last, watcher, reply } = ask;
        if self.closed {
            let _ = reply.send(Err(Unserved::ShuttingDown));
            return;
        }
        self.calls += 1;
        if self.calls > RECENT_CALLS {
            (self.calls, self.hedges) = (self.calls / 2, self.hedges / 2);
        }
        let deadline = deadline.saturating_duration_since(self.epoch);
        let ask = Ask { stage, priority, deadline, excluded, last };
        // Who has left makes room.
        self.serve(context);
        let asker = Asker { reply, watcher, told: Cell::default() };
        let listens = asker.listener().is_some();
        if let Some((asker, answer)) = self.scheduler.ask(ask, asker, self.now()) {
            asker.answer(answer.map(|taken| self.lease(taken, context)));
        }
        self.serve(context);
        let waiting = self.scheduler.queue().len();
        if waiting > 0 {
            debug!(waiting, "calls wait for a slot");
        }
        if listens {
            self.tell_places(context);
        }
    }
}

impl Handler<Hedge> for Balancer {
    type Result = ();

    fn handle(&mut self, ask: Hedge, context: &mut Context<Self>) {
        let within = (self.hedges + 1).saturating_mul(100)
            <= self.calls.saturating_mul(u64::from(self.hedge_percent));
        let now = self.now();
        if !within || self.closed || !self.scheduler.queue().is_empty() {
            return;
        }
        if let Some(taken) = self.scheduler.pool.choose_idle(&ask.excluded, now) {
            self.hedges += 1;
            let lease = self.lease(taken, context);
            // Who left meanwhile drops the lease, which gives the slot back.
            let _ = ask.reply.send(lease);
        }
    }
}

impl Handler<Release> for Balancer {
    type Result = ();

    fn handle(&mut self, Release(ended): Release, context: &mut Context<Self>) {
        let now = self.now();
        let Ended { outcome, held, .. } = ended;
        if let Some(Verdict { node, suspect, doubt }) = self.scheduler.pool.release(ended, now)
            && let Some(watcher) = self.watchers.get(&node).filter(|_| went_wrong(outcome))
        {
            watcher.do_send(CallEnded { outcome, held, suspect, doubt });
        }
        if outcome == Outcome::Answered {
            self.tell_prospects();
        }
        self.tell_idle();
        self.serve(context);
    }
}

impl Handler<NodeReport> for Balancer {
    type Result = ();

    fn handle(&mut self, report: NodeReport, context: &mut Context<Self>) {
        let now = self.now();
        let pool = &mut self.scheduler.pool;
        pool.set_slots(&report.node, report.slots);
        pool.set_state(&report.node, report.state, report.heard, now);
        if report.lost
            && let Some(leased) = self.leased.remove(&report.node)
        {
            leased.revoked.cancel();
        }
        self.serve(context);
    }
}

impl Handler<Snapshot> for Balancer {
    type Result = MessageResult<Snapshot>;

    fn handle(&mut self, _: Snapshot, context: &mut Context<Self>) -> Self::Result {
        // Who has left does not wait any more.
        self.serve(context);
        MessageResult(Overview::of(&self.scheduler, self.now()))
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
        for asker in self.scheduler.close() {
            asker.answer(Err(Unserved::ShuttingDown));
        }
    }
}

#[cfg(test)]
mod tests;
