//! The server's side of Ollama's protocol: bodies in the form recorded with Ollama 0.32.15.

use std::time::Duration;

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    http::{
        StatusCode,
        header::{self, ContentType},
    },
    web::{self, Bytes, Data, ServiceConfig},
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The Content-Type of every other answer.
const JSON: &str = "application/json; charset=utf-8";

/// The routes that say what is there: those of `basics`, `/api/tags` and `/api/ps`. They need the
/// model's name as `Data<String>`.
pub fn inventory(config: &mut ServiceConfig) {
    config
        .service(read("/api/tags", |model: Data<String>| async move { json(&tags(&model)) }))
        .service(read("/api/ps", |model: Data<String>| async move { json(&ps(&model)) }))
        .configure(basics);
}

/// `/`, `/api/version`, and Ollama's answers to unknown paths.
pub fn basics(config: &mut ServiceConfig) {
    let root = || async {
        HttpResponse::Ok().content_type(ContentType::plaintext()).body("Ollama is running")
    };
    config
        .service(read("/", root))
        .service(read("/api/version", || async { json(&version()) }))
        .default_service(web::to(not_found));
}

/// A path that can only be read.
pub fn read<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path).route(web::get().to(handler.clone()));
    resource.route(web::head().to(handler)).default_service(web::to(read_only))
}

async fn read_only() -> HttpResponse {
    wrong_method("HEAD, GET")
}

/// The answer to every method but POST.
pub async fn post_only() -> HttpResponse {
    wrong_method("POST")
}

fn wrong_method(allow: &'static str) -> HttpResponse {
    let mut response = HttpResponse::MethodNotAllowed();
    response.insert_header((header::ALLOW, allow)).content_type("text/plain");
    response.body("405 method not allowed")
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain").body("404 page not found")
}

/// An answer of one JSON value.
pub fn json(body: &Value) -> HttpResponse {
    HttpResponse::Ok().content_type(JSON).body(body.to_string())
}

/// An error answer.
pub fn error(status: u16, message: &str) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).content_type(JSON).body(json!({"error": message}).to_string())
}

fn version() -> Value {
    json!({"version": concat!(env!("CARGO_PKG_VERSION"), "-ticketd-demo")})
}

/// A model's full name.
fn full(model: &str) -> String {
    if model.contains(':') { model.to_owned() } else { format!("{model}:latest") }
}

/// What lists and loaded models have in common. There are no weights, so sizes are 0.
fn entry(model: &str) -> Value {
    json!({
        "name": full(model),
        "model": full(model),
        "size": 0,
        "digest": "0".repeat(64),
        "details": {
            "parent_model": "", "format": "rules", "family": "extractive",
            "families": ["extractive"], "parameter_size": "0", "quantization_level": "",
        },
    })
}

/// The list of models on disk, which holds one.
pub fn tags(model: &str) -> Value {
    let mut entry = entry(model);
    entry["modified_at"] = json!(Timestamp::UNIX_EPOCH.to_string());
    entry["details"]["context_length"] = json!(8192);
    entry["details"]["embedding_length"] = json!(0);
    entry["capabilities"] = json!(["completion"]);
    json!({"models": [entry]})
}

/// The list of loaded models, which holds one.
pub fn ps(model: &str) -> Value {
    let mut entry = entry(model);
    entry["expires_at"] = json!("2319-03-04T18:30:22Z");
    entry["size_vram"] = json!(0);
    entry["context_length"] = json!(8192);
    json!({"models": [entry]})
}

/// One token of a stream, perhaps of thinking.
pub fn token(model: &str, piece: &str, thinking: bool) -> Value {
    let created_at = Timestamp::now().to_string();
    let mut token =
        json!({"model": model, "created_at": created_at, "response": piece, "done": false});
    if thinking {
        token["response"] = json!("");
        token["thinking"] = json!(piece);
    }
    token
}

/// What the closing line of an answer measures.
#[derive(Clone, Copy, Debug)]
pub struct Measures {
    /// The characters of the prompt, from which its tokens are reckoned.
    pub prompt_chars: usize,
    /// The time that reading the prompt took.
    pub prompt_time: Duration,
    /// The tokens of the answer.
    pub tokens: usize,
    /// The time that writing the answer took.
    pub token_time: Duration,
}

/// The tokens of a prompt of so many characters: Chinese text has some 7 for 10, the template adds a few.
pub fn prompt_tokens(chars: usize) -> usize {
    chars * 7 / 10 + 4
}

/// The closing line of a stream.
pub fn done(model: &str, reason: &str, measures: &Measures) -> Value {
    whole(model, "", reason, measures)
}

/// The answer to a request without `stream`.
pub fn whole(model: &str, answer: &str, reason: &str, measures: &Measures) -> Value {
    const LOAD: Duration = Duration::from_nanos(813_209);
    let Measures { prompt_chars, prompt_time, tokens, token_time } = *measures;
    let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "model": model, "created_at": Timestamp::now().to_string(), "response": answer,
        "done": true, "done_reason": reason, "context": [1, 2, 3],
        "total_duration": ns(LOAD + prompt_time + token_time), "load_duration": ns(LOAD),
        "prompt_eval_count": prompt_tokens(prompt_chars), "prompt_eval_duration": ns(prompt_time),
        "eval_count": tokens, "eval_duration": ns(token_time),
    })
}

/// The answer to a request without a prompt, which loads the model.
pub fn loaded(model: &str) -> Value {
    let created_at = Timestamp::now().to_string();
    json!({"model": model, "created_at": created_at, "response": "", "done": true, "done_reason": "load"})
}

/// A line of a stream.
pub fn line(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}
