//! A request's body, within its limits: so many bytes, so much time, and at a stop no longer than a
//! moment.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::header,
    web::{Bytes, Payload},
};
use tokio::{select, time::sleep};

use super::{Service, error::ApiError};
use crate::config;

/// How long a stop waits for a body that has not come whole.
const LATE_BODY: Duration = Duration::from_secs(1);

/// Reads the whole body, whatever its Content-Type.
pub(super) async fn read(
    service: &Service,
    limits: &config::Server,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Bytes, ApiError> {
    let stop = async {
        service.stopping.cancelled().await;
        sleep(LATE_BODY).await;
    };
    select! {
        body = limited(request, payload, limits.max_body_bytes) => body,
        () = sleep(limits.body_timeout) => Err(ApiError::BodyTimedOut),
        () = stop => Err(ApiError::ShuttingDown),
    }
}

async fn limited(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
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
