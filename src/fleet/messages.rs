//! What the Fleet is asked and told.

use std::time::Duration;

use actix::{Addr, Context, Handler, Message, MessageResult};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Fleet, Wanted, wanted};
use crate::{
    config,
    node::{
        Node, Order, Reconfigure, Status,
        cgroup::{self, Cgroups},
    },
};

/// Starts the nodes of the configuration.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Begin {
    /// Where they have cgroups of their own.
    pub cgroups: Option<Cgroups>,
}

/// Asks for all nodes, in the order in which they came.
#[derive(Debug, Message)]
#[rtype(result = "Vec<View>")]
pub struct List;

/// A node as people see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NodeView)]
pub struct View {
    /// What it says of itself.
    #[serde(flatten)]
    pub status: Status,
    /// Whether it was added at run time, and lasts until ticketd stops.
    #[schema(examples(false))]
    pub runtime: bool,
}

/// Asks for a node.
#[derive(Debug, Message)]
#[rtype(result = "Option<Addr<Node>>")]
pub struct Find {
    /// Its id.
    pub id: String,
}

/// Adds a node at run time.
#[derive(Debug, Message)]
#[rtype(result = "Result<View, Refused>")]
pub struct Add {
    /// Which.
    pub wanted: Wanted,
}

/// Drains a node and forgets it. The answer is the node, and how it was before.
#[derive(Debug, Message)]
#[rtype(result = "Option<(Addr<Node>, View)>")]
pub struct Remove {
    /// Its id.
    pub id: String,
}

/// Why a node is not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is one on this port or at this URL.
    #[error("there is such a node already")]
    Exists,
    /// ticketd is stopping.
    #[error("the service is shutting down")]
    ShuttingDown,
}

/// Takes over another configuration: only what differs is touched.
#[derive(Debug, Message)]
#[rtype(result = "Changes")]
pub struct Update {
    /// `[nodes]`.
    pub settings: config::Nodes,
    /// `[model]`.
    pub model: config::Model,
}

/// What an update began: the ids of the nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NodeChanges)]
pub struct Changes {
    /// The ids of nodes that start.
    #[schema(examples("11437"))]
    pub added: Vec<String>,
    /// The ids of nodes that are drained and go.
    #[schema(examples("11436"))]
    pub removed: Vec<String>,
    /// The ids of nodes that are drained and start anew, one after the other.
    #[schema(examples("11434"))]
    pub restarted: Vec<String>,
    /// How many nodes need not start anew for it.
    #[schema(examples(1))]
    pub unchanged: usize,
}

/// Starts no further node, and gives those that are to be ended.
#[derive(Debug, Message)]
#[rtype(result = "Closed")]
pub struct Close;

/// What is left to be ended.
#[derive(Default)]
pub struct Closed {
    /// The nodes.
    pub nodes: Vec<Addr<Node>>,
    /// The time that each one has between SIGTERM and SIGKILL.
    pub grace: Duration,
}

impl Handler<Add> for Fleet {
    type Result = Result<View, Refused>;

    fn handle(&mut self, add: Add, context: &mut Context<Self>) -> Self::Result {
        if self.closed {
            return Err(Refused::ShuttingDown);
        }
        if self.entries.iter().any(|entry| entry.wanted.place.clashes(&add.wanted.place)) {
            return Err(Refused::Exists);
        }
        self.start_node(add.wanted, context);
        self.entries.last().map(|entry| self.view(entry)).ok_or(Refused::ShuttingDown)
    }
}

impl Handler<Remove> for Fleet {
    type Result = Option<(Addr<Node>, View)>;

    fn handle(&mut self, remove: Remove, context: &mut Context<Self>) -> Self::Result {
        let at = self.entries.iter().position(|entry| entry.setup.id.is(&remove.id))?;
        self.entries[at].successor = None;
        let before = self.view(&self.entries[at]);
        self.retire(at, context);
        Some((self.entries[at].node.clone(), before))
    }
}

impl Handler<Update> for Fleet {
    type Result = MessageResult<Update>;

    fn handle(&mut self, new: Update, context: &mut Context<Self>) -> Self::Result {
        let mut changes = Changes::default();
        if self.closed {
            return MessageResult(changes);
        }
        // What an earlier reload had still to restart is found again by what runs.
        self.restarts.clear();
        (self.settings, self.model) = (new.settings, new.model);
        cgroup::warn_of_idle_limit(self.host.cgroups.as_ref(), &self.settings);
        let mut wanted = wanted::of(&self.settings);
        for at in 0..self.entries.len() {
            let id = self.entries[at].setup.id.to_string();
            let own = wanted.iter().position(|wanted| wanted.id() == self.entries[at].setup.id);
            let own = match own.map(|own| wanted.remove(own)) {
                Some(own) if self.entries[at].leaving => {
                    changes.added.push(id);
                    self.entries[at].successor = Some(own);
                    continue;
                }
                Some(own) => own,
                None if self.entries[at].leaving => {
                    self.entries[at].successor = None;
                    continue;
                }
                None if self.entries[at].wanted.runtime => self.entries[at].wanted.clone(),
                None => {
                    changes.removed.push(id);
                    self.retire(at, context);
                    continue;
                }
            };
            if self.reconfigure(at, own) {
                changes.restarted.push(id);
            } else {
                changes.unchanged += 1;
            }
        }
        for wanted in wanted {
            changes.added.push(wanted.id().to_string());
            let place = |entry: &Entry| entry.wanted.place.clashes(&wanted.place);
            match self.entries.iter().position(place) {
                // The same server under another name: the configuration's takes its place.
                Some(at) => {
                    self.retire(at, context);
                    self.entries[at].successor = Some(wanted);
                }
                None => self.start_node(wanted, context),
            }
        }
        self.restart_next(context);
        MessageResult(changes)
    }
}

impl Fleet {
    /// Gives a node what is new of it; true if its process is to start anew for that.
    fn reconfigure(&mut self, at: usize, wanted: Wanted) -> bool {
        let setup = wanted.setup(&self.settings, &self.model, &self.host);
        let entry = &mut self.entries[at];
        let status = entry.status.as_ref();
        let restart = match status.and_then(|status| status.running.as_deref()) {
            Some(running) => setup.outdates(running),
            // One that waits for its next try tries at once with what is new; one out of service does
            // so when it is resumed.
            None => {
                entry.setup.command.as_ref().is_some_and(|old| setup.outdates(old))
                    && status.is_none_or(|status| status.state != "stopped")
            }
        };
        (entry.wanted, entry.setup) = (wanted, setup.clone());
        let id = setup.id.clone();
        let settings = self.settings.clone();
        entry.node.do_send(Reconfigure { setup, settings, restart: None });
        if restart && self.restarting.as_ref() == Some(&id) {
            // It is its turn already, and what it starts is out of date.
            entry.node.do_send(Order::Restart);
        } else if restart {
            self.restarts.push_back(id);
        }
        restart
    }
}

impl Handler<Close> for Fleet {
    type Result = MessageResult<Close>;

    fn handle(&mut self, _: Close, _: &mut Context<Self>) -> Self::Result {
        self.closed = true;
        self.restarts.clear();
        let nodes = self.entries.iter().map(|entry| entry.node.clone()).collect();
        MessageResult(Closed { nodes, grace: self.settings.stop_grace })
    }
}
