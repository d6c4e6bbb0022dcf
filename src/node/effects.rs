//! What a Node does: look at its port, start, probe, end. Each effect reports back as an event.

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use rustix::process::Signal;
use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use super::{
    Node, START_PROBE_INTERVAL,
    lifecycle::{Event, Phase},
    orphans, output, port,
    process::{self, Started},
};
use crate::ollama::{self, Budget, LoadRequest, Probe};

impl Node {
    /// Looks who has the port of a managed node.
    pub(super) fn look(&mut self, context: &mut Context<Self>) {
        let (client, wait) = (self.client.clone(), self.settings.probe_timeout);
        let base = self.setup.endpoint.base().to_owned();
        let port = self.setup.endpoint.port();
        let look = async move {
            let probe = ollama::version(&client, &base, wait).await;
            let owner = match probe {
                Probe::Refused | Probe::Unknown => None,
                Probe::Ready | Probe::ModelMissing | Probe::Silent => {
                    tokio::task::spawn_blocking(move || port::owner(port)).await.ok().flatten()
                }
            };
            (probe, owner.map_or_else(|| "unknown".to_owned(), |owner| owner.to_string()))
        };
        let seen = look.into_actor(self).map(|(probe, owner), node, context| {
            let id = &node.setup.id;
            match probe {
                Probe::Refused => node.step(Event::PortFree, context),
                Probe::Ready | Probe::ModelMissing if !node.settings.adopt => {
                    error!(
                        node.id = %id, owner,
                        "an Ollama that is not ours has the port, and nodes.adopt = false: stop it, \
                         or take the port out of nodes.ports"
                    );
                    node.step(Event::PortTaken, context);
                }
                Probe::Ready | Probe::ModelMissing => {
                    node.generation += 1;
                    info!(node.id = %id, owner, "an Ollama answers on the port already: adopted as it is, and not managed");
                    node.step(Event::PortServed, context);
                    node.probe(context);
                }
                Probe::Unknown => {
                    error!(node.id = %id, "the port cannot be looked at for want of files or memory");
                    node.step(Event::PortTaken, context);
                }
                Probe::Silent => {
                    error!(
                        node.id = %id, owner,
                        "something that is no Ollama has the port: stop it, or take the port out \
                         of nodes.ports"
                    );
                    node.step(Event::PortTaken, context);
                }
            }
        });
        context.spawn(seen);
    }

    pub(super) fn spawn(&mut self, context: &mut Context<Self>) {
        self.generation += 1;
        let Some(command) = &self.setup.command else { return };
        let started = match process::start(command, orphans::mark(&self.setup.id)) {
            Ok(started) => started,
            Err(error) => {
                let program = command.program.display();
                let (remedy, hopeless) = process::remedy(&error);
                error!(node.id = %self.setup.id, %program, %error, "node cannot start: {remedy}");
                return self.step(Event::SpawnFailed { hopeless }, context);
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
            if node.killed || node.lifecycle.phase() == Phase::Stopping {
                debug!(node.id = %node.setup.id, node.pid = pid, ending, "node process ended");
            } else {
                warn!(node.id = %node.setup.id, node.pid = pid, ending, "node process ended by itself");
            }
            node.killed = false;
            node.step(Event::Exited, context);
        });
        context.spawn(ended);
        self.probe(context);
    }

    /// Probes the node, now and again after a while, as long as its process is the same.
    pub(super) fn probe(&mut self, context: &mut Context<Self>) {
        let (client, wait) = (self.client.clone(), self.settings.probe_timeout);
        let base = self.setup.endpoint.base().to_owned();
        let model = self.setup.model.name.clone();
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

    /// Loads the model with the very options of the calls, because Ollama reloads it for others.
    pub(super) fn warm_up(&mut self, context: &mut Context<Self>) {
        let (client, limit) = (self.client.clone(), self.settings.load_timeout);
        let base = self.setup.endpoint.base().to_owned();
        let body = LoadRequest::new(&self.setup.model).to_body();
        let generation = self.generation;
        let budget = Budget { first_token: limit, token: limit, call: limit };
        let load = async move { ollama::generate(&client, &base, body, budget).await };
        let since = Instant::now();
        let loaded = load.into_actor(self).map(move |result, node, context| {
            if generation != node.generation {
                return;
            }
            let (id, duration_ms) = (&node.setup.id, since.elapsed().as_millis());
            match &result {
                Ok(_) => info!(node.id = %id, %duration_ms, "model loaded"),
                Err(error) => warn!(node.id = %id, %duration_ms, %error, "model could not be loaded: tried again"),
            }
            node.step(Event::Warmed { loaded: result.is_ok() }, context);
        });
        context.spawn(loaded);
    }

    pub(super) fn terminate(&mut self, context: &mut Context<Self>) {
        if let Some(group) = &self.group {
            group.signal(Signal::TERM);
        }
        context.run_later(self.settings.stop_grace, |node, _| {
            node.kill("no end within nodes.stop_grace")
        });
    }

    /// Kills the whole group; its leader's end is reported by the one who waits for it.
    pub(super) fn kill(&mut self, reason: &str) {
        if let Some(group) = self.group.as_ref().filter(|_| !self.killed) {
            self.killed = true;
            warn!(node.id = %self.setup.id, node.pid = group.id(), reason, "node process killed");
            group.signal(Signal::KILL);
        }
    }
}
