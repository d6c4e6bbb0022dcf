//! `GET /lb-stats`: the nodes as the balancer sees them.

use std::time::Duration;

use actix::Addr;
use actix_web::web::{Data, Json};
use serde::Serialize;
use tokio::time::timeout;

use super::{Service, error::ApiError};
use crate::{
    balancer::{Balancer, NodeSnapshot, Snapshot},
    ollama,
};

/// How long the balancer may take; it answers in microseconds unless it is wedged.
const WAIT: Duration = Duration::from_secs(2);

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
}

impl From<&[NodeSnapshot]> for LbStats {
    fn from(nodes: &[NodeSnapshot]) -> Self {
        let endpoint = |node: &NodeSnapshot| Endpoint {
            url: ollama::generate_url(&node.base_url),
            healthy: node.healthy,
            request_count: node.request_count,
            error_count: node.error_count,
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
    Ok(Json(LbStats::from(nodes.as_slice())))
}

/// Asks the balancer for all nodes.
pub(super) async fn snapshot(balancer: &Addr<Balancer>) -> Result<Vec<NodeSnapshot>, ApiError> {
    let answer = timeout(WAIT, balancer.send(Snapshot)).await;
    let overview = answer.ok().and_then(Result::ok).ok_or(ApiError::Internal)?;
    Ok(overview.nodes)
}
