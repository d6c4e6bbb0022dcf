//! Around every request: its id, one line in the log, and the end of the connection at a stop.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
    web::{Bytes, Data},
};
use tokio::time::Instant;
use tracing::{Instrument, error, error_span, info};

use super::Service;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a caller.
const MOST_ID_BYTES: usize = 128;

/// A request's id, among its extensions.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestId(pub(super) Rc<str>);

/// The middleware.
pub(super) async fn log<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Logged>, Error> {
    let id = request.headers().get(REQUEST_ID).and_then(accepted).unwrap_or_else(fresh);
    let service = request.app_data::<Data<Service>>().cloned();
    let mut line = Line {
        id: id.clone(),
        method: known(request.method()),
        route: request.match_pattern().unwrap_or_else(|| "unmatched".to_owned()),
        since: Instant::now(),
        status: None,
        is_whole: true,
    };
    request.extensions_mut().insert(RequestId(id.as_str().into()));
    // At the level of errors, so that a failure has its id whatever the log's level is.
    let span = error_span!("request", ticketd.request_id = %id);
    let mut response = next.call(request).instrument(span).await?;
    line.status = Some(response.status().as_u16());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if service.is_some_and(|service| service.stopping.is_cancelled()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.map_body(|_, body| Logged::new(body.boxed(), line)))
}

/// An answer's body. If it is a stream, the request is over when that is.
pub(super) struct Logged {
    body: BoxBody,
    line: Option<Line>,
}

impl Logged {
    fn new(body: BoxBody, mut line: Line) -> Self {
        let is_stream = body.size() == BodySize::Stream;
        line.is_whole = !is_stream;
        Self { body, line: is_stream.then_some(line) }
    }
}

impl MessageBody for Logged {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        if let Poll::Ready(None) = polled
            && let Some(mut line) = self.line.take()
        {
            line.is_whole = true;
        }
        polled
    }
}

/// A method's name, unless the caller made it up.
fn known(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|name| method == *name).unwrap_or("other")
}

/// A caller's id, if it is one that a log can hold.
fn accepted(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    let fits = !text.is_empty() && text.len() <= MOST_ID_BYTES && text.chars().all(plain);
    fits.then(|| text.to_owned())
}

fn fresh() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The line of one request, written when the request is over, however it ends.
struct Line {
    id: String,
    method: &'static str,
    route: String,
    since: Instant,
    /// None if the caller left before there was an answer.
    status: Option<u16>,
    /// Whether the answer came to its end, as far as it is a stream.
    is_whole: bool,
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self { id, method, route, since, status, is_whole } = self;
        let duration_ms = since.elapsed().as_millis();
        match status {
            Some(status) if *is_whole => {
                info!(ticketd.request_id = id, method, route, status, %duration_ms, "request answered");
            }
            Some(status) => {
                info!(ticketd.request_id = id, method, route, status, %duration_ms, "caller left");
            }
            None if std::thread::panicking() => {
                error!(ticketd.request_id = id, method, route, %duration_ms, "handler panicked");
            }
            None => info!(ticketd.request_id = id, method, route, %duration_ms, "caller left"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_that_a_log_can_hold_are_taken_over() {
        let long = "a".repeat(MOST_ID_BYTES + 1);
        for (text, fits) in [
            ("a-1_B.2", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            (long.as_str(), false),
        ] {
            let value = HeaderValue::from_str(text).expect("a header value");
            assert_eq!(accepted(&value).is_some(), fits, "{text}");
        }
        assert_eq!(fresh().len(), 32);
    }
}
