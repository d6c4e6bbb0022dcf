//! Who gets the next slot: the nodes as the balancer sees them, and the choice among them.
//!
//! One rule: *usable* is one predicate, [`Pool::choose`] is its only user, and no node ever has
//! more calls than slots. Pure; time comes in as a value, counted from the balancer's start.

mod rank;
mod slots;

use std::time::Duration;

pub use self::slots::Slot;
use self::{rank::Rank, slots::Began};
use super::{
    NodeId, NodeState, Outcome,
    breaker::Position,
    history::{History, Measured},
    member::{Member, Prospect, Treatment},
};
use crate::config::Policy;

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

/// How a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which of the nodes it was.
    pub membership: u64,
    /// Which call; the same for equal requests.
    pub call: u64,
    /// How.
    pub outcome: Outcome,
    /// How long it held its slot.
    pub held: Duration,
    /// What an answered call showed.
    pub measured: Option<Measured>,
}

/// What the end of a lease means for the node's supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The node.
    pub node: NodeId,
    /// Whether nothing shows that the node works: no other call runs there, or none was answered
    /// since this one began.
    pub suspect: bool,
    /// The number of the doubt, if the node gets no more calls until its supervisor has looked.
    pub doubt: Option<u64>,
}

/// All nodes.
#[derive(Debug)]
pub struct Pool {
    members: Vec<Member>,
    policy: Policy,
    treatment: Treatment,
    leases: u64,
    memberships: u64,
    doubts: u64,
    /// How the last answered calls of all nodes went.
    history: History,
    /// The member that round robin took last.
    last: usize,
    began: Began,
}

impl Pool {
    /// An empty pool.
    pub fn new(policy: Policy, treatment: Treatment) -> Self {
        Self {
            members: Vec::new(),
            policy,
            treatment,
            leases: 0,
            memberships: 0,
            doubts: 0,
            history: History::default(),
            last: usize::MAX,
            began: Began::default(),
        }
    }

    /// Takes over another policy and another treatment.
    pub fn configure(&mut self, policy: Policy, treatment: Treatment) {
        (self.policy, self.treatment) = (policy, treatment);
    }

    /// Forgets how calls went: another model is served from now on.
    pub fn forget(&mut self) {
        self.history = History::default();
        for member in &mut self.members {
            member.history = History::default();
        }
    }

    /// Adds a node, which is unusable until its supervisor says otherwise, unless it is there already.
    pub fn add(&mut self, id: NodeId, base_url: String, slots: u32) {
        if self.members.iter().all(|member| member.id != id) {
            self.memberships += 1;
            self.members.push(Member::new(self.memberships, id, base_url, slots));
        }
    }

    fn find(&mut self, id: &NodeId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == *id)
    }

    /// Takes note of how many calls a node may work on at once.
    pub fn set_slots(&mut self, id: &NodeId, slots: u32) {
        if let Some(member) = self.find(id) {
            member.slots = slots;
        }
    }

    /// Takes note of what a node's supervisor says, who has heard of the doubts up to `heard`.
    pub fn set_state(&mut self, id: &NodeId, state: NodeState, heard: u64, now: Duration) {
        if let Some(member) = self.find(id) {
            member.set_state(state, heard, now);
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
    pub fn pardon(&mut self, id: &NodeId, call: u64) {
        if let Some(member) = self.find(id) {
            member.pardon(call);
        }
    }

    /// Another node answered a call that this one did not.
    pub fn blame(&mut self, id: &NodeId, call: u64, now: Duration) {
        let treatment = self.treatment;
        if let Some(member) = self.find(id) {
            member.blame(call, now, &treatment);
        }
    }

    /// All nodes, in the order of the configuration.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// What a call may expect of a node.
    pub fn prospect(&self, id: &NodeId) -> Prospect {
        let member = self.members.iter().find(|member| member.id == *id);
        member.map(|member| member.prospect(&self.history)).unwrap_or_default()
    }

    /// How the last answered calls of all nodes went.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Whether every node that is ready rests, or has to be tried first.
    fn is_outage(&self, now: Duration) -> bool {
        let works =
            |member: &Member| member.is_live() && member.rests_until(false, &self.treatment) <= now;
        !self.members.iter().any(works)
    }

    /// Ready and not resting: what clients of the API are told as `healthy`.
    pub fn is_healthy(&self, member: &Member, now: Duration) -> bool {
        let outage = self.is_outage(now);
        member.is_ready() && member.rests_until(outage, &self.treatment) <= now
    }

    /// Whether any node has a slot for some call.
    pub fn has_room(&self, now: Duration) -> bool {
        let outage = self.is_outage(now);
        self.members.iter().any(|member| self.is_usable(member, outage, now))
    }

    /// Whether a node has a slot for a call that does not exclude it.
    fn is_usable(&self, member: &Member, outage: bool, now: Duration) -> bool {
        member.is_ready() && member.has_room() && member.rests_until(outage, &self.treatment) <= now
    }

    /// Chooses a usable node with a free slot and takes the slot.
    ///
    /// Nodes that failed the call at hand are excluded while another one lives; when only they are
    /// left, they are as good as any. What has failed once is no trial while other nodes live, and on
    /// its last attempt it waits for a node that answered its last call, if there is one.
    pub fn choose(&mut self, excluded: &[NodeId], last: bool, now: Duration) -> Option<Taken> {
        let lives = |member: &Member| member.is_live() && !excluded.contains(&member.id);
        let another = self.members.iter().any(lives);
        let failed = !excluded.is_empty();
        let sound = |member: &Member| lives(member) && member.is_sound();
        let careful = failed && last && self.members.iter().any(sound);
        let excluded = if another { excluded } else { &[] };
        let outage = self.is_outage(now);
        let fastest = self.members.iter().filter(|member| member.is_live());
        let fastest = fastest.filter_map(Member::pace).min();
        let usable = |member: &Member| {
            self.is_usable(member, outage, now)
                && !excluded.contains(&member.id)
                && !(failed && another && member.breaker.position() != Position::Closed)
                && (!careful || member.is_sound())
        };
        let rank = |member: &Member| Rank::of(member, failed, fastest);
        let indices = 0..self.members.len();
        let chosen = match self.policy {
            Policy::LeastBusy => indices
                .filter(|at| usable(&self.members[*at]))
                .min_by(|a, b| rank(&self.members[*a]).cmp(&rank(&self.members[*b]))),
            Policy::RoundRobin => {
                let first = self.last.wrapping_add(1);
                let turn = indices.map(|step| (first + step) % self.members.len());
                turn.into_iter().find(|at| usable(&self.members[*at]))
            }
        }?;
        Some(self.take(chosen, now))
    }

    fn take(&mut self, at: usize, now: Duration) -> Taken {
        self.leases += 1;
        self.last = at;
        let member = &mut self.members[at];
        member.take(self.leases, now);
        let Member { id, membership, base_url, .. } = member;
        self.began.note(*membership, now);
        Taken { node: id.clone(), membership: *membership, base_url: base_url.clone() }
    }

    /// Takes a slot of an idle node that works, for a second copy of a call.
    pub fn choose_idle(&mut self, excluded: &[NodeId], now: Duration) -> Option<Taken> {
        let idle = |member: &Member| {
            member.is_live()
                && member.in_flight == 0
                && self.is_usable(member, false, now)
                && !excluded.contains(&member.id)
        };
        let indices = (0..self.members.len()).filter(|at| idle(&self.members[*at]));
        let at = indices.min_by_key(|at| self.members[*at].last_used)?;
        Some(self.take(at, now))
    }

    /// Gives a slot back and takes note of how the call went. The answer is what it means for the
    /// node, if that is still there.
    pub fn release(&mut self, ended: Ended, now: Duration) -> Option<Verdict> {
        let Ended { membership, call, outcome, held, measured } = ended;
        if let Some(measured) = measured.filter(|_| outcome == Outcome::Answered) {
            self.history.push(measured);
        }
        self.began.forget(membership, now.saturating_sub(held));
        let usual = self.history.mean();
        let (treatment, next_doubt) = (self.treatment, self.doubts + 1);
        let member = self.members.iter_mut().find(|member| member.membership == membership)?;
        member.tally.count(outcome, measured.as_ref());
        member.end((outcome, call, held), measured, usual, now, &treatment);
        let suspect = member.is_suspect(held, now);
        let mut doubt = None;
        if outcome == Outcome::Stalled && suspect {
            self.doubts = next_doubt;
            member.doubt(next_doubt);
            doubt = Some(next_doubt);
        }
        Some(Verdict { node: member.id.clone(), suspect, doubt })
    }

    /// When the first running rest ends: the next moment at which a choice may succeed that does
    /// not succeed now.
    pub fn next_rest_end(&self, now: Duration) -> Option<Duration> {
        let outage = self.is_outage(now);
        let ready = self.members.iter().filter(|member| member.is_ready());
        let ends = ready.map(|member| member.rests_until(outage, &self.treatment));
        ends.filter(|end| *end > now).min()
    }

    /// The calls that the live nodes answer in a second, or all nodes while none lives; none if nothing
    /// was measured yet.
    pub fn throughput(&self) -> Option<f64> {
        self.rate_of(|member| member.is_live()).or_else(|| self.rate_of(|_| true))
    }

    /// The calls that all nodes would answer in a second if those that may come back were back.
    pub fn potential(&self) -> Option<f64> {
        self.rate_of(|member| member.state != NodeState::Down { back_in: None })
    }

    fn rate_of(&self, counts: impl Fn(&&Member) -> bool) -> Option<f64> {
        let mean = self.history.mean();
        let rate = |member: &Member| {
            let seconds = member.pace().or(mean)?.as_secs_f64().max(1e-6);
            Some(f64::from(member.slots) / seconds)
        };
        let sum: f64 = self.members.iter().filter(counts).filter_map(rate).sum();
        (sum > 0.0).then_some(sum)
    }

    /// When the first node can be usable at the earliest; none if that takes an operator.
    pub fn usable_at(&self, now: Duration) -> Option<Duration> {
        let outage = self.is_outage(now);
        self.members.iter().filter_map(|member| member.usable_at(outage, &self.treatment)).min()
    }
}

#[cfg(test)]
mod tests;
