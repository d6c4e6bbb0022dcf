//! `POST /summarize`: a transcript in, a ticket out.
//!
//! Callers who send the same bytes at once share one ticket. Each keeps its own deadline. One who
//! accepts events is told meanwhile how its ticket comes along.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{ContentType, HeaderValue},
    web::{Bytes, Data, Payload},
};
use serde::Serialize;
use tokio::{
    select,
    time::{Instant, timeout_at},
};
use tracing::{debug, warn};
use utoipa::ToSchema;

use super::{
    Service,
    access::RequestId,
    auth::Caller,
    body::{self, Body},
    connection, docs,
    error::ApiError,
    events,
    flight::{self, Flights, Landed},
    idempotency::{self, Found, Held, Limits, REPLAYED, Reused},
    sse,
    urgency::Urgency,
};
use crate::{
    balancer::queue::Priority,
    config,
    dispatch::{Attempted, Dispatch, Failed, Trace},
    metrics::{self, Loss, Making},
    reload::Live,
    ticket::{Summary, Tickets, Transcript},
};

/// How much later than its deadline a flight may end; dispatch needs less.
const LATE: Duration = Duration::from_secs(5);

/// So much more time than a flight had is worth another one: the least that a caller may ask for.
/// Callers who came one after the other would begin a hopeless one each, otherwise.
const WORTHWHILE: Duration = Duration::from_secs(1);

/// The tickets that are being made.
pub(super) type BeingMade = Flights<Wanted, Result<Answer, Failed>>;

/// What makes two calls one: the bytes, and all that a ticket of them depends on.
#[derive(Clone)]
pub(super) struct Wanted {
    /// Made once, because a body may be long and the map is shared by all.
    hash: u64,
    body: Bytes,
    priority: Priority,
    /// The very configuration, not one that says the same.
    live: Arc<Live>,
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        let Self { hash, body, priority, live } = self;
        *hash == other.hash
            && Arc::ptr_eq(live, &other.live)
            && *priority == other.priority
            && *body == other.body
    }
}

impl Eq for Wanted {}

impl Hash for Wanted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl Wanted {
    fn new(body: Bytes, priority: Priority, live: &Arc<Live>) -> Self {
        let mut hasher = DefaultHasher::new();
        (&body, priority, Arc::as_ptr(live)).hash(&mut hasher);
        Self { hash: hasher.finish(), body, priority, live: Arc::clone(live) }
    }
}

/// Make a ticket of a call
///
/// The body is the transcript; several sessions make one ticket, and turns with neither key are left out.
/// Any Content-Type will do. A ticket takes seconds to minutes, and a caller who closes the connection
/// has left: its call ends at once.
///
/// With `Accept: text/event-stream` the answer is a stream of server-sent events, each with JSON as its
/// data: `stage` (`StageEvent`) when a model call or its next attempt begins, `queued` (`QueuedEvent`) while
/// it waits, `started` (`StartedEvent`) when a node has it, `token` (`TokenEvent`) while the node generates,
/// and at the end `done` (`MadeTicket`) or `failed` (`FailedEvent`). A stream without either was cut off.
/// After 15 s without an event comes a comment. What is wrong before the body is understood is answered
/// as an ordinary error.
#[utoipa::path(post, path = "/summarize", tag = docs::TICKETS, security(("user" = [])),
    request_body(content = ref("#/components/schemas/Call"), description = "The transcript.",
        content_type = "application/json"),
    responses((status = 200, description = "The ticket, or the events on the way to it.",
        content((Made<'_> = "application/json"), (String = "text/event-stream",
            example = docs::events)))))]
pub(super) async fn summarize(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    if service.stopping.is_cancelled() && Caller::of(&request) == Caller::OverControlSocket {
        // It is open for operators still; over TCP, all that comes by now was there before.
        return Err(ApiError::ShuttingDown);
    }
    let streamed = sse::is_wanted(&request);
    let asked = select! {
        asked = ask(&service, &request, payload) => asked.inspect_err(|error| {
            if matches!(error, ApiError::Busy { .. } | ApiError::BodiesFull { .. }) {
                service.metrics.tickets.lost(Loss::Busy);
            }
        })?,
        () = service.grace_over.cancelled() => {
            service.metrics.tickets.lost(Loss::ShuttingDown);
            return Err(ApiError::ShuttingDown);
        }
    };
    let call = match asked {
        Asked::Again(ticket) => {
            let mut answer = if streamed { sse::done(&ticket) } else { answer(ticket) };
            answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            return Ok(answer);
        }
        Asked::Anew(call) => call,
    };
    let overfull = connection::overfull(&request);
    if streamed {
        return Ok(events::tell(call, overfull));
    }
    select! {
        ticket = call.ticket() => Ok(answer(ticket?)),
        () = overfull => Err(ApiError::Overfull),
        () = service.grace_over.cancelled() => Err(ApiError::ShuttingDown),
    }
}

fn answer(ticket: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(ticket)
}

/// What a caller asks for.
enum Asked {
    /// The ticket that it got before, under its key.
    Again(Bytes),
    /// One that has to be made, or is being made.
    Anew(Call),
}

/// A caller who waits for a ticket.
pub(super) struct Call {
    pub(super) service: Data<Service>,
    wanted: Wanted,
    transcript: Rc<Transcript>,
    id: RequestId,
    deadline: Instant,
    /// The caller's key, with the limits of what is kept under it.
    held: Option<(Held, Limits)>,
    _room: body::Held,
}

/// A caller's seat in the flight that makes its ticket.
pub(super) type Seat = flight::Seat<Wanted, Result<Answer, Failed>>;

/// Reads what a caller wants; all that is wrong with it shows here.
async fn ask(
    service: &Data<Service>,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Asked, ApiError> {
    let arrived = Instant::now();
    let live = Arc::clone(&service.live.borrow());
    let urgency = Urgency::read(request.headers(), live.server.request_timeout)?;
    let deadline = arrived + urgency.patience;
    let config::Server { idempotency_ttl: ttl, idempotency_bytes: bytes, .. } = live.server;
    let kept = Limits { ttl, bytes };
    let key = if ttl.is_zero() { None } else { idempotency::key(request.headers())? };
    let body = timeout_at(deadline, body::read(service, &live.server, request, payload));
    let Body { bytes: body, held: room } = body.await.map_err(|_| ApiError::TimedOut)??;
    let claim = |key| service.answers.claim(&Caller::of(request), key, &body, kept);
    let held = match key.map(claim).transpose() {
        Err(Reused) => return Err(ApiError::IdempotencyKeyReused),
        Ok(Some(Found::Answer(ticket))) => return Ok(Asked::Again(ticket)),
        Ok(Some(Found::Nothing(held))) => Some((held, kept)),
        Ok(None) => None,
    };
    let transcript = Transcript::parse(&body).map_err(ApiError::BadTranscript)?;
    let skipped = transcript.unknown_turns;
    if skipped > 0 {
        warn!(skipped, "turns with neither citizen nor hot-line were left out");
    }
    let wanted = Wanted::new(body, urgency.priority, &live);
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let (service, transcript) = (service.clone(), Rc::new(transcript));
    Ok(Asked::Anew(Call { service, wanted, transcript, id, deadline, held, _room: room }))
}

impl Call {
    /// The ticket as JSON, made for this caller or for another one.
    async fn ticket(&self) -> Result<Bytes, ApiError> {
        loop {
            let mut seat = self.join();
            if let Some(ended) = self.landed(&mut seat).await {
                return ended;
            }
        }
    }

    /// Takes a seat in the flight that makes the ticket.
    pub(super) fn join(&self) -> Seat {
        let Self { service, wanted, transcript, id, deadline, .. } = self;
        let work = |progress| {
            let dispatch = Dispatch::new(
                service.balancer.clone(),
                service.client.clone(),
                &wanted.live.dispatch,
                wanted.priority,
                progress,
                Arc::clone(&service.metrics),
            );
            let (live, transcript) = (Arc::clone(&wanted.live), Rc::clone(transcript));
            let making = Making::begin(Arc::clone(&service.metrics));
            make(dispatch, live, transcript, id.clone(), *deadline, making)
        };
        let seat = service.making.join(wanted.clone(), *deadline, work);
        if !seat.leads {
            debug!("this ticket is being made already: it is shared");
        }
        seat
    }

    /// Waits for the end of a flight, which is the caller's unless another one is worth it. A ticket is
    /// kept under the caller's key.
    pub(super) async fn landed(&self, seat: &mut Seat) -> Option<Result<Bytes, ApiError>> {
        let deadline = self.deadline;
        // A flight says itself how it missed its deadline, unless this caller's comes first.
        let limit = if seat.until > deadline { deadline } else { seat.until + LATE };
        let Ok(landed) = timeout_at(limit, seat.landed()).await else {
            return Some(Err(ApiError::TimedOut));
        };
        let error = match landed {
            Landed::Done(Ok(ticket)) => {
                // Who comes again for a draft may get a ticket.
                if let Some((held, kept)) = self.held.as_ref().filter(|_| !ticket.degraded) {
                    held.keep(&ticket.body, *kept);
                }
                return Some(Ok(ticket.body));
            }
            Landed::Done(Err(failed)) => ApiError::from(failed),
            Landed::Lost if !seat.leads && Instant::now() < deadline => return None,
            Landed::Lost | Landed::Crashed => ApiError::Internal,
        };
        // Its leader may have had less time than this caller.
        let early = matches!(error, ApiError::TimedOut | ApiError::Busy { .. });
        let worthwhile = deadline >= seat.until + WORTHWHILE && Instant::now() < deadline;
        if early && worthwhile { None } else { Some(Err(error)) }
    }
}

/// The answer that all callers of a flight get.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    body: Bytes,
    /// Whether it is a rule-made draft.
    degraded: bool,
}

/// The answer; the names are those of the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeTicket)]
pub(super) struct Made<'a> {
    #[serde(flatten)]
    summary: Summary,
    /// How it was made.
    trace: TraceBody<'a>,
}

/// What the ticket went through. Who shares another caller's ticket is told of that one.
#[derive(Serialize, ToSchema)]
#[schema(as = Trace)]
struct TraceBody<'a> {
    /// The `X-Request-Id` of the call that it was made for.
    #[schema(examples("0b2fd0a3c6f34d51b1d3c9a7c4a1b2e3"))]
    request_id: &'a str,
    /// Every try of a model call on a node, in the order in which they ended.
    attempts: Vec<Attempted>,
    /// How long its calls waited for a node, in milliseconds.
    #[schema(examples(0))]
    queue_ms: u64,
    /// How long nodes worked on it, in milliseconds.
    #[schema(examples(21408))]
    model_ms: u64,
}

async fn make(
    dispatch: Dispatch,
    live: Arc<Live>,
    transcript: Rc<Transcript>,
    RequestId(request_id): RequestId,
    deadline: Instant,
    making: Making,
) -> Result<Answer, Failed> {
    let tickets = Tickets::new(&dispatch, &live.tickets);
    let since = Instant::now();
    let summary = match tickets.summarize(&transcript, deadline).await {
        Ok(summary) => summary,
        Err(failed) => {
            making.lost(Loss::from(&failed));
            return Err(failed);
        }
    };
    making.made(
        &live.counted,
        metrics::Made {
            kind: &summary.ticket.ticket_type,
            degraded: summary.degraded,
            grounded: summary.quality.grounded,
            method: summary.zone_correction.method,
            took: since.elapsed(),
        },
    );
    let Trace { attempts, queue_ms, model_ms } = dispatch.trace();
    let trace = TraceBody { request_id: &request_id, attempts, queue_ms, model_ms };
    let degraded = summary.degraded;
    let text = serde_json::to_vec(&Made { summary, trace }).expect("a ticket is plain JSON");
    // Boxed, so that what is kept is as large as it looks.
    Ok(Answer { body: text.into_boxed_slice().into(), degraded })
}
