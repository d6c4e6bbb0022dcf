//! A caller over one connection that is kept open. It only finds the end of an answer, so that what is
//! measured is the other side.

use std::net::SocketAddr;

use anyhow::{Context as _, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request as it is sent, made before it is measured.
pub(crate) struct Request(Vec<u8>);

impl Request {
    /// A POST of this JSON.
    pub(crate) fn post(path: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");
        Self(format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes())
    }

    /// A GET.
    pub(crate) fn get(path: &str) -> Self {
        Self(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes())
    }
}

/// The connection, and the answer that came last.
pub(crate) struct Caller {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// How the end of a body shows.
#[derive(Clone, Copy)]
enum End {
    /// After so many bytes.
    Length(usize),
    /// By the last chunk.
    Chunk,
}

impl Caller {
    pub(crate) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads the answer to its end; gives its body as it came, with its chunks. Any
    /// status but 200 is an error.
    pub(crate) async fn call(&mut self, request: &Request) -> anyhow::Result<&[u8]> {
        self.stream.write_all(&request.0).await?;
        self.answer.clear();
        let mut found = None;
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0, "the connection was closed amid an answer");
            if found.is_none() {
                found = head(&self.answer)?;
            }
            if let Some((begin, end)) = found {
                let body = &self.answer[begin..];
                let is_whole = match end {
                    End::Length(length) => body.len() >= length,
                    // No chunk of JSON holds a carriage return.
                    End::Chunk => body.ends_with(b"\r\n0\r\n\r\n") || body == b"0\r\n\r\n",
                };
                if is_whole {
                    return Ok(&self.answer[begin..]);
                }
            }
        }
    }
}

/// Where the body of an answer begins and how it ends, once its head is there.
fn head(answer: &[u8]) -> anyhow::Result<Option<(usize, End)>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&answer[..end])?;
    let mut lines = text.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 200 ") {
        bail!("{status}: {}", String::from_utf8_lossy(&answer[end..]));
    }
    for line in lines {
        let (name, value) = line.split_once(':').context("a header without a colon")?;
        if name.eq_ignore_ascii_case("content-length") {
            return Ok(Some((end + 4, End::Length(value.trim().parse()?))));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok(Some((end + 4, End::Chunk)));
        }
    }
    bail!("an answer without a length: {text}")
}
