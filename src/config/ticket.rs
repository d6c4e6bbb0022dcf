//! `[ticket]`: what a ticket may hold.

use serde::{Deserialize, Serialize};

/// Settings of the ticket stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ticket {
    /// The types a ticket may have. Default: the original's 咨询, 求助, 举报, 投诉.
    pub types: Vec<String>,
    /// When a model is asked about the zone. Default `auto`.
    pub correction: Correction,
    /// What is answered when no node can make the ticket before the deadline. Default `none`.
    pub fallback: Fallback,
}

/// What is answered when no node can make the ticket before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// An error.
    None,
    /// A draft that rules make of the caller's own words, marked as degraded.
    Extractive,
}

/// When a second model call is made about the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// When its names may mean several places; what is sure is corrected without it.
    Auto,
    /// For every zone.
    Always,
    /// Never; the zone stays as the first call gave it.
    Never,
}

impl Default for Ticket {
    fn default() -> Self {
        Self {
            types: ["咨询", "求助", "举报", "投诉"].map(str::to_owned).to_vec(),
            correction: Correction::Auto,
            fallback: Fallback::None,
        }
    }
}
