//! `POST /summarize`: a transcript in, a ticket out.

use std::sync::Arc;

use actix_web::{
    HttpRequest,
    web::{Data, Json, Payload},
};
use tokio::{
    select,
    time::{Instant, timeout_at},
};
use tracing::warn;

use super::{Service, body, error::ApiError, urgency::Urgency};
use crate::{
    dispatch::Dispatch,
    ticket::{Summary, Tickets, Transcript},
};

pub(super) async fn summarize(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<Summary>, ApiError> {
    let arrived = Instant::now();
    let live = Arc::clone(&service.live.borrow());
    let urgency = Urgency::read(request.headers(), live.server.request_timeout)?;
    let deadline = arrived + urgency.patience;
    let work = async {
        let body = timeout_at(deadline, body::read(&service, &live.server, &request, payload));
        let body = body.await.map_err(|_| ApiError::TimedOut)??;
        let transcript = Transcript::parse(&body).map_err(ApiError::BadTranscript)?;
        let skipped = transcript.unknown_turns;
        if skipped > 0 {
            warn!(skipped, "turns with neither citizen nor hot-line were left out");
        }
        let (balancer, client) = (service.balancer.clone(), service.client.clone());
        let dispatch = Dispatch::new(balancer, client, &live.dispatch, urgency.priority);
        let tickets = Tickets::new(&dispatch, &live.tickets);
        Ok(Json(tickets.summarize(&transcript, deadline).await?))
    };
    select! {
        result = work => result,
        () = service.grace_over.cancelled() => Err(ApiError::ShuttingDown),
    }
}
