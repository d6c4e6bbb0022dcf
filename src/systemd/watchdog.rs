//! The watchdog's pings: sent only while everybody beats, so that systemd ends and restarts what is wedged.
//!
//! They come from a thread of their own, which proves nothing by itself; it is there to name who is silent
//! even when the main thread is.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use sd_notify::NotifyState;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::{
    journal::tell,
    liveness::{Heart, beats::Look},
};

/// The longest pause between two pings.
const LONGEST: Duration = Duration::from_millis(500);

/// How often, and how strictly; all follow from `WatchdogSec=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rhythm {
    beat: Duration,
    ping: Duration,
    /// A beat that is older is stale: no ping. Short, because the restart comes `WatchdogSec=` after the last
    /// ping, and harmless, because a single ping that is missing does no harm.
    limit: Duration,
    /// A silence that is longer is told.
    telling: Duration,
}

impl Rhythm {
    fn of(watchdog: Duration) -> Self {
        let ping = (watchdog / 8).min(LONGEST);
        Self { beat: ping / 2, ping, limit: ping * 2, telling: watchdog / 2 }
    }
}

/// What systemd's watchdog asks for: nothing, if there is none.
#[derive(Debug)]
pub struct Watchdog(Option<Rhythm>);

/// The pings; they end when this is dropped.
#[derive(Debug)]
pub struct Pings {
    _stop: mpsc::Sender<()>,
}

impl Watchdog {
    /// What the environment says.
    pub fn of_this_process() -> Self {
        let asked = sd_notify::watchdog_enabled().filter(|asked| !asked.is_zero());
        Self(asked.filter(|_| super::is_there()).map(Rhythm::of))
    }

    /// Where the parts register that shall beat.
    pub fn heart(&self) -> Heart {
        self.0.map_or_else(Heart::default, |rhythm| Heart::beating(rhythm.beat))
    }

    /// Begins to ping.
    pub fn start(&self, heart: Heart) -> std::io::Result<Option<Pings>> {
        let Some(rhythm) = self.0 else { return Ok(None) };
        let (stop, stopped) = mpsc::channel();
        let watch = move || watch(rhythm, &heart, &stopped);
        thread::Builder::new().name("watchdog".to_owned()).spawn(watch)?;
        Ok(Some(Pings { _stop: stop }))
    }
}

fn watch(rhythm: Rhythm, heart: &Heart, stopped: &mpsc::Receiver<()>) {
    let mut last = Instant::now();
    let mut pause = Duration::ZERO;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        // Who was stopped as a whole, or got no processor, has to beat once before it is judged.
        let late = last.elapsed() > rhythm.ping * 2;
        last = Instant::now();
        pause = if late { rhythm.beat } else { rhythm.ping };
        if late {
            continue;
        }
        let Look { fresh, silent, back } = heart.look(rhythm.limit, rhythm.telling);
        if fresh && let Err(error) = sd_notify::notify(&[NotifyState::Watchdog]) {
            warn!(%error, "the watchdog could not be pinged");
        }
        if !silent.is_empty() {
            let silent = silent.join(", ");
            tell!(
                error: WatchdogStale, silent,
                "a part of ticketd does not respond: unless it does soon, systemd ends ticketd and starts \
                 it anew; please report this line"
            );
        }
        if !back.is_empty() {
            info!(back = back.join(", "), "responds again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_judged_so_strictly_that_a_restart_comes_soon_after_the_watchdogs_time() {
        for seconds in [1, 4, 20, 300] {
            let watchdog = Duration::from_secs(seconds);
            let Rhythm { beat, ping, limit, telling } = Rhythm::of(watchdog);
            assert!(beat * 2 <= ping && ping * 4 <= watchdog, "{seconds}");
            assert!(limit > ping && limit <= Duration::from_secs(1), "{seconds}");
            assert!(limit < telling && telling < watchdog, "{seconds}");
        }
    }
}
