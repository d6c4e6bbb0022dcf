//! The Ollama client: the only code that knows Ollama's URLs and bodies.
//!
//! One rule: an answer is whole when Ollama's closing `"done":true` line came, and never else; the
//! transport ends a broken answer like a finished one.

mod error;
mod inventory;
mod pace;
mod pull;
mod repetition;
mod stream;
mod text;
mod types;

use std::{
    cell::Cell,
    convert::Infallible,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_tls::connect::{
    ConnectError as Unconnected, ConnectInfo, Connection, Connector as TcpConnector,
};
use actix_web::{
    body::{BodySize, MessageBody},
    dev::{Service, fn_service},
    http::{StatusCode, Uri},
    rt::{self, net::TcpStream},
    web::Bytes,
};
use awc::{Client, ClientResponse, Connector, error::PayloadError};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::time::{Instant, timeout};

use self::stream::Lines;
pub use self::{
    error::{Hint, Stalled, UpstreamError, chain},
    inventory::{Held, Probe, Seen, held, probe, version},
    pace::Pace,
    pull::{Progress, PullFailed, pull},
    types::{Answer, Body, CanaryRequest, GenerateRequest, LoadRequest, Stats, is_same_model},
};
use crate::config;

/// The Content-Type of a streamed answer.
pub const NDJSON: &str = "application/x-ndjson";

/// The path of the generate call, the one call that the original made.
pub const GENERATE_PATH: &str = "/api/generate";

/// The URL of the generate call of a node whose URL up to `/api` is `base_url`.
pub fn generate_url(base_url: &str) -> String {
    format!("{base_url}{GENERATE_PATH}")
}

/// The most of a short answer (a list, an error) that is read.
const MOST_SHORT_BYTES: usize = 1024 * 1024;

/// For how long the connection of a call that was answered serves another one: less than servers usually keep
/// one open. One that the node closes just as a call is sent costs that call an attempt.
const KEPT: Duration = Duration::from_secs(2);

/// How long the end of a body may come behind its last line. Ollama writes it by itself, when its handler is over.
const END: Duration = Duration::from_millis(100);

/// A client for one thread. The connection of a call ends with it, unless the answer came to its end: then
/// calls that follow soon use it, too. One that the node has closed is seen to be so before it is used.
pub fn client(connect_timeout: Duration) -> Client {
    let tcp = TcpConnector::default().service();
    let connect = move |info: ConnectInfo<Uri>| {
        let connecting = tcp.call(info);
        async move {
            let connection: Connection<Uri, TcpStream> = connecting.await?;
            // A call goes out at once, whatever its size. A socket that refuses that is slower, not wrong.
            let _ = connection.io_ref().set_nodelay(true);
            Ok::<_, Unconnected>(connection)
        }
    };
    let connector = Connector::new().connector(fn_service(connect));
    let connector = connector.timeout(connect_timeout).limit(4096).conn_keep_alive(KEPT);
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

/// Makes one generate call and returns the whole answer; `pace` shows how it goes. A model that cannot
/// think is asked again without thinking. Dropping the future ends the call, and Ollama stops generating.
pub async fn generate(
    client: &Client,
    base_url: &str,
    body: Body,
    budget: Budget,
    pace: &Pace,
) -> Result<Answer, UpstreamError> {
    let one = async |body: Bytes| {
        let call = client
            .post(generate_url(base_url))
            .no_decompress()
            .timeout(budget.first_token)
            .content_type("application/json");
        pace.start(Instant::now());
        let mut response = call.send_body(Noted { body, sent: pace.sent() }).await?;
        match response.status() {
            StatusCode::OK => read_lines(response, budget.token, pace).await,
            status => Err(refusal(status, &mut response, budget.token).await),
        }
    };
    let Body { bytes, unthinking } = body;
    let whole = async {
        match (one(bytes).await, unthinking) {
            (Err(error), Some(unthinking)) if error.is_unable_to_think() => one(unthinking).await,
            (ended, _) => ended,
        }
    };
    let ended = within(budget.call, Stalled::Call, whole).await;
    match ended {
        // A call without any token hangs; one with tokens does not end.
        Err(_) if !pace.has_begun() => Err(UpstreamError::Stalled(Stalled::FirstToken)),
        ended => ended?,
    }
}

/// A request's body, which notes that it goes out.
struct Noted {
    body: Bytes,
    sent: Rc<Cell<bool>>,
}

impl MessageBody for Noted {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.sent.set(true);
        Pin::new(&mut self.body).poll_next(context)
    }
}

/// Reads the answer's lines until the closing one.
async fn read_lines<S>(
    mut response: ClientResponse<S>,
    token: Duration,
    pace: &Pace,
) -> Result<Answer, UpstreamError>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin + 'static,
{
    let mut lines = Lines::default();
    while let Some(piece) = within(token, Stalled::Token, response.next()).await? {
        pace.piece(Instant::now());
        let answer = lines.feed(&piece?)?;
        pace.count(lines.tokens());
        if let Some(answer) = answer {
            // Behind the end of the body the connection is free for another call. Nobody waits for it.
            if response.next().now_or_never().is_none() {
                rt::spawn(timeout(END, async move { response.next().await }));
            }
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

async fn within<F: Future>(
    limit: Duration,
    what: Stalled,
    future: F,
) -> Result<F::Output, UpstreamError> {
    timeout(limit, future).await.map_err(|_| UpstreamError::Stalled(what))
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::config::Model;

    #[actix_web::test]
    async fn a_call_is_sent_once_its_connection_is_open() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let limit = Duration::from_secs(60);
        let budget = Budget { first_token: limit, token: limit, call: limit };
        let (client, pace) = (client(limit), Pace::default());
        let body = LoadRequest::new(&Model::default()).to_body();
        let mut call = Box::pin(generate(&client, &base_url, body, budget, &pace));
        assert!(call.as_mut().now_or_never().is_none());
        assert!(pace.started().is_some() && !pace.is_sent(), "it connects");
        let answer = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = [0; 4];
            stream.read_exact(&mut head).await.expect("a request");
            assert!(pace.is_sent());
            stream.write_all(b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n").await.expect("sent");
            stream
        };
        let (answered, _stream) = tokio::join!(call, answer);
        assert!(matches!(answered, Err(UpstreamError::Status(500))), "{answered:?}");
    }
}
