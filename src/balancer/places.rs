//! Telling those who wait where they stand, as long as somebody listens.
//!
//! One rule: where nobody listens, no place is worked out.

use std::{cell::Cell, fmt, time::Duration};

use actix::{AsyncContext, Context, Handler, Message};
use tokio::sync::oneshot;

use super::{Balancer, Lease, Place, Unserved};

/// How often a waiter is told, about.
const EVERY: Duration = Duration::from_secs(1);

/// Who is told where a waiting call stands.
pub trait Watcher: fmt::Debug + Send {
    /// Whether anybody listens now.
    fn listens(&self) -> bool;

    /// Takes note of the place.
    fn stands(&self, place: Place);
}

/// Somebody listens from now on to a call that may wait already.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct TellPlaces;

/// One who waits for a slot.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) reply: oneshot::Sender<Result<Lease, Unserved>>,
    pub(super) watcher: Option<Box<dyn Watcher>>,
    /// When it was last told where it stands.
    pub(super) told: Cell<Option<Duration>>,
}

impl Asker {
    pub(super) fn has_left(&self) -> bool {
        self.reply.is_closed()
    }

    /// Answers. One who left meanwhile drops the lease, which gives the slot back.
    pub(super) fn answer(self, answer: Result<Lease, Unserved>) {
        let _ = self.reply.send(answer);
    }

    /// Who listens, if anybody does.
    pub(super) fn listener(&self) -> Option<&dyn Watcher> {
        self.watcher.as_deref().filter(|watcher| watcher.listens())
    }
}

impl Balancer {
    /// Tells those who listen where they stand, unless they were told just now, and once more in a
    /// while if there are any.
    pub(super) fn tell_places(&mut self, context: &mut Context<Self>) {
        let now = self.now();
        let mut anybody = false;
        for (asker, place) in self.scheduler.places(now) {
            let Some(listener) = asker.listener() else { continue };
            anybody = true;
            if asker.told.get().is_none_or(|told| now.saturating_sub(told) >= EVERY / 2) {
                asker.told.set(Some(now));
                listener.stands(place);
            }
        }
        if anybody && self.telling.is_none() {
            self.telling = Some(context.run_later(EVERY, |balancer, context| {
                balancer.telling = None;
                // Who has left does not wait any more.
                balancer.serve(context);
                balancer.tell_places(context);
            }));
        }
    }
}

impl Handler<TellPlaces> for Balancer {
    type Result = ();

    fn handle(&mut self, _: TellPlaces, context: &mut Context<Self>) {
        self.tell_places(context);
    }
}
