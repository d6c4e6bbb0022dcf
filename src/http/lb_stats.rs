//! `GET /lb-stats`: the nodes as the balancer sees them.

use std::time::Duration;

use actix::Addr;
use actix_web::web::{Data, Json};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Service, ask::ask, docs, error::ApiError};
use crate::{
    balancer::{
        Balancer, Latency, NodeId, NodeSnapshot, Outcome, Overview, Snapshot, breaker::Position,
        queue::Waiting,
    },
    fleet::List,
    node::{Kind, Status, to_millisecond},
    ollama,
};

/// The nodes as the original told of them.
#[derive(Serialize, ToSchema)]
pub(super) struct Overall {
    /// How many nodes there are.
    #[schema(examples(3))]
    total_endpoints: usize,
    /// How many of them take calls.
    #[schema(examples(3))]
    healthy_endpoints: usize,
    /// Every node.
    endpoints: Vec<Endpoint>,
}

/// The answer; the names are those of the wire.
#[derive(Serialize, ToSchema)]
pub(super) struct LbStats {
    /// How many nodes there are.
    #[schema(examples(3))]
    total_endpoints: usize,
    /// How many of them take calls.
    #[schema(examples(3))]
    healthy_endpoints: usize,
    /// Every node.
    endpoints: Vec<EndpointStats>,
    /// How many calls wait for a node.
    waiting: Waiting,
    /// How long the last hundred calls waited for a node; missing as long as none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_wait_ms: Option<Percentiles>,
}

/// A node as the original told of it.
#[derive(Serialize, ToSchema)]
struct Endpoint {
    /// Its URL for calls.
    #[schema(examples("http://127.0.0.1:11434/api/generate"))]
    url: String,
    /// Whether it takes calls now; a node that rests after a failure does not.
    #[schema(examples(true))]
    healthy: bool,
    /// How many calls were sent to it since the start of ticketd.
    #[schema(examples(15))]
    request_count: u64,
    /// How many of them failed by its fault.
    #[schema(examples(0))]
    error_count: u64,
}

/// A node, and how its calls go.
#[derive(Serialize, ToSchema)]
struct EndpointStats {
    #[serde(flatten)]
    endpoint: Endpoint,
    #[serde(flatten)]
    load: Load,
    #[serde(flatten)]
    #[schema(value_type = Supervised)]
    supervised: Option<Supervised>,
}

/// How a node's calls go.
#[derive(Serialize, ToSchema)]
#[schema(as = EndpointLoad)]
struct Load {
    /// How many calls it serves now.
    #[schema(examples(1))]
    in_flight: u32,
    /// How many calls it may serve at once.
    #[schema(examples(1))]
    slots: u32,
    /// Whether its breaker lets calls pass: `closed` lets all, `open` none, `half-open` one trial.
    breaker: Position,
    /// How long it takes to the first token; missing as long as none has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ms: Option<Percentiles>,
    /// How long a whole call takes; missing as long as none was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_ms: Option<Percentiles>,
    /// How many tokens a second it generates, to one decimal; missing as long as none was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples(31.4))]
    tokens_per_second: Option<f64>,
    /// The last call that failed there; missing as long as none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<LastFailure>,
}

/// Of the last hundred, in milliseconds.
#[derive(Serialize, ToSchema)]
pub(super) struct Percentiles {
    /// Half of them took no longer, in milliseconds.
    #[schema(examples(20800))]
    p50: u64,
    /// 19 of 20 took no longer, in milliseconds.
    #[schema(examples(25100))]
    p95: u64,
}

impl From<Latency> for Percentiles {
    fn from(latency: Latency) -> Self {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { p50: ms(latency.p50), p95: ms(latency.p95) }
    }
}

/// The last call that failed there.
#[derive(Serialize, ToSchema)]
pub(super) struct LastFailure {
    /// How it failed.
    outcome: Outcome,
    /// When, in UTC.
    #[serde(serialize_with = "to_millisecond")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-23T00:01:26.002Z"))]
    at: Timestamp,
}

/// What the node's supervisor knows; missing for a moment while a node goes.
#[derive(Serialize, ToSchema)]
struct Supervised {
    /// Its id: the port, or `host:port` for an endpoint that others run.
    #[schema(value_type = String, required = false, examples("11434"))]
    id: NodeId,
    /// Who runs it: `managed` by ticketd, `adopted` on a port of ticketd's, or an `endpoint` elsewhere.
    #[schema(required = false)]
    kind: Kind,
    /// What it is doing, as in `GET /admin/nodes`.
    #[schema(required = false, examples("ready"))]
    state: &'static str,
    /// What an operator can do about the state; missing if nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("its own lines say why; tried again at most every 30s"))]
    remedy: Option<String>,
    /// What is not as it should be, although the node works; missing if all is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("the model is on the CPU"))]
    warning: Option<String>,
    /// How much of the model has been pulled, in percent; missing unless it is being pulled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 100, examples(42))]
    pull_percent: Option<u8>,
}

impl From<Status> for Supervised {
    fn from(status: Status) -> Self {
        let Status { id, kind, state, remedy, warning, pull_percent, .. } = status;
        Self { id, kind, state, remedy, warning, pull_percent }
    }
}

impl LastFailure {
    /// That of a node.
    pub(super) fn of(node: &NodeSnapshot) -> Option<Self> {
        let (outcome, ago) = node.last_failure?;
        Some(Self { outcome, at: Timestamp::now().saturating_sub(ago).unwrap_or(Timestamp::MIN) })
    }

    /// Takes the time of the same failure as it was told before, if both are as close as this.
    pub(super) fn steady(&mut self, before: &Self, jitter: SignedDuration) {
        if self.outcome == before.outcome && self.at.duration_since(before.at).abs() < jitter {
            self.at = before.at;
        }
    }
}

/// The tokens that a node generates each second, to one decimal.
pub(super) fn rate(node: &NodeSnapshot) -> Option<f64> {
    node.tokens_per_second.map(|rate| (rate * 10.0).round() / 10.0)
}

impl From<&NodeSnapshot> for Load {
    fn from(node: &NodeSnapshot) -> Self {
        Self {
            in_flight: node.in_flight,
            slots: node.slots,
            breaker: node.breaker,
            first_token_ms: node.first_token.map(Percentiles::from),
            call_ms: node.latency.map(Percentiles::from),
            tokens_per_second: rate(node),
            last_failure: LastFailure::of(node),
        }
    }
}

impl From<&NodeSnapshot> for Endpoint {
    fn from(node: &NodeSnapshot) -> Self {
        Self {
            url: ollama::generate_url(&node.base_url),
            healthy: node.healthy,
            request_count: node.request_count,
            error_count: node.error_count,
        }
    }
}

/// How many of the nodes take calls.
fn healthy(nodes: &[NodeSnapshot]) -> usize {
    nodes.iter().filter(|node| node.healthy).count()
}

impl From<&[NodeSnapshot]> for Overall {
    fn from(nodes: &[NodeSnapshot]) -> Self {
        Self {
            total_endpoints: nodes.len(),
            healthy_endpoints: healthy(nodes),
            endpoints: nodes.iter().map(Endpoint::from).collect(),
        }
    }
}

/// The load of the nodes
///
/// Every node with its health, its calls and how long they take, and the queue. What the original
/// service told stands under the same names.
#[utoipa::path(get, path = "/lb-stats", operation_id = "lbStats", tag = docs::SERVICE, security(("user" = [])),
    responses((status = 200, description = "The nodes and the queue.", body = LbStats)))]
pub(super) async fn lb_stats(service: Data<Service>) -> Result<Json<LbStats>, ApiError> {
    let Overview { nodes, waiting, queue_wait } = snapshot(&service.balancer).await?;
    let mut views = ask(&service.fleet, List).await?;
    let mut endpoint = |node: &NodeSnapshot| {
        let at = views.iter().position(|view| view.status.id == node.id);
        let supervised = at.map(|at| views.swap_remove(at).status.into());
        EndpointStats { endpoint: node.into(), load: node.into(), supervised }
    };
    Ok(Json(LbStats {
        total_endpoints: nodes.len(),
        healthy_endpoints: healthy(&nodes),
        endpoints: nodes.iter().map(&mut endpoint).collect(),
        waiting,
        queue_wait_ms: queue_wait.map(Percentiles::from),
    }))
}

/// Asks the balancer for all that it knows.
pub(super) async fn snapshot(balancer: &Addr<Balancer>) -> Result<Overview, ApiError> {
    ask(balancer, Snapshot).await
}
