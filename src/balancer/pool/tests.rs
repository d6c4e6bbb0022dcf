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
            pool.release(&node, Outcome::Answered, HELD, Duration::ZERO);
        }
        let counts: Vec<u64> = pool.members().iter().map(|m| m.request_count).collect();
        assert_eq!(counts, [11, 10, 10], "{policy:?}");
    }
}

#[test]
fn the_least_busy_for_its_slots_is_chosen() {
    let mut pool = pool(Policy::LeastBusy, &[1, 4]);
    let order: Vec<_> = (0..6).map(|_| pool.choose(&[], Duration::ZERO)).collect();
    let expected = [Some(id(0)), Some(id(1)), Some(id(1)), Some(id(1)), Some(id(1)), None];
    assert_eq!(order, expected);
}

#[test]
fn a_node_that_failed_the_call_waits_until_no_other_lives() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    let busy = pool.choose(&[id(0)], Duration::ZERO);
    assert_eq!(busy, Some(id(1)));
    // Node 1 is busy but alive, so the call waits for it instead of going back to node 0.
    assert_eq!(pool.choose(&[id(0)], Duration::ZERO), None);
    pool.set_state(&id(1), NodeState::Down { back_in: None }, Duration::ZERO);
    assert_eq!(pool.choose(&[id(0)], Duration::ZERO), Some(id(0)));
}

#[test]
fn failures_rest_a_node_longer_and_longer_up_to_the_ceiling() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    let mut now = Duration::ZERO;
    let mut rests = Vec::new();
    for _ in 0..7 {
        let node = pool.choose(&[], now).expect("the penalty is over");
        pool.release(&node, Outcome::Busy, HELD, now);
        assert_eq!(pool.choose(&[], now), None);
        let end = pool.next_penalty_end(now).expect("a penalty runs");
        rests.push((end - now).as_millis());
        now = end;
    }
    assert_eq!(rests, [200, 400, 800, 1600, 3200, 5000, 5000]);
    let node = pool.choose(&[], now).expect("the penalty is over");
    pool.release(&node, Outcome::Answered, HELD, now);
    assert!(pool.members()[0].is_healthy(now), "an answer clears the penalty");
}

#[test]
fn calls_that_fail_together_are_one_failure() {
    let mut pool = pool(Policy::LeastBusy, &[8]);
    for _ in 0..8 {
        pool.choose(&[], Duration::ZERO);
    }
    for _ in 0..8 {
        pool.release(&id(0), Outcome::Failed, HELD, Duration::ZERO);
    }
    assert_eq!(pool.next_penalty_end(Duration::ZERO), Some(PENALTY.base));
    assert_eq!(pool.members()[0].error_count, 8);
}

#[test]
fn what_is_no_fault_of_the_node_costs_it_nothing() {
    for outcome in [Outcome::BadAnswer, Outcome::Rejected, Outcome::Abandoned] {
        let mut pool = pool(Policy::LeastBusy, &[1]);
        let node = pool.choose(&[], Duration::ZERO).expect("free");
        pool.release(&node, outcome, HELD, Duration::ZERO);
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
    pool.release(&node, Outcome::Answered, HELD, HELD);
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
        steps in prop::collection::vec((0_u8..6, 0_usize..5), 0..200),
    ) {
        let policy = if round_robin { Policy::RoundRobin } else { Policy::LeastBusy };
        let mut pool = pool(policy, &slots);
        let mut now = Duration::ZERO;
        let mut leases: Vec<NodeId> = Vec::new();
        for (step, which) in steps {
            now += Duration::from_millis(50);
            let node = id(which % slots.len());
            match step {
                0 => pool.set_state(&node, NodeState::Ready, now),
                1 => pool.set_state(&node, NodeState::Down { back_in: None }, now),
                2 if !leases.is_empty() => {
                    let node = leases.swap_remove(which % leases.len());
                    pool.release(&node, Outcome::Failed, HELD, now);
                }
                3 if !leases.is_empty() => {
                    let node = leases.swap_remove(which % leases.len());
                    pool.release(&node, Outcome::Answered, HELD, now);
                }
                _ => {
                    let free = pool.members().iter().any(|member| {
                        member.is_healthy(now) && member.in_flight < member.slots
                    });
                    let chosen = pool.choose(&[], now);
                    prop_assert_eq!(chosen.is_some(), free);
                    leases.extend(chosen);
                }
            }
            for member in pool.members() {
                prop_assert!(member.in_flight <= member.slots);
                let out = leases.iter().filter(|lease| **lease == member.id).count();
                prop_assert_eq!(member.in_flight as usize, out);
            }
        }
    }
}
