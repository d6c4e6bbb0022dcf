//! `[ticket]`: what a ticket may hold.

use std::{fs::File, io::Read, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Settings of the ticket stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ticket {
    /// The types a ticket may have. Default: the original's 咨询, 求助, 举报, 投诉.
    pub types: Vec<String>,
    /// When a model is asked about the zone. Default `auto`.
    pub correction: Correction,
    /// What becomes of a ticket that says what nobody said, after one repair. Default `mark`.
    pub ungrounded: Ungrounded,
    /// What is answered when no node can make the ticket before the deadline. Default `none`.
    pub fallback: Fallback,
    /// The instructions to the model, instead of those of the program. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_file: Option<PathBuf>,
}

/// What stands for the configured types in a file of instructions.
pub const TYPES: &str = "{types}";

/// The most bytes of a file of instructions; each call carries them.
const MOST_PROMPT_BYTES: usize = 32 * 1024;

/// Why a file of instructions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadPrompt {
    /// The file cannot be read.
    #[error("{0:?} cannot be read ({1}); check the path and the permissions")]
    Unreadable(PathBuf, std::io::Error),
    /// A pipe, a device, a folder: it may never end.
    #[error("{0:?} is no regular file")]
    NoFile(PathBuf),
    /// The file is too long.
    #[error("{0:?} has more than {MOST_PROMPT_BYTES} bytes; shorten it, each call carries it")]
    TooLong(PathBuf),
    /// The file names no types.
    #[error("{0:?} holds no {TYPES}; write it where the ticket types shall stand")]
    NoTypes(PathBuf),
}

impl Ticket {
    /// The instructions of the file, if there is one.
    pub fn prompt(&self) -> Result<Option<String>, BadPrompt> {
        let Some(file) = &self.prompt_file else { return Ok(None) };
        let unreadable = |error| BadPrompt::Unreadable(file.clone(), error);
        if file.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(BadPrompt::NoFile(file.clone()));
        }
        let mut text = String::new();
        let opened = File::open(file).map_err(unreadable)?;
        opened.take(MOST_PROMPT_BYTES as u64 + 4).read_to_string(&mut text).map_err(unreadable)?;
        match text {
            text if text.len() > MOST_PROMPT_BYTES => Err(BadPrompt::TooLong(file.clone())),
            text if !text.contains(TYPES) => Err(BadPrompt::NoTypes(file.clone())),
            text => Ok(Some(text)),
        }
    }
}

/// What becomes of a ticket that says what nobody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ungrounded {
    /// It is answered with a list of that.
    Mark,
    /// It is an error.
    Reject,
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
            ungrounded: Ungrounded::Mark,
            fallback: Fallback::None,
            prompt_file: None,
        }
    }
}
