//! How a ticket comes along, told to the caller who waits for it as server-sent events.
//!
//! One rule: each caller is told the latest state when it takes it. Who reads slowly misses what was
//! between, holds up nobody, and costs the memory of one event.

pub(super) mod shown;

use std::time::Duration;

use actix_web::{HttpResponse, web::Bytes};
use futures_util::{
    FutureExt,
    future::LocalBoxFuture,
    stream::{self, StreamExt},
};
use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep_until},
};
use tracing::{Instrument, Span};

use self::shown::Shown;
use super::{
    error::ApiError,
    sse,
    summarize::{Call, Seat},
};
use crate::{balancer::TellPlaces, dispatch::Progress};

/// How long nothing is sent at most.
const SILENCE: Duration = Duration::from_secs(15);

/// The answer that tells a caller how its ticket comes along. Dropping it leaves the flight. `overfull`
/// ends when the caller has sent too much meanwhile.
pub(super) fn tell(call: Call, overfull: impl Future<Output = ()> + 'static) -> HttpResponse {
    let telling = Telling {
        call,
        flight: None,
        overfull: overfull.boxed_local(),
        beat: Instant::now() + SILENCE,
        over: false,
    };
    let span = Span::current();
    let events = stream::unfold(telling, move |mut telling| {
        let next = async move { telling.next().await.map(|event| (event, telling)) };
        next.instrument(span.clone())
    });
    sse::head().streaming(Box::pin(events.map(Ok::<_, ApiError>)))
}

/// A caller who is being told.
struct Telling {
    call: Call,
    /// None before it has a seat, and when it needs none any more.
    flight: Option<Flight>,
    overfull: LocalBoxFuture<'static, ()>,
    /// When something is sent although nothing has happened.
    beat: Instant,
    over: bool,
}

/// A seat, and what was seen from there.
struct Flight {
    seat: Seat,
    progress: watch::Receiver<Progress>,
    shown: Shown,
}

impl Flight {
    fn board(call: &Call) -> Self {
        let seat = call.join();
        let progress = seat.progress.watch();
        let shown = Shown::new(&progress.borrow());
        if !seat.leads {
            // It may wait already, and nobody listened.
            call.service.balancer.do_send(TellPlaces);
        }
        Self { seat, progress, shown }
    }
}

impl Telling {
    /// The next bytes; none when the caller has been told the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        let grace_over = self.call.service.grace_over.clone();
        loop {
            let call = &self.call;
            let flight = self.flight.get_or_insert_with(|| Flight::board(call));
            let now = Instant::now();
            let (news, next) = flight.shown.news(&flight.progress.borrow_and_update(), now);
            if !news.is_empty() {
                self.beat = now + SILENCE;
                return Some(news.into());
            }
            if now >= self.beat {
                self.beat = now + SILENCE;
                return Some(Bytes::from_static(sse::KEEP_ALIVE));
            }
            let next = next.map_or(self.beat, |next| next.min(self.beat));
            let ended = select! {
                ended = call.landed(&mut flight.seat) => ended,
                () = &mut self.overfull => Some(Err(ApiError::Overfull)),
                () = grace_over.cancelled() => Some(Err(ApiError::ShuttingDown)),
                // The seat holds the other end.
                _ = flight.progress.changed() => continue,
                () = sleep_until(next) => continue,
            };
            let missed = flight.shown.rest(&flight.progress.borrow_and_update());
            self.flight = None;
            let last = match ended {
                Some(Ok(ticket)) => sse::done_event(&ticket),
                Some(Err(error)) => sse::event("failed", &error.told_late()),
                None if missed.is_empty() => continue,
                None => return Some(missed.into()),
            };
            self.over = true;
            return Some([&missed[..], &last[..]].concat().into());
        }
    }
}
