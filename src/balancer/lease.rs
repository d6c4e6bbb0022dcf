//! One slot of one node, held by a value: whoever drops it has given the slot back.

use std::time::Duration;

use actix::Addr;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Balancer, NodeId, messages::Release, pool::Taken};

/// How a call to a node went, as the balancer needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    outcome: Outcome,
    revoked: CancellationToken,
    balancer: Addr<Balancer>,
}

impl Lease {
    pub(super) fn new(taken: Taken, revoked: CancellationToken, balancer: Addr<Balancer>) -> Self {
        let Taken { node, membership, base_url } = taken;
        let (since, outcome) = (Instant::now(), Outcome::Abandoned);
        Self { node, membership, base_url, since, outcome, revoked, balancer }
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

    /// Gives the slot back and says how the call went. Without this the call counts as abandoned.
    pub fn finish(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (membership, outcome, held) = (self.membership, self.outcome, self.held());
        self.balancer.do_send(Release { membership, outcome, held });
    }
}
