//! What people are told of a node.

use std::sync::Arc;

use actix::Message;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{Command, Setup, Usage};
use crate::balancer::NodeId;

/// A node at one moment; the names are those of the admin API. Sent at every change and after every
/// probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Message)]
#[rtype(result = "()")]
pub struct Status {
    /// Its id.
    pub id: NodeId,
    /// Its URL up to `/api`.
    pub url: String,
    /// Who runs it.
    pub kind: Kind,
    /// What it is doing.
    pub state: &'static str,
    /// Since when.
    #[serde(serialize_with = "to_millisecond")]
    pub since: Timestamp,
    /// What an operator can do about the state.
    pub remedy: Option<String>,
    /// The process, if it is ours and runs.
    pub pid: Option<i32>,
    /// How often it was started anew.
    pub restarts: u32,
    /// How the last process that was not meant to end did.
    pub last_failure: Option<Failure>,
    /// The model that it serves.
    pub model: String,
    /// The model's digest, if the node lists it.
    pub digest: Option<String>,
    /// How much of the model has been pulled, while it is.
    pub pull_percent: Option<u8>,
    /// Where the model is, if the node tells.
    pub memory: Option<Residence>,
    /// What its processes take of the host, where they have a cgroup of their own.
    pub resources: Option<Usage>,
    /// What is not as it should be, although the node works.
    pub warning: Option<String>,
    /// Whether the model is not wholly on the GPU, although it was meant to be or a part of it is.
    #[serde(skip)]
    pub off_gpu: bool,
    /// What the running process was started with; none if none of ours runs.
    #[serde(skip)]
    pub running: Option<Arc<Command>>,
}

/// Writes a moment to the millisecond, so that all are of one length.
pub fn to_millisecond<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

impl Status {
    /// A node that has not said anything yet.
    pub fn starting(setup: &Setup) -> Self {
        Self {
            id: setup.id.clone(),
            url: setup.endpoint.base().to_owned(),
            kind: if setup.command.is_some() { Kind::Managed } else { Kind::Endpoint },
            state: "starting",
            since: Timestamp::now(),
            remedy: None,
            pid: None,
            restarts: 0,
            last_failure: None,
            model: setup.model.name.clone(),
            digest: None,
            pull_percent: None,
            memory: None,
            resources: None,
            warning: None,
            off_gpu: false,
            running: None,
        }
    }
}

/// Who runs a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// ticketd.
    Managed,
    /// Somebody else, on a port of ours.
    Adopted,
    /// Somebody else.
    Endpoint,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// When.
    #[serde(serialize_with = "to_millisecond")]
    pub at: Timestamp,
    /// Exit code, signal, or why it was killed.
    pub reason: String,
    /// The last lines that it wrote.
    pub output: Vec<String>,
}

impl Residence {
    /// Whether the model counts as wholly on the GPU: some buffers may stay on the host, so up to a
    /// twentieth does not count. (Our own choice; no GPU was measured.)
    pub fn is_on_gpu(self) -> bool {
        self.bytes.saturating_sub(self.vram_bytes) <= self.bytes / 20
    }
}

/// How many bytes a model takes, and how many of them on the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Residence {
    /// All.
    pub bytes: u64,
    /// On the GPU.
    pub vram_bytes: u64,
}
