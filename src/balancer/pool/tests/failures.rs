//! What becomes of nodes that fail: rests, breakers, doubts and blame.

use super::*;

#[test]
fn a_node_that_loads_its_model_again_keeps_its_penalty_and_a_new_process_does_not() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    let node = pool.choose(&[], false, Duration::ZERO).expect("free");
    end(&mut pool, node.membership, Outcome::Failed, HELD, Duration::ZERO);
    for (between, expected) in
        [(NodeState::Reachable, false), (NodeState::Down { back_in: None }, true)]
    {
        pool.set_state(&id(0), between, 0, Duration::ZERO);
        pool.set_state(&id(0), NodeState::Ready, 0, Duration::ZERO);
        assert_eq!(healthy(&pool, Duration::ZERO), expected, "{between:?}");
    }
}

#[test]
fn a_pardoned_failure_is_as_if_it_had_not_been() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    let node = pool.choose(&[], false, Duration::ZERO).expect("free");
    end(&mut pool, node.membership, Outcome::Failed, HELD, Duration::ZERO);
    assert!(!healthy(&pool, Duration::ZERO));
    pool.pardon(&id(0), 1);
    assert!(healthy(&pool, Duration::ZERO));
    assert_eq!(pool.members()[0].error_count, 0);
}

#[test]
fn what_is_no_fault_of_the_node_costs_it_nothing() {
    for outcome in [Outcome::BadAnswer, Outcome::Rejected, Outcome::Abandoned] {
        let mut pool = pool(Policy::LeastBusy, &[1]);
        let node = pool.choose(&[], false, Duration::ZERO).expect("free");
        end(&mut pool, node.membership, outcome, HELD, Duration::ZERO);
        assert!(healthy(&pool, Duration::ZERO), "{outcome:?}");
    }
}

#[test]
fn failures_rest_a_node_longer_and_longer_up_to_the_ceiling() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    pool.treatment.breaker.failures = 100;
    let mut now = Duration::ZERO;
    let mut rests = Vec::new();
    for _ in 0..7 {
        let node = pool.choose(&[id(1)], false, now).expect("the rest is over");
        end(&mut pool, node.membership, Outcome::Busy, Duration::ZERO, now);
        assert_eq!(pool.choose(&[id(1)], false, now), None);
        let over = pool.next_rest_end(now).expect("it rests");
        rests.push((over - now).as_millis());
        now = over;
    }
    assert_eq!(rests, [200, 400, 800, 1600, 3200, 5000, 5000]);
    let node = pool.choose(&[id(1)], false, now).expect("the rest is over");
    end(&mut pool, node.membership, Outcome::Answered, Duration::ZERO, now);
    assert!(healthy(&pool, now), "an answer ends it");
}

#[test]
fn a_node_that_fails_fast_rests_for_the_time_that_a_call_would_have_taken() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    let second = Duration::from_secs(1);
    let node = pool.choose(&[id(1)], false, second).expect("free");
    end(&mut pool, node.membership, Outcome::Answered, HELD, second);
    let node = pool.choose(&[id(1)], false, second).expect("free");
    end(&mut pool, node.membership, Outcome::Failed, 5 * second, second);
    assert!(!healthy(&pool, 20 * second));
    assert!(healthy(&pool, 21 * second), "25 s are usual, and it took 5");
}

#[test]
fn when_every_node_rests_one_is_tried_again_soon() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    let second = Duration::from_secs(1);
    let mut now = Duration::ZERO;
    for _ in 0..40 {
        for _ in 0..2 {
            let node = pool.choose(&[], false, now).expect("the rest is over");
            end(&mut pool, node.membership, Outcome::Failed, Duration::ZERO, now);
        }
        let next = pool.next_rest_end(now).expect("both rest");
        assert!(next <= now + second, "{now:?} {next:?}");
        now = next;
    }
    assert_eq!(pool.members()[0].breaker.position(), Position::Open);
}

#[test]
fn a_trial_on_one_node_does_not_keep_another_one_waiting() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    let mut now = Duration::ZERO;
    while pool.members().iter().any(|member| member.breaker.failures() < 9) {
        now = pool.next_rest_end(now).unwrap_or(now);
        while let Some(node) = pool.choose(&[], false, now) {
            end(&mut pool, node.membership, Outcome::Failed, Duration::ZERO, now);
        }
    }
    // The one fails again just before the other one's cool-down ends.
    now = pool.members()[0].breaker.until();
    (0..2).for_each(|_| drop(pool.choose(&[], false, now - TREATMENT.outage_retry / 2)));
    end(&mut pool, 1, Outcome::Abandoned, Duration::ZERO, now);
    end(&mut pool, 2, Outcome::Failed, Duration::ZERO, now);
    assert_eq!(chosen_at(&mut pool, now), Some(id(0)), "the trial");
    assert_eq!(chosen_at(&mut pool, now), None);
    assert_eq!(chosen_at(&mut pool, now + TREATMENT.outage_retry), Some(id(1)));
}

#[test]
fn calls_that_fail_together_are_one_failure() {
    let mut pool = pool(Policy::LeastBusy, &[8, 1]);
    for _ in 0..8 {
        pool.choose(&[id(1)], false, Duration::ZERO);
    }
    for _ in 0..8 {
        end(&mut pool, 1, Outcome::Failed, HELD, Duration::ZERO);
    }
    assert_eq!(pool.next_rest_end(Duration::ZERO), Some(REST.base));
    assert_eq!(pool.members()[0].error_count, 8);
}

#[test]
fn an_open_breaker_lets_one_call_try_and_none_that_has_failed_before() {
    let mut pool = pool(Policy::LeastBusy, &[2, 2]);
    let mut now = Duration::ZERO;
    for _ in 0..5 {
        let node = pool.choose(&[id(1)], false, now).expect("the rest is over");
        end(&mut pool, node.membership, Outcome::Failed, Duration::ZERO, now);
        now = pool.next_rest_end(now).unwrap_or(now);
    }
    let on_second = [pool.choose(&[], false, now), pool.choose(&[id(0)], false, now)];
    assert!(on_second.iter().all(Option::is_some), "the other node works");
    let excluded = [NodeId::from("n7".to_owned())];
    assert_eq!(
        pool.choose(&excluded, false, now),
        None,
        "what has failed once waits for the node that works"
    );
    let trial = pool.choose(&[], false, now).expect("the trial");
    assert_eq!((&trial.node, pool.members()[0].breaker.position()), (&id(0), Position::HalfOpen));
    assert_eq!(pool.choose(&[], false, now), None, "one call tries");
    end(&mut pool, trial.membership, Outcome::Abandoned, Duration::ZERO, now);
    let trial = pool.choose(&[], false, now).expect("that one told nothing");
    end(&mut pool, trial.membership, Outcome::Answered, Duration::ZERO, now);
    assert_eq!(pool.members()[0].breaker.position(), Position::Closed);
}

#[test]
fn a_trial_that_brings_no_good_answer_puts_the_next_one_off() {
    let mut pool = pool(Policy::LeastBusy, &[4]);
    let second = Duration::from_secs(1);
    let early = pool.choose(&[], false, Duration::ZERO).expect("free");
    for now in 1..6 {
        let node = pool.choose(&[], false, second * now).expect("the rest is over");
        end(&mut pool, node.membership, Outcome::Failed, Duration::ZERO, second * now);
    }
    let mut now = pool.members()[0].breaker.until();
    let mut waits = Vec::new();
    for outcome in [Outcome::BadAnswer, Outcome::Stalled, Outcome::BadAnswer] {
        let node = pool.choose(&[], false, now).expect("the trial");
        end(&mut pool, node.membership, outcome, Duration::ZERO, now);
        pool.set_state(&id(0), NodeState::Ready, u64::MAX, now);
        let until = pool.members()[0].breaker.until();
        waits.push((until - now).as_secs());
        now = until;
    }
    assert_eq!(waits, [2, 4, 8]);
    let trial = pool.choose(&[], false, now).expect("the trial");
    end(&mut pool, early.membership, Outcome::Abandoned, now, now);
    assert_eq!(pool.choose(&[], false, now), None, "the trial is still on its way");
    end(&mut pool, trial.membership, Outcome::Answered, Duration::ZERO, now);
    assert!(pool.choose(&[], false, now).is_some());
}

#[test]
fn a_recovered_node_gets_more_calls_at_once_with_each_that_it_answers() {
    let mut pool = pool(Policy::LeastBusy, &[8]);
    let now = Duration::ZERO;
    let all = |pool: &mut Pool| -> Vec<Taken> {
        std::iter::from_fn(|| pool.choose(&[], false, now)).collect()
    };
    assert_eq!(all(&mut pool).len(), 8, "a new node needs no recovery");
    pool.set_state(&id(0), NodeState::Down { back_in: None }, 0, now);
    (0..8).for_each(|_| drop(end(&mut pool, 1, Outcome::Abandoned, HELD, now)));
    pool.set_state(&id(0), NodeState::Ready, 0, now);
    let mut at_once = Vec::new();
    for _ in 0..4 {
        let taken = all(&mut pool);
        at_once.push(taken.len());
        end(&mut pool, 1, Outcome::Answered, HELD, now);
        (1..taken.len()).for_each(|_| drop(end(&mut pool, 1, Outcome::Abandoned, HELD, now)));
    }
    assert_eq!(at_once, [1, 2, 4, 8]);
}

#[test]
fn a_stalled_node_gets_no_call_until_its_supervisor_has_looked() {
    let mut pool = pool(Policy::LeastBusy, &[3]);
    let second = Duration::from_secs(1);
    let take = |pool: &mut Pool| pool.choose(&[], false, Duration::ZERO).expect("free").membership;
    let calls = [take(&mut pool), take(&mut pool), take(&mut pool)];
    let stalled = |pool: &mut Pool, call, now| {
        end(pool, call, Outcome::Stalled, 10 * second, now).expect("it is there")
    };
    let verdict = stalled(&mut pool, calls[0], 10 * second);
    assert_eq!((verdict.suspect, verdict.doubt), (true, Some(1)), "none was ever answered");
    assert_eq!(pool.choose(&[], false, 10 * second), None);
    pool.set_state(&id(0), NodeState::Ready, 0, 10 * second);
    assert_eq!(pool.choose(&[], false, 10 * second), None, "that report had not heard of it");
    pool.set_state(&id(0), NodeState::Reachable, 1, 10 * second);
    pool.set_state(&id(0), NodeState::Ready, 1, 10 * second);
    assert!(healthy(&pool, 10 * second));
    end(&mut pool, calls[1], Outcome::Answered, second, 11 * second);
    let verdict = stalled(&mut pool, calls[2], 12 * second);
    assert_eq!((verdict.suspect, verdict.doubt), (true, Some(2)), "none runs");
}

#[test]
fn a_node_that_answers_others_meanwhile_is_not_suspect() {
    let mut pool = pool(Policy::LeastBusy, &[3]);
    let second = Duration::from_secs(1);
    (0..3).for_each(|_| drop(pool.choose(&[], false, Duration::ZERO)));
    end(&mut pool, 1, Outcome::Answered, second, 11 * second);
    let verdict = end(&mut pool, 1, Outcome::Stalled, 10 * second, 12 * second);
    assert_eq!(verdict.map(|verdict| (verdict.suspect, verdict.doubt)), Some((false, None)));
}

#[test]
fn a_call_that_nobody_answers_opens_no_breaker_and_one_that_another_node_answers_does() {
    let mut pool = pool(Policy::LeastBusy, &[1, 1]);
    let bad = |pool: &mut Pool, call| {
        let now = pool.next_rest_end(Duration::ZERO).unwrap_or_default();
        let node = pool.choose(&[id(1)], false, now).expect("free");
        let (membership, held, outcome) = (node.membership, HELD, Outcome::BadAnswer);
        pool.release(Ended { membership, call, outcome, held, measured: None }, now);
    };
    for _ in 0..50 {
        bad(&mut pool, 7);
    }
    assert_eq!(pool.members()[0].breaker.failures(), 0, "one call, however often it comes");
    pool.blame(&id(0), 7, Duration::ZERO);
    pool.blame(&id(0), 7, Duration::ZERO);
    assert_eq!(pool.members()[0].breaker.failures(), 1);
    assert_eq!(pool.prospect(&id(0)).patience, 1, "time was not what it lacked");
    for call in 8..11 {
        bad(&mut pool, call);
    }
    assert_eq!(pool.members()[0].breaker.failures(), 4, "several different calls");
}

#[test]
fn what_seemed_to_be_the_calls_fault_is_the_nodes_once_another_one_answers() {
    for pardoned in [true, false] {
        let mut pool = pool(Policy::LeastBusy, &[1, 1]);
        let (held, now) = (Duration::ZERO, Duration::ZERO);
        let node = pool.choose(&[id(0)], false, now).expect("free");
        end(&mut pool, node.membership, Outcome::Answered, HELD, now);
        for call in 1..=2 * MANY {
            // Who fails several calls and answers none between them is not pardoned.
            let call = if pardoned { 2 * MANY } else { call };
            let outcome = if pardoned { Outcome::Failed } else { Outcome::Rejected };
            let node = pool.choose(&[id(1)], false, now).expect("free");
            let membership = node.membership;
            pool.release(Ended { membership, call, outcome, held, measured: None }, now);
            if pardoned {
                pool.pardon(&id(0), call);
            }
        }
        assert!(healthy(&pool, now), "a caller's fault is none of the node, however often");
        pool.blame(&id(0), 2 * MANY, now);
        assert!(!healthy(&pool, now + HELD / 2), "it rests for the time that a call takes");
        assert_eq!(pool.members()[0].breaker.failures(), 1);
    }
}

#[test]
fn a_node_whose_stalled_calls_others_answer_is_given_more_time_until_it_answers() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    let (held, outcome, mut now) = (Duration::ZERO, Outcome::Stalled, Duration::ZERO);
    for (call, patience) in [(1, 2), (2, 4), (3, 8)] {
        let Taken { membership, .. } = pool.choose(&[], false, now).expect("usable");
        pool.release(Ended { membership, call, outcome, held, measured: None }, now);
        pool.set_state(&id(0), NodeState::Ready, call, now);
        pool.blame(&id(0), call, now);
        assert_eq!(pool.prospect(&id(0)).patience, patience);
        now = pool.next_rest_end(now).expect("it rests");
    }
    let node = pool.choose(&[], false, now).expect("usable");
    end(&mut pool, node.membership, Outcome::Answered, HELD, now);
    assert_eq!(pool.prospect(&id(0)).patience, 4);
}

#[test]
fn a_node_that_failed_several_calls_and_answered_none_is_not_pardoned() {
    let mut pool = pool(Policy::LeastBusy, &[1]);
    let membership = pool.members()[0].membership;
    let fail = |pool: &mut Pool, call, now| {
        let outcome = Outcome::Failed;
        pool.release(Ended { membership, call, outcome, held: HELD, measured: None }, now)
    };
    let mut now = Duration::ZERO;
    for (call, pardoned) in [(1, true), (1, true), (2, true), (1, false), (3, false)] {
        now += MINUTE;
        fail(&mut pool, call, now);
        pool.pardon(&id(0), call);
        assert_eq!(healthy(&pool, now), pardoned, "call {call}");
    }
    let outcome = Outcome::Answered;
    pool.release(Ended { membership, call: 4, outcome, held: HELD, measured: None }, now);
    fail(&mut pool, 5, now + MINUTE);
    pool.pardon(&id(0), 5);
    assert!(healthy(&pool, now + MINUTE), "it has answered one between");
}
