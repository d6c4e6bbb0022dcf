//! A request's body, within its limits: so many bytes of its own and with all others, so much time,
//! and at a stop no longer than a moment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    HttpRequest,
    http::header,
    web::{Bytes, Payload},
};
use futures_util::StreamExt;
use tokio::{select, time::sleep};

use super::{Service, auth::Caller, error::ApiError};
use crate::config;

/// How long a stop waits for a body that has not come whole.
const LATE_BODY: Duration = Duration::from_secs(1);

/// So much of each body is always taken: nearly all calls are smaller, and nobody's large ones may
/// keep them out.
const SMALL: usize = 64 * 1024;

/// When who was refused for others' large bodies may come again.
const LATER: Duration = Duration::from_secs(5);

/// How many bytes of large bodies are held by now. Clones are the same, on whatever thread.
#[derive(Clone, Default)]
pub(super) struct Bodies(Arc<AtomicUsize>);

/// What one body has of them, until it is dropped.
pub(super) struct Held {
    bodies: Bodies,
    bytes: usize,
}

/// A body that came whole.
pub(super) struct Body {
    pub(super) bytes: Bytes,
    /// To be kept as long as the bytes are.
    pub(super) held: Held,
}

/// Reads the whole body, whatever its Content-Type.
pub(super) async fn read(
    service: &Service,
    limits: &config::Server,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Body, ApiError> {
    let stop = async {
        service.stopping.cancelled().await;
        sleep(LATE_BODY).await;
    };
    select! {
        body = limited(service, limits, request, payload) => body,
        () = sleep(limits.body_timeout) => Err(ApiError::BodyTimedOut),
        () = stop => Err(ApiError::ShuttingDown),
    }
}

async fn limited(
    service: &Service,
    limits: &config::Server,
    request: &HttpRequest,
    mut payload: Payload,
) -> Result<Body, ApiError> {
    let limit = limits.max_body_bytes;
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(ApiError::BodyTooLarge { limit });
    }
    // Operators get in whatever there is over TCP.
    let all = match Caller::of(request) {
        Caller::OverControlSocket => usize::MAX,
        Caller::Anonymous | Caller::Token(_) => limits.max_bodies_bytes,
    };
    let mut held = Held { bodies: service.bodies.clone(), bytes: 0 };
    let mut bytes = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| ApiError::BodyBroken)?;
        let length = bytes.len() + piece.len();
        if length > limit {
            return Err(ApiError::BodyTooLarge { limit });
        }
        if !held.grow(length.saturating_sub(SMALL), all) {
            return Err(ApiError::BodiesFull { retry_after: LATER });
        }
        bytes.extend_from_slice(&piece);
    }
    // Boxed, so that it is as large as it looks.
    Ok(Body { bytes: bytes.into_boxed_slice().into(), held })
}

impl Held {
    /// Holds so many bytes in all; false if they would be too many together.
    fn grow(&mut self, bytes: usize, all: usize) -> bool {
        let more = bytes - self.bytes;
        let fits = |held: usize| held.checked_add(more).filter(|held| more == 0 || *held <= all);
        let grown = self.bodies.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok();
        if grown {
            self.bytes = bytes;
        }
        grown
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bodies.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_they_hold_no_more_than_they_may_and_give_all_back() {
        let bodies = Bodies::default();
        let new = || Held { bodies: bodies.clone(), bytes: 0 };
        let [mut one, mut other] = [new(), new()];
        assert!(one.grow(60, 100) && other.grow(40, 100));
        assert!(!other.grow(41, 100) && !new().grow(1, 100));
        assert!(new().grow(0, 100) && one.grow(60, 50), "who takes no more is not refused");
        drop(one);
        assert!(other.grow(100, 100));
        drop(other);
        assert_eq!(bodies.0.load(Ordering::Relaxed), 0);
    }
}
