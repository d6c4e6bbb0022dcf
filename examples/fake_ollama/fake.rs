//! The fake itself: how it shall behave, and what it has seen since its start.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufWriter, Write, stderr},
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{
    HttpResponse, rt,
    web::{Data, Json},
};
use serde_json::{Value, json};
use ticketd::demo_node::wire;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{behaviour::Behaviour, memory::Memory, store::Store};

/// What a line of Ollama's log begins with.
pub(crate) const LOG_START: &str = "time=2026-11-22T18:42:18.944Z level=INFO source=routes.go:2008";

/// What the bytes of a loaded model are, if not given.
const SIZE: u64 = 10_000_000_000;

#[derive(Debug)]
pub(crate) struct Fake {
    started: Instant,
    pub(crate) behaviour: watch::Sender<Behaviour>,
    pub(crate) store: Store,
    pub(crate) memory: Memory,
    pub(crate) bodies: Mutex<Vec<Value>>,
    /// The other ends of the connections that they came over.
    pub(crate) peers: Mutex<BTreeSet<SocketAddr>>,
    pub(crate) loads: Mutex<Vec<Value>>,
    pub(crate) calls: AtomicU64,
    /// The calls for one token, which are no `calls`.
    pub(crate) canaries: AtomicU64,
    /// The calls that wait for a slot.
    pub(crate) waiting: AtomicU64,
    pub(crate) running: AtomicU64,
    pub(crate) most_at_once: AtomicU64,
    /// The tokens that went to callers.
    pub(crate) tokens: AtomicU64,
    /// When callers left before their answer was whole, in milliseconds since 1970.
    left: Mutex<Vec<u64>>,
    pub(crate) pulls: AtomicU64,
    pub(crate) pulling: AtomicU64,
    /// The bytes that were there when each pull of the model began.
    pub(crate) pulled_from: Mutex<Vec<u64>>,
    /// How many pulls broke off since the behaviour was set.
    pub(crate) breaks: AtomicU64,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fake {
    pub(crate) fn new(behaviour: Behaviour, store: Store) -> Self {
        Self {
            started: Instant::now(),
            behaviour: watch::Sender::new(behaviour),
            store,
            memory: Memory::default(),
            bodies: Mutex::default(),
            peers: Mutex::default(),
            loads: Mutex::default(),
            calls: AtomicU64::default(),
            canaries: AtomicU64::default(),
            waiting: AtomicU64::default(),
            running: AtomicU64::default(),
            most_at_once: AtomicU64::default(),
            tokens: AtomicU64::default(),
            left: Mutex::default(),
            pulls: AtomicU64::default(),
            pulling: AtomicU64::default(),
            pulled_from: Mutex::default(),
            breaks: AtomicU64::default(),
        }
    }

    /// Waits until a condition on the behaviour holds.
    pub(crate) async fn until(&self, condition: impl FnMut(&Behaviour) -> bool) {
        // The sender lives as long as `self`.
        let _ = self.behaviour.subscribe().wait_for(condition).await;
    }
}

/// A call that has arrived; dropping it before it is over means that the caller left.
pub(crate) struct Open {
    pub(crate) fake: Data<Fake>,
    pub(crate) over: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.over {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            locked(&self.fake.left).push(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        }
    }
}

/// Something that is counted as long as this lives.
pub(crate) struct Counted {
    fake: Data<Fake>,
    counter: fn(&Fake) -> &AtomicU64,
}

impl Counted {
    pub(crate) fn new(fake: &Data<Fake>, counter: fn(&Fake) -> &AtomicU64) -> Self {
        counter(fake).fetch_add(1, Ordering::SeqCst);
        Self { fake: fake.clone(), counter }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.counter)(&self.fake).fetch_sub(1, Ordering::SeqCst);
    }
}

/// `POST /fake`.
pub(crate) async fn behave(fake: Data<Fake>, behaviour: Json<Behaviour>) -> HttpResponse {
    if behaviour.lost_model {
        fake.memory.unload();
    }
    fake.breaks.store(0, Ordering::SeqCst);
    fake.behaviour.send_replace(behaviour.into_inner());
    act(&fake);
    HttpResponse::NoContent().finish()
}

/// Does what a behaviour asks of the process itself.
pub(crate) fn act(fake: &Data<Fake>) {
    let (lines, crash) = {
        let behaviour = fake.behaviour.borrow();
        (behaviour.log_lines, behaviour.crash_after_ms)
    };
    if lines > 0 {
        // A thread, so that a pipe that nobody reads stops this and nothing else.
        thread::spawn(move || {
            let mut out = BufWriter::new(stderr().lock());
            // Nobody reads any more: nobody misses the rest.
            let _ = (1..=lines)
                .try_for_each(|line| writeln!(out, "{LOG_START} msg=\"line {line} of {lines}\""));
        });
    }
    if let Some(crash) = crash {
        let fake = fake.clone();
        rt::spawn(async move {
            sleep_until(fake.started + Duration::from_millis(crash)).await;
            if fake.behaviour.borrow().crash_after_ms == Some(crash) {
                std::process::abort();
            }
        });
    }
}

/// `GET /fake`.
pub(crate) async fn seen(fake: Data<Fake>) -> HttpResponse {
    let environment: BTreeMap<_, _> = std::env::vars().collect();
    let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    HttpResponse::Ok().json(json!({
        "calls": count(&fake.calls),
        "canaries": count(&fake.canaries),
        "waiting": count(&fake.waiting),
        "running": count(&fake.running),
        "most_at_once": count(&fake.most_at_once),
        "tokens": count(&fake.tokens),
        "left": *locked(&fake.left),
        "bodies": *locked(&fake.bodies),
        "connections": locked(&fake.peers).len(),
        "loads": *locked(&fake.loads),
        "pulls": count(&fake.pulls),
        "pulling": count(&fake.pulling),
        "pulled_from": *locked(&fake.pulled_from),
        "environment": environment,
        "pid": std::process::id(),
        "runner_pid": fake.memory.runner().map(|pid| pid.as_raw_nonzero().get()),
    }))
}

/// `GET /api/tags`: the model if it is there [015], else nothing [005].
pub(crate) async fn tags(fake: Data<Fake>) -> HttpResponse {
    let mut list = wire::tags(&fake.store.model);
    if !fake.store.has_model() {
        list["models"] = json!([]);
    } else if let Some(digest) = fake.store.digest() {
        list["models"][0]["digest"] = Value::from(digest);
    }
    wire::json(&list)
}

/// `GET /api/ps`: the model if it is loaded [022], else nothing [006].
pub(crate) async fn ps(fake: Data<Fake>) -> HttpResponse {
    let mut list = wire::ps(&fake.store.model);
    if fake.memory.is_listed() {
        let behaviour = fake.behaviour.borrow();
        let size = behaviour.size.unwrap_or(SIZE);
        let entry = &mut list["models"][0];
        entry["size"] = Value::from(size);
        entry["size_vram"] = Value::from(behaviour.size_vram.unwrap_or(size));
        if let Some(digest) = fake.store.digest() {
            entry["digest"] = Value::from(digest);
        }
    } else {
        list["models"] = json!([]);
    }
    wire::json(&list)
}
