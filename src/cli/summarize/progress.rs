//! What a run tells on standard error while it runs: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::{
    line::Failure,
    tally::{Tally, reason},
};

/// The time between two lines where there is no terminal.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// How many failures are told one by one.
const MOST_FAILURES: u64 = 20;

/// Standard error.
pub(super) struct Progress {
    /// None where there is no terminal.
    bar: Option<ProgressBar>,
    told: Instant,
    failures: u64,
}

impl Progress {
    /// `total` is the number of records, if it is known.
    pub(super) fn new(total: Option<u64>) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
            let template =
                if total.is_some() { "[{bar:30}] {percent:>3}%  {msg}" } else { "{msg}" };
            let style = ProgressStyle::with_template(template).expect("it is a template");
            bar.set_style(style.progress_chars("=> "));
            bar
        });
        Self { bar, told: Instant::now(), failures: 0 }
    }

    /// Shows how far the run is; where there is no terminal, only every now and then.
    pub(super) fn show(&mut self, tally: &Tally, now: Duration) {
        if let Some(bar) = &self.bar {
            bar.set_position(tally.settled());
            bar.set_message(tally.progress(now));
        } else if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            warn(&format!("ticketd: {}\n", tally.progress(now)));
        }
    }

    /// Tells something at once.
    pub(super) fn tell(&self, text: &str) {
        self.aside(|| warn(&format!("ticketd: {text}\n")));
    }

    /// Tells of a record that failed, unless too many did.
    pub(super) fn tell_failure(&mut self, place: &str, failure: &Failure) {
        self.failures += 1;
        match self.failures {
            ..=MOST_FAILURES => self.tell(&format!("{place}: failed: {}", reason(failure))),
            number if number == MOST_FAILURES + 1 => {
                self.tell("further records failed; the output has each of them");
            }
            _ => {}
        }
    }

    /// Does what writes to the terminal while the bar is away.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(work),
            None => work(),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Writes to standard error. A run goes on when nobody reads it any longer.
pub(super) fn warn(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
