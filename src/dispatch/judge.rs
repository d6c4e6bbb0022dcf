//! What makes an answer good: the business of whoever makes a call.

use crate::ollama::Answer;

/// Judges the answers to one model call.
pub trait Judge<T> {
    /// Told as soon as the call is on its way, at each attempt: what the judgement needs and is known by now can
    /// be made ready while the node works. It is done on the thread that makes the call.
    fn prepare(&self) {}

    /// What the answer is worth, or why it is worth nothing.
    fn judge(&self, answer: &Answer) -> Result<T, Unfit>;
}

impl<T, F: Fn(&Answer) -> Result<T, Unfit>> Judge<T> for F {
    fn judge(&self, answer: &Answer) -> Result<T, Unfit> {
        self(answer)
    }
}

/// Why an answer is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// A fixed phrase for the log, never a part of the answer.
    pub reason: &'static str,
    /// What the next attempt is told about it, before the prompt.
    pub repair: Option<String>,
    /// Whether the node did all that a node can: it is a good one whatever the next one answers.
    pub blameless: bool,
    /// Whether the prompt left no room for the answer, so that every node would fail.
    pub too_long: bool,
}

impl Unfit {
    /// An answer that says something about its node, if another one can give a good one.
    pub fn new(reason: &'static str) -> Self {
        Self { reason, repair: None, blameless: false, too_long: false }
    }
}
