//! An `ollama serve` that misbehaves on demand: the edge that tests fake.
//!
//! It answers as Ollama 0.32.15 was recorded (`tests/data/wire`), drafting tickets by the demo
//! node's rules, and like a real node works on `OLLAMA_NUM_PARALLEL` calls at once. Environment:
//! `OLLAMA_HOST` (port 0 takes a free one, named in the first line on standard error),
//! `FAKE_MODEL`, and `FAKE_BEHAVIOUR`, a JSON object as `POST /fake` takes it. A prompt that holds
//! `[[fake:{…}]]` has that behaviour for its own call. `GET /fake` tells what was seen.

#![expect(clippy::wildcard_enum_match_arm, reason = "at each step most faults do nothing")]

use std::{
    net::TcpListener,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{
    App, HttpResponse, HttpServer,
    error::ErrorInternalServerError,
    rt::System,
    web::{self, Bytes, Data, Json, PayloadConfig},
};
use anyhow::Context as _;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ticketd::demo_node::{
    Generate, Refusal, pieces,
    wire::{self, NDJSON},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
    time::sleep,
};

/// How calls are answered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Behaviour {
    fault: Fault,
    /// How many calls have the fault; all, if not given.
    times: Option<u64>,
    /// The time to the first token.
    delay_ms: u64,
    /// The time between two tokens.
    token_ms: u64,
    /// The text of the answer, instead of a draft.
    answer: Option<String>,
    /// Only requests whose `format` has this property have the fault and the answer.
    only_for: Option<String>,
    /// The time that loading the model takes, and how often it fails.
    load_ms: u64,
    load_failures: u64,
    /// SIGTERM does nothing.
    ignore_sigterm: bool,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fault {
    #[default]
    None,
    /// No byte ever comes.
    StallBefore,
    /// Some tokens come, then nothing.
    StallAmid,
    /// Some tokens come, then the connection ends without the last chunk.
    Cut,
    /// The connection ends before the head.
    Close,
    /// Status 500 as after the death of a runner [134].
    Status500,
    /// Status 503 as when too many wait for a load.
    Status503,
    /// Status 429.
    Status429,
    /// Status 404 as when a blob is missing [192].
    Status404,
    /// Status 400.
    Status400,
    /// Some tokens come, then an error line [130].
    ErrorLine,
    /// All tokens come, and a clean end without the closing line [196].
    NoDone,
    /// Lines that are no JSON.
    Garbage,
    /// A whole answer that is no ticket.
    NoTicket,
    /// The answer stands behind a think block.
    Think,
    /// A think block that never ends.
    EndlessThink,
    /// The same words for ever.
    Endless,
    /// The process dies before the head.
    CrashBefore,
    /// The process dies amid the answer.
    CrashAmid,
}

/// What was seen since the start.
#[derive(Debug, Default)]
struct Fake {
    behaviour: Mutex<Behaviour>,
    bodies: Mutex<Vec<Value>>,
    loads: Mutex<Vec<Value>>,
    calls: AtomicU64,
    running: AtomicU64,
    most_at_once: AtomicU64,
    /// When callers left before their answer was whole, in milliseconds since 1970.
    left: Mutex<Vec<u64>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call that has arrived; dropping it before it is over means that the caller left.
struct Open {
    fake: Data<Fake>,
    over: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.over {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            locked(&self.fake.left).push(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        }
    }
}

/// A call that a slot works on.
struct Running(Data<Fake>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn main() -> anyhow::Result<()> {
    System::new().block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let variable = |name: &str, default: &str| std::env::var(name).unwrap_or(default.to_owned());
    let listener = TcpListener::bind(variable("OLLAMA_HOST", "127.0.0.1:11434"));
    let listener = match listener {
        Ok(listener) => listener,
        Err(error) => anyhow::bail!("listen tcp {}: bind: {error}", variable("OLLAMA_HOST", "")),
    };
    let address = listener.local_addr()?;
    let model = Data::new(variable("FAKE_MODEL", "deepseek-r1:14b"));
    let behaviour: Behaviour = serde_json::from_str(&variable("FAKE_BEHAVIOUR", "{}"))
        .context("FAKE_BEHAVIOUR is no behaviour")?;
    let fake = Data::new(Fake { behaviour: Mutex::new(behaviour), ..Fake::default() });
    let slots = variable("OLLAMA_NUM_PARALLEL", "1").parse().unwrap_or(1);
    let slots = Data::from(Arc::new(Semaphore::new(slots)));
    let state = fake.clone();
    let factory = move || {
        App::new()
            .app_data(PayloadConfig::new(16 * 1024 * 1024))
            .app_data(model.clone())
            .app_data(state.clone())
            .app_data(slots.clone())
            .service(
                web::resource("/fake").route(web::get().to(seen)).route(web::post().to(behave)),
            )
            .service(
                web::resource("/api/generate")
                    .route(web::post().to(generate))
                    .default_service(web::to(wire::post_only)),
            )
            .configure(wire::inventory)
    };
    // As Ollama: a caller who closes its side has left, and SIGTERM cuts what is open.
    let server = HttpServer::new(factory).workers(1).disable_signals().h1_allow_half_closed(false);
    let server = server.listen(listener)?.run();
    eprintln!(
        "time=2026-11-22T18:42:18.944Z level=INFO source=routes.go:2008 msg=\"Listening on {address} (version fake)\""
    );
    let mut terminate = signal(SignalKind::terminate())?;
    let ended = async {
        while terminate.recv().await.is_some() {
            if !locked(&fake.behaviour).ignore_sigterm {
                break;
            }
        }
    };
    tokio::select! {
        result = server => Ok(result?),
        () = ended => Ok(()),
    }
}

async fn behave(fake: Data<Fake>, behaviour: Json<Behaviour>) -> HttpResponse {
    *locked(&fake.behaviour) = behaviour.into_inner();
    HttpResponse::NoContent().finish()
}

async fn seen(fake: Data<Fake>) -> HttpResponse {
    let environment: std::collections::BTreeMap<_, _> = std::env::vars().collect();
    HttpResponse::Ok().json(json!({
        "calls": fake.calls.load(Ordering::SeqCst),
        "running": fake.running.load(Ordering::SeqCst),
        "most_at_once": fake.most_at_once.load(Ordering::SeqCst),
        "left": *locked(&fake.left),
        "bodies": *locked(&fake.bodies),
        "loads": *locked(&fake.loads),
        "environment": environment,
        "pid": std::process::id(),
    }))
}

/// The behaviour for one call: the prompt's own, else the one that was set.
fn behaviour_for(fake: &Fake, call: &Generate, body: &Value) -> Behaviour {
    if let Some((_, rest)) = call.prompt().split_once("[[fake:")
        && let Some((text, _)) = rest.split_once("]]")
        && let Ok(own) = serde_json::from_str(text)
    {
        return own;
    }
    let mut behaviour = locked(&fake.behaviour);
    let meant = behaviour
        .only_for
        .as_ref()
        .is_none_or(|name| body["format"]["properties"].get(name).is_some());
    if !meant || behaviour.times == Some(0) {
        let Behaviour { delay_ms, token_ms, .. } = *behaviour;
        return Behaviour { delay_ms, token_ms, ..Behaviour::default() };
    }
    behaviour.times = behaviour.times.map(|left| left - 1);
    behaviour.clone()
}

async fn generate(
    fake: Data<Fake>,
    slots: Data<Semaphore>,
    model: Data<String>,
    body: Bytes,
) -> actix_web::Result<HttpResponse> {
    let call = match Generate::read(&body, &model) {
        Ok(call) => call,
        Err(Refusal { status, message }) => return Ok(wire::error(status, &message)),
    };
    let body: Value = serde_json::from_slice(&body)?;
    if call.prompt().is_empty() {
        locked(&fake.loads).push(body);
        return Ok(load(&fake, &call.model).await);
    }
    fake.calls.fetch_add(1, Ordering::SeqCst);
    locked(&fake.bodies).push(body.clone());
    let mut open = Open { fake: fake.clone(), over: false };
    let behaviour = behaviour_for(&fake, &call, &body);
    let refused = match behaviour.fault {
        Fault::Status500 => Some((500, "llama-server process no longer running: unknown ")),
        Fault::Status503 => {
            Some((503, "server busy, please try again.  maximum pending requests exceeded"))
        }
        Fault::Status429 => Some((429, "too many requests")),
        Fault::Status404 => Some((404, "model not found, try pulling it first")),
        Fault::Status400 => Some((400, "invalid request")),
        _ => None,
    };
    if let Some((status, message)) = refused {
        open.over = true;
        return Ok(wire::error(status, message));
    }
    // The semaphore lives as long as the process.
    let slot = slots.into_inner().acquire_owned().await.map_err(ErrorInternalServerError)?;
    let now = fake.running.fetch_add(1, Ordering::SeqCst) + 1;
    fake.most_at_once.fetch_max(now, Ordering::SeqCst);
    let running = Running(fake.clone());
    sleep(Duration::from_millis(behaviour.delay_ms)).await;
    match behaviour.fault {
        Fault::StallBefore => std::future::pending().await,
        Fault::CrashBefore => std::process::abort(),
        Fault::Close => {
            open.over = true;
            let error = stream::once(async { Err::<Bytes, _>(ErrorInternalServerError("cut")) });
            return Ok(HttpResponse::Ok().content_type(NDJSON).streaming(error));
        }
        _ => {}
    }
    let text = text(&behaviour, &call);
    let tokens = pieces(&text);
    if !call.stream {
        open.over = true;
        return Ok(wire::json(&wire::whole(&call.model, &text, "stop", tokens.len())));
    }
    let plan = plan(behaviour.fault, tokens, &call.model);
    let held = (slot, running);
    let pace = Duration::from_millis(behaviour.token_ms);
    let lines = stream::unfold(
        (plan.into_iter(), open, held),
        move |(mut plan, mut open, held)| async move {
            let step = plan.next()?;
            sleep(pace).await;
            open.over = !matches!(step, Step::Line(_) | Step::Stall);
            let line = match step {
                Step::Line(line) | Step::Last(line) => Ok(line),
                Step::CleanEnd => return None,
                Step::Stall => std::future::pending().await,
                Step::Cut => Err(ErrorInternalServerError("cut")),
                Step::Crash => std::process::abort(),
            };
            Some((line, (plan, open, held)))
        },
    );
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(Box::pin(lines)))
}

/// Loads the model [021], or fails to as with a truncated blob [190].
async fn load(fake: &Fake, model: &str) -> HttpResponse {
    let (load_ms, fails) = {
        let mut behaviour = locked(&fake.behaviour);
        let fails = behaviour.load_failures > 0;
        behaviour.load_failures = behaviour.load_failures.saturating_sub(1);
        (behaviour.load_ms, fails)
    };
    sleep(Duration::from_millis(load_ms)).await;
    if fails {
        return wire::error(500, "tensor 'blk.0.attn_q.weight' data is not within the file bounds");
    }
    wire::json(&wire::loaded(model))
}

fn text(behaviour: &Behaviour, call: &Generate) -> String {
    let answer = behaviour.answer.clone().unwrap_or_else(|| call.answer());
    match behaviour.fault {
        Fault::NoTicket => "对不起，我不能完成这个任务。".to_owned(),
        Fault::Think => format!("<think>来电人很生气 {{}} 怎么办</think>\n{answer}"),
        Fault::EndlessThink | Fault::Endless => {
            let start =
                if behaviour.fault == Fault::Endless { "{\"ticket_type\":\"" } else { "<think>" };
            format!("{start}{}", "好的".repeat(100_000))
        }
        _ => answer,
    }
}

/// What a stream does next.
enum Step {
    Line(Bytes),
    Last(Bytes),
    CleanEnd,
    Stall,
    Cut,
    Crash,
}

/// The steps of a stream: all tokens and the closing line, or half of them and the fault.
fn plan(fault: Fault, tokens: Vec<String>, model: &str) -> Vec<Step> {
    let done = wire::done(model, "stop", tokens.len());
    let half = tokens.len() / 2;
    let mut steps: Vec<Step> =
        tokens.iter().map(|piece| Step::Line(wire::line(&wire::token(model, piece)))).collect();
    let end = match fault {
        Fault::StallAmid => Step::Stall,
        Fault::Cut => Step::Cut,
        Fault::CrashAmid => Step::Crash,
        Fault::Garbage => Step::Last(Bytes::from_static(b"<html>502 Bad Gateway</html>\n")),
        Fault::ErrorLine => {
            let text = "an error was encountered while running the model: unexpected EOF";
            Step::Last(wire::line(&json!({"error": text})))
        }
        Fault::NoDone => {
            steps.push(Step::CleanEnd);
            return steps;
        }
        _ => {
            steps.push(Step::Last(wire::line(&done)));
            return steps;
        }
    };
    steps.truncate(half);
    steps.push(end);
    steps
}
