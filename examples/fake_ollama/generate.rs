//! `POST /api/generate`: a call with its fault, or a load.

use std::{
    iter,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    error::ErrorInternalServerError,
    web::{Bytes, Data},
};
use futures_util::stream;
use serde_json::{Value, json};
use ticketd::{
    demo_node::{
        Generate, Refusal, pieces,
        wire::{self, Measures},
    },
    ollama::NDJSON,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep},
};

use crate::{
    behaviour::{Behaviour, Fault},
    fake::{Counted, Fake, Open, locked},
    memory::{self, BROKEN, GONE},
    plan::{Step, endless, plan},
};

/// The behaviour for one call: the prompt's own, else the one that was set.
fn behaviour_for(fake: &Fake, call: &Generate, body: &Value) -> Behaviour {
    // Callers' brackets come as those of a book.
    if let Some((_, rest)) = call.prompt().split_once("〔〔fake:")
        && let Some((text, _)) = rest.split_once("〕〕")
        && let Ok(own) = serde_json::from_str(text)
    {
        return own;
    }
    let set = fake.behaviour.borrow().clone();
    let meant =
        set.only_for.as_ref().is_none_or(|name| body["format"]["properties"].get(name).is_some());
    let Behaviour { fault, delay_ms, prompt_us_per_char, token_ms, lean, .. } = set;
    let plain = Behaviour { delay_ms, prompt_us_per_char, token_ms, lean, ..Behaviour::default() };
    if !meant || set.times == Some(0) {
        return plain;
    }
    if is_canary(body) {
        // It takes no turn of the calls that the fault is meant for.
        let stalls = matches!(fault, Fault::StallBefore | Fault::StallAmid) && !set.spare_canaries;
        return if stalls { Behaviour { fault, ..plain } } else { plain };
    }
    fake.behaviour.send_modify(|set| set.times = set.times.map(|left| left.saturating_sub(1)));
    set
}

/// Whether a call asks for one token, to see whether any comes.
fn is_canary(body: &Value) -> bool {
    body["options"]["num_predict"] == 1
}

/// What a runner says of a prompt that does not fit, as Ollama passes it on [101].
fn too_long(tokens: usize, context: &Value) -> String {
    let message = format!(
        "request ({tokens} tokens) exceeds the available context size ({context} tokens), try increasing it"
    );
    let kind = "exceed_context_size_error";
    json!({"error": {
        "code": 400, "message": message, "type": kind, "n_prompt_tokens": tokens, "n_ctx": context,
    }})
    .to_string()
}

/// Lets a time pass. A timer takes up to a millisecond for none, too.
async fn pass(time: Duration, lean: bool) {
    if !(lean && time.is_zero()) {
        sleep(time).await;
    }
}

/// The end of a connection before the head.
pub(crate) fn cut() -> HttpResponse {
    let error = stream::once(async { Err::<Bytes, _>(ErrorInternalServerError("cut")) });
    HttpResponse::Ok().content_type(NDJSON).streaming(error)
}

pub(crate) async fn generate(
    request: HttpRequest,
    fake: Data<Fake>,
    slots: Data<Semaphore>,
    body: Bytes,
) -> actix_web::Result<HttpResponse> {
    let thinks = fake.behaviour.borrow().thinks;
    let call = match Generate::read(&body, &fake.store.model, thinks) {
        Ok(call) => call,
        Err(Refusal { status, message }) => return Ok(wire::error(status, &message)),
    };
    if !fake.store.has_model() {
        return Ok(wire::error(404, &format!("model '{}' not found", call.model)));
    }
    let body: Value = serde_json::from_slice(&body)?;
    if call.prompt().is_empty() {
        locked(&fake.loads).push(body);
        fake.until(|behaviour| !behaviour.silent_generate).await;
        return Ok(memory::preload(&fake, &call.model).await);
    }
    let (tokens, context) = (wire::prompt_tokens(call.prompt_chars()), &body["options"]["num_ctx"]);
    if context.as_u64().is_some_and(|context| tokens as u64 > context) && body["truncate"] == false
    {
        return Ok(wire::error(400, &too_long(tokens, context)));
    }
    let mut open = None;
    if is_canary(&body) {
        fake.canaries.fetch_add(1, Ordering::SeqCst);
    } else {
        fake.calls.fetch_add(1, Ordering::SeqCst);
        if !fake.behaviour.borrow().lean {
            locked(&fake.bodies).push(body.clone());
            locked(&fake.peers).extend(request.peer_addr());
        }
        open = Some(Open { fake: fake.clone(), over: false });
    }
    let result = answer(&fake, slots.into_inner(), &call, &body, &mut open).await;
    // Whoever has a whole answer has not left.
    if let Some(open) = &mut open {
        open.over = true;
    }
    result
}

/// Answers a call. The stream, which may be left, takes what is `open` along.
async fn answer(
    fake: &Data<Fake>,
    slots: Arc<Semaphore>,
    call: &Generate,
    body: &Value,
    open: &mut Option<Open>,
) -> actix_web::Result<HttpResponse> {
    fake.until(|behaviour| !behaviour.silent_generate).await;
    let behaviour = behaviour_for(fake, call, body);
    let refused = match behaviour.fault {
        Fault::Status500 => Some((500, GONE)),
        Fault::Status503 => {
            Some((503, "server busy, please try again.  maximum pending requests exceeded"))
        }
        Fault::Status429 => Some((429, "too many requests")),
        Fault::Status404 => Some((404, "model not found, try pulling it first")),
        Fault::Status400 => Some((400, "invalid request")),
        _ => None,
    };
    if let Some((status, message)) = refused {
        return Ok(wire::error(status, message));
    }
    if let Err(error) = memory::ensure(fake).await {
        return Ok(error);
    }
    let mut deaths = fake.memory.deaths();
    let waiting = Counted::new(fake, |fake| &fake.waiting);
    let slot = tokio::select! {
        biased;
        _ = deaths.changed() => {
            fake.memory.told();
            return Ok(wire::error(500, GONE));
        }
        // The semaphore lives as long as the process.
        slot = slots.acquire_owned() => slot.map_err(ErrorInternalServerError)?,
    };
    drop(waiting);
    let running = Counted::new(fake, |fake| &fake.running);
    fake.most_at_once.fetch_max(fake.running.load(Ordering::SeqCst), Ordering::SeqCst);
    let (started, prompt_chars) = (Instant::now(), call.prompt_chars());
    let first_token = async {
        let chars = u64::try_from(prompt_chars).unwrap_or(u64::MAX);
        let prompt = Duration::from_micros(behaviour.prompt_us_per_char.saturating_mul(chars));
        let delay = Duration::from_millis(behaviour.delay_ms).saturating_add(prompt);
        pass(delay, behaviour.lean).await;
        if behaviour.fault == Fault::StallBefore {
            std::future::pending().await
        }
    };
    tokio::select! {
        biased;
        _ = deaths.changed() => return Ok(wire::error(500, BROKEN)),
        () = first_token => {}
    }
    match behaviour.fault {
        Fault::CrashBefore => std::process::abort(),
        Fault::Close => return Ok(cut()),
        _ => {}
    }
    let pace = Duration::from_millis(behaviour.token_ms);
    let now = Instant::now();
    let prompt_time = now - started;
    let plan: Box<dyn Iterator<Item = Step>> = if let Some(pieces) = endless(behaviour.fault) {
        if !call.stream {
            return std::future::pending().await;
        }
        Box::new(pieces.map(Step::Token))
    } else {
        let mut tokens = pieces(&text(&behaviour, call));
        let mut reason = "stop";
        if is_canary(body) {
            tokens.truncate(1);
            reason = "length";
        }
        if !call.stream {
            let (text, tokens) = (tokens.concat(), tokens.len());
            let token_time = pace.saturating_mul(u32::try_from(tokens).unwrap_or(u32::MAX));
            let measures = Measures { prompt_chars, prompt_time, tokens, token_time };
            let mut whole = wire::whole(&call.model, &text, reason, &measures);
            if call.thinking {
                whole["thinking"] = std::mem::replace(&mut whole["response"], json!(""));
            }
            return Ok(wire::json(&whole));
        }
        Box::new(plan(behaviour.fault, tokens, reason).into_iter())
    };
    let answering = Answering {
        plan,
        pace,
        lean: behaviour.lean,
        model: call.model.clone(),
        thinking: call.thinking,
        began: now,
        prompt_chars,
        prompt_time,
        tokens: 0,
        deaths,
        open: open.take(),
        _slot: slot,
        _running: running,
    };
    let lines = stream::unfold(answering, Answering::next);
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(Box::pin(lines)))
}

/// A streamed answer, which holds its slot.
struct Answering {
    plan: Box<dyn Iterator<Item = Step>>,
    pace: Duration,
    lean: bool,
    model: String,
    /// Whether all of it comes as thinking.
    thinking: bool,
    /// When the first token was ready.
    began: Instant,
    prompt_chars: usize,
    prompt_time: Duration,
    /// How many tokens were sent.
    tokens: usize,
    deaths: watch::Receiver<u64>,
    open: Option<Open>,
    _slot: OwnedSemaphorePermit,
    _running: Counted,
}

impl Answering {
    async fn next(mut self) -> Option<(actix_web::Result<Bytes>, Self)> {
        let step = self.plan.next()?;
        let wait = async {
            pass(self.pace, self.lean).await;
            if matches!(step, Step::Stall) {
                std::future::pending().await
            }
        };
        let died = tokio::select! {
            biased;
            _ = self.deaths.changed() => true,
            () = wait => false,
        };
        if died {
            self.plan = Box::new(iter::empty());
        }
        let step = if died { Step::Last(error_line()) } else { step };
        if let Some(open) = &mut self.open {
            open.over = !matches!(step, Step::Token(_));
            open.fake.tokens.fetch_add(u64::from(!open.over), Ordering::SeqCst);
        }
        let line = match step {
            Step::Token(piece) => {
                self.tokens += 1;
                Ok(wire::line(&wire::token(&self.model, &piece, self.thinking)))
            }
            Step::Done(reason) => {
                Ok(wire::line(&wire::done(&self.model, reason, &self.measures())))
            }
            Step::Last(line) => Ok(line),
            Step::CleanEnd | Step::Stall => return None,
            Step::Cut => Err(ErrorInternalServerError("cut")),
            Step::Crash => std::process::abort(),
        };
        Some((line, self))
    }

    fn measures(&self) -> Measures {
        let Self { prompt_chars, prompt_time, tokens, .. } = *self;
        Measures { prompt_chars, prompt_time, tokens, token_time: self.began.elapsed() }
    }
}

/// The line that ends a stream whose runner died [130].
pub(crate) fn error_line() -> Bytes {
    wire::line(&json!({"error": BROKEN}))
}

fn text(behaviour: &Behaviour, call: &Generate) -> String {
    let answer = behaviour.answer.clone().unwrap_or_else(|| call.answer());
    match behaviour.fault {
        Fault::NoTicket => "对不起，我不能完成这个任务。".to_owned(),
        Fault::Think => format!("<think>来电人很生气 {{}} 怎么办</think>\n{answer}"),
        _ => answer,
    }
}
