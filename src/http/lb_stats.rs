//! `GET /lb-stats`: the nodes as the balancer sees them.

use actix::Addr;
use actix_web::web::{Data, Json};
use serde::Serialize;

use super::{Service, ask::ask, error::ApiError};
use crate::{
    balancer::{Balancer, NodeId, NodeSnapshot, Snapshot},
    fleet::List,
    node::{Kind, Status},
    ollama,
};

/// The answer; the names are those of the wire.
#[derive(Serialize)]
pub(super) struct LbStats {
    total_endpoints: usize,
    healthy_endpoints: usize,
    endpoints: Vec<Endpoint>,
}

#[derive(Serialize)]
struct Endpoint {
    url: String,
    healthy: bool,
    request_count: u64,
    error_count: u64,
    #[serde(flatten)]
    more: Option<More>,
}

/// What the original did not tell.
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

impl From<&[NodeSnapshot]> for LbStats {
    fn from(nodes: &[NodeSnapshot]) -> Self {
        let endpoint = |node: &NodeSnapshot| Endpoint {
            url: ollama::generate_url(&node.base_url),
            healthy: node.healthy,
            request_count: node.request_count,
            error_count: node.error_count,
            more: None,
        };
        Self {
            total_endpoints: nodes.len(),
            healthy_endpoints: nodes.iter().filter(|node| node.healthy).count(),
            endpoints: nodes.iter().map(endpoint).collect(),
        }
    }
}

pub(super) async fn lb_stats(service: Data<Service>) -> Result<Json<LbStats>, ApiError> {
    let nodes = snapshot(&service.balancer).await?;
    let mut views = ask(&service.fleet, List).await?;
    let mut stats = LbStats::from(nodes.as_slice());
    for (endpoint, node) in stats.endpoints.iter_mut().zip(&nodes) {
        let at = views.iter().position(|view| view.status.id == node.id);
        endpoint.more = at.map(|at| views.swap_remove(at).status.into());
    }
    Ok(Json(stats))
}

/// Asks the balancer for all nodes.
pub(super) async fn snapshot(balancer: &Addr<Balancer>) -> Result<Vec<NodeSnapshot>, ApiError> {
    Ok(ask(balancer, Snapshot).await?.nodes)
}
