//! What a Node does to its process: look at its port, start, drain, end. Each reports back as an event.

use std::{io, sync::Arc, time::Duration};

use actix::{ActorFutureExt, ActorStreamExt, AsyncContext, Context, WrapFuture, fut::wrap_stream};
use jiff::Timestamp;
use rustix::process::Signal;
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::timeout,
};
use tracing::{debug, error, warn};

use super::{
    Failure, Group, Node,
    cgroup::{Cgroup, Events},
    directory, exec,
    lifecycle::{Event, Phase},
    lines::Spoken,
    orphans,
    output::{self, LAST_LINES},
    port,
    process::{self, Started},
};
use crate::{
    balancer::AwaitIdle,
    journal::tell,
    ollama::{self, Probe},
};

/// How long the end of a process may wait for its last lines.
const LAST_LINES_WAIT: Duration = Duration::from_millis(500);

/// What a look at the port and the model directory found.
enum Found {
    /// Nobody is there.
    Free,
    /// The directory cannot be used, for this reason.
    Unusable(String),
    /// An Ollama of somebody's.
    Ollama(String),
    /// A node of another ticketd, which would take it along when it ends.
    Kept(i32),
    /// Something else of somebody's.
    Other(String),
    /// Nothing could be seen.
    Unknown,
}

impl Node {
    /// Looks who has the port of a managed node, and whether it could use its directory.
    pub(super) fn look(&mut self, context: &mut Context<Self>) {
        let (client, wait) = (self.client.clone(), self.settings.probe_timeout);
        let base = self.setup.endpoint.base().to_owned();
        let port = self.setup.endpoint.port();
        let models = self.setup.models_dir.clone();
        let owner = move || {
            let owner = port::owner(port)?;
            let keeper = owner.pid().and_then(orphans::living_ticketd_of);
            Some((owner.to_string(), keeper))
        };
        let look = async move {
            // Before the probe, because who answers it may be gone right after.
            let before = spawn_blocking(owner).await.ok().flatten();
            let probe = ollama::version(&client, &base, wait).await;
            let unknown = || ("unknown".to_owned(), None);
            let (owner, keeper) = match (before, probe) {
                (Some(before), _) => before,
                (None, Probe::Refused | Probe::Unknown) => unknown(),
                // It has come meanwhile, or the kernel does not tell.
                (None, Probe::Ready | Probe::ModelMissing | Probe::Silent) => {
                    spawn_blocking(owner).await.ok().flatten().unwrap_or_else(unknown)
                }
            };
            match probe {
                Probe::Refused => {
                    let prepare = move || models.map_or(Ok(()), |dir| directory::prepare(&dir));
                    match spawn_blocking(prepare).await {
                        Ok(Err(reason)) => Found::Unusable(reason),
                        Ok(Ok(())) | Err(_) => Found::Free,
                    }
                }
                Probe::Unknown => Found::Unknown,
                Probe::Silent => keeper.map_or(Found::Other(owner), Found::Kept),
                Probe::Ready | Probe::ModelMissing => {
                    keeper.map_or(Found::Ollama(owner), Found::Kept)
                }
            }
        };
        let seen = look.into_actor(self).map(|found, node, context| {
            let id = &node.setup.id;
            let remedy = match found {
                Found::Free => return node.step(Event::PortFree, context),
                Found::Ollama(owner) if node.settings.adopt => {
                    tell!(info: NodeAdopted, ticketd.node = %id, owner, "an Ollama answers on the port already: adopted as it is, and not managed");
                    return node.step(Event::PortServed, context);
                }
                Found::Unusable(reason) => {
                    tell!(error: NodeCannotStart, ticketd.node = %id, "node cannot start: {reason}");
                    node.remedy = Some(reason);
                    return node.step(Event::SpawnFailed { hopeless: true }, context);
                }
                Found::Kept(ticketd) => format!(
                    "another ticketd (process {ticketd}) runs a node on the port: wait for its end, or \
                     take the port out of nodes.ports"
                ),
                Found::Ollama(owner) => format!(
                    "an Ollama that is not ours has the port ({owner}), and nodes.adopt = false: stop \
                     it, or take the port out of nodes.ports"
                ),
                Found::Other(owner) => format!(
                    "something that is no Ollama has the port ({owner}): stop it, or take the port out \
                     of nodes.ports"
                ),
                Found::Unknown => {
                    let remedy = "the port cannot be looked at for want of files or memory";
                    error!(ticketd.node = %id, "{remedy}");
                    node.remedy = Some(remedy.to_owned());
                    return node.step(Event::PortTaken, context);
                }
            };
            tell!(error: NodePortTaken, ticketd.node = %id, "{remedy}");
            node.remedy = Some(remedy);
            node.step(Event::PortTaken, context);
        });
        context.spawn(seen);
    }

    pub(super) fn spawn(&mut self, context: &mut Context<Self>) {
        self.generation += 1;
        let spoken = self.speak();
        let Some(command) = &self.setup.command else { return };
        let cgroup = self.cgroup();
        let stream = spoken.as_ref().map(Spoken::stream);
        let mark = orphans::mark(&self.setup.id);
        let started = match process::start(command, mark, cgroup, stream) {
            Ok(started) => started,
            Err(error) => return self.not_started(&error, error.kind(), context),
        };
        self.starts += 1;
        self.oom_kills = 0;
        self.running = Some((Arc::new(command.clone()), self.setup.slots));
        let Started { group, mut child, pipes: output } = started;
        let pid = group.id();
        tell!(
            info: NodeStarted, ticketd.node = %self.setup.id, node.pid = pid, "node process started"
        );
        // Closed when the last line has been taken.
        let (pipes, mut last_line) = mpsc::channel::<()>(1);
        let take = move |line, node: &mut Self, _: &mut Context<Self>| {
            let _open = &pipes;
            let now = node.now();
            node.log.take(line, pid, now);
        };
        if let Some((stdout, stderr)) = output {
            let read_stdout = wrap_stream(Box::pin(output::lines(stdout))).map(take.clone());
            let read_stderr = wrap_stream(Box::pin(output::lines(stderr))).map(take.clone());
            context.spawn(read_stdout.finish());
            context.spawn(read_stderr.finish());
        }
        drop(take);
        self.group = Some(group);
        let wait = async move { child.wait().await }.into_actor(self);
        let wait = wait.then(move |status, node, _| {
            let cgroup = node.group.as_ref().and_then(Group::cgroup).cloned();
            // The group goes with its leader: a runner that outlives it would keep its memory.
            (node.group, node.running, node.loaded) = (None, None, None);
            let drained = async move {
                // Who has left the group may hold the pipes for ever.
                let _ = timeout(LAST_LINES_WAIT, last_line.recv()).await;
                let events = cgroup.as_ref().map(Cgroup::events);
                if let Some(cgroup) = cgroup {
                    cgroup.end().await;
                }
                (status, events.unwrap_or_default())
            };
            drained.into_actor(node)
        });
        let ended = wait.map(move |(status, events), node, context| {
            let starting = matches!(node.lifecycle.phase(), Phase::Starting { .. });
            let failure =
                exec::failure(&status).filter(|_| starting && node.setup.cgroup.is_some());
            let ending = process::ending(status);
            let last = spoken.map(|spoken| spoken.close(&ending, pid));
            if let Some(kind) = failure {
                node.starts -= 1;
                return node.not_started(&ending, kind, context);
            }
            let failed = node.ended(&ending, pid, events);
            if let Some((at, last)) = failed.zip(last) {
                node.recall(at, last, context);
            }
            node.step(Event::Exited, context);
        });
        context.spawn(ended);
        self.probe(context);
    }

    /// The program could not be run.
    fn not_started(
        &mut self,
        error: &dyn std::fmt::Display,
        kind: io::ErrorKind,
        context: &mut Context<Self>,
    ) {
        let Some(command) = &self.setup.command else { return };
        let program = command.program.display();
        let (remedy, hopeless) = process::remedy(kind);
        tell!(
            error: NodeCannotStart, ticketd.node = %self.setup.id, %program, %error,
            "node cannot start: {remedy}"
        );
        self.remedy = Some(format!("{program}: {remedy}"));
        self.step(Event::SpawnFailed { hopeless }, context);
    }

    /// Keeps how a process ended that was not meant to, and says when.
    fn ended(&mut self, ending: &str, pid: i32, events: Events) -> Option<Timestamp> {
        (self.memory, self.usage) = (None, None);
        let out_of_memory = self.ran_out(events);
        let id = &self.setup.id;
        let killed = self.killed.take();
        let wanted = matches!(self.lifecycle.phase(), Phase::Stopping { .. });
        if killed.is_none() && wanted {
            debug!(ticketd.node = %id, node.pid = pid, ending, "node process ended");
            return None;
        }
        let reason = match (killed, out_of_memory) {
            (Some(reason), _) => format!("killed: {reason}"),
            (None, Some(reason)) => reason,
            (None, None) => ending.to_owned(),
        };
        let output = Some(self.log.last_of(pid, LAST_LINES));
        if killed.is_none() {
            tell!(
                warn: NodeEnded, ticketd.node = %id, node.pid = pid, ending,
                "node process ended by itself"
            );
        }
        let at = Timestamp::now();
        self.last_failure = Some(Failure { at, reason, output });
        Some(at)
    }

    /// Waits for the calls in flight, but not for ever.
    pub(super) fn drain(&mut self, context: &mut Context<Self>) {
        let (idle, over) = oneshot::channel();
        self.audience.idle.do_send(AwaitIdle { node: self.setup.id.clone(), idle });
        let wait = over.into_actor(self).map(|over, node, context| {
            if over.is_ok() {
                node.step(Event::Idle, context);
            }
        });
        let limit = self.settings.drain_timeout;
        self.drain = vec![
            context.spawn(wait),
            context.run_later(limit, |node, context| {
                warn!(ticketd.node = %node.setup.id, "node still has calls after nodes.drain_timeout: they go elsewhere");
                node.step(Event::DrainOver, context);
            }),
        ];
    }

    pub(super) fn terminate(&mut self, context: &mut Context<Self>) {
        if let Some(group) = &self.group {
            group.signal(Signal::TERM);
        }
        let generation = self.generation;
        context.run_later(self.settings.stop_grace, move |node, _| {
            if generation == node.generation {
                node.kill("no end within nodes.stop_grace");
            }
        });
    }

    /// Kills the whole group; its leader's end is reported by the one who waits for it.
    pub(super) fn kill(&mut self, reason: &'static str) {
        if let Some(group) = self.group.as_ref().filter(|_| self.killed.is_none()) {
            self.killed = Some(reason);
            tell!(
                warn: NodeKilled, ticketd.node = %self.setup.id, node.pid = group.id(), reason,
                "node process killed"
            );
            group.signal(Signal::KILL);
        }
    }
}
