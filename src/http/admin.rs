//! `/admin`: what operators see of the nodes and do with them, and the reload.

mod add;
mod log;

use actix::Addr;
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data, Json, Path, ServiceConfig},
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Service,
    ask::{ask, ask_mortal},
    error::ApiError,
    lb_stats::Percentiles,
    not_found, wrong_method,
};
use crate::{
    balancer::{NodeSnapshot, Overview, Snapshot},
    fleet::{Find, List, Remove, View},
    node::{Node, NotOurs, Order, Status, to_millisecond},
};

pub(super) fn routes(config: &mut ServiceConfig) {
    let posted = |path: &str, order: Order| {
        let handler = move |service: Data<Service>, id: Path<(String,)>| {
            let id = id.into_inner().0;
            async move { obey(&service, id, order).await }
        };
        web::resource(path)
            .route(web::post().to(handler))
            .default_service(web::to(|| wrong_method("POST")))
    };
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
        .service(posted("/nodes/{id}/drain", Order::Drain))
        .service(posted("/nodes/{id}/resume", Order::Resume))
        .service(posted("/nodes/{id}/restart", Order::Restart))
        .service(super::reading("/nodes/{id}/log", log::log))
        .service(
            web::resource("/reload")
                .route(web::post().to(reload))
                .default_service(web::to(|| wrong_method("POST"))),
        )
        .default_service(web::to(not_found));
    config.service(scope);
}

/// A node, as told here.
#[derive(Serialize)]
pub(super) struct NodeBody {
    #[serde(flatten)]
    view: View,
    healthy: bool,
    slots: u32,
    in_flight: u32,
    requests: u64,
    errors: u64,
    latency_ms: Option<Percentiles>,
}

impl NodeBody {
    /// What the fleet and the balancer know of one node.
    fn new(view: View, nodes: &[NodeSnapshot]) -> Self {
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
}

#[derive(Serialize)]
struct NodesBody {
    nodes: Vec<NodeBody>,
}

#[derive(Serialize)]
struct StatusBody {
    version: &'static str,
    #[serde(serialize_with = "to_millisecond")]
    since: Timestamp,
    uptime_s: u64,
    waiting: usize,
    total_endpoints: usize,
    healthy_endpoints: usize,
    nodes: Vec<NodeBody>,
}

/// Every node, and how many calls wait.
async fn all(service: &Service) -> Result<(Vec<NodeBody>, usize), ApiError> {
    let views = ask(&service.fleet, List).await?;
    let Overview { nodes, waiting, .. } = ask(&service.balancer, Snapshot).await?;
    Ok((views.into_iter().map(|view| NodeBody::new(view, &nodes)).collect(), waiting.total()))
}

async fn status(service: Data<Service>) -> Result<HttpResponse, ApiError> {
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

async fn list(service: Data<Service>) -> Result<HttpResponse, ApiError> {
    let (nodes, _) = all(&service).await?;
    Ok(HttpResponse::Ok().json(NodesBody { nodes }))
}

async fn show(service: Data<Service>, id: Path<(String,)>) -> Result<Json<NodeBody>, ApiError> {
    let (nodes, _) = all(&service).await?;
    let mut nodes = nodes.into_iter();
    let found = nodes.find(|node| node.view.status.id.is(&id.0));
    found.map(Json).ok_or(ApiError::NoSuchNode)
}

/// Finds a node's actor.
async fn find(service: &Service, id: String) -> Result<Addr<Node>, ApiError> {
    ask(&service.fleet, Find { id }).await?.ok_or(ApiError::NoSuchNode)
}

async fn obey(service: &Service, id: String, order: Order) -> Result<HttpResponse, ApiError> {
    let node = find(service, id).await?;
    answer(service, &node, order).await
}

async fn remove(service: Data<Service>, id: Path<(String,)>) -> Result<HttpResponse, ApiError> {
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

async fn reload(service: Data<Service>) -> Result<HttpResponse, ApiError> {
    if service.stopping.is_cancelled() {
        return Err(ApiError::ShuttingDown);
    }
    let reloader = service.reloader.clone();
    // In a task of its own: a caller who leaves must not cut it in two.
    let reload = actix_web::rt::spawn(async move { reloader.reload().await });
    let report = reload.await.map_err(|_| ApiError::Internal)?.map_err(ApiError::NotReloaded)?;
    Ok(HttpResponse::Ok().json(report))
}
