//! An `ollama serve` that misbehaves on demand: the edge that tests fake.
//!
//! It answers as Ollama 0.32.15 was recorded (`tests/data/wire`), drafting tickets by the demo
//! node's rules, and like a real node works on `OLLAMA_NUM_PARALLEL` calls at once. Environment:
//! `OLLAMA_HOST` (port 0 takes a free one, named in the first line on standard error),
//! `FAKE_MODEL`, `FAKE_DIGEST`, and `FAKE_BEHAVIOUR`, a JSON object as `POST /fake` takes it. With
//! `FAKE_MODELS_ON_DISK=1` the model is there only once it is in `OLLAMA_MODELS`. A call that
//! holds `[[fake:{…}]]` has that behaviour for its own call. `GET /fake` tells what was seen.

#![expect(clippy::wildcard_enum_match_arm, reason = "at each step most faults do nothing")]

mod behaviour;
mod fake;
mod generate;
mod memory;
mod plan;
mod pull;
mod store;

use std::{env::var, net::TcpListener, process::ExitCode, sync::Arc};

use actix_web::{
    App, HttpServer,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::{Next, from_fn},
    rt::System,
    web::{self, Data, JsonConfig, PayloadConfig},
};
use anyhow::{Context as _, bail};
use rustix::process::{WaitOptions, waitpid};
use ticketd::demo_node::wire;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
};

use crate::{
    behaviour::Behaviour,
    fake::{Fake, LOG_START},
    memory::RUNNER,
    store::Store,
};

/// What `--help` prints, before the behaviours.
const HELP: &str = "\
A fake `ollama serve`, for tests: fake_ollama [serve]

  OLLAMA_HOST=127.0.0.1:0   where it listens; port 0: a free one, named in the first line on stderr
  FAKE_MODEL, FAKE_DIGEST   the model that it has
  FAKE_BEHAVIOUR={...}      how it behaves; POST /fake takes the same while it runs, GET /fake tells what was seen

  FAKE_BEHAVIOUR='{\"fault\": \"stall_amid\", \"token_ms\": 20}' OLLAMA_HOST=127.0.0.1:11440 fake_ollama

What it can do:
";

fn main() -> anyhow::Result<ExitCode> {
    System::new().block_on(async {
        match std::env::args().nth(1).as_deref() {
            Some(RUNNER) => std::future::pending().await,
            None | Some("serve") => run().await,
            Some("--help") => {
                println!("{HELP}\n{}", include_str!("behaviour.rs"));
                Ok(ExitCode::SUCCESS)
            }
            Some(_) => bail!("unknown argument: try --help"),
        }
    })
}

async fn run() -> anyhow::Result<ExitCode> {
    let variable = |name: &str, default: &str| var(name).unwrap_or(default.to_owned());
    let behaviour: Behaviour = serde_json::from_str(&variable("FAKE_BEHAVIOUR", "{}"))
        .context("FAKE_BEHAVIOUR is no behaviour")?;
    if let Some(code) = behaviour.exit_code_at_start {
        let folder = variable("OLLAMA_MODELS", "/models");
        eprintln!("Error: mkdir {folder}: permission denied: ensure path elements are traversable");
        return Ok(code.into());
    }
    let listener = TcpListener::bind(variable("OLLAMA_HOST", "127.0.0.1:11434"));
    let listener = match listener {
        Ok(listener) => listener,
        Err(error) => anyhow::bail!("listen tcp {}: bind: {error}", variable("OLLAMA_HOST", "")),
    };
    let address = listener.local_addr()?;
    let fake = Data::new(Fake::new(behaviour, Store::from_env()?));
    let slots = variable("OLLAMA_NUM_PARALLEL", "1").parse().unwrap_or(1);
    let slots = Data::from(Arc::new(Semaphore::new(slots)));
    let state = fake.clone();
    let factory = move || {
        let post = |path: &str| web::resource(path).default_service(web::to(wire::post_only));
        App::new()
            .wrap(from_fn(hear_probes))
            .app_data(PayloadConfig::new(16 * 1024 * 1024))
            .app_data(state.clone())
            .app_data(slots.clone())
            .service(
                web::resource("/fake")
                    .app_data(
                        JsonConfig::default().content_type_required(false).content_type(|_| true),
                    )
                    .route(web::get().to(fake::seen))
                    .route(web::post().to(fake::behave)),
            )
            .service(post("/api/generate").route(web::post().to(generate::generate)))
            .service(post("/api/pull").route(web::post().to(pull::pull)))
            .service(wire::read("/api/tags", fake::tags))
            .service(wire::read("/api/ps", fake::ps))
            .configure(wire::basics)
    };
    // As Ollama: a caller who closes its side has left, and SIGTERM cuts what is open.
    let server = HttpServer::new(factory).workers(1).disable_signals().h1_allow_half_closed(false);
    let server = server.listen(listener)?.run();
    eprintln!("{LOG_START} msg=\"Listening on {address} (version fake)\"");
    fake::act(&fake);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let ended = async {
        while terminate.recv().await.is_some() {
            if !fake.behaviour.borrow().ignore_sigterm {
                break;
            }
        }
    };
    tokio::select! {
        result = server => result?,
        () = ended => {}
        _ = interrupt.recv() => {}
    }
    // As Ollama: its runner ends first.
    if let Some(runner) = fake.memory.unload() {
        // The runner's own task may have waited for it.
        let _ = waitpid(Some(runner), WaitOptions::empty());
    }
    Ok(ExitCode::SUCCESS)
}

/// Lets a GET of `/api` wait while probes are not to be heard.
async fn hear_probes(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let asks = [Method::GET, Method::HEAD].contains(request.method());
    if asks
        && request.path().starts_with("/api/")
        && let Some(fake) = request.app_data::<Data<Fake>>()
    {
        fake.until(|behaviour| !behaviour.silent_probes).await;
    }
    next.call(request).await
}
