//! What a node says of itself: whether it answers, which models it lists, and where it holds them.

use std::time::Duration;

use actix_web::{http::StatusCode, web::Bytes};
use awc::{Client, error::ConnectError};
use rustix::io::Errno;

use super::{
    MOST_SHORT_BYTES,
    error::{Stalled, UpstreamError},
    types::{Models, Version},
    within,
};

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

/// What a probe saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How the node looks.
    pub probe: Probe,
    /// The digest of the model, if it is listed.
    pub digest: Option<String>,
}

impl From<Probe> for Seen {
    fn from(probe: Probe) -> Self {
        Self { probe, digest: None }
    }
}

/// Looks whether a node answers and lists `model`. Never takes longer than twice `wait`.
///
/// A server that answers but has no list of models is believed to have the model: only a list
/// without it says that it is missing.
pub async fn probe(client: &Client, base_url: &str, model: &str, wait: Duration) -> Seen {
    match get(client, format!("{base_url}/api/tags"), wait).await {
        Ok(body) => match serde_json::from_slice::<Models>(&body) {
            Ok(tags) => match tags.find(model) {
                Some(found) => Seen { probe: Probe::Ready, digest: found.digest.clone() },
                None => Probe::ModelMissing.into(),
            },
            Err(_) => version(client, base_url, wait).await.into(),
        },
        Err(UpstreamError::Connect(error)) => unconnected(&error).into(),
        // A gateway that lets only the generate call through answers so.
        Err(UpstreamError::ModelMissing | UpstreamError::Rejected { status: 405, .. }) => {
            Probe::Ready.into()
        }
        Err(_) => Probe::Silent.into(),
    }
}

/// Where a node holds the model, as it tells itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// So many bytes, and so many of them on the GPU.
    Loaded {
        /// Weights, context and buffers.
        bytes: u64,
        /// Those on the GPU.
        vram_bytes: u64,
    },
    /// The node holds no model at all.
    Nothing,
}

/// Asks a node where it holds the model; none if it does not tell in time, or holds only models of
/// other names, since of two names for the same weights it tells only one.
pub async fn held(client: &Client, base_url: &str, model: &str, wait: Duration) -> Option<Held> {
    let body = get(client, format!("{base_url}/api/ps"), wait).await.ok()?;
    let models: Models = serde_json::from_slice(&body).ok()?;
    if models.models.is_empty() {
        return Some(Held::Nothing);
    }
    let found = models.find(model)?;
    Some(Held::Loaded { bytes: found.size?, vram_bytes: found.size_vram? })
}

/// Looks whether an Ollama answers at all: ready, refused or silent.
pub async fn version(client: &Client, base_url: &str, wait: Duration) -> Probe {
    match get(client, format!("{base_url}/api/version"), wait).await {
        Ok(body) => match serde_json::from_slice::<Version>(&body) {
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
