//! `[log]`: what is logged, and in which form.

use serde::{Deserialize, Serialize};

/// Settings of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The form of a record on standard error. Default `auto`.
    pub format: Format,
    /// The least level, for all or by part: "info", "info,ticketd::dispatch=debug". Default "info".
    pub level: String,
}

/// The form of a log record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Records with fields where standard error is the journal's; else `text`, with colours on a terminal.
    Auto,
    /// One line a record, without colours.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: Format::Auto, level: "info".to_owned() }
    }
}
