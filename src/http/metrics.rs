//! `GET /metrics`: what Prometheus reads.

use std::sync::Arc;

use actix_web::{HttpResponse, web::Data};

use super::{Service, ask::ask, docs, error::ApiError, lb_stats::snapshot};
use crate::{fleet::List, metrics::CONTENT_TYPE};

/// Everything that is counted
///
/// In the text format of Prometheus; README.md lists the metrics.
#[utoipa::path(get, path = "/metrics", tag = docs::SERVICE, security(("user" = [])),
    responses((status = 200, description = "The metrics.", content_type = CONTENT_TYPE, body = String,
        example = "# TYPE ticketd_queue_depth gauge\nticketd_queue_depth{priority=\"interactive\"} 3\n")))]
pub(super) async fn metrics(service: Data<Service>) -> Result<HttpResponse, ApiError> {
    let seen = snapshot(&service.balancer).await?;
    let views = ask(&service.fleet, List).await?;
    let nodes: Vec<_> = views.into_iter().map(|view| view.status).collect();
    let live = Arc::clone(&service.live.borrow());
    let text = service.metrics.render(&live.tickets.ticket.types, &seen, &nodes);
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}
