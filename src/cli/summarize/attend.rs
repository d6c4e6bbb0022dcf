//! One record, from its first try to its end; and how many of them there may be at once.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use actix_web::web::Bytes;
use serde_json::value::RawValue;
use tokio::{
    select,
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    book::Spot,
    line::Failure,
    record::Id,
    server::{NoSlots, Server},
    stop::Stopped,
    verdict::{Answer, Standstill, Tries, Verdict, jobs},
};

/// How often the server is asked for its slots: until it has told them, and then.
const ASK_AT_FIRST: Duration = Duration::from_millis(500);
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What a wait is made longer by at most, so that not all records come back at once.
const JITTER: f64 = 0.1;

/// What the records in flight share.
pub(super) struct Shared {
    server: Server,
    since: Instant,
    limit: Duration,
    standstill: RefCell<Standstill>,
    /// Since when nobody listens.
    pub(super) unreachable: Cell<Option<Instant>>,
    /// The records that wait for another try.
    pub(super) waiting: Cell<u64>,
    /// No record is sent any more.
    pub(super) stopping: CancellationToken,
}

impl Shared {
    /// `limit` is how long no record may get on.
    pub(super) fn new(server: Server, limit: Duration) -> Self {
        Self {
            server,
            since: Instant::now(),
            limit,
            standstill: RefCell::new(Standstill::new(limit)),
            unreachable: Cell::new(None),
            waiting: Cell::new(0),
            stopping: CancellationToken::new(),
        }
    }

    /// The time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    fn heard(&self, answer: &Answer) {
        let is_unreached = matches!(answer, Answer::Unreached);
        let since = || self.unreachable.get().or_else(|| Some(Instant::now()));
        self.unreachable.set(if is_unreached { since() } else { None });
    }

    /// Waits before another try; `false` if there shall be none.
    async fn pause(&self, time: Duration) -> bool {
        self.waiting.update(|waiting| waiting + 1);
        let goes_on = select! {
            () = sleep(time.mul_f64(1.0 + JITTER * fastrand::f64())) => true,
            () = self.stopping.cancelled() => false,
        };
        self.waiting.update(|waiting| waiting - 1);
        goes_on
    }
}

/// A record that is sent.
pub(super) struct Call {
    pub(super) id: Id,
    pub(super) spot: Spot,
    pub(super) body: Bytes,
}

/// How a record ended.
pub(super) enum End {
    Ticket(Box<RawValue>),
    Failed(Failure),
    /// It is left for the next run, and what ends this one.
    Undone(Option<Stopped>),
}

/// Sends a record until it has its ticket, has failed, or the run ends.
pub(super) async fn attend(shared: Rc<Shared>, call: Call) -> (Call, End) {
    let mut tries = Tries::default();
    let end = loop {
        let answer = shared.server.summarize(call.body.clone()).await;
        shared.heard(&answer);
        let verdict = tries.judge(answer);
        if !matches!(verdict, Verdict::Again { held_up: true, .. }) {
            shared.standstill.borrow_mut().over();
        }
        let after = match verdict {
            Verdict::Ticket(ticket) => break End::Ticket(ticket),
            Verdict::Failed(failure) => break End::Failed(failure),
            Verdict::Hopeless(hopeless) => break End::Undone(Some(hopeless.into())),
            Verdict::Again { held_up: true, .. }
                if shared.standstill.borrow_mut().held_up(shared.elapsed()) =>
            {
                break End::Undone(Some(Stopped::Standstill(shared.limit)));
            }
            Verdict::Again { after, .. } => after,
        };
        if !shared.pause(after).await {
            break End::Undone(None);
        }
    };
    (call, end)
}

/// How many records may be in flight.
pub(super) struct Jobs {
    slots: watch::Receiver<Slots>,
    asking: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slots {
    /// The number of records was given.
    Jobs(usize),
    Unknown,
    Untold,
    Told(usize),
}

impl Jobs {
    /// So many; without a number, what the slots of the server ask for, now and later.
    pub(super) fn new(jobs: Option<usize>, server: Server) -> Self {
        let (sender, slots) = watch::channel(jobs.map_or(Slots::Unknown, Slots::Jobs));
        let asking = jobs.is_none().then(|| actix_web::rt::spawn(ask(server, sender)));
        Self { slots, asking }
    }

    pub(super) fn now(&self) -> usize {
        match *self.slots.borrow() {
            Slots::Jobs(jobs) => jobs,
            Slots::Unknown | Slots::Untold => 1,
            Slots::Told(slots) => jobs(slots),
        }
    }

    /// Whether the server works and does not tell its slots.
    pub(super) fn are_untold(&self) -> bool {
        *self.slots.borrow() == Slots::Untold
    }

    /// Waits until the number may be another one.
    pub(super) async fn changed(&mut self) {
        if self.slots.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        if let Some(asking) = &self.asking {
            asking.abort();
        }
    }
}

async fn ask(server: Server, slots: watch::Sender<Slots>) {
    loop {
        let told = match server.slots().await {
            Ok(count) => Slots::Told(count),
            Err(NoSlots::Untold) => Slots::Untold,
            // What was known may hold again.
            Err(NoSlots::Unanswered) => *slots.borrow(),
        };
        slots.send_if_modified(|known| std::mem::replace(known, told) != told);
        let known = matches!(told, Slots::Told(_));
        sleep(if known { ASK_AGAIN } else { ASK_AT_FIRST }).await;
    }
}
