//! `GET /live`: how nodes and load are, at once or as server-sent events as they change.
//!
//! One rule: a reader is told the latest state when it takes it. Each stream looks for itself and keeps
//! one event's worth, so who reads slowly misses what was between and holds up nobody.

mod load;
mod nodes;

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Bytes, Data},
};
use futures_util::{future::LocalBoxFuture, stream};
use jiff::Timestamp;
use serde::Serialize;
use tokio::{
    select,
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};
use utoipa::ToSchema;

pub(super) use self::{load::LoadNow, nodes::NodesNow};
use super::{Service, auth::Caller, connection, docs, error::ApiError, reader, sse};
use crate::metrics::History;

/// The most streams at once.
const MOST_STREAMS: usize = 32;

/// When who was refused for others' streams may come again.
const LATER: Duration = Duration::from_secs(10);

/// How often a stream looks whether something has changed.
const LOOKS: Duration = Duration::from_secs(1);

/// How often it tells the load, whatever it is; so a stream is never silent for longer.
const LOADS: Duration = Duration::from_secs(10);

/// What all streams share. Clones are the same.
#[derive(Clone)]
pub(super) struct Watched {
    since: Timestamp,
    history: Arc<Mutex<History>>,
    streams: Arc<Semaphore>,
}

impl Default for Watched {
    fn default() -> Self {
        let since = Timestamp::now();
        let history = Arc::new(Mutex::new(History::new(since)));
        Self { since, history, streams: Arc::new(Semaphore::new(MOST_STREAMS)) }
    }
}

/// Both events in one answer.
#[derive(Serialize, ToSchema)]
#[schema(as = Live)]
pub(super) struct Now {
    /// The service and its nodes.
    nodes: NodesNow,
    /// What happened in each minute of the last hour.
    load: LoadNow,
}

/// Nodes and load as they are and go
///
/// With `Accept: text/event-stream` the answer is a stream of server-sent events, each with JSON as its
/// data: `nodes` (`NodesEvent`) at once, and anew within a second when anything of it has changed; `load`
/// (`LoadEvent`) at once and every 10 s. It ends when the service stops, or a reload would not let the
/// reader in any more. Who reads slowly misses states, and is told the latest one. There are 32 streams at
/// most. Without that header both come once, as one object.
#[utoipa::path(get, path = "/live", operation_id = "live", tag = docs::SERVICE, security(("user" = [])),
    responses((status = 200, description = "Nodes and load, or the events of them.",
        content((Now = "application/json"), (String = "text/event-stream",
            example = docs::live_events)))))]
pub(super) async fn live(
    service: Data<Service>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    if !sse::is_wanted(&request) {
        let (nodes, load) = (NodesNow::of(&service).await?, LoadNow::of(&service).await?);
        return Ok(HttpResponse::Ok().json(Now { nodes, load }));
    }
    if request.method() == Method::HEAD {
        return Ok(sse::head().finish());
    }
    let permit = match Caller::of(&request) {
        // Operators get in whatever there is over TCP.
        Caller::OverControlSocket => None,
        Caller::Anonymous | Caller::Token(_) => {
            let permit = Arc::clone(&service.watched.streams).try_acquire_owned();
            let full = |_| ApiError::TooMany { retry_after: LATER };
            Some(permit.map_err(full)?)
        }
    };
    let now = Instant::now();
    let telling = Telling {
        over: reader::over(&service, &request),
        overfull: Box::pin(connection::overfull(&request)),
        nodes: None,
        look: now,
        load: now,
        service,
        _permit: permit,
    };
    let events = stream::unfold(telling, async |mut telling| {
        telling.next().await.map(|event| (Ok::<_, ApiError>(event), telling))
    });
    Ok(sse::head().streaming(Box::pin(events)))
}

/// A reader who is being told.
struct Telling {
    service: Data<Service>,
    over: LocalBoxFuture<'static, ()>,
    /// Ends when the reader has sent too much meanwhile.
    overfull: LocalBoxFuture<'static, ()>,
    /// What was told of the nodes last.
    nodes: Option<(NodesNow, Bytes)>,
    /// When the nodes are looked at next.
    look: Instant,
    /// When the load is told next.
    load: Instant,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Telling {
    /// The next events; none when the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            select! {
                biased;
                () = &mut self.over => return None,
                () = &mut self.overfull => return None,
                () = sleep_until(self.look) => {}
            }
            // Whoever does not answer is told in the log; the reader comes again.
            let news = self.news().await.ok()?;
            if !news.is_empty() {
                return Some(news.into());
            }
        }
    }

    /// What is new since the last look.
    async fn news(&mut self) -> Result<Vec<u8>, ApiError> {
        let now = Instant::now();
        self.look = now + LOOKS;
        let mut news = Vec::new();
        let mut nodes = NodesNow::of(&self.service).await?;
        if let Some((told, _)) = &self.nodes {
            nodes.steady(told);
        }
        let event = sse::event("nodes", &nodes);
        if self.nodes.as_ref().is_none_or(|(_, told)| *told != event) {
            news.extend_from_slice(&event);
            self.nodes = Some((nodes, event));
        }
        if now >= self.load {
            self.load = now + LOADS;
            news.extend_from_slice(&sse::event("load", &LoadNow::of(&self.service).await?));
        }
        Ok(news)
    }
}
