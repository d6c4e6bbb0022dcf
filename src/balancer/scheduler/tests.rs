//! The rules of pool and queue together, by examples and by random steps.

use proptest::prelude::*;

use super::{
    simulation::{node, scheduler},
    *,
};
use crate::balancer::{Measured, NodeState, Outcome, pool::Ended};

const SECOND: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_secs(1 << 30);

fn ask(stage: Stage, deadline: Duration) -> Ask {
    Ask { stage, priority: Priority::Interactive, deadline, excluded: Vec::new(), last: false }
}

/// Ends a lease of a call that took so long.
fn end<W>(scheduler: &mut Scheduler<W>, taken: &Taken, held: Duration, now: Duration) {
    let Taken { membership, .. } = *taken;
    let measured = Some(Measured { total: held, ..Measured::default() });
    let ended = Ended { membership, call: 0, outcome: Outcome::Answered, held, measured };
    scheduler.pool.release(ended, now);
}

/// A scheduler whose calls take so long, with every slot taken.
fn busy(nodes: usize, queue_limit: usize, takes: Duration) -> (Scheduler<u32>, Vec<Taken>) {
    let mut scheduler = scheduler(nodes, Policy::LeastBusy, queue_limit);
    let take = |scheduler: &mut Scheduler<u32>| {
        assert_eq!(scheduler.ask(ask(Stage::First, LATE), 0, Duration::ZERO), None);
        let (_, taken) = scheduler.serve(Duration::ZERO, |_| false).pop().expect("one is free");
        taken.expect("served")
    };
    for _ in 0..8 {
        let taken = take(&mut scheduler);
        end(&mut scheduler, &taken, takes, Duration::ZERO);
    }
    let taken = (0..nodes).map(|_| take(&mut scheduler)).collect();
    (scheduler, taken)
}

#[test]
fn who_cannot_be_done_in_time_is_refused_at_once() {
    let (mut scheduler, _taken) = busy(2, 100, 10 * SECOND);
    let mut ask = |deadline: u32| {
        let answer = scheduler.ask(ask(Stage::First, SECOND * deadline), 0, Duration::ZERO);
        answer.map(|(_, answer)| matches!(answer, Err(Unserved::NoNode { .. })))
    };
    assert_eq!(ask(8), Some(true), "no call was ever done in less than 10 s");
    assert_eq!(ask(60), None);
    assert_eq!(ask(16), Some(true), "one waits: two nodes need 5 s for it, and 10 s for this one");
    assert_eq!(ask(17), None);
}

#[test]
fn who_waits_in_vain_is_told_as_soon_as_that_is_known() {
    let mut scheduler = scheduler::<u32>(1, Policy::LeastBusy, 100);
    for waiter in 0..10 {
        let none = scheduler.ask(ask(Stage::First, SECOND * 5), waiter, Duration::ZERO);
        assert_eq!(none, None, "nobody knows yet how long a call takes");
    }
    let served = scheduler.serve(Duration::ZERO, |_| false);
    let (_, Ok(taken)) = &served[0] else { panic!("{served:?}") };
    end(&mut scheduler, taken, SECOND, SECOND);
    let told = scheduler.serve(SECOND, |_| false);
    let refused = told.iter().filter(|(_, answer)| answer.is_err()).map(|(waiter, _)| *waiter);
    assert_eq!(
        refused.collect::<Vec<_>>(),
        [6, 7, 8, 9],
        "in the 4 s left it can do one now and four more"
    );
}

#[test]
fn a_begun_ticket_is_never_refused_for_want_of_time_or_room() {
    let (mut scheduler, _taken) = busy(1, 1, 10 * SECOND);
    for _ in 0..3 {
        assert_eq!(scheduler.ask(ask(Stage::Begun, SECOND), 0, Duration::ZERO), None);
    }
}

#[test]
fn a_refused_caller_is_told_when_its_turn_would_come() {
    let (mut scheduler, _taken) = busy(2, 4, 10 * SECOND);
    for _ in 0..4 {
        assert_eq!(scheduler.ask(ask(Stage::First, LATE), 0, Duration::ZERO), None);
    }
    let mut told = || match scheduler.ask(ask(Stage::First, LATE), 0, Duration::ZERO) {
        Some((_, Err(Unserved::QueueFull { retry_after }))) => retry_after.as_secs(),
        other => panic!("{other:?}"),
    };
    let first: Vec<u64> = (0..3).map(|_| told()).collect();
    assert_eq!(
        first,
        [20, 30, 40],
        "four wait for two nodes; then one after the other, with room for others"
    );
    let all: Vec<u64> = (0..500).map(|_| told()).collect();
    let most = all.iter().max().expect("some");
    assert!(*most <= LONGEST_AWAY.as_secs(), "{most}");
    let (late, distinct): (Vec<u64>, _) =
        (all[100..].to_vec(), std::collections::BTreeSet::from_iter(&all[100..]));
    assert!(late.iter().all(|away| *away >= LONGEST_AWAY.as_secs() / 2) && distinct.len() > 100);
}

#[test]
fn who_is_refused_in_an_outage_is_told_to_come_back_one_after_the_other() {
    for (back_in, first) in [(Some(5 * SECOND), 5), (None, 60)] {
        let (mut scheduler, _taken) = busy(2, 100, 10 * SECOND);
        for number in 0..2 {
            let state = NodeState::Down { back_in };
            scheduler.pool.set_state(&node(number), state, 0, Duration::ZERO);
        }
        let deadline = 4 * SECOND;
        (0..4).for_each(|waiter| {
            drop(scheduler.ask(ask(Stage::Begun, deadline), waiter, Duration::ZERO))
        });
        let answers = scheduler.serve(Duration::ZERO, |_| false);
        let told = answers.into_iter().map(|(_, answer)| match answer {
            Err(Unserved::NoNode { retry_after }) => retry_after.as_secs(),
            other => panic!("{other:?}"),
        });
        assert_eq!(told.collect::<Vec<_>>(), [0, 10, 20, 30].map(|more| first + more));
    }
}

/// More urgent calls come than the fleet can do, for an hour.
#[test]
fn batch_calls_get_their_turn_however_many_urgent_ones_come() {
    let takes = 25 * SECOND;
    let (mut scheduler, mut taken) = busy(3, 256, takes);
    let mut over: Vec<(Duration, Taken)> = taken.drain(..).map(|taken| (takes, taken)).collect();
    let (mut served, mut refused) = ([0_u32; 2], [0_u32; 2]);
    for second in 1..3600_u32 {
        let now = SECOND * second;
        let (ended, on): (Vec<_>, _) = over.into_iter().partition(|(end, _)| *end <= now);
        over = on;
        ended.iter().for_each(|(_, taken)| end(&mut scheduler, taken, takes, now));
        let urgent = (second % 6 == 0).then_some(Priority::Interactive);
        let batch = (second % 30 == 0).then_some(Priority::Batch);
        let mut answers = Vec::new();
        for priority in urgent.into_iter().chain(batch) {
            let ask = Ask { priority, ..ask(Stage::First, now + 180 * SECOND) };
            answers.extend(scheduler.ask(ask, priority as u32, now));
        }
        answers.extend(scheduler.serve(now, |_| false));
        for (priority, answer) in answers {
            match answer {
                Ok(taken) => {
                    served[priority as usize] += 1;
                    over.push((now + takes, taken));
                }
                Err(_) => refused[priority as usize] += 1,
            }
        }
    }
    println!("urgent and batch: {served:?} served, {refused:?} refused");
    assert!(served[1] * 11 >= served[0], "one of nine: {served:?} served, {refused:?} refused");
    assert!(refused[0] > 0, "there was too much to do");
}

#[test]
fn before_anything_is_measured_callers_are_told_to_come_back_soon() {
    let mut scheduler = scheduler::<u32>(1, Policy::LeastBusy, 1);
    scheduler.ask(ask(Stage::First, LATE), 0, Duration::ZERO);
    for _ in 0..100 {
        let answer = scheduler.ask(ask(Stage::First, LATE), 0, Duration::ZERO);
        let retry_after = SECOND;
        assert_eq!(answer, Some((0, Err(Unserved::QueueFull { retry_after }))));
    }
}

#[test]
fn hope_ends_when_no_node_can_be_back_in_time() {
    let mut scheduler = scheduler::<u32>(2, Policy::LeastBusy, 9);
    let down = |scheduler: &mut Scheduler<u32>, number, back_in| {
        let state = NodeState::Down { back_in };
        scheduler.pool.set_state(&node(number), state, 0, Duration::ZERO);
    };
    down(&mut scheduler, 0, None);
    down(&mut scheduler, 1, Some(5 * SECOND));
    for (deadline, waiter) in [(5, 1), (6, 2)] {
        assert_eq!(
            scheduler.ask(ask(Stage::First, SECOND * deadline), waiter, Duration::ZERO),
            None
        );
    }
    let refused = scheduler.serve(Duration::ZERO, |_| false);
    assert_eq!(refused, [(1, Err(Unserved::NoNode { retry_after: 5 * SECOND }))]);
    down(&mut scheduler, 1, None);
    let refused = scheduler.serve(Duration::ZERO, |_| false);
    assert_eq!(refused, [(2, Err(Unserved::NoNode { retry_after: 60 * SECOND }))]);
}

/// One burst of three times the queue's places, then half of what the fleet can do, and everybody who
/// was refused comes back when told: nine of ten find a place at once.
#[test]
fn those_who_come_back_when_told_are_let_in() {
    for (nodes, queue_limit, takes_ms) in
        [(3_usize, 256_usize, 200_u64), (3, 32, 2_000), (5, 64, 500)]
    {
        let takes = Duration::from_millis(takes_ms);
        let (mut scheduler, taken) = busy(nodes, queue_limit, takes);
        let mut rng = fastrand::Rng::with_seed(3);
        // When, and what: a new caller, one who comes back, or the end of a call.
        let mut events = std::collections::BTreeMap::new();
        let mut count = 0_u32;
        let mut at = |events: &mut std::collections::BTreeMap<_, _>, when: Duration, event| {
            count += 1;
            events.insert((when, count), event);
        };
        #[derive(Debug)]
        enum Event {
            New,
            Back,
            Over(Taken),
        }
        for taken in taken {
            at(&mut events, takes, Event::Over(taken));
        }
        for _ in 0..3 * queue_limit {
            at(&mut events, Duration::ZERO, Event::New);
        }
        let (mut came, horizon) =
            (Duration::ZERO, takes * u32::try_from(6 * queue_limit).expect("small"));
        let pause = takes.as_secs_f64() / nodes as f64 / 0.5;
        while came < horizon {
            came += Duration::from_secs_f64(-(1.0 - rng.f64()).ln() * pause);
            at(&mut events, came, Event::New);
        }
        let (mut back, mut refused_again) = (0_u32, 0_u32);
        while let Some(((now, _), event)) = events.pop_first() {
            let returns = matches!(event, Event::Back);
            match event {
                Event::Over(taken) => end(&mut scheduler, &taken, takes, now),
                Event::New | Event::Back => {
                    back += u32::from(returns);
                    if let Some((_, Err(Unserved::QueueFull { retry_after }))) =
                        scheduler.ask(ask(Stage::First, LATE), 0, now)
                    {
                        refused_again += u32::from(returns);
                        at(&mut events, now + retry_after, Event::Back);
                    }
                }
            }
            for (_, taken) in scheduler.serve(now, |_| false) {
                at(&mut events, now + takes, Event::Over(taken.expect("served")));
            }
        }
        println!(
            "{nodes} nodes, queue {queue_limit}, {takes_ms} ms: {back} came back, {refused_again} in vain"
        );
        assert!(
            back >= u32::try_from(queue_limit).expect("small"),
            "the burst was refused in part"
        );
        assert!(f64::from(refused_again) <= 0.1 * f64::from(back), "{refused_again} of {back}");
    }
}

proptest! {
    #[test]
    fn no_slot_idles_beside_a_waiter_and_no_lease_is_given_twice(
        slots in prop::collection::vec(1_u32..4, 1..4),
        limit in 1_usize..12,
        steps in prop::collection::vec((0_u8..14, 0_usize..8, 0_u64..40), 0..250),
    ) {
        let mut scheduler = Scheduler::<u32>::new(Policy::LeastBusy, super::simulation::TREATMENT, limit);
        for (number, slots) in slots.iter().enumerate() {
            scheduler.pool.add(node(number), String::new(), *slots);
            scheduler.pool.set_state(&node(number), NodeState::Ready, 0, Duration::ZERO);
        }
        let (mut now, mut asked) = (Duration::ZERO, 0_u32);
        let mut waiting: Vec<(u32, Stage, Priority, Duration, Vec<NodeId>)> = Vec::new();
        let mut leases: Vec<Taken> = Vec::new();
        let mut left: Vec<u32> = Vec::new();
        let mut heard = 0;
        for (step, which, time) in steps {
            now += Duration::from_millis(time * 10);
            let at = which % slots.len();
            let mut refused = None;
            match step {
                0..=4 => {
                    asked += 1;
                    let stage = if step == 0 { Stage::Begun } else { Stage::First };
                    let priority = if step == 1 { Priority::Batch } else { Priority::Interactive };
                    let deadline = now + Duration::from_millis(1 + time * 50);
                    let excluded = if step == 2 { vec![node(at)] } else { Vec::new() };
                    let ask = Ask { stage, priority, deadline, excluded: excluded.clone(), last: false };
                    refused = scheduler.ask(ask, asked, now);
                    if refused.is_none() {
                        waiting.push((asked, stage, priority, deadline, excluded));
                    }
                }
                5 if !waiting.is_empty() => left.push(waiting[which % waiting.len()].0),
                6 => scheduler.pool.set_state(&node(at), NodeState::Reachable, heard, now),
                7 => scheduler.pool.set_state(&node(at), NodeState::Ready, heard, now),
                _ if !leases.is_empty() => {
                    let Taken { membership, .. } = leases.swap_remove(which % leases.len());
                    let outcome = match step {
                        8 => Outcome::Failed,
                        9 => Outcome::Busy,
                        10 => Outcome::Stalled,
                        11 => Outcome::BadAnswer,
                        12 => Outcome::Abandoned,
                        _ => Outcome::Answered,
                    };
                    let held = Duration::from_millis(time);
                    let measured = (outcome == Outcome::Answered)
                        .then(|| Measured { total: held, ..Measured::default() });
                    let ended = Ended { membership, call: time, outcome, held, measured };
                    let verdict = scheduler.pool.release(ended, now);
                    heard = verdict.and_then(|verdict| verdict.doubt).unwrap_or(heard);
                }
                _ => {}
            }
            for (waiter, answer) in scheduler.serve(now, |waiter| left.contains(waiter)).into_iter().chain(refused) {
                let Ok(taken) = answer else {
                    waiting.retain(|(other, ..)| *other != waiter);
                    continue;
                };
                prop_assert!(!left.contains(&waiter), "who left is not served");
                let found = waiting.iter().position(|(other, ..)| *other == waiter);
                let (_, stage, priority, deadline, excluded) = waiting.remove(found.expect("it waited once"));
                prop_assert!(now < deadline, "nobody is served after its deadline");
                let another = scheduler.pool.members().iter().any(|member| {
                    member.is_live() && !excluded.contains(&member.id)
                });
                prop_assert!(!another || !excluded.contains(&taken.node));
                let before = waiting.iter().find(|(other, their_stage, their_priority, _, theirs)| {
                    *other < waiter && *their_stage == stage && *their_priority == priority && *theirs == excluded
                        && !left.contains(other)
                });
                prop_assert!(before.is_none(), "first come, first served within a class");
                leases.push(taken);
            }
            waiting.retain(|(waiter, ..)| !left.contains(waiter));
            prop_assert_eq!(scheduler.queue().len(), waiting.len());
            for member in scheduler.pool.members() {
                prop_assert!(member.in_flight <= member.slots);
                let out = leases.iter().filter(|lease| lease.node == member.id).count();
                prop_assert_eq!(member.in_flight as usize, out, "every lease comes back once");
            }
            let plain = waiting.iter().any(|(.., excluded)| excluded.is_empty());
            prop_assert!(!(plain && scheduler.pool.has_room(now)), "a slot idles beside a waiter");
        }
    }
}
