//! The choice by examples, and its rules by random steps.

use proptest::prelude::*;

use super::*;

const PENALTY: Backoff =
    Backoff { base: Duration::from_millis(200), ceiling: Duration::from_secs(5) };

/// How long the calls of these tests held their slots.
const HELD: Duration = Duration::from_secs(25);

fn id(name: usize) -> NodeId {
    NodeId::from(format!("n{name}"))
}

/// The node that is chosen at the start.
fn chosen(pool: &mut Pool, excluded: &[NodeId]) -> Option<NodeId> {
    pool.choose(excluded, Duration::ZERO).map(|taken| taken.node)
}

fn pool(policy: Policy, slots: &[u32]) -> Pool {
    let mut pool = Pool::new(policy, PENALTY);
    for (name, slots) in slots.iter().enumerate() {
        pool.add(id(name), format!("http://127.0.0.1:{name}"), *slots);
        pool.set_state(&id(name), NodeState::Ready, Duration::ZERO);
    }
    pool
}

#[test]
fn equal_nodes_share_evenly_one_call_at_a_time() {
    for policy in [Policy::LeastBusy, Policy::RoundRobin] {
        let mut pool = pool(policy, &[1, 1, 1]);
        for _ in 0..31 {
            let node = pool.choose(&[], Duration::ZERO).expect("all are free");
            pool.release(node.membership, Outcome::Answered, HELD, Duration::ZERO);
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
    pool.set_state(&id(1), NodeState::Down { back_in: None }, Duration::ZERO);
    assert_eq!(chosen(&mut pool, &[id(0)]), Some(id(0)));
}

#[test]
fn failures_rest_a_node_longer_and_longer_up_to_the_ceiling() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    let mut now = Duration::ZERO;
    let mut rests = Vec::new();
    for _ in 0..7 {
        let node = pool.choose(&[], now).expect("the penalty is over");
        pool.release(node.membership, Outcome::Busy, HELD, now);
        assert_eq!(pool.choose(&[], now), None);
        let end = pool.next_penalty_end(now).expect("a penalty runs");
        rests.push((end - now).as_millis());
        now = end;
    }
    assert_eq!(rests, [200, 400, 800, 1600, 3200, 5000, 5000]);
    let node = pool.choose(&[], now).expect("the penalty is over");
    pool.release(node.membership, Outcome::Answered, HELD, now);
    assert!(pool.members()[0].is_healthy(now), "an answer clears the penalty");
}

#[test]
fn calls_that_fail_together_are_one_failure() {
    let mut pool = pool(Policy::LeastBusy, &[8]);
    for _ in 0..8 {
        pool.choose(&[], Duration::ZERO);
    }
    for _ in 0..8 {
        pool.release(1, Outcome::Failed, HELD, Duration::ZERO);
    }
    assert_eq!(pool.next_penalty_end(Duration::ZERO), Some(PENALTY.base));
    assert_eq!(pool.members()[0].error_count, 8);
}

#[test]
fn a_node_that_loads_its_model_again_keeps_its_penalty_and_a_new_process_does_not() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    let node = pool.choose(&[], Duration::ZERO).expect("free");
    pool.release(node.membership, Outcome::Failed, HELD, Duration::ZERO);
    for (between, healthy) in
        [(NodeState::Reachable, false), (NodeState::Down { back_in: None }, true)]
    {
        pool.set_state(&id(0), between, Duration::ZERO);
        pool.set_state(&id(0), NodeState::Ready, Duration::ZERO);
        assert_eq!(pool.members()[0].is_healthy(Duration::ZERO), healthy, "{between:?}");
    }
}

#[test]
fn a_node_is_suspect_when_nothing_shows_that_it_works() {
    let mut pool = pool(Policy::LeastBusy, &[3]);
    let second = Duration::from_secs(1);
    let take = |pool: &mut Pool| pool.choose(&[], Duration::ZERO).expect("free").membership;
    let calls = [take(&mut pool), take(&mut pool), take(&mut pool)];
    let stalled = |pool: &mut Pool, call, now| {
        let member = pool.release(call, Outcome::Stalled, 10 * second, now).expect("it is there");
        member.is_suspect(10 * second, now)
    };
    assert!(stalled(&mut pool, calls[0], 10 * second), "others run, and none was ever answered");
    pool.release(calls[1], Outcome::Answered, second, 11 * second);
    take(&mut pool);
    assert!(!stalled(&mut pool, calls[2], 12 * second), "another one was answered meanwhile");
    assert!(stalled(&mut pool, calls[2], 30 * second), "none runs");
}

#[test]
fn a_pardoned_failure_is_as_if_it_had_not_been() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    let node = pool.choose(&[], Duration::ZERO).expect("free");
    pool.release(node.membership, Outcome::Failed, HELD, Duration::ZERO);
    assert!(!pool.members()[0].is_healthy(Duration::ZERO));
    pool.pardon(&id(0));
    assert!(pool.members()[0].is_healthy(Duration::ZERO));
    assert_eq!(pool.members()[0].error_count, 0);
}

#[test]
fn latencies_are_those_of_the_last_answers() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    assert_eq!(pool.members()[0].latency(), None);
    for second in 1..=200 {
        let node = pool.choose(&[], Duration::ZERO).expect("free");
        let held = Duration::from_secs(second);
        pool.release(node.membership, Outcome::Answered, held, Duration::ZERO);
    }
    let (p50, p95) = (Duration::from_secs(150), Duration::from_secs(195));
    assert_eq!(pool.members()[0].latency(), Some(Latency { p50, p95 }));
}

#[test]
fn what_is_no_fault_of_the_node_costs_it_nothing() {
    for outcome in [Outcome::BadAnswer, Outcome::Rejected, Outcome::Abandoned] {
        let mut pool = pool(Policy::LeastBusy, &[1]);
        let node = pool.choose(&[], Duration::ZERO).expect("free");
        pool.release(node.membership, outcome, HELD, Duration::ZERO);
        assert!(pool.members()[0].is_healthy(Duration::ZERO), "{outcome:?}");
    }
}

#[test]
fn hope_ends_when_no_node_can_be_back_in_time() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    let second = Duration::from_secs(1);
    pool.set_state(&id(0), NodeState::Down { back_in: None }, Duration::ZERO);
    pool.set_state(&id(1), NodeState::Down { back_in: Some(5 * second) }, Duration::ZERO);
    assert!(pool.can_serve_before(6 * second));
    assert!(!pool.can_serve_before(5 * second));
    pool.set_state(&id(0), NodeState::Reachable, Duration::ZERO);
    assert!(pool.can_serve_before(second));
}

#[test]
fn a_refused_caller_is_told_the_time_that_those_ahead_need() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    let now = Duration::ZERO;
    assert_eq!(pool.retry_after(100, now), Duration::from_secs(1), "nothing is measured yet");
    let node = pool.choose(&[], Duration::ZERO).expect("free");
    pool.release(node.membership, Outcome::Answered, HELD, HELD);
    assert_eq!(pool.retry_after(3, now), Duration::from_secs(4 * 25 / 2));
    assert_eq!(pool.retry_after(1000, now), Duration::from_secs(120));
    for name in [0, 1] {
        let back_in = Some(Duration::from_secs(20));
        pool.set_state(&id(name), NodeState::Down { back_in }, now);
    }
    assert_eq!(pool.retry_after(3, now), Duration::from_secs(20 + 4 * 25 / 2));
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
                0 => pool.set_state(&node, NodeState::Ready, now),
                1 => pool.set_state(&node, NodeState::Down { back_in: None }, now),
                // A node that comes again under its old name owes nothing to the leases of the old one.
                6 => pool.remove(&node),
                7 => pool.add(node, String::new(), slots[which % slots.len()]),
                2 if !leases.is_empty() => {
                    let node = leases.swap_remove(which % leases.len());
                    pool.release(node.membership, Outcome::Failed, HELD, now);
                }
                3 if !leases.is_empty() => {
                    let node = leases.swap_remove(which % leases.len());
                    pool.release(node.membership, Outcome::Answered, HELD, now);
                }
                _ => {
                    let free = pool.members().iter().any(|member| {
                        member.is_healthy(now) && member.in_flight < member.slots
                    });
                    let chosen = pool.choose(&[], now);
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
