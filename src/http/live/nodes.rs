//! The nodes as everybody may see them: what operators are told, without what the nodes wrote themselves.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    balancer::{NodeSnapshot, Overview, breaker::Position, queue::Waiting},
    fleet::{List, View},
    http::{
        Service,
        admin::NodeBody,
        ask::ask,
        error::ApiError,
        lb_stats::{LastFailure, rate, snapshot},
    },
    node::to_millisecond,
};

/// The service and its nodes at one moment.
#[derive(Serialize, ToSchema)]
#[schema(as = NodesEvent)]
pub(in crate::http) struct NodesNow {
    /// ticketd's version.
    #[schema(examples("0.1.0"))]
    version: &'static str,
    /// When ticketd was started, in UTC.
    #[serde(serialize_with = "to_millisecond")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-23T00:01:26.002Z"))]
    since: Timestamp,
    /// How many calls wait for a node.
    waiting: Waiting,
    /// How many nodes there are.
    #[schema(examples(3))]
    total_endpoints: usize,
    /// How many of them take calls.
    #[schema(examples(3))]
    healthy_endpoints: usize,
    /// Every node, in the order in which they came.
    nodes: Vec<LiveNode>,
}

/// A node as in `GET /admin/nodes`, without `last_failure.output`, and how its calls go.
#[derive(Serialize, ToSchema)]
struct LiveNode {
    #[serde(flatten)]
    node: NodeBody,
    /// Whether its breaker lets calls pass: `closed` lets all, `open` none, `half-open` one trial.
    breaker: Position,
    /// How many tokens a second it generates, to one decimal; null as long as none was measured.
    #[schema(required = true, examples(31.4))]
    tokens_per_second: Option<f64>,
    /// The last call that failed there; null as long as none did.
    #[schema(required = true)]
    last_call_failure: Option<LastFailure>,
}

impl LiveNode {
    fn new(view: View, nodes: &[NodeSnapshot]) -> Self {
        let seen = nodes.iter().find(|node| node.id == view.status.id);
        let status = view.status.without_output();
        Self {
            breaker: seen.map_or(Position::Closed, |node| node.breaker),
            tokens_per_second: seen.and_then(rate),
            last_call_failure: seen.and_then(LastFailure::of),
            node: NodeBody::new(View { status, ..view }, nodes),
        }
    }
}

impl NodesNow {
    /// How they are now.
    pub(super) async fn of(service: &Service) -> Result<Self, ApiError> {
        let views = ask(&service.fleet, List).await?;
        let Overview { nodes: seen, waiting, .. } = snapshot(&service.balancer).await?;
        let nodes: Vec<_> = views.into_iter().map(|view| LiveNode::new(view, &seen)).collect();
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            since: service.watched.since,
            waiting,
            total_endpoints: nodes.len(),
            healthy_endpoints: nodes.iter().filter(|node| node.node.healthy()).count(),
            nodes,
        })
    }

    /// Lets failures that were told before keep their times. They are reckoned from how long ago they were,
    /// which is not the same to the millisecond each time, and would look like news.
    pub(super) fn steady(&mut self, told: &Self) {
        for node in &mut self.nodes {
            let before = told.nodes.iter().find(|before| before.node.id() == node.node.id());
            let before = before.and_then(|before| before.last_call_failure.as_ref());
            if let (Some(failure), Some(before)) = (&mut node.last_call_failure, before) {
                failure.steady(before, JITTER);
            }
        }
    }
}

/// Two times that are closer are one.
const JITTER: SignedDuration = SignedDuration::from_millis(500);
