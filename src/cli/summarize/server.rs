//! The client of the service: `POST /summarize` and `GET /lb-stats`, over TCP or the control socket.
//!
//! One rule: whatever comes back is an [`Answer`]; what it means is decided elsewhere.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    time::Duration,
};

use actix_web::{
    http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    web::Bytes,
};
use awc::{
    Client, ClientRequest, Connector,
    error::{PayloadError, SendRequestError},
    http::header::HeaderMap,
};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::timeout;
use url::Url;

use super::verdict::{Answer, Refusal};
use crate::cli::control::{MOST_CONNECTIONS, client};

const CONNECT: Duration = Duration::from_secs(5);

/// How long the server may take for a ticket. Nobody waits for it; but one that never comes must show.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// How much longer an answer may be on its way.
const SLACK: Duration = Duration::from_secs(30);

/// How long an answer about slots may take.
const STATS: Duration = Duration::from_secs(10);

/// The most of an answer that is read.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Why the number of slots is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSlots {
    /// There was no answer.
    Unanswered,
    /// The answer does not say.
    Untold,
}

/// One running ticketd.
#[derive(Clone)]
pub(super) struct Server {
    client: Client,
    base: Url,
    authorization: Option<HeaderValue>,
    /// Whether a ticket that was made before, and got lost on the way, is as good as a new one.
    pub(super) replays: bool,
}

impl Server {
    /// A ticketd at a URL, with the token it wants.
    pub(super) fn at(base: Url, token: Option<&[u8]>) -> anyhow::Result<Self> {
        let connector = Connector::new().timeout(CONNECT).limit(MOST_CONNECTIONS);
        let client = Client::builder().connector(connector);
        let client = client.disable_redirects().no_default_headers().finish();
        let authorization = token.map(|token| {
            let mut value = HeaderValue::from_bytes(&[b"Bearer ", token].concat())?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        });
        Ok(Self { client, base, authorization: authorization.transpose()?, replays: true })
    }

    /// A ticketd behind its control socket.
    pub(super) fn behind(socket: &Path) -> Self {
        let base = Url::parse("http://ticketd/").expect("it is a URL");
        Self { client: client(socket), base, authorization: None, replays: true }
    }

    /// Asks for a ticket.
    pub(super) async fn summarize(&self, call: Bytes) -> Answer {
        let key = key(&call);
        let request = self.prepare(self.client.post(self.url("summarize")), DEADLINE + SLACK);
        let request = request
            .insert_header((CONTENT_TYPE, "application/json"))
            .insert_header(("X-Priority", "batch"))
            .insert_header(("X-Deadline-Ms", DEADLINE.as_millis().to_string()));
        let request = match self.replays {
            true => request.insert_header(("Idempotency-Key", key)),
            false => request,
        };
        let exchange = async {
            let mut response = match request.send_body(call).await {
                Ok(response) => response,
                Err(SendRequestError::Connect(_)) => return Answer::Unreached,
                Err(_) => return Answer::Lost,
            };
            let Some(body) = read(&mut response).await else { return Answer::Lost };
            let status = response.status();
            if !status.is_success() {
                return Answer::Refusal(refusal(status.as_u16(), response.headers(), &body));
            }
            // awc reports a body that was cut off as a whole one; then it is no JSON.
            match ticket(&body) {
                Ok(ticket) => ticket.map_or(Answer::Strange, Answer::Ticket),
                Err(error) if error.is_eof() => Answer::Lost,
                Err(_) => Answer::Strange,
            }
        };
        timeout(DEADLINE + SLACK, exchange).await.unwrap_or(Answer::Lost)
    }

    /// How many calls all nodes together work on at once, those too that are away for now.
    pub(super) async fn slots(&self) -> Result<usize, NoSlots> {
        let request = self.prepare(self.client.get(self.url("lb-stats")), STATS);
        let exchange = async {
            let mut response = request.send().await.ok()?;
            let body = read(&mut response).await?;
            let is_told = response.status().is_success();
            // A gateway without a ticketd behind it knows nothing.
            let is_away = response.status().is_server_error();
            let slots = slots(&body).filter(|_| is_told);
            if is_away { None } else { Some(slots.ok_or(NoSlots::Untold)) }
        };
        let answer = timeout(STATS, exchange).await.ok().flatten();
        answer.unwrap_or(Err(NoSlots::Unanswered))
    }

    fn prepare(&self, request: ClientRequest, limit: Duration) -> ClientRequest {
        let request = request.force_close().no_decompress().timeout(limit);
        let request = request.insert_header((ACCEPT, "application/json"));
        match &self.authorization {
            Some(value) => request.insert_header((AUTHORIZATION, value.clone())),
            None => request,
        }
    }

    fn url(&self, path: &str) -> String {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("it has a path").pop_if_empty().push(path);
        url.into()
    }
}

/// Equal transcripts have equal keys, so that an answer which was lost, or that a killed run had asked
/// for, costs nothing. The server makes sure that a key stands for one body.
fn key(call: &[u8]) -> String {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, call).hash(&mut hasher);
        hasher.finish()
    };
    format!("batch-{:016x}{:016x}", half(0), half(1))
}

/// The body; none if it broke off, or is longer than any of ticketd's.
async fn read(
    pieces: &mut (impl Stream<Item = Result<Bytes, PayloadError>> + Unpin),
) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.ok()?);
        if bytes.len() > MOST_BYTES {
            return None;
        }
    }
    Some(bytes)
}

/// The ticket in a body; none if it is something else.
fn ticket(body: &[u8]) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Ticket {
        ticket_type: Option<String>,
        ticket_content: Option<String>,
    }
    let raw: Box<RawValue> = serde_json::from_slice(body)?;
    let is_ticket = raw.get().starts_with('{')
        && serde_json::from_str(raw.get()).is_ok_and(|Ticket { ticket_type, ticket_content }| {
            ticket_type.is_some() && ticket_content.is_some()
        });
    Ok(Some(raw).filter(|_| is_ticket))
}

fn refusal(status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Said {
        code: Option<String>,
        detail: Option<String>,
    }
    let Said { code, detail } = serde_json::from_slice(body).unwrap_or_default();
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let seconds = header(RETRY_AFTER.as_str()).and_then(|value| value.trim().parse().ok());
    let retry_after = seconds.map(Duration::from_secs);
    let request_id = header("x-request-id").map(str::to_owned);
    Refusal { status, code, detail, request_id, retry_after }
}

fn slots(body: &[u8]) -> Option<usize> {
    #[derive(Deserialize)]
    struct Stats {
        endpoints: Vec<Endpoint>,
    }
    #[derive(Deserialize)]
    struct Endpoint {
        /// The original had none: one call at a time.
        slots: Option<u32>,
    }
    let Stats { endpoints } = serde_json::from_slice(body).ok()?;
    Some(endpoints.iter().map(|endpoint| endpoint.slots.unwrap_or(1) as usize).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_stand_below_the_base() {
        let table = [
            ("http://127.0.0.1:8001", "http://127.0.0.1:8001/summarize"),
            ("http://h/a/b", "http://h/a/b/summarize"),
            ("http://h/a/b/", "http://h/a/b/summarize"),
        ];
        for (base, expected) in table {
            let server = Server::at(Url::parse(base).unwrap(), None).unwrap();
            assert_eq!(server.url("summarize"), expected);
        }
    }

    #[test]
    fn a_key_follows_from_the_transcript_alone() {
        assert_eq!(key(b"{}"), key(b"{}"));
        assert_ne!(key(b"{}"), key(b"{ }"));
        let key = key("喂".as_bytes());
        assert!(key.len() < 255 && key.bytes().all(|byte| byte.is_ascii_graphic()));
    }

    #[test]
    fn only_a_whole_ticket_is_one() {
        let whole = r#"{"ticket_type": "投诉", "ticket_content": "…", "x": [1]}"#;
        assert_eq!(ticket(whole.as_bytes()).unwrap().unwrap().get(), whole);
        for body in ["{}", "[]", "7", r#"{"ticket_type": 7, "ticket_content": "…"}"#] {
            assert!(ticket(body.as_bytes()).unwrap().is_none(), "{body}");
        }
        for end in 0..whole.len() {
            let error = ticket(&whole.as_bytes()[..end]).unwrap_err();
            // Within a character it is no UTF-8, which shows first.
            assert!(error.is_eof() || !whole.is_char_boundary(end), "{end}");
        }
        assert!(!ticket(b"<html>").unwrap_err().is_eof());
    }

    #[test]
    fn slots_are_counted_whatever_else_is_told() {
        let table = [
            (r#"{"endpoints": [{"slots": 2, "healthy": false}, {"slots": 3}], "x": 1}"#, Some(5)),
            (r#"{"endpoints": [{"url": "x"}, {"url": "y"}]}"#, Some(2)),
            (r#"{"endpoints": []}"#, Some(0)),
            (r#"{"detail": "x"}"#, None),
            ("<html>", None),
        ];
        for (body, expected) in table {
            assert_eq!(slots(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_refusal_tells_what_the_server_said() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        headers.insert("x-request-id".parse().unwrap(), HeaderValue::from_static("r1"));
        let said = refusal(503, &headers, r#"{"code": "busy", "detail": "忙"}"#.as_bytes());
        assert_eq!((said.code.as_deref(), said.detail.as_deref()), (Some("busy"), Some("忙")));
        assert_eq!(said.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(said.request_id.as_deref(), Some("r1"));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("Mon, 23 Nov 2026 07:28:00 GMT"));
        let said = refusal(502, &headers, b"<html>");
        assert!(said.code.is_none() && said.retry_after.is_none());
    }
}
