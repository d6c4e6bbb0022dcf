//! What Prometheus is told. [`Metrics`] counts what happens to tickets and calls; how queue and nodes
//! stand is read from the snapshots of balancer and fleet when somebody asks. Pure.
//!
//! One rule: a label has no value that a caller chose, and every value has its counter before anything
//! is counted. So counting is adding to atomics, without a look-up under a lock, and a series shows
//! its 0 before its 1.

mod calls;
mod definition;
mod load;
mod nodes;
mod tickets;
mod waits;

use prometheus::{Registry, TextEncoder, core::Collector};
use serde::Serialize;

pub use self::{
    calls::Calls,
    load::{History, Minute, Outcomes, QueueWait, Totals},
    tickets::{Loss, Made, Making, Tickets, Types},
};
use crate::{
    balancer::{NodeSnapshot, Overview},
    node::Status,
};

/// The Content-Type of what [`Metrics::render`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// What became of tickets.
    pub tickets: Tickets,
    /// How their model calls went.
    pub calls: Calls,
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let build = definition::BUILD.gauges();
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let tickets = Tickets::new(|metric| register(&registry, metric));
        let calls = Calls::new(|metric| register(&registry, metric));
        register(&registry, Box::new(build));
        Self { registry, tickets, calls }
    }
}

fn register(registry: &Registry, metric: Box<dyn Collector>) {
    registry.register(metric).expect("no two metrics have one name");
}

impl Metrics {
    /// Everything as Prometheus reads it: what was counted, of the ticket types those of `types`; and how
    /// queue and nodes stand, of the nodes those that are here.
    pub fn render(&self, types: &[String], seen: &Overview, nodes: &[Status]) -> String {
        let mut families = self.registry.gather();
        tickets::keep(&mut families, types);
        families.extend(nodes::families(seen, nodes));
        TextEncoder::new().encode_to_string(&families).expect("no metric is empty")
    }

    /// What the load of a minute is reckoned from.
    pub fn totals(&self, nodes: &[NodeSnapshot]) -> Totals {
        let calls = nodes.iter().map(|node| (node.id.clone(), node.request_count)).collect();
        Totals { tickets: self.tickets.outcomes(), calls, waits: self.calls.waits.now() }
    }
}

/// One counter or histogram for each value of a label.
#[derive(Clone, Debug)]
struct Each<T, M>(Vec<(T, M)>);

impl<T: PartialEq, M> Each<T, M> {
    fn new<const N: usize>(values: [T; N], metric: impl Fn(&T) -> M) -> Self {
        let with_metric = |value: T| {
            let metric = metric(&value);
            (value, metric)
        };
        Self(values.into_iter().map(with_metric).collect())
    }

    /// None for a value that has none.
    fn of(&self, value: &T) -> Option<&M> {
        self.0.iter().find(|(own, _)| own == value).map(|(_, metric)| metric)
    }
}

/// The name that a value has on the wire.
fn wire(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok().and_then(|name| Some(name.as_str()?.to_owned()));
    name.unwrap_or_default()
}

#[cfg(test)]
mod tests;
