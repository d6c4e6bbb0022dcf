//! The Ollama client: the only code that knows Ollama's URLs and bodies.
//!
//! One rule: an answer is whole when Ollama's closing `"done":true` line came, and never else; the
//! transport ends a broken answer like a finished one.

mod error;
mod stream;
mod types;

use std::{future::Future, time::Duration};

use actix_web::{http::StatusCode, web::Bytes};
use awc::{
    Client, ClientResponse, Connector,
    error::{ConnectError, PayloadError},
};
use futures_util::{Stream, StreamExt};
use rustix::io::Errno;
use tokio::time::timeout;

pub use self::{
    error::{Hint, Stalled, UpstreamError},
    types::{Answer, GenerateRequest, LoadRequest, is_same_model},
};
use self::{stream::Lines, types::Tags};
use crate::config;

/// The path of the generate call, the one call that the original made.
pub const GENERATE_PATH: &str = "/api/generate";

/// The URL of the generate call of a node whose URL up to `/api` is `base_url`.
pub fn generate_url(base_url: &str) -> String {
    format!("{base_url}{GENERATE_PATH}")
}

/// The most of a short answer (a list, an error) that is read.
const MOST_SHORT_BYTES: usize = 1024 * 1024;

/// A client for one thread; its connections are not shared and end with each call, so that a node
/// that was restarted is never called over a dead connection, and a caller who leaves is seen at once.
pub fn client(connect_timeout: Duration) -> Client {
    let connector = Connector::new().timeout(connect_timeout).limit(4096);
    Client::builder().connector(connector).disable_redirects().no_default_headers().finish()
}

/// How long each part of one call may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Until the head of the answer, which comes with the first token.
    pub first_token: Duration,
    /// Between two pieces of the answer.
    pub token: Duration,
    /// The whole call.
    pub call: Duration,
}

impl From<&config::Balancer> for Budget {
    fn from(settings: &config::Balancer) -> Self {
        Self {
            first_token: settings.first_token_timeout,
            token: settings.token_timeout,
            call: settings.call_timeout,
        }
    }
}

/// Makes one generate call and returns the whole answer. Dropping the future ends the call, and
/// Ollama stops generating.
pub async fn generate(
    client: &Client,
    base_url: &str,
    body: Bytes,
    budget: Budget,
) -> Result<Answer, UpstreamError> {
    let whole = async {
        let call = client
            .post(generate_url(base_url))
            .force_close()
            .no_decompress()
            .timeout(budget.first_token)
            .content_type("application/json");
        let mut response = call.send_body(body).await?;
        match response.status() {
            StatusCode::OK => read_lines(&mut response, budget.token).await,
            status => Err(refusal(status, &mut response, budget.token).await),
        }
    };
    within(budget.call, Stalled::Call, whole).await?
}

/// Reads the answer's lines until the closing one.
async fn read_lines<S>(
    response: &mut ClientResponse<S>,
    token: Duration,
) -> Result<Answer, UpstreamError>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let mut lines = Lines::default();
    while let Some(piece) = within(token, Stalled::Token, response.next()).await? {
        if let Some(answer) = lines.feed(&piece?)? {
            return Ok(answer);
        }
    }
    lines.end()
}

/// What an answer other than 200 means.
async fn refusal<S>(
    status: StatusCode,
    response: &mut ClientResponse<S>,
    wait: Duration,
) -> UpstreamError
where
    S: Stream<Item = Result<Bytes, PayloadError>>,
{
    let body = timeout(wait, response.body().limit(MOST_SHORT_BYTES)).await;
    let body = body.ok().and_then(Result::ok).unwrap_or_default();
    UpstreamError::from_status(status.as_u16(), &String::from_utf8_lossy(&body))
}

/// How a node looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It answers and lists the model.
    Ready,
    /// It answers but does not list the model.
    ModelMissing,
    /// Nothing listens there.
    Refused,
    /// Something listens, but no answer of an Ollama came in time.
    Silent,
    /// This process could not look: it says nothing about the node.
    Unknown,
}

/// What a connection that did not come about says.
fn unconnected(error: &ConnectError) -> Probe {
    /// Want of files, memory or ports on this side.
    const OWN_WANT: [Errno; 5] =
        [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS, Errno::ADDRNOTAVAIL];
    let ConnectError::Io(error) = error else { return Probe::Silent };
    match Errno::from_io_error(error) {
        Some(Errno::CONNREFUSED) => Probe::Refused,
        Some(errno) if OWN_WANT.contains(&errno) => Probe::Unknown,
        _ => Probe::Silent,
    }
}

/// Looks whether a node answers and lists `model`. Never takes longer than twice `wait`.
///
/// A server that answers but has no list of models is believed to have the model: only a list
/// without it says that it is missing.
pub async fn probe(client: &Client, base_url: &str, model: &str, wait: Duration) -> Probe {
    match get(client, format!("{base_url}/api/tags"), wait).await {
        Ok(body) => match serde_json::from_slice::<Tags>(&body) {
            Ok(tags) if !tags.lists(model) => Probe::ModelMissing,
            Ok(_) => Probe::Ready,
            Err(_) => version(client, base_url, wait).await,
        },
        Err(UpstreamError::Connect(error)) => unconnected(&error),
        // A gateway that lets only the generate call through answers so.
        Err(UpstreamError::ModelMissing | UpstreamError::Rejected { status: 405, .. }) => {
            Probe::Ready
        }
        Err(_) => Probe::Silent,
    }
}

/// Looks whether an Ollama answers at all: ready, refused or silent.
pub async fn version(client: &Client, base_url: &str, wait: Duration) -> Probe {
    match get(client, format!("{base_url}/api/version"), wait).await {
        Ok(body) => match serde_json::from_slice::<types::Version>(&body) {
            Ok(_) => Probe::Ready,
            Err(_) => Probe::Silent,
        },
        Err(UpstreamError::Connect(error)) => unconnected(&error),
        Err(_) => Probe::Silent,
    }
}

async fn get(client: &Client, url: String, wait: Duration) -> Result<Bytes, UpstreamError> {
    let whole = async {
        let call = client.get(url).force_close().no_decompress().timeout(wait);
        let mut response = call.send().await?;
        match response.status() {
            StatusCode::OK => Ok(response.body().limit(MOST_SHORT_BYTES).await?),
            status => Err(UpstreamError::from_status(status.as_u16(), "")),
        }
    };
    within(wait, Stalled::Call, whole).await?
}

async fn within<F: Future>(
    limit: Duration,
    what: Stalled,
    future: F,
) -> Result<F::Output, UpstreamError> {
    timeout(limit, future).await.map_err(|_| UpstreamError::Stalled(what))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn only_a_refusal_says_that_nobody_listens() {
        let table = [
            (Errno::CONNREFUSED, Probe::Refused),
            (Errno::MFILE, Probe::Unknown),
            (Errno::HOSTUNREACH, Probe::Silent),
        ];
        for (errno, expected) in table {
            let error = ConnectError::Io(io::Error::from_raw_os_error(errno.raw_os_error()));
            assert_eq!(unconnected(&error), expected, "{errno}");
        }
        assert_eq!(unconnected(&ConnectError::Timeout), Probe::Silent);
    }
}
