//! What people are told of a node.

use std::sync::Arc;

use actix::Message;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::{Command, Setup, Usage};
use crate::balancer::NodeId;

/// A node at one moment; the names are those of the admin API. Sent at every change and after every
/// probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Message, ToSchema)]
#[rtype(result = "()")]
#[schema(as = NodeStatus)]
pub struct Status {
    /// Its id: the port, or `host:port` for an endpoint that others run.
    #[schema(value_type = String, examples("11434"))]
    pub id: NodeId,
    /// Its URL up to `/api`.
    #[schema(examples("http://127.0.0.1:11434"))]
    pub url: String,
    /// Who runs it.
    pub kind: Kind,
    /// What it is doing: `starting`, `pulling`, `model-missing`, `loading`, `ready`, `checking`, `no-gpu`,
    /// `unhealthy`, `backing-off`, `crash-looping`, `draining`, `stopping` or `stopped`.
    #[schema(examples("ready"))]
    pub state: &'static str,
    /// Since when, in UTC.
    #[serde(serialize_with = "to_millisecond")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-23T00:01:26.002Z"))]
    pub since: Timestamp,
    /// What an operator can do about the state; null if nothing.
    #[schema(required = true, examples("its own lines say why; tried again at most every 30s"))]
    pub remedy: Option<String>,
    /// The process id; null unless the process is ours and runs.
    #[schema(required = true, examples(17918))]
    pub pid: Option<i32>,
    /// How often it was started anew.
    #[schema(examples(0))]
    pub restarts: u32,
    /// How the last process that was not meant to end did; null if none did.
    #[schema(required = true)]
    pub last_failure: Option<Failure>,
    /// The model that it serves.
    #[schema(examples("deepseek-r1:14b"))]
    pub model: String,
    /// The model's digest; null unless the node lists it.
    #[schema(
        required = true,
        examples("c333b7232bdb521236694ffbb5f5a6b11cc45d98e9142c73123b670fca400b09")
    )]
    pub digest: Option<String>,
    /// How much of the model has been pulled, in percent; null unless it is being pulled.
    #[schema(required = true, maximum = 100, examples(42))]
    pub pull_percent: Option<u8>,
    /// Where the model is; null unless the node tells.
    #[schema(required = true)]
    pub memory: Option<Residence>,
    /// What its processes take of the host; null where they have no cgroup of their own.
    #[schema(required = true)]
    pub resources: Option<Usage>,
    /// What is not as it should be, although the node works; null if all is.
    #[schema(required = true, examples("the model is on the CPU"))]
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

/// Writes a moment to the second.
pub fn to_second<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.0}"))
}

impl Status {
    /// The same without what quotes the lines of its processes, which are for operators.
    pub fn without_output(mut self) -> Self {
        if let Some(failure) = &mut self.last_failure {
            failure.output = None;
        }
        self
    }

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = NodeKind, examples("managed"))]
pub enum Kind {
    /// ticketd.
    Managed,
    /// Somebody else, on a port of ours.
    Adopted,
    /// Somebody else.
    Endpoint,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProcessFailure)]
pub struct Failure {
    /// When, in UTC.
    #[serde(serialize_with = "to_millisecond")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-23T00:01:26.002Z"))]
    pub at: Timestamp,
    /// Exit code, signal, or why it was killed.
    #[schema(examples("exit status: 1"))]
    pub reason: String,
    /// The last lines that it wrote; missing where others than operators may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("Error: mkdir /data/models: permission denied"))]
    pub output: Option<Vec<String>>,
}

impl Residence {
    /// Whether the model counts as wholly on the GPU: some buffers may stay on the host, so up to a
    /// twentieth does not count. (Our own choice; no GPU was measured.)
    pub fn is_on_gpu(self) -> bool {
        self.bytes.saturating_sub(self.vram_bytes) <= self.bytes / 20
    }
}

/// How many bytes a model takes, and how many of them on the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ModelMemory)]
pub struct Residence {
    /// All that it takes, in bytes.
    #[schema(examples(9985000000u64))]
    pub bytes: u64,
    /// How much of that is on the GPU, in bytes.
    #[schema(examples(9985000000u64))]
    pub vram_bytes: u64,
}
