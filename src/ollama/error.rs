//! How a call to a node can fail. No message holds anything that a node or a caller said.

use std::error::Error;

use awc::error::{ConnectError, PayloadError, SendRequestError};

/// Which wait was too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stalled {
    /// The first token did not come.
    FirstToken,
    /// The next token did not come.
    Token,
    /// The answer did not end.
    Call,
}

/// Why a call to a node brought no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection came about; the node never saw the call.
    #[error("no connection")]
    Connect(#[source] ConnectError),
    /// The node says that it is busy.
    #[error("busy (status {0})")]
    Busy(u16),
    /// The node does not know the model (404).
    #[error("the model is not there")]
    ModelMissing,
    /// The node refused this very request (another 4xx).
    #[error("refused with status {status}{}", .hint.map(Hint::remedy).unwrap_or_default())]
    Rejected {
        /// The status.
        status: u16,
        /// What is known of the reason.
        hint: Option<Hint>,
    },
    /// The node failed with another status.
    #[error("failed with status {0}")]
    Status(u16),
    /// A wait was too long.
    #[error("{}", match .0 {
        Stalled::FirstToken => "no first token in time",
        Stalled::Token => "no further token in time",
        Stalled::Call => "no end in time",
    })]
    Stalled(Stalled),
    /// The connection broke before the head of the answer.
    #[error("the connection broke before the answer")]
    Broken(#[source] SendRequestError),
    /// The connection broke amid the answer.
    #[error("the connection broke amid the answer")]
    Read(#[from] PayloadError),
    /// The answer ended without its closing line.
    #[error("the answer was cut off")]
    CutOff,
    /// The answer held an error line.
    #[error("the node reported an error amid the answer")]
    ErrorLine,
    /// The answer held a line that is no answer of Ollama's.
    #[error("the answer is not in Ollama's form")]
    Garbage,
    /// The answer repeats itself, or grew beyond every sensible ticket.
    #[error("the answer does not end")]
    Endless,
}

/// A known reason for a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// `think` was asked of a model without thinking.
    CannotThink,
    /// The model name has a form that Ollama does not take.
    BadModelName,
    /// The prompt does not fit the context window.
    ContextFull,
}

impl Hint {
    /// The hint for an error text of Ollama's (wordings as recorded with 0.32.15).
    fn of(text: &str) -> Option<Self> {
        let known = [
            ("does not support thinking", Self::CannotThink),
            ("invalid model name", Self::BadModelName),
            ("exceed_context_size", Self::ContextFull),
            ("exceeds the available context size", Self::ContextFull),
        ];
        known.into_iter().find(|(part, _)| text.contains(part)).map(|(_, hint)| hint)
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::CannotThink => ": the model cannot think; set model.think = false",
            Self::BadModelName => ": Ollama takes no such model name; correct model.name",
            Self::ContextFull => ": the prompt does not fit; raise model.options.num_ctx",
        }
    }
}

impl UpstreamError {
    /// Whether the prompt does not fit the context.
    pub fn is_too_long(&self) -> bool {
        matches!(self, Self::Rejected { hint: Some(Hint::ContextFull), .. })
    }

    /// Whether the model was told to think and cannot.
    pub(super) fn is_unable_to_think(&self) -> bool {
        matches!(self, Self::Rejected { hint: Some(Hint::CannotThink), .. })
    }

    /// The meaning of a status other than 200 and of the error text that came with it.
    pub(super) fn from_status(status: u16, text: &str) -> Self {
        match status {
            429 | 503 => Self::Busy(status),
            404 => Self::ModelMissing,
            400..=499 => Self::Rejected { status, hint: Hint::of(text) },
            _ => Self::Status(status),
        }
    }
}

impl From<SendRequestError> for UpstreamError {
    fn from(error: SendRequestError) -> Self {
        if matches!(error, SendRequestError::Connect(ConnectError::Disconnected)) {
            // So awc calls a connection that broke before the head of the answer came.
            Self::Broken(error)
        } else if let SendRequestError::Connect(error) = error {
            Self::Connect(error)
        } else if matches!(error, SendRequestError::Timeout) {
            Self::Stalled(Stalled::FirstToken)
        } else {
            Self::Broken(error)
        }
    }
}

/// An error with its sources, in one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    anyhow::Chain::new(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_broke_after_the_call_was_sent_is_no_refused_one() {
        let error = SendRequestError::Connect(ConnectError::Disconnected);
        assert!(matches!(UpstreamError::from(error), UpstreamError::Broken(_)));
        let refused = ConnectError::Io(std::io::ErrorKind::ConnectionRefused.into());
        let error = SendRequestError::Connect(refused);
        assert!(matches!(UpstreamError::from(error), UpstreamError::Connect(_)));
    }

    #[test]
    fn a_status_means_what_the_recordings_say() {
        let table = [
            (503, "server busy, please try again.", "busy (status 503)"),
            (429, "", "busy (status 429)"),
            (404, "model 'nope' not found", "the model is not there"),
            (
                400,
                "\"smol\" does not support thinking",
                "refused with status 400: the model cannot think; set model.think = false",
            ),
            (403, "", "refused with status 403"),
            (500, "unexpected EOF", "failed with status 500"),
            (301, "", "failed with status 301"),
        ];
        for (status, text, message) in table {
            assert_eq!(UpstreamError::from_status(status, text).to_string(), message);
        }
    }
}
