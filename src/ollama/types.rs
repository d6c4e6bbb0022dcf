//! Ollama's bodies, as far as ticketd needs them (recorded with Ollama 0.32.15).

use std::{borrow::Cow, time::Duration};

use actix_web::web::Bytes;
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use serde_json::Value;

use crate::config::{KeepAlive, Model, Options};

/// The bytes of a request's body.
fn bytes(request: &impl Serialize) -> Bytes {
    serde_json::to_vec(request).expect("strings and numbers always serialise").into()
}

/// The body of `POST /api/generate`.
#[derive(Clone, Debug, Serialize)]
pub struct GenerateRequest<'a> {
    model: &'a str,
    system: &'a str,
    prompt: &'a str,
    format: &'a Value,
    /// Always true: only a stream shows a node that stalls or dies.
    stream: bool,
    /// Always false: a prompt that does not fit is refused, not silently cut to half.
    truncate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<bool>,
    keep_alive: &'a KeepAlive,
    options: &'a Options,
}

impl<'a> GenerateRequest<'a> {
    /// A request for an answer in the form of the JSON schema `format`.
    pub fn new(model: &'a Model, system: &'a str, prompt: &'a str, format: &'a Value) -> Self {
        Self {
            model: &model.name,
            system,
            prompt,
            format,
            stream: true,
            truncate: false,
            think: model.think.told(),
            keep_alive: &model.keep_alive,
            options: &model.options,
        }
    }

    /// The body as sent; made once for all attempts.
    pub fn to_body(&self) -> Body {
        let unthinking = || bytes(&Self { think: None, ..self.clone() });
        let unthinking = (self.think == Some(true)).then(unthinking);
        Body { bytes: bytes(self), unthinking }
    }

    /// The body of the next attempt, which is told something before the prompt.
    pub fn to_repair(&self, note: &str) -> Body {
        let prompt = format!("{note}\n\n{}", self.prompt);
        GenerateRequest { prompt: &prompt, ..self.clone() }.to_body()
    }
}

/// The body of a generate call as sent.
#[derive(Clone, Debug, Hash)]
pub struct Body {
    /// The body.
    pub(crate) bytes: Bytes,
    /// The same for a model that turns out to be unable to think.
    pub(super) unthinking: Option<Bytes>,
}

/// The body of `POST /api/generate` that only loads the model: it has no prompt.
#[derive(Clone, Debug, Serialize)]
pub struct LoadRequest<'a> {
    model: &'a str,
    keep_alive: &'a KeepAlive,
    options: &'a Options,
}

impl<'a> LoadRequest<'a> {
    /// A request that loads the model as the calls will need it.
    pub fn new(model: &'a Model) -> Self {
        Self { model: &model.name, keep_alive: &model.keep_alive, options: &model.options }
    }

    /// The body as sent.
    pub fn to_body(&self) -> Body {
        Body { bytes: bytes(self), unthinking: None }
    }
}

/// The body of `POST /api/generate` that asks for a single token, to see whether any comes.
#[derive(Clone, Debug, Serialize)]
pub struct CanaryRequest<'a> {
    model: &'a str,
    prompt: &'a str,
    stream: bool,
    think: bool,
    keep_alive: &'a KeepAlive,
    options: Options,
}

impl<'a> CanaryRequest<'a> {
    /// A request with the options of the calls; the number of tokens is none that reloads a model.
    pub fn new(model: &'a Model) -> Self {
        let options = Options { num_predict: Some(1), ..model.options.clone() };
        Self {
            model: &model.name,
            prompt: "1",
            stream: true,
            think: false,
            keep_alive: &model.keep_alive,
            options,
        }
    }

    /// The body as sent.
    pub fn to_body(&self) -> Body {
        Body { bytes: bytes(self), unthinking: None }
    }
}

/// One line of a streamed answer.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow, default)]
    pub(super) response: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) thinking: Cow<'a, str>,
    #[serde(default)]
    pub(super) done: bool,
    pub(super) error: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "count")]
    load_duration: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    prompt_eval_count: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    prompt_eval_duration: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    eval_count: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    eval_duration: Option<u64>,
}

/// A count, if the value is one: no measure spoils an answer.
fn count<'de, D: Deserializer<'de>>(value: D) -> Result<Option<u64>, D::Error> {
    Value::deserialize(value).map(|value| value.as_u64())
}

impl Line<'_> {
    /// The measures of a closing line.
    pub(super) fn stats(&self) -> Stats {
        Stats {
            load_time: self.load_duration.map(Duration::from_nanos),
            prompt_tokens: self.prompt_eval_count,
            prompt_time: self.prompt_eval_duration.map(Duration::from_nanos),
            tokens: self.eval_count,
            token_time: self.eval_duration.map(Duration::from_nanos),
        }
    }
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The answer's text.
    pub text: String,
    /// What the node measured.
    pub stats: Stats,
}

/// What the closing line of an answer tells of the work; each of it may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The time in which the model was loaded; next to nothing where it was.
    pub load_time: Option<Duration>,
    /// The tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// The time that reading the prompt took.
    pub prompt_time: Option<Duration>,
    /// The tokens of the answer.
    pub tokens: Option<u64>,
    /// The time that writing the answer took.
    pub token_time: Option<Duration>,
}

/// The answer of `GET /api/tags` and of `GET /api/ps`.
#[derive(Debug, Deserialize)]
pub(super) struct Models {
    pub(super) models: Vec<Listed>,
}

/// One model of such a list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    name: String,
    pub(super) digest: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) size_vram: Option<u64>,
}

impl Models {
    /// A model, if it is among those listed.
    pub(super) fn find(&self, model: &str) -> Option<&Listed> {
        self.models.iter().find(|listed| is_same_model(&listed.name, model))
    }
}

/// The body of `POST /api/pull`.
#[derive(Debug, Serialize)]
pub(super) struct PullRequest<'a> {
    pub(super) model: &'a str,
    pub(super) stream: bool,
}

/// One line of the answer to it.
#[derive(Debug, Deserialize)]
pub(super) struct PullLine {
    #[serde(default)]
    pub(super) status: String,
    pub(super) digest: Option<String>,
    pub(super) total: Option<u64>,
    pub(super) completed: Option<u64>,
    pub(super) error: Option<String>,
}

/// The answer of `GET /api/version`.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    #[serde(rename = "version")]
    _version: String,
}

/// Whether two names mean the same model: `:latest` may be left out, and case does not count.
pub fn is_same_model(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.strip_suffix(":latest").unwrap_or(name).to_lowercase();
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latest_may_be_left_out() {
        let table = [
            ("smol", "smol:latest", true),
            ("smol:latest", "smol", true),
            ("smol", "smol", true),
            ("deepseek-r1:14b", "deepseek-r1:14b", true),
            ("deepseek-r1:14b", "deepseek-r1", false),
            ("deepseek-r1:14b", "deepseek-r1:7b", false),
        ];
        for (a, b, same) in table {
            assert_eq!(is_same_model(a, b), same, "{a} {b}");
        }
    }

    #[test]
    fn no_measure_spoils_a_line() {
        let ms = |ms| Some(Duration::from_millis(ms));
        let none = Stats::default();
        let table = [
            (
                r#""load_duration":2000000,"prompt_eval_count":12,"prompt_eval_duration":3000000,"eval_count":0,"eval_duration":4000000"#,
                Stats {
                    load_time: ms(2),
                    prompt_tokens: Some(12),
                    prompt_time: ms(3),
                    tokens: Some(0),
                    token_time: ms(4),
                },
            ),
            (r#""eval_count":7"#, Stats { tokens: Some(7), ..none }),
            (
                r#""eval_count":-1,"eval_duration":"1s","prompt_eval_count":null,"prompt_eval_duration":7"#,
                Stats { prompt_time: Some(Duration::from_nanos(7)), ..none },
            ),
            (r#""eval_count":1.5,"eval_duration":[{}],"prompt_eval_count":true"#, none),
            (r#""eval_count":99999999999999999999999"#, none),
        ];
        for (fields, expected) in table {
            let line = format!(r#"{{"done":true,{fields}}}"#);
            let line: Line<'_> = serde_json::from_str(&line).expect("a line");
            assert_eq!(line.stats(), expected, "{fields}");
        }
    }

    #[test]
    fn a_request_streams_and_carries_the_models_settings() {
        let model = Model::default();
        let format = serde_json::json!({"type": "object"});
        let body = GenerateRequest::new(&model, "s", "p", &format).to_body();
        let body: Value = serde_json::from_slice(&body.bytes).expect("JSON");
        let expected = serde_json::json!({
            "model": "deepseek-r1:14b", "system": "s", "prompt": "p",
            "format": {"type": "object"}, "stream": true, "truncate": false, "think": false, "keep_alive": -1,
            "options": {"temperature": 0.1, "top_p": 0.9, "repeat_penalty": 1.1, "num_ctx": 8192},
        });
        assert_eq!(body, expected);
    }
}
