//! `GET /lb-stats`: the nodes as the balancer sees them.

use actix::Addr;
use actix_web::web::{Data, Json};
use jiff::Timestamp;
use serde::Serialize;

use super::{Service, ask::ask, error::ApiError};
use crate::{
    balancer::{
        Balancer, Latency, NodeId, NodeSnapshot, Outcome, Overview, Snapshot, breaker::Position,
        queue::Waiting,
    },
    fleet::List,
    node::{Kind, Status, to_millisecond},
    ollama,
};

/// The answer; the names are those of the wire.
#[derive(Serialize)]
pub(super) struct LbStats {
    total_endpoints: usize,
    healthy_endpoints: usize,
    endpoints: Vec<Endpoint>,
    #[serde(flatten)]
    queue: Option<Queue>,
}

/// Who waits, and how long.
#[derive(Serialize)]
struct Queue {
    waiting: Waiting,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_wait_ms: Option<Percentiles>,
}

#[derive(Serialize)]
struct Endpoint {
    url: String,
    healthy: bool,
    request_count: u64,
    error_count: u64,
    #[serde(flatten)]
    load: Option<Load>,
    #[serde(flatten)]
    more: Option<More>,
}

/// How a node's calls go.
#[derive(Serialize)]
struct Load {
    in_flight: u32,
    slots: u32,
    breaker: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ms: Option<Percentiles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_ms: Option<Percentiles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<LastFailure>,
}

/// Of the last hundred, in milliseconds.
#[derive(Serialize)]
pub(super) struct Percentiles {
    p50: u128,
    p95: u128,
}

impl From<Latency> for Percentiles {
    fn from(latency: Latency) -> Self {
        Self { p50: latency.p50.as_millis(), p95: latency.p95.as_millis() }
    }
}

/// The last call that failed there.
#[derive(Serialize)]
struct LastFailure {
    outcome: Outcome,
    #[serde(serialize_with = "to_millisecond")]
    at: Timestamp,
}

/// What the node's supervisor knows.
#[derive(Serialize)]
struct More {
    id: NodeId,
    kind: Kind,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_percent: Option<u8>,
}

impl From<Status> for More {
    fn from(status: Status) -> Self {
        let Status { id, kind, state, remedy, warning, pull_percent, .. } = status;
        Self { id, kind, state, remedy, warning, pull_percent }
    }
}

impl From<&NodeSnapshot> for Load {
    fn from(node: &NodeSnapshot) -> Self {
        let last_failure = node.last_failure.map(|(outcome, ago)| LastFailure {
            outcome,
            at: Timestamp::now().saturating_sub(ago).unwrap_or(Timestamp::MIN),
        });
        Self {
            in_flight: node.in_flight,
            slots: node.slots,
            breaker: node.breaker,
            first_token_ms: node.first_token.map(Percentiles::from),
            call_ms: node.latency.map(Percentiles::from),
            tokens_per_second: node.tokens_per_second.map(|rate| (rate * 10.0).round() / 10.0),
            last_failure,
        }
    }
}

/// What the original told, and no more.
impl From<&[NodeSnapshot]> for LbStats {
    fn from(nodes: &[NodeSnapshot]) -> Self {
        let endpoint = |node: &NodeSnapshot| Endpoint {
            url: ollama::generate_url(&node.base_url),
            healthy: node.healthy,
            request_count: node.request_count,
            error_count: node.error_count,
            load: None,
            more: None,
        };
        Self {
            total_endpoints: nodes.len(),
            healthy_endpoints: nodes.iter().filter(|node| node.healthy).count(),
            endpoints: nodes.iter().map(endpoint).collect(),
            queue: None,
        }
    }
}

pub(super) async fn lb_stats(service: Data<Service>) -> Result<Json<LbStats>, ApiError> {
    let Overview { nodes, waiting, queue_wait } = snapshot(&service.balancer).await?;
    let mut views = ask(&service.fleet, List).await?;
    let mut stats = LbStats::from(nodes.as_slice());
    stats.queue = Some(Queue { waiting, queue_wait_ms: queue_wait.map(Percentiles::from) });
    for (endpoint, node) in stats.endpoints.iter_mut().zip(&nodes) {
        endpoint.load = Some(node.into());
        let at = views.iter().position(|view| view.status.id == node.id);
        endpoint.more = at.map(|at| views.swap_remove(at).status.into());
    }
    Ok(Json(stats))
}

/// Asks the balancer for all that it knows.
pub(super) async fn snapshot(balancer: &Addr<Balancer>) -> Result<Overview, ApiError> {
    ask(balancer, Snapshot).await
}
