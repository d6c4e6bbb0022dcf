//! What an answer means for its record: a ticket, the end, or another try and when. Pure.
//!
//! One rule: what the record may be to blame for is tried a few times; what it cannot be to blame for
//! (nobody listens, no room, no node) costs it no try, and has a limit of time for the whole run.

use std::time::Duration;

use serde_json::value::RawValue;

use super::line::Failure;
use crate::backoff::Backoff;

/// How often a record is sent before it has failed. Each time the server itself has made several
/// attempts.
const TRIES: u32 = 3;

/// Between the tries of one record.
const AFTER_FAILURE: Backoff =
    Backoff { base: Duration::from_secs(1), ceiling: Duration::from_secs(30) };

/// While nobody listens.
const UNREACHABLE: Backoff =
    Backoff { base: Duration::from_millis(200), ceiling: Duration::from_secs(5) };

/// While the server has no room and does not say when it will.
const BUSY: Backoff = Backoff { base: Duration::from_secs(1), ceiling: Duration::from_secs(30) };

/// The longest that a server can send a record away.
const LONGEST_AWAY: Duration = Duration::from_secs(600);

/// What came of sending a record.
#[derive(Debug)]
pub(super) enum Answer {
    /// A ticket, as JSON.
    Ticket(Box<RawValue>),
    /// A status that is no success.
    Refusal(Refusal),
    /// A success that is no ticket.
    Strange,
    /// The connection broke, or nothing came in time.
    Lost,
    /// There was no connection.
    Unreached,
}

/// An answer that is no success.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// ticketd's code; a gateway has none.
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

/// What is to be done with a record.
#[derive(Debug)]
pub(super) enum Verdict {
    Ticket(Box<RawValue>),
    /// It has failed for good.
    Failed(Failure),
    /// It is sent again after this time. `held_up` says that it was not to blame.
    Again {
        after: Duration,
        held_up: bool,
    },
    /// No record will have better luck.
    Hopeless(Hopeless),
}

/// Why the whole run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Hopeless {
    #[error("the server wants a valid token: name its file with --token-file FILE")]
    Unauthorized,
    #[error("the server forbids it: look at its tokens, and at what stands between")]
    Forbidden,
    #[error("what answers there is no ticketd (status {0}): look at the address")]
    NoTicketd(u16),
}

/// What one record has gone through.
#[derive(Debug, Default)]
pub(super) struct Tries {
    failed: u32,
    held_up: u32,
}

impl Tries {
    /// Judges what came of sending the record once more.
    pub(super) fn judge(&mut self, answer: Answer) -> Verdict {
        let refusal = match answer {
            Answer::Ticket(ticket) => return Verdict::Ticket(ticket),
            Answer::Unreached => return self.hold_up(UNREACHABLE, None),
            Answer::Lost => {
                return self
                    .fail(local("connection_lost", "the connection broke before the answer"));
            }
            Answer::Strange => {
                return self.fail(local("no_ticket", "the server's answer is no ticket"));
            }
            Answer::Refusal(refusal) => refusal,
        };
        let Refusal { status, ref code, retry_after, .. } = refusal;
        match (status, code.as_deref()) {
            (401, _) => Verdict::Hopeless(Hopeless::Unauthorized),
            (403, _) => Verdict::Hopeless(Hopeless::Forbidden),
            (429, _) | (503, Some(_)) => self.hold_up(BUSY, retry_after),
            // A gateway says so of a ticketd that is not there.
            (502..=504, None) => self.hold_up(UNREACHABLE, retry_after),
            (400, Some("body_incomplete")) | (408, _) | (500..=599, _) => self.fail(refusal.into()),
            (400 | 413 | 422, _) => Verdict::Failed(refusal.into()),
            _ => Verdict::Hopeless(Hopeless::NoTicketd(status)),
        }
    }

    fn fail(&mut self, failure: Failure) -> Verdict {
        self.failed += 1;
        self.held_up = 0;
        if self.failed >= TRIES {
            return Verdict::Failed(failure);
        }
        Verdict::Again { after: AFTER_FAILURE.delay(self.failed), held_up: false }
    }

    fn hold_up(&mut self, backoff: Backoff, retry_after: Option<Duration>) -> Verdict {
        self.held_up = self.held_up.saturating_add(1);
        let own = backoff.delay(self.held_up);
        // "At once" would be asking without end.
        let told = retry_after.map(|told| told.clamp(backoff.base, LONGEST_AWAY));
        Verdict::Again { after: told.unwrap_or(own), held_up: true }
    }
}

fn local(code: &str, detail: &str) -> Failure {
    let (code, detail) = (code.to_owned(), detail.to_owned());
    Failure { status: None, code, detail, request_id: None }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let Refusal { status, code, detail, request_id, .. } = refusal;
        let code = code.unwrap_or_else(|| "no_code".to_owned());
        Self { status: Some(status), code, detail: detail.unwrap_or_default(), request_id }
    }
}

/// Since when no record gets anywhere, and how long that may go on. Times are those since the start.
#[derive(Debug)]
pub(super) struct Standstill {
    limit: Duration,
    since: Option<Duration>,
}

impl Standstill {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, since: None }
    }

    /// A record was held up; `true` if all have been for too long.
    pub(super) fn held_up(&mut self, now: Duration) -> bool {
        let since = *self.since.get_or_insert(now);
        now.saturating_sub(since) >= self.limit
    }

    /// A record got on: the server works.
    pub(super) fn over(&mut self) {
        self.since = None;
    }
}

/// How many records to send at once to a server with so many slots: as many, and some that wait, so
/// that a slot which gets free is not idle until the next record comes.
pub(super) fn jobs(slots: usize) -> usize {
    let slots = slots.max(1);
    (slots + 1 + slots / 4).min(MOST_JOBS)
}

/// The most records that are sent at once.
pub(super) const MOST_JOBS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: Option<&str>, retry_after: Option<u64>) -> Answer {
        Answer::Refusal(Refusal {
            status,
            code: code.map(str::to_owned),
            retry_after: retry_after.map(Duration::from_secs),
            ..Refusal::default()
        })
    }

    /// A verdict in short: `F` failed, `T` ticket, `H` hopeless, else the milliseconds to wait, in
    /// brackets if no try was counted.
    fn told(tries: &mut Tries, answer: Answer) -> String {
        match tries.judge(answer) {
            Verdict::Ticket(_) => "T".to_owned(),
            Verdict::Failed(failure) => format!("F {}", failure.code),
            Verdict::Hopeless(_) => "H".to_owned(),
            Verdict::Again { after, held_up: true } => format!("({})", after.as_millis()),
            Verdict::Again { after, held_up: false } => after.as_millis().to_string(),
        }
    }

    #[test]
    fn the_first_answer_decides() {
        let table = [
            (refusal(400, Some("no_words"), None), "F no_words"),
            (refusal(413, Some("body_too_large"), None), "F body_too_large"),
            (refusal(413, None, None), "F no_code"),
            (refusal(422, Some("idempotency_key_reused"), None), "F idempotency_key_reused"),
            (refusal(400, Some("body_incomplete"), None), "1000"),
            (refusal(408, Some("body_timed_out"), None), "1000"),
            (refusal(500, Some("internal"), None), "1000"),
            (refusal(502, Some("upstream_failed"), None), "1000"),
            (refusal(504, Some("timed_out"), None), "1000"),
            (refusal(502, None, None), "(200)"),
            (refusal(503, None, Some(7)), "(7000)"),
            (refusal(503, Some("busy"), Some(7)), "(7000)"),
            (refusal(503, Some("busy"), Some(0)), "(1000)"),
            (refusal(503, Some("busy"), Some(86400)), "(600000)"),
            (refusal(503, Some("not_ready"), None), "(1000)"),
            (refusal(429, None, None), "(1000)"),
            (refusal(401, Some("unauthorized"), None), "H"),
            (refusal(403, Some("forbidden"), None), "H"),
            (refusal(404, None, None), "H"),
            (refusal(301, None, None), "H"),
            (Answer::Unreached, "(200)"),
            (Answer::Lost, "1000"),
            (Answer::Strange, "1000"),
        ];
        for (answer, expected) in table {
            let shown = format!("{answer:?}");
            assert_eq!(told(&mut Tries::default(), answer), expected, "{shown}");
        }
    }

    #[test]
    fn a_record_fails_after_three_tries_and_nothing_else_counts() {
        let mut tries = Tries::default();
        let failed = || refusal(502, Some("upstream_failed"), None);
        assert_eq!(told(&mut tries, failed()), "1000");
        for after in ["(1000)", "(2000)", "(4000)", "(8000)", "(16000)", "(30000)", "(30000)"] {
            assert_eq!(told(&mut tries, refusal(503, Some("busy"), None)), after);
        }
        assert_eq!(told(&mut tries, Answer::Lost), "2000");
        for after in ["(200)", "(400)", "(800)", "(1600)", "(3200)", "(5000)", "(5000)"] {
            assert_eq!(told(&mut tries, Answer::Unreached), after);
        }
        assert_eq!(told(&mut tries, failed()), "F upstream_failed");
    }

    #[test]
    fn a_standstill_ends_with_the_first_record_that_gets_on() {
        let mut standstill = Standstill::new(Duration::from_secs(60));
        let second = Duration::from_secs;
        assert!(!standstill.held_up(second(100)));
        assert!(!standstill.held_up(second(159)));
        assert!(standstill.held_up(second(160)));
        standstill.over();
        assert!(!standstill.held_up(second(200)));
        assert!(!standstill.held_up(second(259)));
    }

    #[test]
    fn there_is_always_one_more_than_there_are_slots() {
        for (slots, expected) in [(0, 2), (1, 2), (3, 4), (4, 6), (12, 16), (5000, MOST_JOBS)] {
            assert_eq!(jobs(slots), expected);
        }
    }
}
