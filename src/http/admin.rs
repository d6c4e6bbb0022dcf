//! `/admin`: what operators see of the nodes and do with them, and the reload.

pub(super) mod add;
pub(super) mod log;

use actix::Addr;
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data, Json, Path, ServiceConfig},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Service,
    ask::{ask, ask_mortal},
    docs,
    error::ApiError,
    lb_stats::Percentiles,
    not_found, posted, wrong_method,
};
use crate::{
    balancer::{NodeId, NodeSnapshot, Overview, Snapshot},
    fleet::{Find, List, Remove, View},
    node::{Node, NotOurs, Order, Status, to_millisecond},
    reload::Report,
};

pub(super) fn routes(config: &mut ServiceConfig) {
    let scope = web::scope("/admin")
        .service(super::reading("/status", status))
        .service(
            web::resource("/nodes")
                .route(web::get().to(list))
                .route(web::post().to(add::add))
                .default_service(web::to(|| wrong_method("GET, POST"))),
        )
        .service(
            web::resource("/nodes/{id}")
                .route(web::get().to(show))
                .route(web::delete().to(remove))
                .default_service(web::to(|| wrong_method("GET, DELETE"))),
        )
        .service(posted("/nodes/{id}/drain", drain))
        .service(posted("/nodes/{id}/resume", resume))
        .service(posted("/nodes/{id}/restart", restart))
        .service(super::reading("/nodes/{id}/log", log::log))
        .service(posted("/reload", reload))
        .default_service(web::to(not_found));
    config.service(scope);
}

/// A node, as told here.
#[derive(Serialize, ToSchema)]
#[schema(as = Node)]
pub(super) struct NodeBody {
    #[serde(flatten)]
    view: View,
    /// Whether it takes calls now; a node that rests after a failure does not.
    #[schema(examples(true))]
    healthy: bool,
    /// How many calls it may serve at once.
    #[schema(examples(1))]
    slots: u32,
    /// How many calls it serves now.
    #[schema(examples(0))]
    in_flight: u32,
    /// How many calls were sent to it since the start of ticketd.
    #[schema(examples(15))]
    requests: u64,
    /// How many of them failed by its fault.
    #[schema(examples(0))]
    errors: u64,
    /// How long a whole call takes; null as long as none was answered.
    #[schema(required = true)]
    latency_ms: Option<Percentiles>,
}

impl NodeBody {
    /// What the fleet and the balancer know of one node.
    pub(super) fn new(view: View, nodes: &[NodeSnapshot]) -> Self {
        let seen = nodes.iter().find(|node| node.id == view.status.id);
        Self {
            healthy: seen.is_some_and(|node| node.healthy),
            slots: seen.map_or(0, |node| node.slots),
            in_flight: seen.map_or(0, |node| node.in_flight),
            requests: seen.map_or(0, |node| node.request_count),
            errors: seen.map_or(0, |node| node.error_count),
            latency_ms: seen.and_then(|node| node.latency).map(Percentiles::from),
            view,
        }
    }

    /// Its id.
    pub(super) fn id(&self) -> &NodeId {
        &self.view.status.id
    }

    /// Whether it takes calls now.
    pub(super) fn healthy(&self) -> bool {
        self.healthy
    }
}

/// All nodes.
#[derive(Serialize, ToSchema)]
#[schema(as = Nodes)]
struct NodesBody {
    /// Every node, in the order in which they came.
    nodes: Vec<NodeBody>,
}

/// The service and its nodes.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceStatus)]
struct StatusBody {
    /// ticketd's version.
    #[schema(examples("0.1.0"))]
    version: &'static str,
    /// When ticketd was started, in UTC.
    #[serde(serialize_with = "to_millisecond")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-23T00:01:26.002Z"))]
    since: Timestamp,
    /// How long ago that is, in seconds.
    #[schema(examples(86400))]
    uptime_s: u64,
    /// How many calls wait for a node.
    #[schema(examples(0))]
    waiting: usize,
    /// How many nodes there are.
    #[schema(examples(3))]
    total_endpoints: usize,
    /// How many of them take calls.
    #[schema(examples(3))]
    healthy_endpoints: usize,
    /// Every node, in the order in which they came.
    nodes: Vec<NodeBody>,
}

/// Every node, and how many calls wait.
async fn all(service: &Service) -> Result<(Vec<NodeBody>, usize), ApiError> {
    let views = ask(&service.fleet, List).await?;
    let Overview { nodes, waiting, .. } = ask(&service.balancer, Snapshot).await?;
    Ok((views.into_iter().map(|view| NodeBody::new(view, &nodes)).collect(), waiting.total()))
}

/// The service and all nodes
///
/// What `ticketd status` shows.
#[utoipa::path(get, path = "/admin/status", tag = docs::ADMIN, security(("admin" = [])),
    responses((status = 200, description = "The service and its nodes.", body = StatusBody)))]
pub(super) async fn status(service: Data<Service>) -> Result<HttpResponse, ApiError> {
    let (nodes, waiting) = all(&service).await?;
    let up = service.started.elapsed();
    Ok(HttpResponse::Ok().json(StatusBody {
        version: env!("CARGO_PKG_VERSION"),
        since: Timestamp::now() - up,
        uptime_s: up.as_secs(),
        waiting,
        total_endpoints: nodes.len(),
        healthy_endpoints: nodes.iter().filter(|node| node.healthy).count(),
        nodes,
    }))
}

/// All nodes
///
/// Each with its state, what an operator can do about it, and its calls.
#[utoipa::path(get, path = "/admin/nodes", operation_id = "listNodes", tag = docs::ADMIN, security(("admin" = [])),
    responses((status = 200, description = "The nodes.", body = NodesBody)))]
pub(super) async fn list(service: Data<Service>) -> Result<HttpResponse, ApiError> {
    let (nodes, _) = all(&service).await?;
    Ok(HttpResponse::Ok().json(NodesBody { nodes }))
}

/// One node
///
/// With its state, what an operator can do about it, and its calls.
#[utoipa::path(get, path = "/admin/nodes/{id}", operation_id = "showNode", tag = docs::ADMIN, security(("admin" = [])),
    responses((status = 200, description = "The node.", body = NodeBody)))]
pub(super) async fn show(
    service: Data<Service>,
    id: Path<(String,)>,
) -> Result<Json<NodeBody>, ApiError> {
    let (nodes, _) = all(&service).await?;
    let mut nodes = nodes.into_iter();
    let found = nodes.find(|node| node.id().is(&id.0));
    found.map(Json).ok_or(ApiError::NoSuchNode)
}

/// Finds a node's actor.
async fn find(service: &Service, id: String) -> Result<Addr<Node>, ApiError> {
    ask(&service.fleet, Find { id }).await?.ok_or(ApiError::NoSuchNode)
}

async fn obey(
    service: &Service,
    id: Path<(String,)>,
    order: Order,
) -> Result<HttpResponse, ApiError> {
    let node = find(service, id.into_inner().0).await?;
    answer(service, &node, order).await
}

/// Take a node out of service
///
/// It gets no new calls; when those in flight are over, its process ends and frees its GPU. The answer
/// comes when this has begun.
#[utoipa::path(post, path = "/admin/nodes/{id}/drain", operation_id = "drainNode", tag = docs::ADMIN, security(("admin" = [])),
    responses((status = 202, description = "The node as it is then.", body = NodeBody)))]
pub(super) async fn drain(
    service: Data<Service>,
    id: Path<(String,)>,
) -> Result<HttpResponse, ApiError> {
    obey(&service, id, Order::Drain).await
}

/// Put a node into service again
///
/// A node that waits for its next start tries now. The answer comes when this has begun.
#[utoipa::path(post, path = "/admin/nodes/{id}/resume", operation_id = "resumeNode", tag = docs::ADMIN, security(("admin" = [])),
    responses((status = 202, description = "The node as it is then.", body = NodeBody)))]
pub(super) async fn resume(
    service: Data<Service>,
    id: Path<(String,)>,
) -> Result<HttpResponse, ApiError> {
    obey(&service, id, Order::Resume).await
}

/// Restart a node
///
/// It is drained, and starts anew. The answer comes when this has begun.
#[utoipa::path(post, path = "/admin/nodes/{id}/restart", operation_id = "restartNode", tag = docs::ADMIN, security(("admin" = [])),
    responses((status = 202, description = "The node as it is then.", body = NodeBody)))]
pub(super) async fn restart(
    service: Data<Service>,
    id: Path<(String,)>,
) -> Result<HttpResponse, ApiError> {
    obey(&service, id, Order::Restart).await
}

/// Remove a node
///
/// It is drained and forgotten. One of the configuration comes back with the next reload.
#[utoipa::path(delete, path = "/admin/nodes/{id}", operation_id = "removeNode", tag = docs::ADMIN, security(("admin" = [])),
    responses((status = 202, description = "The node as it was.", body = NodeBody)))]
pub(super) async fn remove(
    service: Data<Service>,
    id: Path<(String,)>,
) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner().0;
    let removed = ask(&service.fleet, Remove { id }).await?;
    let (node, before) = removed.ok_or(ApiError::NoSuchNode)?;
    match answer(&service, &node, Order::Remove).await {
        // It had no process to wait for, and is gone already.
        Err(ApiError::NoSuchNode) => {
            Ok(HttpResponse::build(StatusCode::ACCEPTED).json(NodeBody::new(before, &[])))
        }
        answer => answer,
    }
}

/// Gives the order, and answers with the node as it is then.
async fn answer(
    service: &Service,
    node: &Addr<Node>,
    order: Order,
) -> Result<HttpResponse, ApiError> {
    let status: Status = match ask_mortal(node, order).await? {
        Ok(Ok(status)) => status,
        Ok(Err(NotOurs)) => return Err(ApiError::NotManaged),
        // It is gone already.
        Err(_) => return Err(ApiError::NoSuchNode),
    };
    let views = ask(&service.fleet, List).await?;
    let view = views.into_iter().find(|view| view.status.id == status.id);
    let runtime = view.is_some_and(|view| view.runtime);
    let nodes = ask(&service.balancer, Snapshot).await?.nodes;
    let body = NodeBody::new(View { status, runtime }, &nodes);
    Ok(HttpResponse::build(StatusCode::ACCEPTED).json(body))
}

/// Reload the configuration
///
/// All of it or nothing. The answer comes when the nodes have begun to change.
#[utoipa::path(post, path = "/admin/reload", tag = docs::ADMIN, security(("admin" = [])),
    responses((status = 200, description = "What the reload did.", body = Report)))]
pub(super) async fn reload(service: Data<Service>) -> Result<HttpResponse, ApiError> {
    if service.stopping.is_cancelled() {
        return Err(ApiError::ShuttingDown);
    }
    let reloader = service.reloader.clone();
    // In a task of its own: a caller who leaves must not cut it in two.
    let reload = actix_web::rt::spawn(async move { reloader.reload().await });
    let report = reload.await.map_err(|_| ApiError::Internal)?.map_err(ApiError::NotReloaded)?;
    Ok(HttpResponse::Ok().json(report))
}
