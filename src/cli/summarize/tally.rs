//! What a run has done so far, in numbers: the progress line, and the table at the end. Pure.
//!
//! One rule: numbers, codes and names of files only, never a word of a call or of a ticket.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
    time::Duration,
};

use super::line::Failure;
use crate::{cli::plain::plain, config::duration};

/// The rate is that of this time, so that a node more or less shows soon.
const WINDOW: Duration = Duration::from_secs(600);

/// How often the rate's points are noted.
const STEP: Duration = Duration::from_secs(5);

const HOUR: f64 = 3600.0;

/// The counts of a run. Times are those since its start.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// All records of the input, if that could be counted beforehand.
    total: Option<u64>,
    /// Those that were read so far.
    pub(super) read: u64,
    /// Those with a ticket of an earlier run.
    pub(super) skipped: u64,
    pub(super) tickets: u64,
    /// The failed ones by status and code.
    failed: BTreeMap<String, u64>,
    /// Those that wait for another try.
    pub(super) waiting: u64,
    /// How many had ended when, at most [`WINDOW`] ago.
    points: VecDeque<(Duration, u64)>,
}

impl Tally {
    /// A run over so many records, if their number is known.
    pub(super) fn of(total: Option<u64>) -> Self {
        Self { total, ..Self::default() }
    }

    /// Counts a record that failed.
    pub(super) fn fail(&mut self, failure: &Failure) {
        *self.failed.entry(reason(failure)).or_default() += 1;
    }

    /// The records that failed.
    pub(super) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// The records that have their end, those of earlier runs too.
    pub(super) fn settled(&self) -> u64 {
        self.skipped + self.ended()
    }

    fn ended(&self) -> u64 {
        self.tickets + self.failures()
    }

    /// Notes how far the run is, for the rate.
    pub(super) fn note(&mut self, now: Duration) {
        if self.points.back().is_none_or(|(at, _)| now.saturating_sub(*at) >= STEP) {
            self.points.push_back((now, self.ended()));
        }
        while self.points.front().is_some_and(|(at, _)| now.saturating_sub(*at) > WINDOW) {
            self.points.pop_front();
        }
    }

    /// The records that end in an hour, as it went lately.
    fn rate(&self, now: Duration) -> Option<f64> {
        let (since, before) = self.points.front().copied().unwrap_or_default();
        let time = now.saturating_sub(since).as_secs_f64();
        let ended = self.ended() - before;
        (time > 0.0 && ended > 0).then(|| ended as f64 / time * HOUR)
    }

    /// How much time the rest takes at the rate of late.
    fn left(&self, now: Duration) -> Option<Duration> {
        let rest = self.total?.saturating_sub(self.settled());
        let seconds = rest as f64 / self.rate(now)? * HOUR;
        Duration::try_from_secs_f64(seconds.ceil()).ok()
    }

    /// How it goes, in half a line.
    pub(super) fn progress(&self, now: Duration) -> String {
        let mut text = self.settled().to_string();
        // Writing to a string cannot fail.
        let _ = match self.total {
            Some(total) => write!(text, " of {total} records"),
            None => write!(text, " records"),
        };
        let failures = self.failures();
        if failures > 0 {
            let _ = write!(text, ", {failures} failed");
        }
        if self.waiting > 0 {
            let _ = write!(text, ", {} to be sent again", self.waiting);
        }
        if let Some(rate) = self.rate(now) {
            let _ = write!(text, ", {rate:.0}/h");
        }
        if let Some(left) = self.left(now) {
            let _ = write!(text, ", {} left", short(left));
        }
        text
    }

    /// The table at the end.
    pub(super) fn summary(&self, took: Duration) -> String {
        let records = self.total.unwrap_or_default().max(self.read);
        let mut rows = vec![
            ("records", records.to_string()),
            ("tickets", self.tickets.to_string()),
            ("done before", self.skipped.to_string()),
            ("failed", self.failures().to_string()),
        ];
        rows.extend(self.failed.iter().map(|(reason, count)| ("", format!("{count} {reason}"))));
        let undone = records.saturating_sub(self.settled());
        if undone > 0 {
            rows.push(("not done", undone.to_string()));
        }
        rows.push(("duration", short(took)));
        let hours = took.as_secs_f64() / HOUR;
        if hours > 0.0 {
            rows.push(("rate", format!("{:.0} tickets an hour", self.tickets as f64 / hours)));
        }
        let line = |(name, value): (&str, String)| format!("{name:12}{value}\n");
        rows.into_iter().map(line).collect()
    }
}

/// Why a record failed, in two words.
pub(super) fn reason(failure: &Failure) -> String {
    let code = plain(&failure.code);
    failure.status.map_or_else(|| code.clone(), |status| format!("{status} {code}"))
}

/// A length of time without its smallest parts.
fn short(time: Duration) -> String {
    let seconds = time.as_secs();
    let coarse = match seconds {
        0 => return duration::display(Duration::from_millis(time.subsec_millis().into())),
        1..3600 => seconds,
        _ => seconds / 60 * 60,
    };
    duration::display(Duration::from_secs(coarse))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: Option<u16>, code: &str) -> Failure {
        let (code, detail) = (code.to_owned(), "秘密".to_owned());
        Failure { status, code, detail, request_id: None }
    }

    fn second(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_progress_tells_rate_and_time_left() {
        let mut tally = Tally { total: Some(1000), skipped: 100, ..Tally::default() };
        tally.note(second(0));
        assert_eq!(tally.progress(second(0)), "100 of 1000 records");
        tally.tickets = 19;
        tally.fail(&failure(Some(502), "upstream_failed"));
        tally.waiting = 2;
        let expected = "120 of 1000 records, 1 failed, 2 to be sent again, 720/h, 1h 13m left";
        assert_eq!(tally.progress(second(100)), expected);
        tally.total = None;
        tally.waiting = 0;
        assert_eq!(tally.progress(second(100)), "120 records, 1 failed, 720/h");
    }

    #[test]
    fn the_rate_is_that_of_the_last_ten_minutes() {
        let mut tally = Tally::default();
        for now in 0..=3600 {
            tally.note(second(now));
            tally.tickets += if now < 1800 { 1 } else { 2 };
        }
        assert_eq!(tally.progress(second(3600)), "5402 records, 7212/h");
        assert!(tally.points.len() <= 122);
    }

    #[test]
    fn the_summary_counts_every_record_once() {
        let mut tally = Tally { total: Some(10), skipped: 3, tickets: 4, ..Tally::default() };
        tally.fail(&failure(Some(400), "no_words"));
        tally.fail(&failure(None, "not_json\u{1b}"));
        let summary = tally.summary(second(3700));
        let expected = "records     10\ntickets     4\ndone before 3\nfailed      2\n            \
            1 400 no_words\n            1 not_json\\u{1b}\nnot done    1\nduration    1h 1m\n\
            rate        4 tickets an hour\n";
        assert_eq!(summary, expected);
        assert!(!summary.contains("秘密"));
    }
}
