//! Whether every part works: each beats while it does. Where nobody asks, nobody beats.

pub mod beats;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, interval};

use self::beats::{Beats, Look};

/// Where parts register. Clones are the same; the default asks for no beats.
#[derive(Clone, Debug, Default)]
pub struct Heart(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    beats: Mutex<Beats>,
    epoch: Instant,
    every: Duration,
}

/// A part that is waited for until this is dropped.
#[derive(Debug)]
pub struct Pulse {
    shared: Arc<Shared>,
    number: u64,
}

impl Heart {
    /// Everybody who registers shall beat so often.
    pub fn beating(every: Duration) -> Self {
        let (beats, epoch) = (Mutex::default(), Instant::now());
        Self(Some(Arc::new(Shared { beats, epoch, every })))
    }

    /// Waits for one more part; none if nobody asks for beats.
    pub fn register(&self, name: impl Into<String>) -> Option<Pulse> {
        let shared = Arc::clone(self.0.as_ref()?);
        let number = shared.with(|beats, now| beats.register(name.into(), now));
        Some(Pulse { shared, number })
    }

    /// Looks at all beats, as [`Beats::look`] does.
    pub fn look(&self, limit: Duration, telling: Duration) -> Look {
        let look = |shared: &Arc<Shared>| shared.with(|beats, now| beats.look(now, limit, telling));
        self.0.as_ref().map(look).unwrap_or_default()
    }
}

impl Shared {
    fn with<T>(&self, change: impl FnOnce(&mut Beats, Duration) -> T) -> T {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut beats, self.epoch.elapsed())
    }
}

impl Pulse {
    /// How often to beat.
    pub fn every(&self) -> Duration {
        self.shared.every
    }

    /// The part works.
    pub fn beat(&self) {
        self.shared.with(|beats, now| beats.beat(self.number, now));
    }

    /// Beats as long as the runtime of this thread goes on, and this future is not dropped.
    pub async fn keep(self) {
        let mut beats = interval(self.every());
        loop {
            beats.tick().await;
            self.beat();
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.shared.with(|beats, _| beats.forget(self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    #[actix_web::test]
    async fn a_part_counts_until_its_pulse_is_dropped() {
        let heart = Heart::beating(Duration::ZERO);
        let pulse = heart.register("part").expect("beats are asked for");
        assert!(heart.look(LIMIT, LIMIT).fresh);
        assert!(!heart.look(Duration::ZERO, LIMIT).fresh);
        drop(pulse);
        assert!(heart.look(Duration::ZERO, LIMIT).fresh);
    }

    #[actix_web::test]
    async fn where_nobody_asks_nobody_beats() {
        assert!(Heart::default().register("part").is_none());
    }
}
