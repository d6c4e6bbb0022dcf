//! Who gets the next slot: the nodes as the balancer sees them, and the choice among them.
//!
//! One rule: *usable* is one predicate, [`Pool::choose`] is its only user, and no node ever has
//! more calls than slots. Pure; time comes in as a value, counted from the balancer's start.

use std::{collections::VecDeque, time::Duration};

use super::{Latency, NodeId, NodeState, Outcome};
use crate::{backoff::Backoff, config::Policy};

/// How many answered calls a node's latencies are told from.
const LATENCIES: usize = 100;

/// A slot that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The node's id.
    pub node: NodeId,
    /// Which of the nodes that have had this id.
    pub membership: u64,
    /// The node's URL up to `/api`.
    pub base_url: String,
}

/// One node's slots, health and counts.
#[derive(Clone, Debug)]
pub struct Member {
    /// Different for every node that ever was.
    membership: u64,
    /// The node's id.
    pub id: NodeId,
    /// The URL up to `/api`.
    pub base_url: String,
    /// Calls it may work on at once.
    pub slots: u32,
    /// What its supervisor last said of it.
    pub state: NodeState,
    /// When the supervisor said so.
    state_at: Duration,
    /// Leases that are out.
    pub in_flight: u32,
    /// Calls sent to it since the start.
    pub request_count: u64,
    /// Failures of it since the start.
    pub error_count: u64,
    /// The failures in a row that its penalty stands for.
    failures: u32,
    penalty_until: Duration,
    /// The number of the lease that was its last; a lower one means longer unused.
    last_used: u64,
    /// How long its last answered calls took.
    latencies: VecDeque<Duration>,
    /// When it last answered a call.
    answered_at: Option<Duration>,
}

impl Member {
    /// Ready and not resting: what clients of the API are told as `healthy`.
    pub fn is_healthy(&self, now: Duration) -> bool {
        self.state == NodeState::Ready && self.penalty_until <= now
    }

    /// When it can be usable at the earliest; none if that takes an operator. A node that is down
    /// says so itself, and every other one may be usable at any moment.
    fn usable_at(&self) -> Option<Duration> {
        match self.state {
            NodeState::Ready => Some(self.penalty_until),
            NodeState::Reachable => Some(Duration::ZERO),
            NodeState::Down { back_in } => back_in.map(|delay| self.state_at + delay),
        }
    }

    /// How long its last answered calls took; none before the first.
    pub fn latency(&self) -> Option<Latency> {
        let mut sorted: Vec<Duration> = self.latencies.iter().copied().collect();
        sorted.sort_unstable();
        let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1);
        Some(Latency { p50: *at(50)?, p95: *at(95)? })
    }

    /// Whether nothing shows that it works, after a call that held it so long without an answer: no
    /// other one runs there, or none was answered meanwhile.
    pub fn is_suspect(&self, held: Duration, now: Duration) -> bool {
        self.in_flight == 0 || self.answered_at.is_none_or(|at| at + held < now)
    }

    /// Healthy and not excluded for the call at hand.
    fn is_usable(&self, excluded: &[NodeId], now: Duration) -> bool {
        self.is_healthy(now) && !excluded.contains(&self.id)
    }
}

/// All nodes.
#[derive(Debug)]
pub struct Pool {
    members: Vec<Member>,
    policy: Policy,
    /// How long a node rests after failures of its own.
    penalty: Backoff,
    leases: u64,
    memberships: u64,
    /// How long an answered call held its slot, smoothed; none before the first answer.
    service_time: Option<Duration>,
    /// The member that round robin took last.
    last: usize,
}

impl Pool {
    /// An empty pool.
    pub fn new(policy: Policy, penalty: Backoff) -> Self {
        Self {
            members: Vec::new(),
            policy,
            penalty,
            leases: 0,
            memberships: 0,
            service_time: None,
            last: usize::MAX,
        }
    }

    /// Takes over another policy and other rests.
    pub fn configure(&mut self, policy: Policy, penalty: Backoff) {
        (self.policy, self.penalty) = (policy, penalty);
    }

    /// Adds a node, which is unusable until its supervisor says otherwise, unless it is there already.
    pub fn add(&mut self, id: NodeId, base_url: String, slots: u32) {
        if self.members.iter().any(|member| member.id == id) {
            return;
        }
        self.memberships += 1;
        self.members.push(Member {
            membership: self.memberships,
            id,
            base_url,
            slots,
            state: NodeState::Down { back_in: Some(Duration::ZERO) },
            state_at: Duration::ZERO,
            in_flight: 0,
            request_count: 0,
            error_count: 0,
            failures: 0,
            penalty_until: Duration::ZERO,
            last_used: 0,
            latencies: VecDeque::new(),
            answered_at: None,
        });
    }

    /// Takes note of how many calls a node may work on at once.
    pub fn set_slots(&mut self, id: &NodeId, slots: u32) {
        if let Some(member) = self.members.iter_mut().find(|member| member.id == *id) {
            member.slots = slots;
        }
    }

    /// Forgets a node.
    pub fn remove(&mut self, id: &NodeId) {
        self.members.retain(|member| member.id != *id);
    }

    /// Whether no call is in flight on a node; true of one that is unknown.
    pub fn is_idle(&self, id: &NodeId) -> bool {
        self.members.iter().all(|member| member.id != *id || member.in_flight == 0)
    }

    /// Takes back the blame for one failed call.
    pub fn pardon(&mut self, id: &NodeId) {
        let Some(member) = self.members.iter_mut().find(|member| member.id == *id) else { return };
        member.error_count = member.error_count.saturating_sub(1);
        member.failures = member.failures.saturating_sub(1);
        if member.failures == 0 {
            member.penalty_until = Duration::ZERO;
        }
    }

    /// All nodes, in the order of the configuration.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Takes note of what a node's supervisor says.
    ///
    /// A node that was down comes back without a penalty: a new process owes nothing. One that only
    /// loaded its model again keeps it, so that who fails fast does not attract calls.
    pub fn set_state(&mut self, id: &NodeId, state: NodeState, now: Duration) {
        let Some(member) = self.members.iter_mut().find(|member| member.id == *id) else { return };
        if matches!(member.state, NodeState::Down { .. })
            && !matches!(state, NodeState::Down { .. })
        {
            member.failures = 0;
            member.penalty_until = Duration::ZERO;
        }
        member.state = state;
        member.state_at = now;
    }

    /// Whether a call may go to a node other than the excluded ones, now or later: one that is ready
    /// and only busy or resting counts.
    fn another_lives(&self, excluded: &[NodeId]) -> bool {
        let live = |member: &Member| member.state == NodeState::Ready;
        self.members.iter().any(|member| live(member) && !excluded.contains(&member.id))
    }

    /// Chooses a usable node with a free slot and takes the slot.
    ///
    /// Nodes that failed the call at hand are excluded while another one lives; when only they are
    /// left, they are as good as any.
    pub fn choose(&mut self, excluded: &[NodeId], now: Duration) -> Option<Taken> {
        let excluded = if self.another_lives(excluded) { excluded } else { &[] };
        let free =
            |member: &Member| member.is_usable(excluded, now) && member.in_flight < member.slots;
        let indices = 0..self.members.len();
        let chosen = match self.policy {
            Policy::LeastBusy => indices.filter(|at| free(&self.members[*at])).min_by(|a, b| {
                let (a, b) = (&self.members[*a], &self.members[*b]);
                let load =
                    |of: &Member, other: &Member| u64::from(of.in_flight) * u64::from(other.slots);
                load(a, b).cmp(&load(b, a)).then(a.last_used.cmp(&b.last_used))
            }),
            Policy::RoundRobin => {
                let first = self.last.wrapping_add(1);
                let turn = indices.map(|step| (first + step) % self.members.len());
                turn.into_iter().find(|at| free(&self.members[*at]))
            }
        }?;
        self.leases += 1;
        self.last = chosen;
        let member = &mut self.members[chosen];
        member.in_flight += 1;
        member.request_count += 1;
        member.last_used = self.leases;
        let Member { id, membership, base_url, .. } = member;
        Some(Taken { node: id.clone(), membership: *membership, base_url: base_url.clone() })
    }

    /// Gives a slot back and takes note of how the call went and how long it `held` the slot. The
    /// answer is the node, if it is still there.
    pub fn release(
        &mut self,
        membership: u64,
        outcome: Outcome,
        held: Duration,
        now: Duration,
    ) -> Option<&Member> {
        let penalty = self.penalty;
        if outcome == Outcome::Answered {
            self.service_time = Some(self.service_time.map_or(held, |mean| (mean * 7 + held) / 8));
        }
        let member = self.members.iter_mut().find(|member| member.membership == membership)?;
        member.in_flight = member.in_flight.saturating_sub(1);
        if outcome.is_error() {
            member.error_count += 1;
        }
        if outcome == Outcome::Refused {
            // The request was never sent.
            member.request_count = member.request_count.saturating_sub(1);
        }
        match outcome {
            Outcome::Answered => {
                member.failures = 0;
                member.penalty_until = Duration::ZERO;
                member.latencies.truncate(LATENCIES - 1);
                member.latencies.push_front(held);
                member.answered_at = Some(now);
            }
            Outcome::Refused | Outcome::Busy | Outcome::Failed | Outcome::Stalled => {
                // What fails while the node rests began before: together they are one failure.
                if member.penalty_until <= now {
                    member.failures += 1;
                }
                member.penalty_until = now + penalty.delay(member.failures);
            }
            Outcome::BadAnswer | Outcome::Rejected | Outcome::Abandoned => {}
        }
        Some(member)
    }

    /// When the first running penalty ends: the next moment at which a choice may succeed that does
    /// not succeed now.
    pub fn next_penalty_end(&self, now: Duration) -> Option<Duration> {
        let ends = self.members.iter().map(|member| member.penalty_until);
        ends.filter(|end| *end > now).min()
    }

    /// How long a caller that is refused while so many wait had better stay away: the time to the
    /// first usable node and the time that the nodes need for those ahead, in whole seconds
    /// between 1 and 120.
    pub fn retry_after(&self, waiting: usize, now: Duration) -> Duration {
        let slots: u32 = self.members.iter().map(|member| member.slots).sum();
        let ahead = u32::try_from(waiting + 1).unwrap_or(u32::MAX);
        let needed = self.service_time.unwrap_or_default().saturating_mul(ahead) / slots.max(1);
        let usable = self
            .members
            .iter()
            .map(|member| member.usable_at().map_or(Duration::MAX, |at| at.saturating_sub(now)));
        let first = usable.min().unwrap_or_default();
        Duration::from_secs(needed.saturating_add(first).as_secs().clamp(1, 120))
    }

    /// Whether any node can be usable before `deadline`.
    pub fn can_serve_before(&self, deadline: Duration) -> bool {
        let in_time = |member: &Member| member.usable_at().is_some_and(|at| at < deadline);
        self.members.iter().any(in_time)
    }
}

#[cfg(test)]
mod tests;
