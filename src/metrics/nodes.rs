//! How queue and nodes stand, from the snapshots of balancer and fleet. A node that is gone is in
//! neither, and so are its series.

use prometheus::{core::Collector, proto::MetricFamily};

use super::{
    definition::{
        Definition, MODEL_MEMORY, MODEL_VRAM, NODE_CALLS, NODE_HEALTHY, NODE_IN_FLIGHT,
        NODE_MEMORY, NODE_OFF_GPU, NODE_RESTARTS, NODE_SLOTS, NODE_STATE, NODE_TOKENS, QUEUE_DEPTH,
    },
    wire,
};
use crate::{
    balancer::{NodeSnapshot, Outcome, Overview, queue::Waiting},
    node::{Status, lifecycle::Phase},
};

/// Everything that is read and not counted.
pub(super) fn families(seen: &Overview, nodes: &[Status]) -> Vec<MetricFamily> {
    let mut all = Families(Vec::new());
    let Waiting { begun, interactive, batch } = seen.waiting;
    let waiting = [("begun", begun), ("interactive", interactive), ("batch", batch)];
    all.gauges(&QUEUE_DEPTH, waiting.map(|(priority, calls)| ([priority], calls as u64)));
    all.calls(&seen.nodes);
    all.states(nodes);
    all.0
}

struct Families(Vec<MetricFamily>);

impl Families {
    /// What the balancer knows.
    fn calls(&mut self, nodes: &[NodeSnapshot]) {
        let outcomes = Outcome::ALL.map(|outcome| (outcome, wire(&outcome)));
        let ended = nodes.iter().flat_map(|node| {
            outcomes.iter().map(|(outcome, name)| {
                ([node.id.as_str(), name.as_str()], node.tally.ended(*outcome))
            })
        });
        self.counters(&NODE_CALLS, ended);
        let tokens = nodes.iter().flat_map(|node| {
            let (id, tally) = (node.id.as_str(), &node.tally);
            [([id, "prompt"], tally.prompt_tokens), ([id, "answer"], tally.answer_tokens)]
        });
        self.counters(&NODE_TOKENS, tokens);
        let mut of_each = |definition, value: fn(&NodeSnapshot) -> u64| {
            self.gauges(definition, nodes.iter().map(|node| ([node.id.as_str()], value(node))));
        };
        of_each(&NODE_HEALTHY, |node| node.healthy.into());
        of_each(&NODE_IN_FLIGHT, |node| node.in_flight.into());
        of_each(&NODE_SLOTS, |node| node.slots.into());
    }

    /// What the supervisors know.
    fn states(&mut self, nodes: &[Status]) {
        let states = nodes.iter().flat_map(|node| {
            let is = |state| ([node.id.as_str(), state], u64::from(node.state == state));
            Phase::NAMES.into_iter().map(is)
        });
        self.gauges(&NODE_STATE, states);
        let restarts = nodes.iter().map(|node| ([node.id.as_str()], node.restarts.into()));
        self.counters(&NODE_RESTARTS, restarts);
        // Not every node tells everything.
        let mut of_some = |definition, value: fn(&Status) -> Option<u64>| {
            let told = nodes.iter().filter_map(|node| Some(([node.id.as_str()], value(node)?)));
            self.gauges(definition, told);
        };
        of_some(&NODE_MEMORY, |node| node.resources.and_then(|usage| usage.memory_bytes));
        of_some(&MODEL_MEMORY, |node| node.memory.map(|memory| memory.bytes));
        of_some(&MODEL_VRAM, |node| node.memory.map(|memory| memory.vram_bytes));
        of_some(&NODE_OFF_GPU, |node| node.memory.map(|_| node.off_gpu.into()));
    }

    fn gauges<'a, const N: usize>(
        &mut self,
        definition: &Definition,
        series: impl IntoIterator<Item = ([&'a str; N], u64)>,
    ) {
        let gauges = definition.gauges();
        for (labels, value) in series {
            gauges.with_label_values(&labels).set(value);
        }
        self.take(&gauges);
    }

    fn counters<'a, const N: usize>(
        &mut self,
        definition: &Definition,
        series: impl IntoIterator<Item = ([&'a str; N], u64)>,
    ) {
        let counters = definition.counters();
        for (labels, value) in series {
            counters.with_label_values(&labels).inc_by(value);
        }
        self.take(&counters);
    }

    fn take(&mut self, metric: &impl Collector) {
        let told = metric.collect().into_iter().filter(|family| !family.get_metric().is_empty());
        self.0.extend(told);
    }
}
