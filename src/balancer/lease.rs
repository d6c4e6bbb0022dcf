//! One slot of one node, held by a value: whoever drops it has given the slot back.

use std::time::Duration;

use actix::Addr;
use serde::Serialize;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::{
    Balancer, Measured, NodeId, Prospect,
    messages::Release,
    pool::{Ended, Taken},
};

/// How a call to a node went, as the balancer needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CallOutcome, examples("answered"))]
pub enum Outcome {
    /// A whole answer came.
    Answered,
    /// No connection.
    Refused,
    /// The node said that it is busy (429, 503).
    Busy,
    /// The node failed: an error, an answer that broke off.
    Failed,
    /// The node made no progress in time.
    Stalled,
    /// A whole answer came, and it is useless.
    BadAnswer,
    /// The node refused this very request (4xx): the request's fault, not the node's.
    Rejected,
    /// The caller left; nothing is known about the node.
    Abandoned,
}

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::Refused,
        Self::Busy,
        Self::Failed,
        Self::Stalled,
        Self::BadAnswer,
        Self::Rejected,
        Self::Abandoned,
    ];

    /// Whether the node's `error_count` grows.
    pub fn is_error(self) -> bool {
        match self {
            Self::Refused | Self::Busy | Self::Failed | Self::Stalled | Self::BadAnswer => true,
            Self::Answered | Self::Rejected | Self::Abandoned => false,
        }
    }
}

/// The right to make one call to one node.
#[derive(Debug)]
pub struct Lease {
    node: NodeId,
    /// Which of the nodes that have had this id.
    membership: u64,
    base_url: String,
    since: Instant,
    call: u64,
    outcome: Outcome,
    measured: Option<Measured>,
    revoked: CancellationToken,
    prospect: watch::Receiver<Prospect>,
    balancer: Addr<Balancer>,
}

impl Lease {
    pub(super) fn new(
        taken: Taken,
        revoked: CancellationToken,
        prospect: watch::Receiver<Prospect>,
        balancer: Addr<Balancer>,
    ) -> Self {
        let Taken { node, membership, base_url } = taken;
        Self {
            node,
            membership,
            base_url,
            since: Instant::now(),
            call: 0,
            outcome: Outcome::Abandoned,
            measured: None,
            revoked,
            prospect,
            balancer,
        }
    }

    /// What a call may expect of the node, and what it may expect from then on.
    pub fn prospect(&self) -> watch::Receiver<Prospect> {
        self.prospect.clone()
    }

    /// Waits until the node is given up, with the calls that it works on.
    pub async fn revoked(&self) {
        self.revoked.cancelled().await;
    }

    /// The node to call.
    pub fn node(&self) -> &NodeId {
        &self.node
    }

    /// Its URL up to `/api`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// How long the lease has been out.
    pub fn held(&self) -> Duration {
        self.since.elapsed()
    }

    /// Gives the slot back and says how the call went, which is the same `call` wherever it is made.
    /// Without this the call counts as abandoned.
    pub fn finish(mut self, call: u64, outcome: Outcome) {
        (self.call, self.outcome) = (call, outcome);
    }

    /// Gives the slot back after a call that was answered, with what it showed.
    pub fn answered(mut self, call: u64, measured: Measured) {
        (self.call, self.outcome, self.measured) = (call, Outcome::Answered, Some(measured));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Self { membership, call, outcome, measured, .. } = *self;
        let ended = Ended { membership, call, outcome, held: self.held(), measured };
        self.balancer.do_send(Release(ended));
    }
}
