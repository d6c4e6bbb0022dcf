//! `GET /`, `/health`, `/healthz`, `/readyz`: is the service there, and can it work?

use actix_web::web::{Data, Json};
use jiff::Zoned;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Service, docs,
    error::ApiError,
    lb_stats::{Overall, snapshot},
};

/// The service's name on the wire, as the original gave it.
const SERVICE: &str = "12345 市民热线工单总结服务";

/// The service's name.
#[derive(Serialize, ToSchema)]
pub(super) struct Root {
    /// The service's name, in Chinese.
    #[schema(examples("12345 市民热线工单总结服务"))]
    service: &'static str,
    /// Always `running`.
    #[schema(examples("running"))]
    status: &'static str,
    /// The local time without a zone, to the microsecond.
    #[schema(examples("2026-11-23T10:30:00.123456"))]
    timestamp: String,
}

/// Whether the service works, as the original told it.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `healthy`.
    #[schema(examples("healthy"))]
    service: &'static str,
    /// `healthy` if a node takes calls, `unhealthy` if nodes answer and none takes calls, else
    /// `unreachable`.
    #[schema(examples("healthy"))]
    deepseek_service: &'static str,
    /// The nodes.
    load_balancer: Overall,
    /// The local time without a zone, to the microsecond.
    #[schema(examples("2026-11-23T10:30:00.123456"))]
    timestamp: String,
}

/// One word.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    /// `alive` or `ready`.
    #[schema(examples("ready"))]
    status: &'static str,
}

/// Local time without a zone, to the microsecond, as the original wrote it.
fn timestamp() -> String {
    Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// The service's name
///
/// Answers while the process lives.
#[utoipa::path(get, path = "/", tag = docs::SERVICE,
    responses((status = 200, description = "Name and time.", body = Root)))]
pub(super) async fn root() -> Json<Root> {
    Json(Root { service: SERVICE, status: "running", timestamp: timestamp() })
}

/// The health of service and nodes
///
/// Always 200 while the process answers; the body tells the rest. Monitors that go by the status
/// use `/readyz`.
#[utoipa::path(get, path = "/health", tag = docs::SERVICE,
    responses((status = 200, description = "The health of all parts.", body = Health)))]
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
    let load_balancer = Overall::from(nodes.as_slice());
    Json(Health { service: "healthy", deepseek_service, load_balancer, timestamp: timestamp() })
}

/// Whether the process lives
///
/// 200 while it does.
#[utoipa::path(get, path = "/healthz", tag = docs::SERVICE,
    responses((status = 200, description = "`alive`.", body = Status)))]
pub(super) async fn healthz() -> Json<Status> {
    Json(Status { status: "alive" })
}

/// Whether a node takes calls
///
/// 200 if at least one does.
#[utoipa::path(get, path = "/readyz", tag = docs::SERVICE,
    responses((status = 200, description = "`ready`.", body = Status)))]
pub(super) async fn readyz(service: Data<Service>) -> Result<Json<Status>, ApiError> {
    let nodes = snapshot(&service.balancer).await?.nodes;
    if nodes.iter().any(|node| node.healthy) {
        Ok(Json(Status { status: "ready" }))
    } else {
        Err(ApiError::NotReady)
    }
}
