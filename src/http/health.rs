//! `GET /`, `/health`, `/healthz`, `/readyz`: is the service there, and can it work?

use actix_web::web::{Data, Json};
use jiff::Zoned;
use serde::Serialize;

use super::{
    Service,
    error::ApiError,
    lb_stats::{LbStats, snapshot},
};

/// The service's name on the wire, as the original gave it.
const SERVICE: &str = "12345 市民热线工单总结服务";

#[derive(Serialize)]
pub(super) struct Root {
    service: &'static str,
    status: &'static str,
    timestamp: String,
}

#[derive(Serialize)]
pub(super) struct Health {
    service: &'static str,
    deepseek_service: &'static str,
    load_balancer: LbStats,
    timestamp: String,
}

#[derive(Serialize)]
pub(super) struct Status {
    status: &'static str,
}

/// Local time without a zone, to the microsecond, as the original wrote it.
fn timestamp() -> String {
    Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

pub(super) async fn root() -> Json<Root> {
    Json(Root { service: SERVICE, status: "running", timestamp: timestamp() })
}

/// Always 200 while the process answers; the body tells the rest.
pub(super) async fn health(service: Data<Service>) -> Json<Health> {
    // A balancer that does not answer serves no call: no node can be reached through it.
    let nodes = snapshot(&service.balancer).await.unwrap_or_default().nodes;
    let deepseek_service = if nodes.iter().any(|node| node.healthy) {
        "healthy"
    } else if nodes.iter().any(|node| node.reachable) {
        "unhealthy"
    } else {
        "unreachable"
    };
    let load_balancer = LbStats::from(nodes.as_slice());
    Json(Health { service: "healthy", deepseek_service, load_balancer, timestamp: timestamp() })
}

/// The process is alive.
pub(super) async fn healthz() -> Json<Status> {
    Json(Status { status: "alive" })
}

/// At least one node takes calls.
pub(super) async fn readyz(service: Data<Service>) -> Result<Json<Status>, ApiError> {
    let nodes = snapshot(&service.balancer).await?.nodes;
    if nodes.iter().any(|node| node.healthy) {
        Ok(Json(Status { status: "ready" }))
    } else {
        Err(ApiError::NotReady)
    }
}
