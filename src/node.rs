//! The Node actor, one per node: events in, actions out; [`lifecycle`] decides.
//!
//! It starts, watches and ends the process of a managed node, probes both kinds, and tells the
//! balancer what it sees. It knows Ollama and a `Recipient` of the balancer, nothing else.

mod command;
mod effects;
pub mod lifecycle;
mod messages;
pub mod orphans;
mod output;
mod port;
mod process;

use std::{mem::discriminant, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Recipient};
use awc::Client;
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use self::{
    command::{Command, Host},
    messages::{Kill, Stop},
};
use self::{
    lifecycle::{Action, Event, Lifecycle, Phase, Timing},
    process::Group,
};
use crate::{
    backoff::Backoff,
    balancer::{NodeId, NodeReport},
    config::{self, Endpoint},
};

/// The time between two probes of a node that is starting.
const START_PROBE_INTERVAL: Duration = Duration::from_millis(100);

/// What a node is made from.
pub struct Setup {
    /// Its id.
    pub id: NodeId,
    /// Where it answers.
    pub endpoint: Endpoint,
    /// How it is started; none for an endpoint that others run.
    pub command: Option<Command>,
    /// The calls that it may work on at once.
    pub slots: u32,
    /// The model it must list and load.
    pub model: config::Model,
}

/// The actor.
pub struct Node {
    setup: Setup,
    settings: config::Nodes,
    lifecycle: Lifecycle,
    epoch: Instant,
    client: Client,
    balancer: Recipient<NodeReport>,
    group: Option<Group>,
    /// Whether the group was killed and its end is awaited.
    killed: bool,
    /// Counts the processes, so that a probe of an earlier one is not taken for one of this.
    generation: u64,
    done: Vec<oneshot::Sender<()>>,
    /// Cancelled when the actor ends although nobody asked it to.
    failed: CancellationToken,
}

impl Node {
    /// A node that reports to `balancer`; `failed` is cancelled if the actor dies.
    pub fn new(
        setup: Setup,
        settings: &config::Nodes,
        client: Client,
        balancer: Recipient<NodeReport>,
        failed: CancellationToken,
    ) -> Self {
        let timing = Timing {
            start_timeout: settings.start_timeout,
            probe_failures: settings.probe_failures,
            hang_timeout: settings.hang_timeout,
            adopted_gone_timeout: settings.adopted_gone_timeout,
            backoff: Backoff { base: settings.backoff_base, ceiling: settings.backoff_ceiling },
            crash_loop_failures: settings.crash_loop_failures,
        };
        let lifecycle = match setup.command {
            Some(_) => Lifecycle::managed(timing),
            None => Lifecycle::endpoint(timing),
        };
        Self {
            setup,
            settings: settings.clone(),
            lifecycle,
            epoch: Instant::now(),
            client,
            balancer,
            group: None,
            killed: false,
            generation: 0,
            done: Vec::new(),
            failed,
        }
    }

    fn step(&mut self, event: Event, context: &mut Context<Self>) {
        let now = self.epoch.elapsed();
        let before = self.lifecycle.phase();
        let action = self.lifecycle.on(event, now, fastrand::f64());
        let after = self.lifecycle.phase();
        if discriminant(&before) != discriminant(&after) {
            self.log(after);
        }
        self.report();
        if let Some(action) = action {
            self.perform(action, context);
        }
    }

    fn perform(&mut self, action: Action, context: &mut Context<Self>) {
        match action {
            Action::Look => self.look(context),
            Action::Spawn => self.spawn(context),
            Action::WarmUp => self.warm_up(context),
            Action::RetryAfter(delay) => {
                let delay_ms = delay.as_millis();
                info!(node.id = %self.setup.id, %delay_ms, "node waits before its next start");
                context.run_later(delay, |node, context| node.step(Event::DelayOver, context));
            }
            Action::Kill if matches!(self.lifecycle.phase(), Phase::Starting { .. }) => {
                self.kill("no answer within nodes.start_timeout");
            }
            Action::Kill => self.kill("no answer within nodes.hang_timeout"),
            Action::Terminate => self.terminate(context),
            Action::Finish => {
                for done in self.done.drain(..) {
                    // Who no longer waits for the end need not be told.
                    let _ = done.send(());
                }
                context.stop();
            }
        }
    }

    /// Tells the balancer how things stand.
    fn report(&self) {
        let state = self.lifecycle.state(self.epoch.elapsed());
        self.balancer.do_send(NodeReport { node: self.setup.id.clone(), state });
    }

    fn log(&self, phase: Phase) {
        let (id, url) = (&self.setup.id, self.setup.endpoint.base());
        match phase {
            Phase::Ready { .. } => info!(node.id = %id, node.url = url, "node ready"),
            Phase::Loading => info!(node.id = %id, node.url = url, "node loads its model"),
            Phase::ModelMissing => warn!(
                node.id = %id, node.url = url, model.name = self.setup.model.name,
                "node answers but does not have the model: get it with OLLAMA_HOST={url} ollama pull {}",
                self.setup.model.name
            ),
            Phase::Unhealthy { .. } => {
                warn!(node.id = %id, node.url = url, "node lost: it does not answer")
            }
            Phase::CrashLooping { .. } if self.lifecycle.begins_to_loop() => error!(
                node.id = %id,
                "node crash-looping: it ended {} times soon after its start; its own lines above say why; \
                 tried again at most every {}",
                self.settings.crash_loop_failures,
                config::duration::display(self.settings.backoff_ceiling)
            ),
            Phase::CrashLooping { .. }
            | Phase::Looking
            | Phase::Starting { .. }
            | Phase::BackingOff { .. }
            | Phase::Stopping
            | Phase::Stopped => {}
        }
    }
}

impl Actor for Node {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if self.lifecycle.is_managed() {
            self.look(context);
        } else {
            self.probe(context);
        }
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        if self.lifecycle.phase() != Phase::Stopped {
            self.failed.cancel();
        }
    }
}

impl Handler<Stop> for Node {
    type Result = ();

    fn handle(&mut self, stop: Stop, context: &mut Context<Self>) {
        self.done.push(stop.done);
        self.step(Event::StopAsked, context);
    }
}

impl Handler<Kill> for Node {
    type Result = ();

    fn handle(&mut self, _: Kill, _: &mut Context<Self>) {
        self.kill("asked to end at once");
    }
}
