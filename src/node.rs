//! The Node actor, one per node: events in, actions out; [`lifecycle`] decides.
//!
//! It starts, watches and ends the process of a managed node, probes all kinds, and tells the
//! balancer and the fleet what it sees. It knows Ollama and `Recipient`s, nothing else.

pub mod cgroup;
mod command;
mod directory;
mod effects;
pub mod exec;
pub mod lifecycle;
mod lines;
mod messages;
mod orders;
pub mod orphans;
mod output;
mod port;
mod process;
mod pull;
mod reports;
mod resources;
mod status;
mod watch;

use std::{mem::discriminant, path::PathBuf, sync::Arc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Recipient, SpawnHandle};
use awc::Client;
use jiff::Timestamp;
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::info;

pub use self::{
    cgroup::Usage,
    command::{Command, Host},
    lines::{Entry, NodeLines},
    messages::{AwaitEnd, Kill, NotOurs, Order, ReadLog, Reconfigure, Stop},
    output::LogLine,
    status::{Failure, Kind, Residence, Status, to_millisecond, to_second},
};
use self::{
    lifecycle::{Action, Event, Lifecycle, Phase, Timing},
    output::NodeLog,
    process::Group,
    pull::Pull,
};
use crate::{
    backoff::Backoff,
    balancer::{AwaitIdle, NodeId, NodeReport},
    config::{self, Endpoint},
    journal::Journal,
    liveness::Heart,
};

/// What a node is made from.
#[derive(Clone, Debug, PartialEq)]
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
    /// The directory that its models are in; none for an endpoint.
    pub models_dir: Option<PathBuf>,
    /// Where its cgroup is to be; none for an endpoint, and where none can be had.
    pub cgroup: Option<PathBuf>,
    /// Whether a model that is not wholly on the GPU is worth a warning.
    pub expects_gpu: bool,
}

impl Setup {
    /// Whether a process that was started by this command is none that the setup would start.
    pub fn outdates(&self, running: &Command) -> bool {
        self.command.as_ref().is_some_and(|wanted| !wanted.is_same_process(running))
    }
}

/// Whom a node tells what it sees.
#[derive(Clone)]
pub struct Audience {
    /// Who routes calls.
    pub balancer: Recipient<NodeReport>,
    /// Who knows when its calls are over.
    pub idle: Recipient<AwaitIdle>,
    /// Who tells people.
    pub status: Recipient<Status>,
    /// Who waits for its beats.
    pub heart: Heart,
    /// Cancelled when the actor ends although nobody asked it to.
    pub failed: CancellationToken,
    /// Where its process writes; none for pipes.
    pub journal: Option<Journal>,
}

/// The actor.
pub struct Node {
    setup: Setup,
    settings: config::Nodes,
    lifecycle: Lifecycle,
    epoch: Instant,
    client: Client,
    audience: Audience,
    log: NodeLog,
    /// Whether its last process writes to pipes, although there is a journal.
    piped: bool,
    group: Option<Group>,
    /// Why the group was killed, and its end is awaited.
    killed: Option<&'static str>,
    /// Counts the processes, so that a probe of an earlier one is not taken for one of this.
    generation: u64,
    /// Processes that were started.
    starts: u32,
    pull: Pull,
    warming: Option<SpawnHandle>,
    /// The two ends that a drain can have: the calls are over, or their time is.
    drain: Vec<SpawnHandle>,
    /// Since when it is in its state.
    since: Timestamp,
    remedy: Option<String>,
    last_failure: Option<Failure>,
    digest: Option<String>,
    memory: Option<Residence>,
    usage: Option<Usage>,
    /// The processes that the kernel has killed for want of memory, of those that run.
    oom_kills: u64,
    /// What there is to say since memory ran out.
    out_of_memory: Option<String>,
    done: Vec<oneshot::Sender<()>>,
    settled: Vec<oneshot::Sender<bool>>,
    /// What the running process was started with, and the calls it was told to work on at once.
    running: Option<(Arc<Command>, u32)>,
    /// What it was last told to load.
    loaded: Option<Loaded>,
    /// Whether it was told that the node may not be killed again this hour.
    excess: bool,
    canary: Option<SpawnHandle>,
    /// The number of the last doubt that the balancer told of.
    heard: u64,
}

impl Node {
    /// A node that tells `audience` what it sees.
    pub fn new(setup: Setup, settings: &config::Nodes, client: Client, audience: Audience) -> Self {
        let timing = timing(settings, &setup.model);
        let lifecycle = match setup.command {
            Some(_) => Lifecycle::managed(timing),
            None => Lifecycle::endpoint(timing),
        };
        Self {
            log: NodeLog::new(setup.id.clone(), settings.log_lines_per_second),
            piped: false,
            setup,
            settings: settings.clone(),
            lifecycle,
            epoch: Instant::now(),
            client,
            audience,
            group: None,
            killed: None,
            generation: 0,
            starts: 0,
            pull: Pull::default(),
            warming: None,
            drain: Vec::new(),
            since: Timestamp::now(),
            remedy: None,
            last_failure: None,
            digest: None,
            memory: None,
            usage: None,
            oom_kills: 0,
            out_of_memory: None,
            done: Vec::new(),
            settled: Vec::new(),
            running: None,
            loaded: None,
            excess: false,
            canary: None,
            heard: 0,
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    fn step(&mut self, event: Event, context: &mut Context<Self>) {
        let now = self.now();
        let before = self.lifecycle.phase();
        let action = self.lifecycle.on(event, now, fastrand::f64());
        let after = self.lifecycle.phase();
        if discriminant(&before) != discriminant(&after) {
            self.changed(before, after, context);
        }
        self.look_for_excess(now);
        self.report();
        if let Some(action) = action {
            self.perform(action, before, context);
        }
    }

    fn perform(&mut self, action: Action, before: Phase, context: &mut Context<Self>) {
        match action {
            Action::Look => self.look(context),
            Action::Watch => {
                self.generation += 1;
                self.probe(context);
            }
            Action::Spawn => self.spawn(context),
            Action::Pull => self.pull(context),
            Action::WarmUp => self.warm_up(context),
            Action::Canary => self.canary(context),
            Action::RetryAfter(delay) => {
                let delay_ms = delay.as_millis();
                info!(ticketd.node = %self.setup.id, %delay_ms, "node waits before its next start");
                context.run_later(delay, |node, context| node.step(Event::DelayOver, context));
            }
            Action::Drain => self.drain(context),
            Action::Kill if matches!(before, Phase::Starting { .. }) => {
                self.kill("no answer within nodes.start_timeout");
            }
            Action::Kill if matches!(before, Phase::Unhealthy { .. }) => {
                self.kill("no answer within nodes.hang_timeout");
            }
            Action::Kill => self.kill("no token within nodes.canary_timeout"),
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
}

/// A model, with the options for which Ollama loads it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Loaded {
    name: String,
    num_ctx: u32,
    num_gpu: Option<i64>,
}

impl Loaded {
    fn of(model: &config::Model) -> Self {
        let config::Options { num_ctx, num_gpu, .. } = model.options;
        Self { name: model.name.clone(), num_ctx, num_gpu }
    }
}

/// What the lifecycle needs of the settings.
fn timing(settings: &config::Nodes, model: &config::Model) -> Timing {
    Timing {
        start_timeout: settings.start_timeout,
        probe_failures: settings.probe_failures,
        hang_timeout: settings.hang_timeout,
        kills_per_hour: settings.kills_per_hour,
        canary_cooldown: settings.canary_cooldown,
        adopted_gone_timeout: settings.adopted_gone_timeout,
        backoff: Backoff { base: settings.backoff_base, ceiling: settings.backoff_ceiling },
        crash_loop_failures: settings.crash_loop_failures,
        pull: model.pull == config::Pull::Missing,
        require_gpu: settings.require_gpu,
    }
}

impl Actor for Node {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if let Some(pulse) = self.audience.heart.register(format!("node {}", self.setup.id)) {
            context.run_interval(pulse.every(), move |_, _| pulse.beat());
        }
        self.report();
        let first = if self.setup.command.is_some() { Action::Look } else { Action::Watch };
        self.perform(first, self.lifecycle.phase(), context);
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        if self.lifecycle.phase() != Phase::Finished {
            self.audience.failed.cancel();
        }
    }
}
