//! The metrics: the one place where names, labels and help are written. The README has the same list.

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, Opts,
    core::{AtomicU64, GenericGaugeVec},
};

/// Seconds: from an answer of the cache to a long ticket on a slow node.
const BUCKETS: [f64; 17] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0,
    300.0,
];

/// A gauge whose values are whole numbers.
pub(super) type Gauges = GenericGaugeVec<AtomicU64>;

/// One metric.
pub(super) struct Definition {
    pub(super) name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
}

const fn metric(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Definition {
    Definition { name, labels, help }
}

pub(super) const BUILD: Definition =
    metric("ticketd_build_info", &["version"], "Always 1; the version is the label.");

pub(super) const TICKETS: Definition = metric(
    "ticketd_tickets_total",
    &["outcome", "type"],
    "Tickets that were asked for, by what became of them: made, degraded (a rule-made draft), or the code \
     of the error; and by their type, which has none without a ticket.",
);
pub(super) const UNGROUNDED: Definition = metric(
    "ticketd_ungrounded_tickets_total",
    &[],
    "Tickets that say what nobody said, and were answered with that listed.",
);
pub(super) const TICKET_TIME: Definition = metric(
    "ticketd_ticket_duration_seconds",
    &[],
    "How long tickets took that were made or drafted, from the read call to the answer.",
);
pub(super) const CORRECTIONS: Definition = metric(
    "ticketd_place_corrections_total",
    &["method"],
    "Zones of tickets, by what became of their place names.",
);

pub(super) const QUEUE_DEPTH: Definition = metric(
    "ticketd_queue_depth",
    &["priority"],
    "Calls that wait for a slot: those of begun tickets, and first ones by their priority.",
);
pub(super) const QUEUE_WAIT: Definition = metric(
    "ticketd_queue_wait_seconds",
    &["priority"],
    "How long calls waited for the slot that they got.",
);
pub(super) const RETRIES: Definition = metric(
    "ticketd_call_retries_total",
    &["reason"],
    "Attempts after one that brought no accepted answer, by how that one ended.",
);
pub(super) const FIRST_TOKEN: Definition = metric(
    "ticketd_call_first_token_seconds",
    &[],
    "How long answered calls took to the first token, without loading the model.",
);
pub(super) const CALL_TIME: Definition = metric(
    "ticketd_call_duration_seconds",
    &[],
    "How long answered calls took on their node, without loading the model.",
);

pub(super) const NODE_CALLS: Definition = metric(
    "ticketd_node_calls_total",
    &["node", "outcome"],
    "Calls to the node, by how they ended.",
);
pub(super) const NODE_TOKENS: Definition = metric(
    "ticketd_node_tokens_total",
    &["node", "kind"],
    "Tokens of answered calls, as the node counted them: prompt or answer.",
);
pub(super) const NODE_STATE: Definition = metric(
    "ticketd_node_state",
    &["node", "state"],
    "1 for the state that the node is in, 0 for every other one.",
);
pub(super) const NODE_HEALTHY: Definition = metric(
    "ticketd_node_healthy",
    &["node"],
    "Whether the node takes calls: it is ready, its breaker closed, and it does not rest.",
);
pub(super) const NODE_RESTARTS: Definition = metric(
    "ticketd_node_restarts_total",
    &["node"],
    "How often the process of the node was started anew.",
);
pub(super) const NODE_IN_FLIGHT: Definition =
    metric("ticketd_node_calls_in_flight", &["node"], "Calls that the node works on.");
pub(super) const NODE_SLOTS: Definition =
    metric("ticketd_node_slots", &["node"], "Calls that the node may work on at once.");
pub(super) const NODE_MEMORY: Definition = metric(
    "ticketd_node_memory_bytes",
    &["node"],
    "Memory of the host that the processes of the node take, where they have a cgroup.",
);
pub(super) const MODEL_MEMORY: Definition =
    metric("ticketd_node_model_bytes", &["node"], "Memory that the loaded model takes.");
pub(super) const MODEL_VRAM: Definition =
    metric("ticketd_node_model_vram_bytes", &["node"], "The part of it that is on the GPU.");
pub(super) const NODE_OFF_GPU: Definition = metric(
    "ticketd_node_off_gpu",
    &["node"],
    "Whether the model is not wholly on the GPU although it should be.",
);

impl Definition {
    fn options(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    pub(super) fn counters(&self) -> IntCounterVec {
        IntCounterVec::new(self.options(), self.labels).expect("its name is one")
    }

    pub(super) fn gauges(&self) -> Gauges {
        Gauges::new(self.options(), self.labels).expect("its name is one")
    }

    pub(super) fn histograms(&self) -> HistogramVec {
        let options = HistogramOpts::from(self.options()).buckets(BUCKETS.to_vec());
        HistogramVec::new(options, self.labels).expect("its name is one")
    }
}
