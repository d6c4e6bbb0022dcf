//! What happened in each minute of the last hour. Pure: time is passed in.
//!
//! One rule: a minute holds what was counted between two looks at the counters, so nothing is counted
//! twice, and nothing is kept of a caller.

use std::collections::{BTreeMap, VecDeque};

use jiff::{Timestamp, Unit};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};

use super::waits::Waits;
use crate::{balancer::NodeId, node::to_second};

/// The full minutes that are kept.
const KEPT: i32 = 60;

/// What became of tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TicketOutcomes)]
pub struct Outcomes {
    /// Tickets that a model made.
    #[schema(examples(12))]
    pub made: u64,
    /// Rule-made drafts.
    #[schema(examples(0))]
    pub degraded: u64,
    /// Those that came to nothing: every attempt failed, or the time was over.
    #[schema(examples(1))]
    pub failed: u64,
    /// Those that were turned away (503).
    #[schema(examples(0))]
    pub refused: u64,
}

/// What was counted since the start, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What became of tickets.
    pub tickets: Outcomes,
    /// The calls that each node got; a node that comes back counts anew.
    pub calls: BTreeMap<NodeId, u64>,
    /// How long calls waited for their slots.
    pub waits: Waits,
}

/// One minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LoadMinute)]
pub struct Minute {
    /// When it began, in UTC.
    #[serde(serialize_with = "to_second")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-23T10:21:00Z"))]
    pub at: Timestamp,
    /// What became of tickets.
    pub tickets: Outcomes,
    /// How many model calls each node got, by its id; without those that got none.
    #[schema(schema_with = calls)]
    pub calls: BTreeMap<NodeId, u64>,
    /// How long calls waited for the slot that they got; null if none got one.
    #[schema(required = true)]
    pub queue_wait_ms: Option<QueueWait>,
}

/// The schema of calls by node: what is derived would call a count an example of a node's id.
fn calls() -> Object {
    ObjectBuilder::new()
        .description(Some(
            "How many model calls each node got, by its id; without those that got none.",
        ))
        .additional_properties(Some(ObjectBuilder::new().schema_type(Type::Integer)))
        .examples([serde_json::json!({"11434": 6, "11435": 7})])
        .build()
}

/// How long the calls of a minute waited, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueWait {
    /// Half of them waited no longer, in milliseconds, an eighth too high at most.
    #[schema(examples(120))]
    pub p50: u64,
    /// 19 of 20 waited no longer, in milliseconds, an eighth too high at most.
    #[schema(examples(900))]
    pub p95: u64,
}

impl QueueWait {
    fn of(waits: &Waits) -> Option<Self> {
        Some(Self { p50: waits.percentile(50)?, p95: waits.percentile(95)? })
    }
}

/// The minutes of the last hour.
#[derive(Debug)]
pub struct History {
    past: VecDeque<Minute>,
    /// The running minute, without its waits.
    running: Minute,
    /// What was counted when it began.
    waits: Waits,
    /// What was counted at the last look.
    seen: Totals,
}

impl History {
    /// Nothing was counted yet.
    pub fn new(now: Timestamp) -> Self {
        let (waits, seen) = (Waits::default(), Totals::default());
        Self { past: VecDeque::new(), running: minute(begin(now)), waits, seen }
    }

    /// Takes note of what is counted now. To be called at the begin of every minute at least: what came
    /// since the last look belongs to the minute of that one.
    pub fn look(&mut self, now: Timestamp, totals: Totals) {
        self.add(&totals);
        self.seen = totals;
        let begun = begin(now);
        if begun == self.running.at {
            return;
        }
        let mut ended = std::mem::replace(&mut self.running, minute(begun));
        ended.queue_wait_ms = QueueWait::of(&self.seen.waits.since(&self.waits));
        self.waits = self.seen.waits.clone();
        let mut next = ended.at;
        self.past.push_back(ended);
        // Nothing happened while the machine slept; when a clock is put back, what seems to come is dropped.
        for _ in 0..KEPT {
            next = next.saturating_add(MINUTE).unwrap_or(Timestamp::MAX);
            if next >= begun {
                break;
            }
            self.past.push_back(minute(next));
        }
        self.past.retain(|minute| minute.at < begun);
        let oldest = begun.saturating_sub(MINUTE * KEPT).unwrap_or(Timestamp::MIN);
        self.past.retain(|minute| minute.at >= oldest);
    }

    /// The full minutes and the running one, oldest first.
    pub fn minutes(&self) -> Vec<Minute> {
        let queue_wait_ms = QueueWait::of(&self.seen.waits.since(&self.waits));
        let running = Minute { queue_wait_ms, ..self.running.clone() };
        self.past.iter().cloned().chain([running]).collect()
    }

    /// Counts to the running minute what came since the last look.
    fn add(&mut self, totals: &Totals) {
        let (new, old, sum) = (totals.tickets, self.seen.tickets, &mut self.running.tickets);
        sum.made += new.made.saturating_sub(old.made);
        sum.degraded += new.degraded.saturating_sub(old.degraded);
        sum.failed += new.failed.saturating_sub(old.failed);
        sum.refused += new.refused.saturating_sub(old.refused);
        for (node, new) in &totals.calls {
            let old = self.seen.calls.get(node).copied().unwrap_or(0);
            // One that went and came back has counted anew.
            let calls = new.checked_sub(old).unwrap_or(*new);
            if calls > 0 {
                *self.running.calls.entry(node.clone()).or_default() += calls;
            }
        }
    }
}

const MINUTE: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// When the minute of a moment began.
fn begin(at: Timestamp) -> Timestamp {
    let floor = jiff::TimestampRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Floor);
    at.round(floor).unwrap_or(at)
}

fn minute(at: Timestamp) -> Minute {
    let (tickets, calls) = (Outcomes::default(), BTreeMap::new());
    Minute { at, tickets, calls, queue_wait_ms: None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::waits::WaitCounts, *};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_764_000_000 + seconds).expect("a time")
    }

    fn totals(made: u64, calls: &[(&str, u64)]) -> Totals {
        let id = |name: &str| NodeId::from(name.to_owned());
        let calls = calls.iter().map(|(node, calls)| (id(node), *calls)).collect();
        let tickets = Outcomes { made, ..Outcomes::default() };
        Totals { tickets, calls, waits: Waits::default() }
    }

    /// When each minute began in seconds, how many tickets it made, and its calls.
    fn told(history: &History) -> Vec<(i64, u64, String)> {
        let told = |minute: Minute| {
            let calls: Vec<_> = minute.calls.iter().map(|(id, n)| format!("{id}:{n}")).collect();
            (minute.at.as_second() - 1_764_000_000, minute.tickets.made, calls.join(" "))
        };
        history.minutes().into_iter().map(told).collect()
    }

    #[track_caller]
    fn assert_told(history: &History, expected: &[(i64, u64, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(at, made, calls)| (*at, *made, (*calls).to_owned())).collect();
        assert_eq!(told(history), expected);
    }

    #[test]
    fn what_is_counted_between_two_looks_belongs_to_the_minute_of_the_first() {
        let mut history = History::new(at(30));
        assert_told(&history, &[(0, 0, "")]);
        history.look(at(40), totals(2, &[("a", 2)]));
        history.look(at(50), totals(3, &[("a", 2), ("b", 1)]));
        assert_told(&history, &[(0, 3, "a:2 b:1")]);
        history.look(at(60), totals(5, &[("a", 4), ("b", 1)]));
        history.look(at(61), totals(6, &[("a", 5), ("b", 1)]));
        assert_told(&history, &[(0, 5, "a:4 b:1"), (60, 1, "a:1")]);
    }

    #[test]
    fn a_node_that_goes_keeps_what_was_seen_of_it_and_counts_anew_when_it_comes_back() {
        let mut history = History::new(at(0));
        history.look(at(10), totals(0, &[("a", 5), ("b", 1)]));
        history.look(at(20), totals(0, &[("b", 2)]));
        history.look(at(30), totals(0, &[("a", 1), ("b", 2)]));
        assert_told(&history, &[(0, 0, "a:6 b:2")]);
        history.look(at(40), totals(0, &[("a", 0), ("b", 2)]));
        history.look(at(60), totals(0, &[("a", 2), ("b", 2)]));
        assert_told(&history, &[(0, 0, "a:8 b:2"), (60, 0, "")]);
    }

    #[test]
    fn an_hour_is_kept_and_minutes_without_a_look_are_empty() {
        let mut history = History::new(at(0));
        for minute in 0..200 {
            history.look(at(minute * 60 + 59), totals(minute.unsigned_abs() + 1, &[]));
            history.look(at(minute * 60 + 60), totals(minute.unsigned_abs() + 1, &[]));
        }
        let minutes = told(&history);
        assert_eq!(minutes.len(), 61);
        assert_eq!(minutes[0], (140 * 60, 1, String::new()));
        assert_eq!(minutes[60], (200 * 60, 0, String::new()));
        history.look(at(203 * 60), totals(207, &[]));
        let minutes = told(&history);
        assert_eq!(minutes.len(), 61);
        let last: Vec<_> = minutes[57..].iter().map(|(at, made, _)| (at / 60, *made)).collect();
        assert_eq!(last, [(200, 7), (201, 0), (202, 0), (203, 0)]);
        history.look(at(1_000_000 * 60), totals(207, &[]));
        assert_eq!(told(&history).len(), 1, "whatever was is too long ago");
    }

    #[test]
    fn no_minute_is_to_come_when_the_clock_is_put_back() {
        let mut history = History::new(at(0));
        for minute in 1..=5 {
            history.look(at(minute * 60), totals(minute.unsigned_abs(), &[]));
        }
        history.look(at(150), totals(9, &[]));
        assert_told(&history, &[(0, 1, ""), (60, 1, ""), (120, 0, "")]);
        history.look(at(155), totals(10, &[]));
        assert_told(&history, &[(0, 1, ""), (60, 1, ""), (120, 1, "")]);
    }

    #[test]
    fn waits_are_of_their_minute() {
        let (mut history, counts) = (History::new(at(0)), WaitCounts::default());
        let waits = |history: &History| -> Vec<_> {
            history.minutes().iter().map(|minute| minute.queue_wait_ms).collect()
        };
        let look = |history: &mut History, seconds: i64, waited: &[u64]| {
            waited.iter().for_each(|ms| counts.count(Duration::from_millis(*ms)));
            history.look(at(seconds), Totals { waits: counts.now(), ..Totals::default() });
        };
        look(&mut history, 10, &[]);
        assert_eq!(waits(&history), [None]);
        look(&mut history, 20, &[1, 2]);
        look(&mut history, 60, &[3]);
        let first = Some(QueueWait { p50: 2, p95: 3 });
        assert_eq!(waits(&history), [first, None]);
        look(&mut history, 70, &[9]);
        assert_eq!(waits(&history), [first, Some(QueueWait { p50: 9, p95: 9 })]);
    }

    #[test]
    fn a_minute_is_told_as_the_page_reads_it() {
        let mut history = History::new(at(30));
        history.look(at(40), totals(2, &[("11434", 3)]));
        let told = serde_json::to_value(history.minutes()).expect("JSON");
        let expected = serde_json::json!([{"at": "2025-11-24T16:00:00Z",
            "tickets": {"made": 2, "degraded": 0, "failed": 0, "refused": 0},
            "calls": {"11434": 3}, "queue_wait_ms": null}]);
        assert_eq!(told, expected);
    }
}
