//! The Node actor, one per node: events in, actions out; [`lifecycle`] decides.
//!
//! It starts, watches and ends the process of a managed node, probes both kinds, and tells the
//! balancer what it sees. It knows Ollama and a `Recipient` of the balancer, nothing else.

mod command;
pub mod lifecycle;
mod messages;
mod output;
mod process;

use std::{mem::discriminant, time::Duration};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Recipient, WrapFuture,
};
use awc::Client;
use rustix::process::Signal;
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

pub use self::{
    command::{Command, Host},
    messages::{Kill, Stop},
};
use self::{
    lifecycle::{Action, Event, Lifecycle, Phase, Timing},
    process::{Group, Started},
};
use crate::{
    balancer::{NodeId, NodeReport},
    config::{self, Endpoint},
    ollama::{self, Probe},
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
    /// The model it must list.
    pub model: String,
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
            backoff_base: settings.backoff_base,
            backoff_ceiling: settings.backoff_ceiling,
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
            Action::RetryAfter(delay) => {
                context.run_later(delay, |node, context| node.step(Event::DelayOver, context));
            }
            Action::Kill => self.kill("no answer within nodes.start_timeout"),
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

    /// Looks who has the port of a managed node.
    fn look(&mut self, context: &mut Context<Self>) {
        let (client, wait) = (self.client.clone(), self.settings.probe_timeout);
        let base = self.setup.endpoint.base().to_owned();
        let look = async move { ollama::version(&client, &base, wait).await };
        let seen = look.into_actor(self).map(|probe, node, context| {
            let id = &node.setup.id;
            match probe {
                Probe::Refused => node.step(Event::PortFree, context),
                Probe::Ready | Probe::ModelMissing => {
                    info!(node.id = %id, "an Ollama answers on the port already: used as it is, and not managed");
                    node.step(Event::PortServed, context);
                    node.probe(context);
                }
                Probe::Silent => {
                    let remedy = format!("ss -ltnp 'sport = :{id}'");
                    error!(
                        node.id = %id, remedy,
                        "something that is no Ollama has the port: find it with the remedy and \
                         stop it, or take the port out of nodes.ports"
                    );
                    node.step(Event::PortTaken, context);
                }
            }
        });
        context.spawn(seen);
    }

    fn spawn(&mut self, context: &mut Context<Self>) {
        self.generation += 1;
        let Some(command) = &self.setup.command else { return };
        let started = match process::start(command) {
            Ok(started) => started,
            Err(error) => {
                let (program, remedy) = (command.program.display(), process::remedy(&error));
                error!(node.id = %self.setup.id, %program, %error, "node cannot start: {remedy}");
                return self.step(Event::SpawnFailed, context);
            }
        };
        let Started { group, mut child, stdout, stderr } = started;
        let pid = group.id();
        info!(node.id = %self.setup.id, node.pid = pid, "node process started");
        context.spawn(output::drain(stdout, self.setup.id.clone(), pid).into_actor(self));
        context.spawn(output::drain(stderr, self.setup.id.clone(), pid).into_actor(self));
        self.group = Some(group);
        let wait = async move { child.wait().await };
        let ended = wait.into_actor(self).map(move |status, node, context| {
            // The group goes with its leader: a runner that outlives it would keep its memory.
            node.group = None;
            let ending = process::ending(status);
            if node.lifecycle.phase() == Phase::Stopping {
                debug!(node.id = %node.setup.id, node.pid = pid, ending, "node process ended");
            } else {
                warn!(node.id = %node.setup.id, node.pid = pid, ending, "node process ended by itself");
            }
            node.step(Event::Exited, context);
        });
        context.spawn(ended);
        self.probe(context);
    }

    /// Probes the node, now and again after a while, as long as its process is the same.
    fn probe(&mut self, context: &mut Context<Self>) {
        let (client, wait) = (self.client.clone(), self.settings.probe_timeout);
        let (base, model) = (self.setup.endpoint.base().to_owned(), self.setup.model.clone());
        let generation = self.generation;
        let probe = async move { ollama::probe(&client, &base, &model, wait).await };
        let seen = probe.into_actor(self).map(move |probe, node, context| {
            if generation != node.generation || !node.lifecycle.wants_probes() {
                return;
            }
            node.step(Event::Probed(probe), context);
            let starting = matches!(node.lifecycle.phase(), Phase::Starting { .. });
            let fast = starting && node.lifecycle.is_managed();
            let pause = if fast { START_PROBE_INTERVAL } else { node.settings.probe_interval };
            context.run_later(pause.min(node.settings.probe_interval), move |node, context| {
                if generation == node.generation && node.lifecycle.wants_probes() {
                    node.probe(context);
                }
            });
        });
        context.spawn(seen);
    }

    fn terminate(&mut self, context: &mut Context<Self>) {
        if let Some(group) = &self.group {
            group.signal(Signal::TERM);
        }
        context.run_later(self.settings.stop_grace, |node, _| {
            node.kill("no end within nodes.stop_grace")
        });
    }

    /// Kills the whole group; its leader's end is reported by the one who waits for it.
    fn kill(&self, reason: &str) {
        if let Some(group) = &self.group {
            warn!(node.id = %self.setup.id, node.pid = group.id(), reason, "node process killed");
            group.signal(Signal::KILL);
        }
    }

    fn log(&self, phase: Phase) {
        let (id, url) = (&self.setup.id, self.setup.endpoint.base());
        match phase {
            Phase::Ready { .. } => info!(node.id = %id, node.url = url, "node ready"),
            Phase::Loading => warn!(
                node.id = %id, node.url = url, model.name = self.setup.model,
                "node answers but does not have the model: get it with OLLAMA_HOST={url} ollama pull {}",
                self.setup.model
            ),
            Phase::Unhealthy => {
                warn!(node.id = %id, node.url = url, "node lost: it does not answer")
            }
            Phase::BackingOff { until, .. } => {
                let delay_ms = until.saturating_sub(self.epoch.elapsed()).as_millis();
                info!(node.id = %id, %delay_ms, "node waits before its next start");
            }
            Phase::Looking | Phase::Starting { .. } | Phase::Stopping | Phase::Stopped => {}
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
