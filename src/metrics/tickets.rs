//! What became of tickets.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus::{
    Histogram, IntCounter, IntCounterVec,
    core::Collector,
    proto::{Metric, MetricFamily},
};
use serde::Serialize;

use super::{Each, Metrics, Outcomes, definition, wire};
use crate::ticket::Method;

/// What is counted of tickets.
#[derive(Debug)]
pub struct Tickets {
    by_type: IntCounterVec,
    lost: Each<Loss, IntCounter>,
    ungrounded: IntCounter,
    time: Histogram,
    corrections: Each<Method, IntCounter>,
    outcomes: OutcomeCounts,
}

/// What became of tickets whatever their type: for the load of each minute.
#[derive(Debug, Default)]
struct OutcomeCounts {
    made: AtomicU64,
    degraded: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
}

/// Why there is no ticket; the names are the codes of the API's errors, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// No room, or no node in time.
    Busy,
    /// ticketd stops.
    ShuttingDown,
    /// Every attempt failed.
    UpstreamFailed,
    /// It does not fit the model's context.
    CallTooLong,
    /// It says what nobody said, and such tickets are not wanted.
    Ungrounded,
    /// Its deadline came.
    TimedOut,
    /// A fault of ticketd.
    Internal,
    /// Everybody who waited for it left.
    Abandoned,
}

/// What a ticket is counted by.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Whether it is a rule-made draft.
    pub degraded: bool,
    /// Whether it says nothing that nobody said.
    pub grounded: bool,
    /// What became of its zone.
    pub method: Method,
    /// How long it took.
    pub took: Duration,
}

/// The counters of the configured types. They go on where those of an earlier configuration stopped.
#[derive(Clone, Debug)]
pub struct Types(HashMap<String, Both>);

/// Those of one type.
#[derive(Clone, Debug)]
struct Both {
    made: IntCounter,
    degraded: IntCounter,
}

impl Tickets {
    pub(super) fn new(register: impl Fn(Box<dyn Collector>)) -> Self {
        let by_type = definition::TICKETS.counters();
        let ungrounded = definition::UNGROUNDED.counters();
        let time = definition::TICKET_TIME.histograms();
        let corrections = definition::CORRECTIONS.counters();
        let losses = [
            Loss::Busy,
            Loss::ShuttingDown,
            Loss::UpstreamFailed,
            Loss::CallTooLong,
            Loss::Ungrounded,
            Loss::TimedOut,
            Loss::Internal,
            Loss::Abandoned,
        ];
        let tickets = Self {
            lost: Each::new(losses, |loss| by_type.with_label_values(&[wire(loss).as_str(), ""])),
            ungrounded: ungrounded.with_label_values::<&str>(&[]),
            time: time.with_label_values::<&str>(&[]),
            corrections: Each::new(Method::ALL, |method| {
                corrections.with_label_values(&[wire(method)])
            }),
            by_type: by_type.clone(),
            outcomes: OutcomeCounts::default(),
        };
        register(Box::new(time));
        for counters in [by_type, ungrounded, corrections] {
            register(Box::new(counters));
        }
        tickets
    }

    /// The counters of these types.
    pub fn types(&self, types: &[String]) -> Types {
        let both = |kind: &str| Both {
            made: self.by_type.with_label_values(&["made", kind]),
            degraded: self.by_type.with_label_values(&["degraded", kind]),
        };
        Types(types.iter().map(|kind| (kind.clone(), both(kind))).collect())
    }

    /// A ticket came to nothing.
    pub fn lost(&self, loss: Loss) {
        if let Some(lost) = self.lost.of(&loss) {
            lost.inc();
        }
        let OutcomeCounts { failed, refused, .. } = &self.outcomes;
        match loss {
            Loss::Busy | Loss::ShuttingDown => refused,
            Loss::UpstreamFailed
            | Loss::CallTooLong
            | Loss::Ungrounded
            | Loss::TimedOut
            | Loss::Internal => failed,
            // Nobody was told anything.
            Loss::Abandoned => return,
        }
        .fetch_add(1, Ordering::Relaxed);
    }

    /// What became of tickets since the start.
    pub(super) fn outcomes(&self) -> Outcomes {
        let OutcomeCounts { made, degraded, failed, refused } = &self.outcomes;
        let [made, degraded, failed, refused] =
            [made, degraded, failed, refused].map(|count| count.load(Ordering::Relaxed));
        Outcomes { made, degraded, failed, refused }
    }

    fn made(&self, types: &Types, made: Made) {
        let OutcomeCounts { made: whole, degraded, .. } = &self.outcomes;
        if made.degraded { degraded } else { whole }.fetch_add(1, Ordering::Relaxed);
        if let Some(both) = types.0.get(made.kind) {
            if made.degraded { &both.degraded } else { &both.made }.inc();
        }
        if !made.grounded {
            self.ungrounded.inc();
        }
        if let Some(corrections) = self.corrections.of(&made.method) {
            corrections.inc();
        }
        self.time.observe(made.took.as_secs_f64());
    }
}

/// A ticket that is being made. One that is dropped before its end was abandoned.
#[derive(Debug)]
pub struct Making {
    metrics: Arc<Metrics>,
    ended: bool,
}

impl Making {
    /// A ticket is begun.
    pub fn begin(metrics: Arc<Metrics>) -> Self {
        Self { metrics, ended: false }
    }

    /// It is made.
    pub fn made(mut self, types: &Types, made: Made) {
        self.ended = true;
        self.metrics.tickets.made(types, made);
    }

    /// It came to nothing.
    pub fn lost(mut self, loss: Loss) {
        self.ended = true;
        self.metrics.tickets.lost(loss);
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.ended {
            let crashed = std::thread::panicking();
            self.metrics.tickets.lost(if crashed { Loss::Internal } else { Loss::Abandoned });
        }
    }
}

/// Takes out the types that are configured no more.
pub(super) fn keep(families: &mut [MetricFamily], types: &[String]) {
    let is_configured = |metric: &Metric| {
        let kind = metric.get_label().iter().find(|label| label.name() == "type");
        kind.is_none_or(|kind| {
            kind.value().is_empty() || types.iter().any(|configured| configured == kind.value())
        })
    };
    for family in families.iter_mut().filter(|family| family.name() == definition::TICKETS.name) {
        family.mut_metric().retain(is_configured);
    }
}
