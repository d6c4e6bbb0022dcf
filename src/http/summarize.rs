//! `POST /summarize`: a transcript in, a ticket out.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest,
    http::header,
    web::{Bytes, Data, Json, Payload},
};
use tokio::{
    select,
    time::{Instant, sleep},
};
use tracing::warn;

use super::{Service, error::ApiError};
use crate::{
    balancer::queue::Priority,
    config,
    dispatch::Dispatch,
    ticket::{Summary, Tickets, Transcript},
};

/// How long a stop waits for a body that has not come whole.
const LATE_BODY: Duration = Duration::from_secs(1);

pub(super) async fn summarize(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<Summary>, ApiError> {
    let live = Arc::clone(&service.live.borrow());
    let config::Server { request_timeout, body_timeout, max_body_bytes, .. } = live.server;
    let deadline = Instant::now() + request_timeout;
    let work = async {
        let stop = async {
            service.stopping.cancelled().await;
            sleep(LATE_BODY).await;
        };
        let body = select! {
            body = read(&request, payload, max_body_bytes) => body?,
            () = sleep(body_timeout) => return Err(ApiError::BodyTimedOut),
            () = stop => return Err(ApiError::ShuttingDown),
        };
        let transcript = Transcript::parse(&body).map_err(ApiError::BadTranscript)?;
        let skipped = transcript.unknown_turns;
        if skipped > 0 {
            warn!(skipped, "turns with neither citizen nor hot-line were left out");
        }
        let (balancer, client) = (service.balancer.clone(), service.client.clone());
        let dispatch = Dispatch::new(balancer, client, &live.dispatch, Priority::Interactive);
        let tickets = Tickets::new(&dispatch, &live.tickets);
        Ok(Json(tickets.summarize(&transcript, deadline).await?))
    };
    select! {
        result = work => result,
        () = service.grace_over.cancelled() => Err(ApiError::ShuttingDown),
    }
}

/// Reads the body up to `limit` bytes, whatever its Content-Type.
pub(super) async fn read(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<Bytes, ApiError> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(ApiError::BodyTooLarge { limit });
    }
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(ApiError::BodyBroken),
        Err(_) => Err(ApiError::BodyTooLarge { limit }),
    }
}
