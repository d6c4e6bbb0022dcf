//! `POST /summarize`: a transcript in, a ticket out.
//!
//! Callers who send the same bytes at once share one ticket. Each keeps its own deadline.

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

use super::{
    Service,
    access::RequestId,
    auth::Caller,
    body::{self, Body},
    connection,
    error::ApiError,
    flight::{Flights, Landed},
    idempotency::{self, Found, Limits, REPLAYED, Reused},
    urgency::Urgency,
};
use crate::{
    balancer::queue::Priority,
    config,
    dispatch::{Attempted, Dispatch, Failed, Trace},
    reload::Live,
    ticket::{Summary, Tickets, Transcript},
};

/// How much later than its deadline a flight may end; dispatch needs less.
const LATE: Duration = Duration::from_secs(5);

/// So much more time than a flight had is worth another one: the least that a caller may ask for.
/// Callers who came one after the other would begin a hopeless one each, otherwise.
const WORTHWHILE: Duration = Duration::from_secs(1);

/// The tickets that are being made.
pub(super) type Making = Flights<Wanted, Result<Bytes, Failed>>;

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

pub(super) async fn summarize(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let arrived = Instant::now();
    let live = Arc::clone(&service.live.borrow());
    let urgency = Urgency::read(request.headers(), live.server.request_timeout)?;
    let deadline = arrived + urgency.patience;
    let config::Server { idempotency_ttl: ttl, idempotency_bytes: bytes, .. } = live.server;
    let kept = Limits { ttl, bytes };
    let key = if ttl.is_zero() { None } else { idempotency::key(request.headers())? };
    let work = async {
        let body = timeout_at(deadline, body::read(&service, &live.server, &request, payload));
        let Body { bytes: body, held: _room } = body.await.map_err(|_| ApiError::TimedOut)??;
        let claim = |key| service.answers.claim(&Caller::of(&request), key, &body, kept);
        let held = match key.map(claim).transpose() {
            Err(Reused) => return Err(ApiError::IdempotencyKeyReused),
            Ok(Some(Found::Answer(ticket))) => {
                let mut answer = answer(ticket);
                answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                return Ok(answer);
            }
            Ok(Some(Found::Nothing(held))) => Some(held),
            Ok(None) => None,
        };
        let transcript = Transcript::parse(&body).map_err(ApiError::BadTranscript)?;
        let skipped = transcript.unknown_turns;
        if skipped > 0 {
            warn!(skipped, "turns with neither citizen nor hot-line were left out");
        }
        let wanted = Wanted::new(body, urgency.priority, &live);
        let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
        let ticket = ticket(&service, &wanted, Rc::new(transcript), id, deadline);
        let ticket = select! {
            ticket = ticket => ticket?,
            () = connection::overfull(&request) => return Err(ApiError::Overfull),
        };
        if let Some(held) = held {
            held.keep(&ticket, kept);
        }
        Ok(answer(ticket))
    };
    select! {
        result = work => result,
        () = service.grace_over.cancelled() => Err(ApiError::ShuttingDown),
    }
}

fn answer(ticket: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(ticket)
}

/// The ticket of a call as JSON, made for this caller or for another one.
async fn ticket(
    service: &Service,
    wanted: &Wanted,
    transcript: Rc<Transcript>,
    id: RequestId,
    deadline: Instant,
) -> Result<Bytes, ApiError> {
    loop {
        let work = || {
            let dispatch = Dispatch::new(
                service.balancer.clone(),
                service.client.clone(),
                &wanted.live.dispatch,
                wanted.priority,
            );
            let (live, transcript) = (Arc::clone(&wanted.live), Rc::clone(&transcript));
            make(dispatch, live, transcript, id.clone(), deadline)
        };
        let mut seat = service.making.join(wanted.clone(), deadline, work);
        if !seat.leads {
            debug!("this ticket is being made already: it is shared");
        }
        // A flight says itself how it missed its deadline, unless this caller's comes first.
        let limit = if seat.until > deadline { deadline } else { seat.until + LATE };
        let landed = timeout_at(limit, seat.landed()).await.map_err(|_| ApiError::TimedOut)?;
        let error = match landed {
            Landed::Done(Ok(ticket)) => return Ok(ticket),
            Landed::Done(Err(failed)) => ApiError::from(failed),
            Landed::Lost if !seat.leads && Instant::now() < deadline => continue,
            Landed::Lost | Landed::Crashed => ApiError::Internal,
        };
        // Its leader may have had less time than this caller.
        let early = matches!(error, ApiError::TimedOut | ApiError::Busy { .. });
        let worthwhile = deadline >= seat.until + WORTHWHILE && Instant::now() < deadline;
        if !early || !worthwhile {
            return Err(error);
        }
    }
}

/// The answer; the names are those of the wire.
#[derive(Serialize)]
struct Made<'a> {
    #[serde(flatten)]
    summary: Summary,
    trace: TraceBody<'a>,
}

/// What the ticket went through. Who shares another caller's ticket is told of that one.
#[derive(Serialize)]
struct TraceBody<'a> {
    request_id: &'a str,
    attempts: Vec<Attempted>,
    queue_ms: u64,
    model_ms: u64,
}

async fn make(
    dispatch: Dispatch,
    live: Arc<Live>,
    transcript: Rc<Transcript>,
    RequestId(request_id): RequestId,
    deadline: Instant,
) -> Result<Bytes, Failed> {
    let tickets = Tickets::new(&dispatch, &live.tickets);
    let summary = tickets.summarize(&transcript, deadline).await?;
    let Trace { attempts, queue_ms, model_ms } = dispatch.trace();
    let trace = TraceBody { request_id: &request_id, attempts, queue_ms, model_ms };
    let text = serde_json::to_vec(&Made { summary, trace }).expect("a ticket is plain JSON");
    // Boxed, so that what is kept is as large as it looks.
    Ok(text.into_boxed_slice().into())
}
