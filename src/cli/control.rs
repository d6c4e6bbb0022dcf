//! The client of the control socket: HTTP/1.1 over a Unix socket.
//!
//! One rule: whatever fails says which socket was asked and what to do about it, and nothing waits
//! for ever but a log that is followed.

mod error;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use actix_tls::connect::{ConnectError as Unconnected, ConnectInfo, Connection};
use actix_web::{
    dev::fn_service,
    http::{Method, Uri},
    web::Bytes,
};
use awc::{
    Client, Connector,
    error::{ConnectError, PayloadError, SendRequestError},
};
use clap::Args;
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{net::UnixStream, time::timeout};
use url::Url;

pub(super) use self::error::Unanswered;
use super::answers::Refusal;

/// Where the unit lets ticketd listen.
const DEFAULT_SOCKET: &str = "/run/ticketd/control.sock";

const CONNECT: Duration = Duration::from_secs(2);

/// The most connections at once; a further call would wait for one.
pub(super) const MOST_CONNECTIONS: usize = 1100;

/// How long an ordinary answer may take as a whole.
pub(super) const ANSWER: Duration = Duration::from_secs(30);

/// The most of an answer that is read.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Which running ticketd is asked.
#[derive(Debug, Args)]
pub(super) struct Socket {
    /// The control socket of the running ticketd. Without this option: server.control_socket of the
    /// configuration, else /run/ticketd/control.sock
    #[arg(long, value_name = "PATH", global = true)]
    socket: Option<PathBuf>,
}

impl Socket {
    /// A client for the socket. The configuration is read only if no socket was named.
    pub(super) fn open(self, file: Option<PathBuf>) -> Result<Control, Unanswered> {
        let socket = match self.socket {
            Some(socket) => Some(socket),
            None => super::sources(file, None).control_socket().map_err(Unanswered::Nowhere)?,
        };
        let socket = socket.unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET));
        Ok(Control { client: client(&socket), socket })
    }
}

/// A client that reaches one Unix socket, whatever host a URL names.
pub(super) fn client(socket: &Path) -> Client {
    let socket = socket.to_owned();
    let connect = move |info: ConnectInfo<Uri>| {
        let socket = socket.clone();
        async move {
            let stream = UnixStream::connect(socket).await.map_err(Unconnected::Io)?;
            Ok::<_, Unconnected>(Connection::new(info.request().clone(), stream))
        }
    };
    let connector = Connector::new().connector(fn_service(connect)).timeout(CONNECT);
    let connector = connector.limit(MOST_CONNECTIONS);
    Client::builder().connector(connector).disable_redirects().no_default_headers().finish()
}

/// The control socket of one ticketd.
pub(super) struct Control {
    client: Client,
    socket: PathBuf,
}

impl Control {
    /// Asks for what lies under a path.
    pub(super) async fn get(&self, path: &[&str]) -> Result<Value, Unanswered> {
        self.call(Method::GET, path, None, ANSWER).await
    }

    /// Makes one call and reads the whole answer within `limit`.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<Value, Unanswered> {
        let whole = async {
            let mut pieces = self.send(method, url(path), body, limit).await?;
            let bytes = self.read(&mut pieces).await?;
            serde_json::from_slice(&bytes).map_err(|_| self.strange())
        };
        timeout(limit, whole).await.unwrap_or(Err(Unanswered::Silent(limit)))
    }

    /// Opens an answer that comes in pieces; only its head has a deadline.
    pub(super) async fn open(
        &self,
        path: &[&str],
        query: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Unanswered>> + Unpin, Unanswered> {
        let mut url = url(path);
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let opened = timeout(ANSWER, self.send(Method::GET, url, None, ANSWER)).await;
        let pieces = opened.unwrap_or(Err(Unanswered::Silent(ANSWER)))?;
        Ok(pieces.map(|piece| piece.map_err(|error| self.broken(error))))
    }

    /// The answer in the form that is wanted.
    pub(super) fn understand<T: DeserializeOwned>(&self, answer: &Value) -> Result<T, Unanswered> {
        T::deserialize(answer).map_err(|_| self.strange())
    }

    /// Sends a call; an answer that is no success is an error.
    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<impl Stream<Item = Result<Bytes, PayloadError>> + Unpin, Unanswered> {
        let request = self.client.request(method, url.as_str());
        let request = request.force_close().no_decompress().timeout(limit);
        let sent = match body {
            Some(body) => request.send_json(body),
            None => request.send(),
        };
        let mut response = sent.await.map_err(|error| self.unsent(error, limit))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let bytes = self.read(&mut response).await?;
        let refusal = serde_json::from_slice(&bytes).map_err(|_| self.strange())?;
        let Refusal { detail, code, problems } = refusal;
        Err(Unanswered::Refused { status, detail, code, problems })
    }

    async fn read(
        &self,
        pieces: &mut (impl Stream<Item = Result<Bytes, PayloadError>> + Unpin),
    ) -> Result<Vec<u8>, Unanswered> {
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| self.broken(error))?);
            if bytes.len() > MOST_BYTES {
                return Err(self.strange());
            }
        }
        Ok(bytes)
    }

    fn unsent(&self, error: SendRequestError, limit: Duration) -> Unanswered {
        if let SendRequestError::Connect(ConnectError::Io(error)) = &error {
            Unanswered::unreached(&self.socket, error)
        } else if let SendRequestError::Connect(ConnectError::Timeout) = error {
            Unanswered::Silent(CONNECT)
        } else if let SendRequestError::Timeout = error {
            Unanswered::Silent(limit)
        } else {
            self.broken(error)
        }
    }

    fn broken(&self, error: impl std::fmt::Display) -> Unanswered {
        Unanswered::Broken { socket: self.socket.clone(), cause: error.to_string() }
    }

    fn strange(&self) -> Unanswered {
        Unanswered::Strange { socket: self.socket.clone() }
    }
}

/// The URL of a path, with each segment encoded.
fn url(path: &[&str]) -> Url {
    let mut url = Url::parse("http://ticketd/").expect("it is a URL");
    url.path_segments_mut().expect("it has a path").clear().extend(path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_segment_stays_one() {
        let table = [
            (&["admin", "nodes"][..], "/admin/nodes"),
            (&["admin", "nodes", "gpu-2:11434"], "/admin/nodes/gpu-2:11434"),
            (&["admin", "nodes", "gw:80/ollama", "log"], "/admin/nodes/gw:80%2Follama/log"),
            (&["admin", "nodes", "a?b#c%2Fd 六"], "/admin/nodes/a%3Fb%23c%252Fd%20%E5%85%AD"),
        ];
        for (path, expected) in table {
            assert_eq!(url(path).path(), expected);
        }
    }
}
