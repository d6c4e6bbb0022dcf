//! What a call takes of the balancer: a slot, and a place in the queue.

use std::time::Duration;

use criterion::Criterion;
use ticketd::{
    backoff::Backoff,
    balancer::{
        Measured, NodeId, NodeState, Outcome,
        breaker::Policy as Breaker,
        member::Treatment,
        pool::{Ended, Pool},
        queue::{Priority, Queue, Stage},
    },
    config::Policy,
};

const NODES: usize = 50;
const WAITING: usize = 255;

pub(crate) fn measure(criterion: &mut Criterion) {
    let seconds = Duration::from_secs;
    let backoff = || Backoff { base: seconds(1), ceiling: seconds(30) };
    let treatment = Treatment {
        rest: backoff(),
        breaker: Breaker { failures: 5, cooldown: backoff() },
        outage_retry: seconds(1),
    };
    let mut pool = Pool::new(Policy::LeastBusy, treatment);
    let mut now = Duration::ZERO;
    for node in 0..NODES {
        let id = NodeId::from(format!("10.0.0.{node}:11434"));
        pool.add(id.clone(), format!("http://{id}"), 2);
        pool.set_state(&id, NodeState::Ready, 0, now);
    }
    for _ in 0..NODES {
        pool.choose(&[], false, now);
    }
    let held = Duration::from_millis(200);
    let measured =
        Measured { request_bytes: 4000, first_token: held, total: held, ..Measured::default() };
    let mut calls = 0;
    criterion.bench_function("pool", |bencher| {
        bencher.iter(|| {
            now += Duration::from_micros(100);
            calls += 1;
            let taken = pool.choose(&[], false, now).expect("a slot is free");
            let ended = Ended {
                membership: taken.membership,
                call: calls,
                outcome: Outcome::Answered,
                held,
                measured: Some(measured),
            };
            pool.release(ended, now)
        });
    });
    let mut queue = Queue::new(WAITING + 1);
    let mut push = |queue: &mut Queue<u64>| {
        calls += 1;
        queue.push(Stage::First, Priority::Interactive, seconds(300), calls).is_ok()
    };
    assert!((0..WAITING).all(|_| push(&mut queue)));
    criterion.bench_function("queue", |bencher| {
        bencher.iter(|| {
            assert!(push(&mut queue));
            let mut slots = 1;
            let served = queue.serve(|_, _| {
                let slot = slots > 0;
                slots -= i32::from(slot);
                slot.then_some(Some(()))
            });
            assert_eq!(served.len(), 1);
        });
    });
}
