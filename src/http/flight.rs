//! Single flight: who asks for what is being made already shares it.
//!
//! The work runs in a task of its own, so that it outlives the asker who began it, and ends with the
//! last one who waits for it. One rule: what is in the map may be joined; whatever is over, given up
//! or broken is not there any more before anybody is told.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard},
};

use actix_web::rt;
use tokio::{
    select,
    sync::{oneshot, watch},
    time::Instant,
};
use tracing::{Instrument, Span};

use crate::dispatch::Reporter;

/// What is being made, by its key. Clones are the same, on whatever thread.
pub(super) struct Flights<K, V>(Arc<Mutex<Board<K, V>>>);

struct Board<K, V> {
    flights: HashMap<K, Flight<V>>,
    /// How many there were, which numbers them.
    begun: u64,
}

struct Flight<V> {
    number: u64,
    until: Instant,
    /// Those who wait for it, never 0 here.
    seats: usize,
    progress: Reporter,
    landed: watch::Receiver<Option<Landed<V>>>,
    /// Dropping it ends the work.
    _wanted: oneshot::Sender<()>,
}

/// How a flight ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Landed<V> {
    /// With this result.
    Done(V),
    /// With a panic.
    Crashed,
    /// With the thread that it ran on.
    Lost,
}

/// A place among those who wait for a flight; the flight ends when the last one is dropped.
pub(super) struct Seat<K: Eq + Hash, V> {
    /// Whether the flight was begun for this seat.
    pub(super) leads: bool,
    /// When the flight is over at the latest, by what its leader said.
    pub(super) until: Instant,
    /// How the work comes along.
    pub(super) progress: Reporter,
    landed: watch::Receiver<Option<Landed<V>>>,
    entry: Entry<K, V>,
}

/// A flight's place in the map.
struct Entry<K, V> {
    flights: Flights<K, V>,
    key: K,
    number: u64,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Board { flights: HashMap::new(), begun: 0 })))
    }
}

impl<K, V> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Flights<K, V> {
    fn board(&self) -> MutexGuard<'_, Board<K, V>> {
        self.0.lock().expect("nobody panics with the board in hand")
    }
}

impl<K: Clone + Eq + Hash + 'static, V: Clone + 'static> Flights<K, V> {
    /// Takes a seat in the flight for `key`, or begins one with `work` on this thread, which tells how
    /// it comes along and will be over by `until`.
    pub(super) fn join<F>(
        &self,
        key: K,
        until: Instant,
        work: impl FnOnce(Reporter) -> F,
    ) -> Seat<K, V>
    where
        F: Future<Output = V> + 'static,
    {
        let mut board = self.board();
        if let Some(flight) = board.flights.get_mut(&key) {
            flight.seats += 1;
            let (number, until, landed) = (flight.number, flight.until, flight.landed.clone());
            let progress = flight.progress.clone();
            drop(board);
            let entry = Entry { flights: self.clone(), key, number };
            return Seat { leads: false, until, progress, landed, entry };
        }
        board.begun += 1;
        let number = board.begun;
        let (tell, landed) = watch::channel(None);
        let (wanted, unwanted) = oneshot::channel();
        let seat = landed.clone();
        let progress = Reporter::default();
        let told = progress.clone();
        let flight = Flight { number, until, seats: 1, progress: told, landed, _wanted: wanted };
        board.flights.insert(key.clone(), flight);
        drop(board);
        let entry = || Entry { flights: self.clone(), key: key.clone(), number };
        let task = Task { entry: entry(), tell };
        let work = work(progress.clone());
        let run = async move {
            select! {
                value = work => task.land(Landed::Done(value)),
                _ = unwanted => {}
            }
        };
        rt::spawn(run.instrument(Span::current()));
        Seat { leads: true, until, progress, landed: seat, entry: entry() }
    }
}

impl<K: Eq + Hash, V: Clone> Seat<K, V> {
    /// Waits for the end of the flight.
    pub(super) async fn landed(&mut self) -> Landed<V> {
        let landed = self.landed.wait_for(Option::is_some).await;
        landed.ok().and_then(|landed| landed.clone()).unwrap_or(Landed::Lost)
    }
}

impl<K: Eq + Hash, V> Entry<K, V> {
    /// Takes the flight out of the map, if it is still there and `over` says so.
    fn remove_if(&self, over: impl FnOnce(&mut Flight<V>) -> bool) {
        let mut board = self.flights.board();
        let found = board.flights.get_mut(&self.key);
        let ours = found.filter(|flight| flight.number == self.number);
        let gone =
            if ours.is_some_and(over) { board.flights.remove_entry(&self.key) } else { None };
        // What it drops may be anything.
        drop(board);
        drop(gone);
    }
}

impl<K: Eq + Hash, V> Drop for Seat<K, V> {
    fn drop(&mut self) {
        self.entry.remove_if(|flight| {
            flight.seats -= 1;
            flight.seats == 0
        });
    }
}

/// The work's side; however it ends, its entry goes.
struct Task<K: Eq + Hash, V> {
    entry: Entry<K, V>,
    tell: watch::Sender<Option<Landed<V>>>,
}

impl<K: Eq + Hash, V> Task<K, V> {
    fn land(&self, landed: Landed<V>) {
        self.entry.remove_if(|_| true);
        self.tell.send_replace(Some(landed));
    }
}

impl<K: Eq + Hash, V> Drop for Task<K, V> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.land(Landed::Crashed);
        } else {
            // Who still waits learns from the dropped sender.
            self.entry.remove_if(|_| true);
        }
    }
}

#[cfg(test)]
mod tests;
