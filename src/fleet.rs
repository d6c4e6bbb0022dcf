//! The Fleet actor: which nodes there are. It starts them, tells people of them, and changes them at
//! run time; each one looks after itself.

mod messages;
mod wanted;

use std::collections::VecDeque;

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, MessageResult, WrapFuture,
};
use awc::Client;
use tokio::{sync::oneshot, time::timeout};
use tokio_util::sync::CancellationToken;

pub use self::{
    messages::{Add, Begin, Changes, Close, Closed, Find, List, Refused, Remove, Update, View},
    wanted::{Place, Wanted},
};
use crate::{
    balancer::{Balancer, NodeId, Register, Unregister},
    config,
    journal::{Journal, tell},
    liveness::Heart,
    node::{Audience, AwaitEnd, Host, Node, Order, Reconfigure, Setup, Status, cgroup},
    ollama,
};

/// One node.
struct Entry {
    wanted: Wanted,
    setup: Setup,
    node: Addr<Node>,
    /// What it last said of itself.
    status: Option<Status>,
    /// Whether it is on its way out.
    leaving: bool,
    /// What shall take its place when it is gone.
    successor: Option<Wanted>,
}

impl Entry {
    /// Whether its process is the one that the configuration would start.
    fn runs_as_wanted(&self) -> bool {
        let running = self.status.as_ref().and_then(|status| status.running.as_deref());
        running.is_some_and(|running| !self.setup.outdates(running))
    }
}

/// The actor.
pub struct Fleet {
    entries: Vec<Entry>,
    settings: config::Nodes,
    model: config::Model,
    host: Host,
    client: Client,
    balancer: Addr<Balancer>,
    /// The nodes that wait for their restart; one restarts at a time, so that the others serve.
    restarts: VecDeque<NodeId>,
    /// The one that is restarting.
    restarting: Option<NodeId>,
    /// Whether models of different content were told of.
    mixed: bool,
    closed: bool,
    heart: Heart,
    failed: CancellationToken,
    journal: Option<Journal>,
}

impl Fleet {
    /// The nodes of a configuration; they start with [`Begin`]. It and they beat, and `failed` is
    /// cancelled if it or one of them dies. Their processes write to the `journal`, if there is one.
    pub fn new(
        settings: &config::Nodes,
        model: &config::Model,
        balancer: Addr<Balancer>,
        heart: Heart,
        failed: CancellationToken,
        journal: Option<Journal>,
    ) -> Self {
        Self {
            entries: Vec::new(),
            client: ollama::client(settings.probe_timeout),
            settings: settings.clone(),
            model: model.clone(),
            host: Host::of_this_process(),
            balancer,
            restarts: VecDeque::new(),
            restarting: None,
            mixed: false,
            closed: false,
            heart,
            failed,
            journal,
        }
    }

    fn start_node(&mut self, wanted: Wanted, context: &mut Context<Self>) {
        let setup = wanted.setup(&self.settings, &self.model, &self.host);
        let audience = Audience {
            balancer: self.balancer.clone().recipient(),
            idle: self.balancer.clone().recipient(),
            status: context.address().recipient(),
            heart: self.heart.clone(),
            failed: self.failed.clone(),
            journal: self.journal.clone(),
        };
        let node = Node::new(setup.clone(), &self.settings, self.client.clone(), audience).start();
        self.register(&setup, &node);
        self.entries.push(Entry {
            wanted,
            setup,
            node,
            status: None,
            leaving: false,
            successor: None,
        });
    }

    fn register(&self, setup: &Setup, node: &Addr<Node>) {
        self.balancer.do_send(Register {
            node: setup.id.clone(),
            base_url: setup.endpoint.base().to_owned(),
            slots: setup.slots,
            watcher: node.clone().recipient(),
        });
    }

    /// Sends a node on its way out; it is forgotten when its process has ended.
    fn retire(&mut self, at: usize, context: &mut Context<Self>) {
        let entry = &mut self.entries[at];
        if std::mem::replace(&mut entry.leaving, true) {
            return;
        }
        let id = entry.setup.id.clone();
        let (done, end) = oneshot::channel();
        entry.node.do_send(AwaitEnd { done });
        entry.node.do_send(Order::Remove);
        // An end that is not told is one that has come before.
        let gone = end.into_actor(self).map(move |_, fleet, context| fleet.forget(&id, context));
        context.spawn(gone);
    }

    fn forget(&mut self, id: &NodeId, context: &mut Context<Self>) {
        let Some(at) = self.entries.iter().position(|entry| entry.setup.id == *id) else { return };
        let entry = self.entries.remove(at);
        self.balancer.do_send(Unregister { node: id.clone() });
        tell!(info: NodeRemoved, ticketd.node = %id, "node removed");
        if let Some(successor) = entry.successor.filter(|_| !self.closed) {
            self.start_node(successor, context);
        }
    }

    /// Restarts the next node whose turn it is.
    fn restart_next(&mut self, context: &mut Context<Self>) {
        while self.restarting.is_none() {
            let Some(id) = self.restarts.pop_front() else { return };
            let entry = self.entries.iter().find(|entry| entry.setup.id == id && !entry.leaving);
            let Some(entry) = entry.filter(|entry| !entry.runs_as_wanted()) else { continue };
            let (settled, over) = oneshot::channel();
            entry.node.do_send(Reconfigure {
                setup: entry.setup.clone(),
                settings: self.settings.clone(),
                restart: Some(settled),
            });
            self.restarting = Some(id.clone());
            let settings = &self.settings;
            let limit = settings.drain_timeout + settings.start_timeout + settings.load_timeout;
            let next = timeout(limit, over).into_actor(self).map(move |over, fleet, context| {
                fleet.restarting = None;
                if matches!(over, Ok(Ok(false)) | Err(_)) {
                    fleet.stop_restarts(&id);
                }
                fleet.restart_next(context);
            });
            context.spawn(next);
        }
    }

    /// One that did not come back is enough: the others go on as they are.
    fn stop_restarts(&mut self, id: &NodeId) {
        let spared: Vec<_> = self.restarts.drain(..).map(|spared| spared.to_string()).collect();
        if !spared.is_empty() {
            tell!(
                error: RestartsHalted, ticketd.node = %id, spared = ?spared,
                "node did not come back with the new configuration: the nodes that were to follow keep \
                 their processes; mend it and reload, or restart them"
            );
        }
    }

    /// The digests of the model that the nodes tell, in their order.
    fn digests(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().filter_map(|entry| entry.status.as_ref()?.digest.as_ref())
    }

    /// Whether its process is one of an earlier configuration, and nobody is about to restart it.
    fn is_left_behind(&self, entry: &Entry) -> bool {
        let running = entry.status.as_ref().and_then(|status| status.running.as_ref());
        let id = &entry.setup.id;
        let restarts = self.restarting.as_ref() == Some(id) || self.restarts.contains(id);
        running.is_some() && !entry.runs_as_wanted() && !restarts && !entry.leaving
    }

    fn view(&self, entry: &Entry) -> View {
        let starting = || Status::starting(&entry.setup);
        let mut status = entry.status.clone().unwrap_or_else(starting);
        if status.digest.as_ref().is_some_and(|own| Some(own) != self.digests().next()) {
            let warning = "its model has another content (digest) than that of the first node: pull \
                           the same one on both";
            status.warning.get_or_insert_with(|| warning.to_owned());
        }
        if self.is_left_behind(entry) {
            let id = &entry.setup.id;
            let behind = format!(
                "runs with settings from before the last reload: ticketd node restart {id}"
            );
            status.warning = Some(match status.warning {
                Some(other) => format!("{behind}; {other}"),
                None => behind,
            });
        }
        View { status, runtime: entry.wanted.runtime }
    }
}

impl Actor for Fleet {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if let Some(pulse) = self.heart.register("fleet") {
            context.run_interval(pulse.every(), move |_, _| pulse.beat());
        }
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.failed.cancel();
    }
}

impl Handler<Begin> for Fleet {
    type Result = ();

    fn handle(&mut self, begin: Begin, context: &mut Context<Self>) {
        self.host.cgroups = begin.cgroups;
        cgroup::warn_of_idle_limit(self.host.cgroups.as_ref(), &self.settings);
        for wanted in wanted::of(&self.settings) {
            self.start_node(wanted, context);
        }
    }
}

impl Handler<Status> for Fleet {
    type Result = ();

    fn handle(&mut self, status: Status, _: &mut Context<Self>) {
        let at = self.entries.iter().position(|entry| entry.setup.id == status.id);
        let Some(at) = at else { return };
        self.entries[at].status = Some(status);
        let first = self.digests().next();
        let mixed = self.digests().any(|digest| Some(digest) != first);
        if mixed && !self.mixed {
            tell!(warn: ModelsDiffer, "the nodes serve models of the same name and different content (digest)");
        }
        self.mixed = mixed;
    }
}

impl Handler<List> for Fleet {
    type Result = MessageResult<List>;

    fn handle(&mut self, _: List, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.entries.iter().map(|entry| self.view(entry)).collect())
    }
}

impl Handler<Find> for Fleet {
    type Result = Option<Addr<Node>>;

    fn handle(&mut self, find: Find, _: &mut Context<Self>) -> Self::Result {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.setup.id.is(&find.id)).map(|entry| entry.node.clone())
    }
}
