//! What the model calls of one ticket went through: the `trace` of the wire.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::balancer::{NodeId, Outcome};

/// Attempts and times of one ticket.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Every try of a model call on a node, in the order in which they ended.
    pub attempts: Vec<Attempted>,
    /// The milliseconds that the calls waited for a slot.
    pub queue_ms: u64,
    /// The milliseconds that nodes worked on them.
    pub model_ms: u64,
}

/// One try of a model call on a node; the names are those of the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct Attempted {
    /// The id of the node.
    #[schema(value_type = String, examples("11434"))]
    pub node: NodeId,
    /// How it went.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    #[schema(examples(21408))]
    pub ms: u64,
}

impl Trace {
    pub(super) fn waited(&mut self, time: Duration) {
        self.queue_ms += milliseconds(time);
    }

    pub(super) fn attempted(&mut self, node: NodeId, outcome: Outcome, time: Duration) {
        let ms = milliseconds(time);
        self.model_ms += ms;
        self.attempts.push(Attempted { node, outcome, ms });
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
