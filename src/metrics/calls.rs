//! How model calls go: waits, times and retries.

use std::time::Duration;

use prometheus::{Histogram, IntCounter, core::Collector};

use super::{Each, definition, waits::WaitCounts, wire};
use crate::balancer::{Measured, Outcome, queue::Priority};

/// What dispatch tells of its calls.
#[derive(Debug)]
pub struct Calls {
    queue_wait: Each<Priority, Histogram>,
    /// The same once more, and finer: for the load of each minute.
    pub(super) waits: WaitCounts,
    first_token: Histogram,
    time: Histogram,
    retries: Each<Outcome, IntCounter>,
}

impl Calls {
    pub(super) fn new(register: impl Fn(Box<dyn Collector>)) -> Self {
        let queue_wait = definition::QUEUE_WAIT.histograms();
        let first_token = definition::FIRST_TOKEN.histograms();
        let time = definition::CALL_TIME.histograms();
        let retries = definition::RETRIES.counters();
        // The rest ends a call: nobody tries again.
        let reasons = [
            Outcome::Refused,
            Outcome::Busy,
            Outcome::Failed,
            Outcome::Stalled,
            Outcome::BadAnswer,
            Outcome::Rejected,
        ];
        let calls = Self {
            queue_wait: Each::new([Priority::Interactive, Priority::Batch], |priority| {
                queue_wait.with_label_values(&[name(*priority)])
            }),
            waits: WaitCounts::default(),
            first_token: first_token.with_label_values::<&str>(&[]),
            time: time.with_label_values::<&str>(&[]),
            retries: Each::new(reasons, |outcome| retries.with_label_values(&[wire(outcome)])),
        };
        for histograms in [queue_wait, first_token, time] {
            register(Box::new(histograms));
        }
        register(Box::new(retries));
        calls
    }

    /// A call got its slot after so long.
    pub fn waited(&self, priority: Priority, time: Duration) {
        self.waits.count(time);
        if let Some(waits) = self.queue_wait.of(&priority) {
            waits.observe(time.as_secs_f64());
        }
    }

    /// A call was answered as it should be.
    pub fn answered(&self, measured: &Measured) {
        self.first_token.observe(measured.first_token.as_secs_f64());
        self.time.observe(measured.total.as_secs_f64());
    }

    /// A call is tried again because its last attempt ended like this.
    pub fn retried(&self, ended: Outcome) {
        if let Some(retries) = self.retries.of(&ended) {
            retries.inc();
        }
    }
}

fn name(priority: Priority) -> &'static str {
    match priority {
        Priority::Interactive => "interactive",
        Priority::Batch => "batch",
    }
}
