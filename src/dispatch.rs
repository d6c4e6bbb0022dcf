//! One model call: lease, call, judge, retry elsewhere, within a deadline.
//!
//! Nothing reaches the caller before the judge has accepted an answer, so every failure may be
//! retried. Dispatch knows nothing of tickets: what makes an answer good is the judge's business.

use std::{pin::pin, time::Duration};

use actix::Addr;
use actix_web::web::Bytes;
use awc::Client;
use tokio::{
    select,
    sync::oneshot,
    time::{Instant, timeout_at},
};
use tracing::{debug, warn};

use crate::{
    balancer::{Acquire, Balancer, Lease, NodeId, Outcome, Pardon, Unserved, queue::Stage},
    ollama::{self, Answer, Budget, GenerateRequest, Pace, UpstreamError},
};

/// A call whose last token came no longer ago goes on although its node is given up.
const FLOWING: Duration = Duration::from_secs(3);

/// Makes model calls for one thread.
#[derive(Clone)]
pub struct Dispatch {
    balancer: Addr<Balancer>,
    client: Client,
    budget: Budget,
    attempts: u32,
}

/// Why an answer is not accepted: a fixed phrase for the log, never a part of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit(pub &'static str);

/// Why a model call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// No node took the call.
    #[error("no node took the call")]
    Unserved(#[source] Unserved),
    /// Every attempt failed.
    #[error("{attempts} attempts failed, the last one: {last}")]
    Exhausted {
        /// How many there were.
        attempts: u32,
        /// How the last one failed.
        last: String,
    },
    /// The deadline came while a node was at work, or between two attempts.
    #[error("the deadline came before an answer")]
    TimedOut,
}

/// How one attempt ended without an accepted answer.
struct Miss {
    outcome: Outcome,
    /// Whether it uses up one of the call's attempts; a node that never began does not.
    counts: bool,
    /// The status of an answer that reported a fault of the node.
    status: Option<u16>,
    reason: String,
}

impl Dispatch {
    /// A dispatcher over this thread's client.
    pub fn new(
        balancer: Addr<Balancer>,
        client: Client,
        settings: &crate::config::Balancer,
    ) -> Self {
        Self { balancer, client, budget: Budget::from(settings), attempts: settings.attempts }
    }

    /// Makes one model call and returns what `judge` makes of the answer.
    ///
    /// One attempt counter and one deadline cover transport and content. Dropping the future leaves
    /// the queue, ends the call and frees the slot.
    pub async fn call<T>(
        &self,
        request: &GenerateRequest<'_>,
        stage: Stage,
        deadline: Instant,
        judge: impl Fn(&Answer) -> Result<T, Unfit>,
    ) -> Result<T, Failed> {
        let body = request.to_body();
        let mut excluded: Vec<NodeId> = Vec::new();
        let mut faults = Faults::default();
        let mut stage = stage;
        let (mut used, mut last) = (0, String::new());
        loop {
            let lease = match self.lease(stage, deadline, &excluded).await {
                Ok(lease) => lease,
                Err(Unserved::NoNode { .. }) if used > 0 => {
                    let late = Instant::now() >= deadline;
                    let exhausted = Failed::Exhausted { attempts: used, last };
                    return Err(if late { Failed::TimedOut } else { exhausted });
                }
                Err(refused) => return Err(Failed::Unserved(refused)),
            };
            stage = Stage::Begun;
            let node = lease.node().clone();
            let attempt = self.attempt(&lease, body.clone(), &judge);
            let Ok(result) = timeout_at(deadline, attempt).await else {
                warn!(node.id = %node, "call given up: its deadline came");
                return Err(Failed::TimedOut);
            };
            let duration_ms = lease.held().as_millis();
            let miss = match result {
                Ok(value) => {
                    debug!(node.id = %node, %duration_ms, "call answered");
                    lease.finish(Outcome::Answered);
                    return Ok(value);
                }
                Err(miss) => miss,
            };
            lease.finish(miss.outcome);
            for node in faults.pardoned(&node, miss.status) {
                self.balancer.do_send(Pardon { node });
            }
            if !miss.counts {
                debug!(node.id = %node, reason = miss.reason, "call goes to another node or waits");
                continue;
            }
            used += 1;
            excluded.push(node.clone());
            last = miss.reason;
            warn!(node.id = %node, attempt = used, %duration_ms, reason = last, "call failed on this node");
            if used >= self.attempts {
                return Err(Failed::Exhausted { attempts: used, last });
            }
        }
    }

    /// Waits for a slot until the deadline.
    async fn lease(
        &self,
        stage: Stage,
        deadline: Instant,
        excluded: &[NodeId],
    ) -> Result<Lease, Unserved> {
        let (reply, answer) = oneshot::channel();
        let ask = Acquire { stage, deadline, excluded: excluded.to_vec(), reply };
        let wait = async {
            self.balancer.send(ask).await.map_err(|_| Unserved::ShuttingDown)?;
            // The balancer is gone when it drops the other end.
            answer.await.unwrap_or(Err(Unserved::ShuttingDown))
        };
        // The balancer itself says when the deadline has come; this is for one that does not.
        let retry_after = Duration::from_secs(1);
        timeout_at(deadline + retry_after, wait)
            .await
            .unwrap_or(Err(Unserved::NoNode { retry_after }))
    }

    async fn attempt<T>(
        &self,
        lease: &Lease,
        body: Bytes,
        judge: &impl Fn(&Answer) -> Result<T, Unfit>,
    ) -> Result<T, Miss> {
        let pace = Pace::default();
        let call = ollama::generate(&self.client, lease.base_url(), body, self.budget, &pace);
        let mut call = pin!(call);
        let answer = select! {
            answer = &mut call => answer?,
            // Probes may fail while tokens flow; such a call has its own limits.
            () = lease.revoked() => if pace.is_alive(FLOWING) {
                call.await?
            } else {
                return Err(Miss {
                    outcome: Outcome::Failed,
                    counts: true,
                    status: None,
                    reason: "the node was given up".to_owned(),
                });
            },
        };
        judge(&answer).map_err(|Unfit(reason)| Miss {
            outcome: Outcome::BadAnswer,
            counts: true,
            status: None,
            reason: reason.to_owned(),
        })
    }
}

/// The faults that nodes reported amid one call.
#[derive(Debug, Default)]
struct Faults(Vec<(NodeId, u16)>);

impl Faults {
    /// Takes note of one and says who is not to blame: two nodes that fail one call in the same way
    /// fail because of the call.
    fn pardoned(&mut self, node: &NodeId, status: Option<u16>) -> Vec<NodeId> {
        let Some(status) = status else { return Vec::new() };
        let same = |(other, theirs): &&(NodeId, u16)| *theirs == status && other != node;
        let earlier: Vec<_> = self.0.iter().filter(same).map(|(other, _)| other.clone()).collect();
        self.0.push((node.clone(), status));
        match earlier.len() {
            0 => Vec::new(),
            1 => vec![earlier[0].clone(), node.clone()],
            // Those before have been pardoned.
            _ => vec![node.clone()],
        }
    }
}

impl From<UpstreamError> for Miss {
    fn from(error: UpstreamError) -> Self {
        let status = match error {
            UpstreamError::Status(status) => Some(status),
            UpstreamError::ErrorLine => Some(200),
            UpstreamError::Connect(_)
            | UpstreamError::Busy(_)
            | UpstreamError::ModelMissing
            | UpstreamError::Rejected { .. }
            | UpstreamError::Stalled(_)
            | UpstreamError::Broken(_)
            | UpstreamError::Read(_)
            | UpstreamError::CutOff
            | UpstreamError::Garbage
            | UpstreamError::Endless => None,
        };
        let (outcome, counts) = match error {
            UpstreamError::Connect(_) => (Outcome::Refused, false),
            UpstreamError::Busy(_) => (Outcome::Busy, false),
            UpstreamError::Rejected { .. } => (Outcome::Rejected, true),
            UpstreamError::Endless => (Outcome::BadAnswer, true),
            UpstreamError::Stalled(_) => (Outcome::Stalled, true),
            UpstreamError::ModelMissing
            | UpstreamError::Status(_)
            | UpstreamError::Broken(_)
            | UpstreamError::Read(_)
            | UpstreamError::CutOff
            | UpstreamError::ErrorLine
            | UpstreamError::Garbage => (Outcome::Failed, true),
        };
        Self { outcome, counts, status, reason: ollama::chain(&error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_that_fail_a_call_alike_are_not_to_blame() {
        let [a, b, c] = ["a", "b", "c"].map(|name| NodeId::from(name.to_owned()));
        let mut faults = Faults::default();
        assert_eq!(faults.pardoned(&a, Some(500)), []);
        assert_eq!(faults.pardoned(&a, Some(500)), [], "one node alone proves nothing");
        assert_eq!(Faults::default().pardoned(&a, None), []);
        let mut faults = Faults::default();
        assert_eq!(faults.pardoned(&a, Some(500)), []);
        assert_eq!(faults.pardoned(&b, Some(200)), [], "another fault");
        assert_eq!(faults.pardoned(&b, Some(500)), [a.clone(), b.clone()]);
        assert_eq!(faults.pardoned(&c, Some(500)), [c]);
    }
}
