//! One request over a fresh connection, byte for byte: for the control socket, and for headers.

use std::path::Path;

use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::harness::{LIMIT, Reply, Ticketd};

/// Sends one request, such as `GET /healthz`, over a fresh control connection.
pub(crate) async fn control(socket: &Path, request: &str, body: &str) -> Reply {
    let stream = UnixStream::connect(socket).await.expect("the socket is served");
    exchange(stream, request, "", body).await
}

/// Sends one request over a fresh connection, byte for byte. Every header ends its line.
pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
    headers: &str,
    body: &str,
) -> Reply {
    let head = "HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    let length = body.len();
    let text = format!("{request} {head}{headers}content-length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    let read = timeout(LIMIT, stream.read_to_string(&mut answer)).await;
    read.expect("it answers").expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").expect("a header");
        (name.parse().expect("a name"), value.parse().expect("a value"))
    };
    let headers = lines.map(header).collect();
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    Reply { status: status.expect("a status"), headers, body }
}

/// Posts a call with these headers.
pub(crate) async fn summarize(ticketd: &Ticketd, headers: &[(&str, &str)], body: &str) -> Reply {
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    exchange(connect(ticketd).await, "POST /summarize", &lines, body).await
}

/// Posts a call over a connection of its own, which the test can close. Every header ends its line.
pub(crate) async fn post(ticketd: &Ticketd, headers: &str, body: &str) -> TcpStream {
    let mut stream = connect(ticketd).await;
    let length = body.len();
    let head = format!("POST /summarize HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}");
    let text = format!("{head}content-length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.expect("it is sent");
    stream
}

/// Sends bytes over a fresh connection, and gives what comes until ticketd closes it.
pub(crate) async fn answer_to(ticketd: &Ticketd, bytes: &[u8]) -> String {
    let mut stream = connect(ticketd).await;
    stream.write_all(bytes).await.expect("sent");
    rest(&mut stream).await
}

/// A fresh connection.
pub(crate) async fn connect(ticketd: &Ticketd) -> TcpStream {
    TcpStream::connect(ticketd.url.trim_start_matches("http://")).await.expect("it listens")
}

/// What comes until ticketd closes the connection.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    // A connection that is reset has told what it told.
    let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("it is closed");
    String::from_utf8(answer).expect("UTF-8")
}
