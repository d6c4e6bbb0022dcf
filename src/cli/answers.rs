//! What ticketd answers over its control socket.
//!
//! One rule: a field that is missing or not known is no fault, so that a ticketd and a command of
//! different versions understand each other.

use serde::Deserialize;

/// `GET /admin/status`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) version: String,
    pub(super) uptime_s: u64,
    pub(super) waiting: u64,
    pub(super) total_endpoints: u64,
    pub(super) healthy_endpoints: u64,
    pub(super) nodes: Vec<Node>,
}

/// `GET /admin/nodes`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Nodes {
    pub(super) nodes: Vec<Node>,
}

/// One node. Its state is a word that this command need not know.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) kind: String,
    /// Whether it came with `node add` and not from the configuration.
    pub(super) runtime: bool,
    pub(super) state: String,
    pub(super) since: String,
    pub(super) remedy: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) restarts: u64,
    pub(super) last_failure: Option<Failure>,
    pub(super) pull_percent: Option<f64>,
    pub(super) memory: Option<Memory>,
    pub(super) resources: Option<Resources>,
    pub(super) warning: Option<String>,
    pub(super) slots: u64,
    pub(super) in_flight: u64,
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) latency_ms: Option<Latency>,
}

/// How a node's process ended last, or why it was given up.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Failure {
    pub(super) at: String,
    pub(super) reason: String,
    pub(super) output: Vec<String>,
}

/// What the loaded model takes, and how much of it lies on GPUs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    pub(super) bytes: u64,
    pub(super) vram_bytes: u64,
}

/// What a node's processes take of the host.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Resources {
    pub(super) memory_bytes: Option<u64>,
    pub(super) memory_max_bytes: Option<u64>,
    pub(super) tasks: Option<u64>,
    pub(super) cpu_ms: Option<u64>,
}

/// How long calls take.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p95: f64,
}

/// Any answer that is no success.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) detail: String,
    pub(super) code: String,
    #[serde(default)]
    pub(super) problems: Vec<String>,
}
