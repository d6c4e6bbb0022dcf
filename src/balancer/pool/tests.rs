//! The choice by examples, and its rules by random steps.

use proptest::prelude::*;

use super::*;
use crate::{backoff::Backoff, balancer::breaker};

mod failures;

const REST: Backoff = Backoff { base: Duration::from_millis(200), ceiling: Duration::from_secs(5) };

const TREATMENT: Treatment = Treatment {
    rest: REST,
    breaker: breaker::Policy {
        failures: 5,
        cooldown: Backoff { base: Duration::from_secs(1), ceiling: Duration::from_secs(30) },
    },
    outage_retry: Duration::from_secs(1),
};

const MINUTE: Duration = Duration::from_secs(60);

/// More calls than any rule counts.
const MANY: u64 = 10;

/// How long the calls of these tests held their slots.
const HELD: Duration = Duration::from_secs(25);

fn id(name: usize) -> NodeId {
    NodeId::from(format!("n{name}"))
}

/// The node that is chosen at the start.
fn chosen(pool: &mut Pool, excluded: &[NodeId]) -> Option<NodeId> {
    pool.choose(excluded, false, Duration::ZERO).map(|taken| taken.node)
}

fn chosen_at(pool: &mut Pool, now: Duration) -> Option<NodeId> {
    pool.choose(&[], false, now).map(|taken| taken.node)
}

/// Ends a lease as the only one of its call.
fn end(
    pool: &mut Pool,
    membership: u64,
    outcome: Outcome,
    held: Duration,
    now: Duration,
) -> Option<Verdict> {
    let call = pool.leases;
    let measured =
        (outcome == Outcome::Answered).then(|| Measured { total: held, ..Measured::default() });
    pool.release(Ended { membership, call, outcome, held, measured }, now)
}

fn healthy(pool: &Pool, now: Duration) -> bool {
    pool.is_healthy(&pool.members()[0], now)
}

fn pool(policy: Policy, slots: &[u32]) -> Pool {
    let mut pool = Pool::new(policy, TREATMENT);
    for (name, slots) in slots.iter().enumerate() {
        pool.add(id(name), format!("http://127.0.0.1:{name}"), *slots);
        pool.set_state(&id(name), NodeState::Ready, 0, Duration::ZERO);
    }
    pool
}

#[test]
fn equal_nodes_share_evenly_one_call_at_a_time() {
    for policy in [Policy::LeastBusy, Policy::RoundRobin] {
        let mut pool = pool(policy, &[1, 1, 1]);
        for _ in 0..31 {
            let node = pool.choose(&[], false, Duration::ZERO).expect("all are free");
            end(&mut pool, node.membership, Outcome::Answered, HELD, Duration::ZERO);
        }
        let counts: Vec<u64> = pool.members().iter().map(|m| m.request_count).collect();
        assert_eq!(counts, [11, 10, 10], "{policy:?}");
    }
}

#[test]
fn the_least_busy_for_its_slots_is_chosen() {
    let mut pool = pool(Policy::LeastBusy, &[1, 4]);
    let order: Vec<_> = (0..6).map(|_| chosen(&mut pool, &[])).collect();
    let expected = [Some(id(0)), Some(id(1)), Some(id(1)), Some(id(1)), Some(id(1)), None];
    assert_eq!(order, expected);
}

#[test]
fn a_node_that_failed_the_call_waits_until_no_other_lives() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    let busy = chosen(&mut pool, &[id(0)]);
    assert_eq!(busy, Some(id(1)));
    // Node 1 is busy but alive, so the call waits for it instead of going back to node 0.
    assert_eq!(chosen(&mut pool, &[id(0)]), None);
    pool.set_state(&id(1), NodeState::Down { back_in: None }, 0, Duration::ZERO);
    assert_eq!(chosen(&mut pool, &[id(0)]), Some(id(0)));
}

#[test]
fn a_second_copy_goes_to_an_idle_node_that_has_not_failed_the_call() {
    let mut pool = pool(Policy::LeastBusy, &[1, 2, 1]);
    assert_eq!(chosen(&mut pool, &[]), Some(id(0)));
    let mut second = |excluded: &[NodeId]| pool.choose_idle(excluded, Duration::ZERO);
    assert_eq!(second(&[id(0), id(1), id(2)]), None);
    assert_eq!(second(&[id(0), id(2)]).map(|taken| taken.node), Some(id(1)));
    assert_eq!(second(&[id(0), id(2)]), None, "it is idle no more");
}

#[test]
fn a_clearly_slower_node_is_taken_when_no_other_is_free() {
    let learn = |slow_ms: u64, calls: usize| learnt(1000, slow_ms, calls);
    let (slow, fast) = (Some(id(0)), Some(id(1)));
    assert_eq!(learnt(10, 59, 8), [slow.clone(), fast.clone()], "so much is noise");
    assert_eq!(learnt(10, 60, 8), [fast.clone(), slow.clone()]);
    assert_eq!(learn(1500, 8), [fast.clone(), slow.clone()]);
    assert_eq!(learn(1400, 8), [slow.clone(), fast.clone()], "not clearly");
    assert_eq!(learn(9000, 7), [slow, fast], "too few calls to say so");
}

/// The order in which two nodes are taken after so many calls of so long, the slow one having been free
/// for longer.
fn learnt(fast_ms: u64, slow_ms: u64, calls: usize) -> [Option<NodeId>; 2] {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    for (node, ms) in [(0, slow_ms), (1, fast_ms)] {
        for _ in 0..calls {
            let taken = pool.choose(&[id(1 - node)], false, Duration::ZERO).expect("free");
            let held = Duration::from_millis(ms);
            end(&mut pool, taken.membership, Outcome::Answered, held, Duration::ZERO);
        }
    }
    [chosen(&mut pool, &[]), chosen(&mut pool, &[])]
}

#[test]
fn a_last_attempt_waits_for_a_node_that_answered_its_last_call() {
    for outcome in [Outcome::BadAnswer, Outcome::Rejected, Outcome::Stalled, Outcome::Failed] {
        let mut pool = pool(Policy::LeastBusy, &[1, 1, 1]);
        let first = pool.choose(&[], false, Duration::ZERO).expect("free");
        assert_eq!(first.node, id(0));
        end(&mut pool, first.membership, outcome, HELD, Duration::ZERO);
        pool.set_state(&id(0), NodeState::Ready, u64::MAX, Duration::ZERO);
        // All rests are over, and node 0 is free. Node 1 has failed the call at hand.
        let now = MINUTE;
        let busy = pool.choose(&[id(0), id(1)], false, now).expect("free");
        assert_eq!(busy.node, id(2));
        assert_eq!(pool.choose(&[id(1)], true, now), None, "{outcome:?}: it waits for node 2");
        end(&mut pool, busy.membership, Outcome::Answered, HELD, now);
        assert_eq!(pool.choose(&[id(1)], true, now).expect("free").node, id(2), "{outcome:?}");
        let other = pool.choose(&[id(1)], false, now).map(|taken| taken.node);
        assert_eq!(other, Some(id(0)), "{outcome:?}: other attempts go anywhere");
        assert_eq!(
            pool.choose(&[], true, now).map(|taken| taken.node),
            Some(id(1)),
            "a first one, too"
        );
    }
}

#[test]
fn a_last_attempt_takes_what_there_is_when_no_node_answers() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    for node in [0, 1] {
        let taken = pool.choose(&[id(1 - node)], false, Duration::ZERO).expect("free");
        end(&mut pool, taken.membership, Outcome::Rejected, HELD, Duration::ZERO);
    }
    let taken = pool.choose(&[id(0)], true, Duration::ZERO).map(|taken| taken.node);
    assert_eq!(taken, Some(id(1)));
}

proptest! {
    #[test]
    fn no_node_ever_has_more_calls_than_slots_and_none_idles_beside_a_wanted_slot(
        round_robin: bool,
        slots in prop::collection::vec(1_u32..4, 1..5),
        steps in prop::collection::vec((0_u8..8, 0_usize..5), 0..200),
    ) {
        let policy = if round_robin { Policy::RoundRobin } else { Policy::LeastBusy };
        let mut pool = pool(policy, &slots);
        let mut now = Duration::ZERO;
        let mut leases: Vec<Taken> = Vec::new();
        for (step, which) in steps {
            now += Duration::from_millis(50);
            let node = id(which % slots.len());
            match step {
                0 => pool.set_state(&node, NodeState::Ready, 0, now),
                1 => pool.set_state(&node, NodeState::Down { back_in: None }, 0, now),
                // A node that comes again under its old name owes nothing to the leases of the old one.
                6 => pool.remove(&node),
                7 => pool.add(node, String::new(), slots[which % slots.len()]),
                2 if !leases.is_empty() => {
                    let node = leases.swap_remove(which % leases.len());
                    end(&mut pool, node.membership, Outcome::Failed, HELD, now);
                }
                3 if !leases.is_empty() => {
                    let node = leases.swap_remove(which % leases.len());
                    end(&mut pool, node.membership, Outcome::Answered, HELD, now);
                }
                _ => {
                    let free = pool.members().iter().any(|member| {
                        pool.is_healthy(member, now) && member.has_room()
                    });
                    let chosen = pool.choose(&[], false, now);
                    prop_assert_eq!(chosen.is_some(), free);
                    if let Some(taken) = &chosen {
                        let mut members = pool.members().iter();
                        let member = members.find(|member| member.id == taken.node);
                        prop_assert_eq!(member.map(|member| member.state), Some(NodeState::Ready));
                    }
                    leases.extend(chosen);
                }
            }
            for member in pool.members() {
                prop_assert!(member.in_flight <= member.slots);
                let out = leases.iter().filter(|lease| lease.membership == member.membership).count();
                prop_assert_eq!(member.in_flight as usize, out);
            }
        }
    }
}
