//! `[model]`: which model the nodes serve, and with which options.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration;

/// Settings of the model. Sent with every call, because Ollama reloads a model whose options change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// The model's name in Ollama, with or without `:latest`. Default `deepseek-r1:14b`.
    pub name: String,
    /// Whether a managed node that lacks the model pulls it. Default `missing`.
    pub pull: Pull,
    /// How long a pull may go on without progress before it is begun again where it stopped.
    #[serde(with = "duration")]
    pub pull_idle_timeout: Duration,
    /// How long Ollama keeps the model loaded: seconds or "5m"; -1, the default, means for ever.
    pub keep_alive: KeepAlive,
    /// Whether a thinking model is told to think first. Default false: thinking is most of a call's time.
    pub think: Think,
    /// Sampling and context options.
    pub options: Options,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            name: "deepseek-r1:14b".to_owned(),
            pull: Pull::Missing,
            pull_idle_timeout: Duration::from_secs(300),
            keep_alive: KeepAlive::Seconds(-1),
            think: Think::default(),
            options: Options::default(),
        }
    }
}

/// When the model is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pull {
    /// When the managed nodes do not have it.
    Missing,
    /// Never; an operator does it.
    Never,
}

/// What a model is told of thinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected true, false or \"auto\"")]
pub enum Think {
    /// To think, or not to.
    Told(bool),
    /// Nothing; Ollama then takes thinking as wanted where the model can think.
    Auto(Auto),
}

/// The word `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auto {
    /// It.
    Auto,
}

impl Default for Think {
    fn default() -> Self {
        Self::Told(false)
    }
}

impl Think {
    /// The value of Ollama's `think`; none is not sent.
    pub fn told(self) -> Option<bool> {
        match self {
            Self::Told(think) => Some(think),
            Self::Auto(Auto::Auto) => None,
        }
    }
}

/// Ollama's `keep_alive`: whole seconds, or a Go duration string.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected seconds such as -1 or 300, or a string such as \"5m\"")]
pub enum KeepAlive {
    /// Seconds; negative means for ever.
    Seconds(i64),
    /// A Go duration such as "5m".
    Text(String),
}

impl KeepAlive {
    /// Whether the model stays loaded until the node ends.
    pub fn is_for_ever(&self) -> bool {
        match self {
            Self::Seconds(seconds) => *seconds < 0,
            Self::Text(text) => text.starts_with('-'),
        }
    }
}

/// Ollama's model options. Unknown ones are refused here, since Ollama ignores them silently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Sampling temperature. Default 0.1, the original's.
    pub temperature: f64,
    /// Nucleus sampling. Default 0.9, the original's.
    pub top_p: f64,
    /// Penalty on repeated tokens. Default 1.1, the original's.
    pub repeat_penalty: f64,
    /// The context window in tokens, prompt and answer together. Default 8192.
    pub num_ctx: u32,
    /// The most tokens of one answer. Default: none of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_predict: Option<i64>,
    /// The sampling seed. Default: random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// The number of candidate tokens. Default: Ollama's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Layers to put on the GPU. Default: Ollama decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_gpu: Option<i64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            temperature: 0.1,
            top_p: 0.9,
            repeat_penalty: 1.1,
            num_ctx: 8192,
            num_predict: None,
            seed: None,
            top_k: None,
            num_gpu: None,
        }
    }
}
