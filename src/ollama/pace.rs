//! How an answer comes along: a note that the reader of a call keeps and that others look at meanwhile.

use std::{cell::Cell, rc::Rc, time::Duration};

use tokio::time::Instant;

/// When a call began, whether it was sent, and when the pieces of its answer came.
#[derive(Debug, Default)]
pub struct Pace {
    started: Cell<Option<Instant>>,
    sent: Rc<Cell<bool>>,
    first: Cell<Option<Instant>>,
    last: Cell<Option<Instant>>,
    longest_gap: Cell<Duration>,
    tokens: Cell<u64>,
}

impl Pace {
    /// The call begins: a connection is opened for it, if there is none. What an earlier one left is forgotten.
    pub(super) fn start(&self, now: Instant) {
        self.started.set(Some(now));
        self.sent.set(false);
        self.first.set(None);
        self.last.set(None);
        self.longest_gap.set(Duration::ZERO);
        self.tokens.set(0);
    }

    /// A piece of the answer came.
    pub(super) fn piece(&self, now: Instant) {
        match self.last.replace(Some(now)) {
            Some(last) => self.longest_gap.set(self.longest_gap.get().max(now - last)),
            None => self.first.set(Some(now)),
        }
    }

    /// So many tokens have come in all.
    pub(super) fn count(&self, tokens: u64) {
        self.tokens.set(tokens);
    }

    /// How many tokens have come, as far as the node sends each in a line of its own.
    pub fn tokens(&self) -> u64 {
        self.tokens.get()
    }

    /// What notes that the request went out.
    pub(super) fn sent(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.sent)
    }

    /// Whether the request is on its way, over a connection that is open.
    pub fn is_sent(&self) -> bool {
        self.sent.get()
    }

    /// When the call began; none if it did not.
    pub fn started(&self) -> Option<Instant> {
        self.started.get()
    }

    /// Whether any piece came.
    pub fn has_begun(&self) -> bool {
        self.first.get().is_some()
    }

    /// The time from the call's begin to the first piece; none before that.
    pub fn first_token(&self) -> Option<Duration> {
        Some(self.first.get()? - self.started.get()?)
    }

    /// The longest time between two pieces that came; the one that passes now does not count yet.
    pub fn longest_gap(&self) -> Duration {
        self.longest_gap.get()
    }

    /// The time since the last sign of progress: the last piece, or the call's begin if none came. Nothing if
    /// it did not begin.
    pub fn silent_for(&self) -> Duration {
        self.progress().map_or(Duration::ZERO, |last| last.elapsed())
    }

    /// Whether a piece came within this time.
    pub fn is_alive(&self, within: Duration) -> bool {
        self.last.get().is_some_and(|last| last.elapsed() <= within)
    }

    fn progress(&self) -> Option<Instant> {
        self.last.get().or(self.started.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_first_token_and_the_longest_gap() {
        let (pace, sent) = (Pace::default(), Instant::now());
        let at = |ms| sent + Duration::from_millis(ms);
        assert_eq!(
            (pace.started(), pace.progress(), pace.silent_for()),
            (None, None, Duration::ZERO)
        );
        pace.start(sent);
        assert_eq!((pace.started(), pace.progress()), (Some(sent), Some(sent)));
        assert_eq!((pace.has_begun(), pace.first_token()), (false, None));
        // When each piece comes, and the longest gap with it.
        for (ms, gap) in [(700, 0), (720, 20), (770, 50), (780, 50)] {
            pace.piece(at(ms));
            assert_eq!(pace.progress(), Some(at(ms)));
            assert_eq!((pace.has_begun(), pace.first_token()), (true, Some(at(700) - sent)));
            assert_eq!(pace.longest_gap(), Duration::from_millis(gap), "{ms}");
        }
        pace.count(4);
        assert_eq!(pace.tokens(), 4);
        pace.start(at(900));
        assert_eq!((pace.first_token(), pace.longest_gap()), (None, Duration::ZERO));
        assert_eq!(pace.tokens(), 0);
    }

    #[test]
    fn only_a_piece_makes_a_call_alive() {
        let (pace, now) = (Pace::default(), Instant::now());
        pace.start(now);
        assert!(!pace.is_alive(Duration::MAX));
        pace.piece(now);
        assert!(pace.is_alive(Duration::MAX));
    }
}
