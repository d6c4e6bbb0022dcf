//! The embedded node: Ollama's protocol over the extractive draft. It is no language model.
//!
//! `ticketd demo` runs it as a managed node, so that the whole service can be tried without Ollama.

pub mod wire;

use std::{net::SocketAddr, sync::LazyLock, time::Duration};

use actix_web::{
    App, HttpResponse, HttpServer,
    web::{self, Bytes, Data},
};
use anyhow::Context as _;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use self::wire::Measures;
use crate::{
    ollama::{NDJSON, is_same_model},
    place::{Corrector, Gazetteer},
    ticket::{Transcript, Turn, extractive},
};

/// The time between two pieces of a streamed answer.
const PIECE_INTERVAL: Duration = Duration::from_millis(2);

/// The characters of one piece.
const PIECE_CHARS: usize = 4;

/// The largest request body. A 30-minute call has some 50 kB.
const MOST_BODY_BYTES: usize = 16 * 1024 * 1024;

/// What hears the names of places; of no city in particular.
static CORRECTOR: LazyLock<Corrector> = LazyLock::new(|| Corrector::new(Gazetteer::embedded()));

/// Serves one demo node on `listen` until SIGTERM.
pub async fn run(listen: SocketAddr, model: String) -> anyhow::Result<()> {
    let factory = move || {
        App::new()
            .app_data(Data::new(model.clone()))
            .app_data(web::PayloadConfig::new(MOST_BODY_BYTES))
            .configure(wire::inventory)
            .service(
                web::resource("/api/generate")
                    .route(web::post().to(generate))
                    .default_service(web::to(wire::post_only)),
            )
    };
    let server = HttpServer::new(factory).workers(1).shutdown_timeout(1);
    server.bind(listen).with_context(|| format!("cannot listen on {listen}"))?.run().await?;
    Ok(())
}

/// The error that Ollama gives to a request.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The text of the error.
    pub message: String,
}

/// A generate request as Ollama reads it.
#[derive(Debug)]
pub struct Generate {
    /// The model's name as given.
    pub model: String,
    /// Whether the answer is streamed, which is the default.
    pub stream: bool,
    /// Whether the model thinks, and an answer with a `format` therefore comes as its thinking.
    pub thinking: bool,
    body: Value,
}

impl Generate {
    /// Reads a body; `served` is the model that is there, and `can_think` says what it is.
    pub fn read(body: &[u8], served: &str, can_think: bool) -> Result<Self, Refusal> {
        let refused = |status, message: &str| Refusal { status, message: message.to_owned() };
        if body.is_empty() {
            return Err(refused(400, "missing request body"));
        }
        let body: Value =
            serde_json::from_slice(body).map_err(|_| refused(400, "unexpected EOF"))?;
        let model = body["model"].as_str().unwrap_or_default().to_owned();
        if !is_same_model(&model, served) {
            return Err(refused(404, &format!("model '{model}' not found")));
        }
        if body["think"] == Value::Bool(true) && !can_think {
            return Err(refused(400, &format!("\"{model}\" does not support thinking")));
        }
        let stream = body["stream"].as_bool().unwrap_or(true);
        let thinking = can_think && body["think"] != Value::Bool(false);
        Ok(Self { model, stream, thinking, body })
    }

    /// The prompt; empty when the request only loads the model.
    pub fn prompt(&self) -> &str {
        self.body["prompt"].as_str().unwrap_or_default()
    }

    /// The characters that a model would read: those of the instructions and of the prompt.
    pub fn prompt_chars(&self) -> usize {
        let system = self.body["system"].as_str().unwrap_or_default();
        system.chars().count() + self.prompt().chars().count()
    }

    /// The answer of the extractive draft in the form that `format` asks for.
    pub fn answer(&self) -> String {
        let format = &self.body["format"];
        let properties = &format["properties"];
        if properties["choice"].is_object() {
            // Rules cannot tell which place was meant.
            return serde_json::json!({"choice": 0}).to_string();
        }
        let call = Transcript::from_prompt(self.prompt());
        if properties["turns"].is_object() {
            let turn = |turn: &Turn| serde_json::json!({"speaker": turn.speaker.name(), "words": turn.words});
            let turns: Vec<_> = extractive::gist(&call).turns.iter().map(turn).collect();
            return serde_json::json!({"turns": turns}).to_string();
        }
        let listed = properties["ticket_type"]["enum"].as_array();
        let listed = listed.map(|types| types.iter().filter_map(Value::as_str).map(str::to_owned));
        let types =
            listed.map_or_else(|| crate::config::Ticket::default().types, Iterator::collect);
        let draft = extractive::draft(&call, &types, &CORRECTOR.finder(""));
        if format.is_null() {
            return draft.ticket_content;
        }
        serde_json::to_string(&draft).expect("strings always serialise")
    }
}

async fn generate(model: Data<String>, body: Bytes) -> HttpResponse {
    let call = match Generate::read(&body, &model, false) {
        Ok(call) => call,
        Err(Refusal { status, message }) => return wire::error(status, &message),
    };
    if call.prompt().is_empty() {
        return wire::json(&wire::loaded(&call.model));
    }
    let began = Instant::now();
    let answer = call.answer();
    let prompt_time = began.elapsed();
    let pieces = pieces(&answer);
    let tokens = pieces.len();
    let token_time = PIECE_INTERVAL.saturating_mul(u32::try_from(tokens).unwrap_or(u32::MAX));
    let measures = Measures { prompt_chars: call.prompt_chars(), prompt_time, tokens, token_time };
    if !call.stream {
        sleep(token_time).await;
        return wire::json(&wire::whole(&call.model, &answer, "stop", &measures));
    }
    let done = wire::done(&call.model, "stop", &measures);
    let lines =
        pieces.into_iter().map(move |piece| wire::token(&call.model, &piece, false)).chain([done]);
    let lines = stream::iter(lines).then(|line| async move {
        sleep(PIECE_INTERVAL).await;
        Ok::<_, actix_web::Error>(wire::line(&line))
    });
    HttpResponse::Ok().content_type(NDJSON).streaming(Box::pin(lines))
}

/// An answer cut into the pieces that are streamed.
pub fn pieces(answer: &str) -> Vec<String> {
    let characters: Vec<char> = answer.chars().collect();
    characters.chunks(PIECE_CHARS).map(|piece| piece.iter().collect()).collect()
}
