//! What is wrong with a configuration, and where.

use std::fmt;

/// One fault: the key, what is wrong with its value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the value was given: `FILE:LINE`, a variable's name, `command line`, `built-in default`.
    pub origin: String,
    /// The dotted key, such as `nodes.ports`; empty when the whole file is meant.
    pub key: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { origin, key, message } = self;
        if key.is_empty() {
            write!(formatter, "{origin}: {message}")
        } else {
            write!(formatter, "{origin}: {key}: {message}")
        }
    }
}

/// A configuration that cannot be used; the command ends with exit code 78 (`EX_CONFIG`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Invalid(pub Vec<Problem>);

impl Invalid {
    /// One problem alone.
    pub(super) fn one(origin: impl Into<String>, key: &str, message: impl Into<String>) -> Self {
        Self(vec![Problem { origin: origin.into(), key: key.to_owned(), message: message.into() }])
    }
}
