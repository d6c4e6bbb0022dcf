//! `POST /api/pull`: a node fetches a model, and says how far it is.

use std::{collections::BTreeMap, time::Duration};

use actix_web::http::StatusCode;
use awc::Client;
use futures_util::StreamExt;
use tokio::time::Instant;

use super::{
    error::{Stalled, UpstreamError},
    refusal,
    stream::Split,
    types::{PullLine, PullRequest},
    within,
};

/// The longest part of Ollama's own words on a failed pull that is kept.
const MOST_REASON_CHARS: usize = 300;

/// Why a pull did not end well. What came is kept by Ollama, and the next one goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum PullFailed {
    /// The node or the way to it failed.
    #[error("the pull broke off")]
    Upstream(#[from] UpstreamError),
    /// Ollama said why, in its own words.
    #[error("{0}")]
    Refused(String),
    /// Nothing more came.
    #[error("the pull makes no progress")]
    Stuck,
    /// The rest does not fit.
    #[error("{0}")]
    NoRoom(String),
}

/// How far a pull is: layer by layer, as Ollama tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    layers: BTreeMap<String, Layer>,
}

/// The bytes of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Layer {
    total: u64,
    /// Those that have come.
    completed: u64,
    /// Those that were there when it was first told of.
    before: u64,
}

impl Progress {
    fn note(&mut self, line: &PullLine) {
        if let (Some(digest), Some(total)) = (&line.digest, line.total) {
            let completed = line.completed.unwrap_or(0);
            let first = Layer { before: completed, ..Layer::default() };
            let layer = self.layers.entry(digest.clone()).or_insert(first);
            (layer.total, layer.completed) = (total, completed);
        }
    }

    /// The bytes of the layers that are known so far.
    pub fn total(&self) -> u64 {
        self.layers.values().map(|layer| layer.total).sum()
    }

    /// Those that have come.
    pub fn completed(&self) -> u64 {
        self.layers.values().map(|layer| layer.completed).sum()
    }

    /// Those that were to come when this pull began.
    pub fn asked(&self) -> u64 {
        self.layers.values().map(|layer| layer.total.saturating_sub(layer.before)).sum()
    }

    /// In percent; 0 while nothing is known.
    pub fn percent(&self) -> u8 {
        let share = self.completed().saturating_mul(100) / self.total().max(1);
        u8::try_from(share.min(100)).unwrap_or(100)
    }
}

/// Makes a node pull a model. `told` hears of every step, and may refuse to go on; a pull without a
/// step for `idle` has failed. Dropping the future cancels it.
pub async fn pull(
    client: &Client,
    base_url: &str,
    model: &str,
    idle: Duration,
    mut told: impl FnMut(&Progress) -> Result<(), PullFailed>,
) -> Result<(), PullFailed> {
    let call = client.post(format!("{base_url}/api/pull")).force_close().no_decompress();
    let call = call.timeout(idle).send_json(&PullRequest { model, stream: true });
    let mut response = call.await.map_err(UpstreamError::from)?;
    if response.status() != StatusCode::OK {
        return Err(refusal(response.status(), &mut response, idle).await.into());
    }
    let (mut split, mut progress) = (Split::default(), Progress::default());
    let mut moved = Instant::now();
    while let Some(piece) = within(idle, Stalled::Token, response.next()).await? {
        for line in split.feed(&piece.map_err(UpstreamError::from)?)? {
            let line: PullLine =
                serde_json::from_slice(&line).map_err(|_| UpstreamError::Garbage)?;
            if let Some(reason) = line.error {
                return Err(PullFailed::Refused(reason.chars().take(MOST_REASON_CHARS).collect()));
            }
            if line.status == "success" {
                return Ok(());
            }
            let before = progress.clone();
            progress.note(&line);
            if progress != before || line.digest.is_none() {
                moved = Instant::now();
                told(&progress)?;
            } else if moved.elapsed() > idle {
                return Err(PullFailed::Stuck);
            }
        }
    }
    Err(UpstreamError::CutOff.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(digest: &str, total: u64, completed: Option<u64>) -> PullLine {
        let (digest, total) = (Some(digest.to_owned()), Some(total));
        PullLine { status: "pulling".to_owned(), digest, total, completed, error: None }
    }

    #[test]
    fn the_layers_make_the_percentage() {
        let mut progress = Progress::default();
        assert_eq!(progress.percent(), 0);
        let table = [
            (line("a", 900, None), 0),
            (line("a", 900, Some(450)), 50),
            (line("a", 900, Some(900)), 100),
            (line("b", 100, None), 90),
            (line("b", 100, Some(50)), 95),
        ];
        for (line, percent) in table {
            progress.note(&line);
            assert_eq!(progress.percent(), percent, "{progress:?}");
        }
        assert_eq!((progress.total(), progress.completed()), (1000, 950));
        assert_eq!(progress.asked(), 1000);
        progress.note(&line("resumed", 500, Some(400)));
        progress.note(&line("resumed", 500, Some(450)));
        assert_eq!(progress.asked(), 1100, "of what was there nothing has to come");
    }
}
