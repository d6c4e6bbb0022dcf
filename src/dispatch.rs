//! One model call: lease, call, judge, retry elsewhere, within a deadline.
//!
//! Nothing reaches the caller before the judge has accepted an answer, so every failure may be
//! retried. Dispatch knows nothing of tickets: what makes an answer good is the judge's business.

mod attempt;
mod budget;
mod cases;
mod hedge;
mod judge;
mod progress;
mod trace;

use std::{
    cell::RefCell,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use actix::Addr;
use awc::Client;
use futures_util::{StreamExt, future::join, stream::FuturesUnordered};
use tokio::{
    select,
    sync::oneshot,
    time::{Instant, sleep_until, timeout_at},
};
use tracing::debug;

use self::{
    attempt::{Miss, Request},
    cases::Cases,
};
pub use self::{
    judge::{Judge, Unfit},
    progress::{Now, Progress, Reporter, Step},
    trace::{Attempted, Trace},
};
use crate::{
    balancer::{
        Acquire, Balancer, Blame, Lease, Measured, NodeId, Outcome, Pardon, Unserved, Watcher,
        queue::{Priority, Stage},
    },
    config,
    journal::tell,
    metrics::Metrics,
    ollama::{Body, GenerateRequest},
};

/// Makes the model calls of one ticket.
pub struct Dispatch {
    balancer: Addr<Balancer>,
    client: Client,
    settings: config::Balancer,
    priority: Priority,
    trace: RefCell<Trace>,
    progress: Reporter,
    metrics: Arc<Metrics>,
}

/// Why a model call brought nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failed {
    /// No node took the call.
    #[error("no node took the call")]
    Unserved(#[source] Unserved),
    /// Every attempt failed.
    #[error("{attempts} attempts failed, the last one: {last}")]
    Exhausted {
        /// How many there were.
        attempts: u32,
        /// How the last one failed.
        last: String,
    },
    /// The prompt does not fit the context of the model; no other node would take it.
    #[error("the prompt does not fit the model's context; raise model.options.num_ctx")]
    TooLong,
    /// The answer says what nobody said, and such answers are not wanted.
    #[error("the ticket says what nobody said")]
    Ungrounded,
    /// The deadline came while a node was at work, or between two attempts.
    #[error("the deadline came before an answer")]
    TimedOut,
}

impl Failed {
    /// Whether the call only came at the wrong time: ticketd stops.
    pub fn is_shutdown(&self) -> bool {
        matches!(self, Self::Unserved(Unserved::ShuttingDown))
    }

    /// Whether no model could do the work; not so where ticketd stops, or refuses an answer.
    pub fn is_of_models(&self) -> bool {
        match self {
            Self::Unserved(unserved) => !matches!(unserved, Unserved::ShuttingDown),
            Self::Exhausted { .. } | Self::TooLong | Self::TimedOut => true,
            Self::Ungrounded => false,
        }
    }
}

/// What has become of one call so far.
struct Call {
    /// The same for equal requests, so that one that nobody can answer is one case.
    id: u64,
    stage: Stage,
    excluded: Vec<NodeId>,
    cases: Cases,
    /// The attempts that are used up.
    used: u32,
    /// How the last of them failed.
    last: String,
    /// What the next attempt is told about the answers before it.
    repair: Option<String>,
}

impl Dispatch {
    /// A dispatcher over this thread's client, which tells `progress` how its calls come along, and
    /// `metrics` how they went.
    pub fn new(
        balancer: Addr<Balancer>,
        client: Client,
        settings: &config::Balancer,
        priority: Priority,
        progress: Reporter,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (settings, trace) = (settings.clone(), RefCell::default());
        Self { balancer, client, settings, priority, trace, progress, metrics }
    }

    /// Whether nobody waits for what comes of it.
    pub fn is_batch(&self) -> bool {
        self.priority == Priority::Batch
    }

    /// Says what the calls that follow are for, to those who look on.
    pub fn stage(&self, stage: &'static str) {
        self.progress.stage(stage);
    }

    /// What the calls went through so far.
    pub fn trace(&self) -> Trace {
        self.trace.borrow().clone()
    }

    /// Makes one model call and returns what `judge` makes of the answer.
    ///
    /// One attempt counter and one deadline cover transport and content. Dropping the future leaves
    /// the queue, ends the call and frees the slot.
    pub async fn call<T>(
        &self,
        request: &GenerateRequest<'_>,
        stage: Stage,
        deadline: Instant,
        judge: &impl Judge<T>,
    ) -> Result<T, Failed> {
        let mut body: Option<Body> = None;
        // How the last attempt ended.
        let mut ended = None;
        let mut call = Call {
            id: 0,
            stage,
            excluded: Vec::new(),
            cases: Cases::default(),
            used: 0,
            last: String::new(),
            repair: None,
        };
        loop {
            self.progress.attempt(call.used + 1);
            let since = Instant::now();
            // The body is made while the balancer looks for a slot.
            let made = async { body.take().unwrap_or_else(|| request.to_body()) };
            let (lease, made) = join(self.lease(&call, deadline), made).await;
            let sent = body.insert(made);
            // The lease may have come while the body was made.
            let waited =
                since.elapsed().saturating_sub(lease.as_ref().map_or(Duration::ZERO, Lease::held));
            self.trace.borrow_mut().waited(waited);
            let lease = lease.map_err(|unserved| call.unserved(unserved, deadline))?;
            self.metrics.calls.waited(self.priority, waited);
            if let Some(ended) = ended {
                self.metrics.calls.retried(ended);
            }
            if call.used == 0 {
                call.id = BuildHasherDefault::<DefaultHasher>::default().hash_one(&*sent);
            }
            call.stage = Stage::Begun;
            let node = lease.node().clone();
            let excluded = call.excluded.iter().chain([&node]).cloned().collect();
            let second = self.second(excluded, lease.prospect());
            let (mut second, mut hedged) = (pin!(second), false);
            let mut copies = FuturesUnordered::new();
            copies.push(self.run(lease, call.request(sent), judge));
            while !copies.is_empty() {
                let (lease, result) = select! {
                    Some(run) = copies.next() => run,
                    lease = &mut second, if !hedged => {
                        debug!(ticketd.node = %node, "call takes long: a second copy runs elsewhere");
                        copies.push(self.run(lease, call.request(sent), judge));
                        hedged = true;
                        continue;
                    }
                    () = sleep_until(deadline) => {
                        debug!(ticketd.node = %node, "call given up: its deadline came");
                        return Err(Failed::TimedOut);
                    }
                };
                match result {
                    Ok((value, measured)) => {
                        self.answered(&mut call, lease, measured);
                        return Ok(value);
                    }
                    Err(miss) if miss.too_long => {
                        self.missed(&mut call, lease, miss);
                        return Err(Failed::TooLong);
                    }
                    Err(miss) => {
                        ended = Some(miss.outcome);
                        self.missed(&mut call, lease, miss);
                    }
                }
            }
            if call.used >= self.settings.attempts {
                return Err(call.exhausted());
            }
            if let Some(repair) = call.repair.take() {
                body = Some(request.to_repair(&repair));
            }
        }
    }

    /// Makes the call on the node of a lease.
    async fn run<T>(
        &self,
        lease: Lease,
        request: Request,
        judge: &impl Judge<T>,
    ) -> (Lease, attempt::Result<T>) {
        self.progress.started(lease.node());
        let result = self.attempt(&lease, request, judge).await;
        (lease, result)
    }

    /// Takes note of the attempt whose answer was accepted.
    fn answered(&self, call: &mut Call, lease: Lease, measured: Measured) {
        debug!(ticketd.node = %lease.node(), duration_ms = %lease.held().as_millis(), "call answered");
        self.note(&lease, Outcome::Answered);
        self.metrics.calls.answered(&measured);
        for node in call.cases.blamed(lease.node()) {
            self.balancer.do_send(Blame { node, call: call.id });
        }
        lease.answered(call.id, measured);
    }

    /// Takes note of an attempt that brought no accepted answer.
    fn missed(&self, call: &mut Call, lease: Lease, miss: Miss) {
        let Miss { outcome, counts, status, reason, repair, blameless, too_long: _ } = miss;
        let node = lease.node().clone();
        let duration_ms = lease.held().as_millis();
        self.note(&lease, outcome);
        if repair.is_some() {
            call.repair = repair;
        }
        let blamed = blameless.is_none();
        match blameless {
            Some(measured) => lease.answered(call.id, measured),
            None => lease.finish(call.id, outcome),
        }
        if let Some(status) = status {
            for node in call.cases.pardoned(&node, status) {
                self.balancer.do_send(Pardon { node, call: call.id });
            }
        }
        if blamed && matches!(outcome, Outcome::Stalled | Outcome::BadAnswer | Outcome::Rejected) {
            call.cases.open(&node);
        }
        if !counts {
            debug!(ticketd.node = %node, reason, "call goes to another node or waits");
            return;
        }
        call.used += 1;
        tell!(
            warn: CallRetried, ticketd.node = %node, attempt = call.used, %duration_ms, reason,
            "call failed on this node"
        );
        call.excluded.push(node);
        call.last = reason;
    }

    fn note(&self, lease: &Lease, outcome: Outcome) {
        self.trace.borrow_mut().attempted(lease.node().clone(), outcome, lease.held());
    }

    /// Waits for a slot until the deadline.
    async fn lease(&self, call: &Call, deadline: Instant) -> Result<Lease, Unserved> {
        let (reply, answer) = oneshot::channel();
        let Call { stage, ref excluded, .. } = *call;
        let (priority, excluded) = (self.priority, excluded.clone());
        let last = call.used + 1 >= self.settings.attempts;
        let watcher: Option<Box<dyn Watcher>> = Some(Box::new(self.progress.clone()));
        let ask = Acquire { stage, priority, deadline, excluded, last, watcher, reply };
        let wait = async {
            self.balancer.send(ask).await.map_err(|_| Unserved::ShuttingDown)?;
            // The balancer is gone when it drops the other end.
            answer.await.unwrap_or(Err(Unserved::ShuttingDown))
        };
        // The balancer itself says when the deadline has come; this is for one that does not.
        let retry_after = Duration::from_secs(1);
        timeout_at(deadline + retry_after, wait)
            .await
            .unwrap_or(Err(Unserved::NoNode { retry_after }))
    }
}

impl Call {
    /// The call as it is sent next.
    fn request(&self, body: &Body) -> Request {
        Request { body: body.clone(), retries: self.used }
    }

    /// Why the call ends when it gets no slot.
    fn unserved(&self, unserved: Unserved, deadline: Instant) -> Failed {
        if self.used == 0 || !matches!(unserved, Unserved::NoNode { .. }) {
            Failed::Unserved(unserved)
        } else if Instant::now() >= deadline {
            Failed::TimedOut
        } else {
            self.exhausted()
        }
    }

    fn exhausted(&self) -> Failed {
        Failed::Exhausted { attempts: self.used, last: self.last.clone() }
    }
}
