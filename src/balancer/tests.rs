//! The actor itself: real messages, no sockets.

use std::time::Duration;

use actix::{Actor, Addr};
use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::*;

/// Keeps nothing of what it is told.
struct Deaf;

impl Actor for Deaf {
    type Context = Context<Self>;
}

impl Handler<CallEnded> for Deaf {
    type Result = ();

    fn handle(&mut self, _: CallEnded, _: &mut Context<Self>) {}
}

fn start(limit: usize, nodes: &[&str]) -> (Addr<Balancer>, CancellationToken) {
    let settings = config::Balancer { queue_limit: limit, ..config::Balancer::default() };
    start_with(&settings, nodes)
}

fn start_with(settings: &config::Balancer, nodes: &[&str]) -> (Addr<Balancer>, CancellationToken) {
    let failed = CancellationToken::new();
    let balancer = Balancer::new(settings, Heart::default(), failed.clone()).start();
    for name in nodes {
        balancer.do_send(Register {
            node: NodeId::from(name.to_string()),
            base_url: format!("http://{name}"),
            slots: 1,
            watcher: Deaf.start().recipient(),
        });
    }
    (balancer, failed)
}

async fn report(balancer: &Addr<Balancer>, name: &str, state: NodeState) {
    let node = NodeId::from(name.to_owned());
    balancer
        .send(NodeReport { node, state, lost: false, slots: 1, heard: 0 })
        .await
        .expect("the balancer lives");
}

async fn ask(
    balancer: &Addr<Balancer>,
    wait: Duration,
) -> oneshot::Receiver<Result<Lease, Unserved>> {
    ask_watched(balancer, wait, None).await
}

async fn ask_watched(
    balancer: &Addr<Balancer>,
    wait: Duration,
    watcher: Option<Box<dyn Watcher>>,
) -> oneshot::Receiver<Result<Lease, Unserved>> {
    let (reply, answer) = oneshot::channel();
    let deadline = Instant::now() + wait;
    let ask = Acquire {
        stage: queue::Stage::First,
        priority: queue::Priority::Interactive,
        deadline,
        excluded: Vec::new(),
        last: false,
        watcher,
        reply,
    };
    balancer.send(ask).await.expect("the balancer lives");
    answer
}

const MINUTE: Duration = Duration::from_secs(60);

#[actix::test]
async fn a_withdrawn_request_is_skipped() {
    let (balancer, _) = start(8, &["a"]);
    report(&balancer, "a", NodeState::Ready).await;
    let lease = ask(&balancer, MINUTE).await.await.expect("answered").expect("free");
    let withdrawn = ask(&balancer, MINUTE).await;
    let next = ask(&balancer, MINUTE).await;
    drop(withdrawn);
    lease.answered(0, Measured::default());
    let lease = next.await.expect("answered").expect("the slot is free");
    let nodes = balancer.send(Snapshot).await.expect("the balancer lives");
    assert_eq!(nodes.nodes[0].request_count, 2, "the withdrawn one never got a slot");
    drop(lease);
}

#[actix::test]
async fn calls_wait_while_nodes_start_and_are_refused_when_none_can_come() {
    let (balancer, _) = start(8, &["a", "b"]);
    let mut waiting = ask(&balancer, MINUTE).await;
    report(&balancer, "a", NodeState::Down { back_in: None }).await;
    report(&balancer, "b", NodeState::Reachable).await;
    assert!(waiting.try_recv().is_err(), "b may still become ready");
    report(&balancer, "b", NodeState::Down { back_in: Some(2 * MINUTE) }).await;
    let refused = waiting.await.expect("answered").expect_err("nobody can serve it in time");
    assert!(matches!(refused, Unserved::NoNode { .. }));
}

#[actix::test]
async fn the_queue_is_bounded_and_who_left_makes_room() {
    let (balancer, _) = start(1, &["a"]);
    let first = ask(&balancer, MINUTE).await;
    let refused = ask(&balancer, MINUTE).await.await.expect("answered");
    assert!(matches!(refused, Err(Unserved::QueueFull { .. })));
    drop(first);
    let mut second = ask(&balancer, MINUTE).await;
    assert!(second.try_recv().is_err(), "it waits");
}

#[actix::test]
async fn the_end_of_a_penalty_wakes_the_queue() {
    let (balancer, _) = start(8, &["a"]);
    report(&balancer, "a", NodeState::Ready).await;
    let began = Instant::now();
    let lease = ask(&balancer, MINUTE).await.await.expect("answered").expect("free");
    lease.finish(0, Outcome::Busy);
    let lease = ask(&balancer, MINUTE).await.await.expect("answered").expect("after the rest");
    assert!(began.elapsed() >= config::Balancer::default().penalty_base);
    drop(lease);
}

#[actix::test]
async fn blame_that_makes_every_node_rest_wakes_the_queue() {
    let outage_retry = Duration::from_millis(10);
    let settings = config::Balancer { outage_retry, ..config::Balancer::default() };
    let (balancer, _) = start_with(&settings, &["a", "b"]);
    report(&balancer, "a", NodeState::Ready).await;
    let take = async || ask(&balancer, MINUTE).await.await.expect("answered").expect("free");
    take().await.answered(0, Measured { total: MINUTE / 2, ..Measured::default() });
    // It rests for the half of a minute that a call takes, unless there is no other one.
    take().await.finish(1, Outcome::Failed);
    report(&balancer, "b", NodeState::Ready).await;
    let b = take().await;
    assert!(b.node().is("b"));
    b.finish(2, Outcome::BadAnswer);
    let (reply, answer) = oneshot::channel();
    let (stage, priority) = (queue::Stage::Begun, queue::Priority::Interactive);
    let excluded = vec![NodeId::from("b".to_owned())];
    let deadline = Instant::now() + MINUTE;
    balancer
        .send(Acquire { stage, priority, deadline, excluded, last: false, watcher: None, reply })
        .await
        .expect("the balancer lives");
    balancer.do_send(Blame { node: NodeId::from("b".to_owned()), call: 2 });
    let lease = tokio::time::timeout(MINUTE / 6, answer).await.expect("soon");
    assert!(lease.expect("answered").expect("a is tried").node().is("a"));
}

#[actix::test]
async fn the_calls_of_a_lost_node_are_told_and_those_of_a_draining_one_are_not() {
    let (balancer, _) = start(8, &["a", "b"]);
    report(&balancer, "a", NodeState::Ready).await;
    report(&balancer, "b", NodeState::Ready).await;
    let lease = ask(&balancer, MINUTE).await.await.expect("answered").expect("free");
    let other = ask(&balancer, MINUTE).await.await.expect("answered").expect("free");
    let down = NodeState::Down { back_in: None };
    for lost in [false, true] {
        let node = lease.node().clone();
        balancer
            .send(NodeReport { node, state: down, lost, slots: 1, heard: 0 })
            .await
            .expect("it lives");
        assert_eq!(lease.revoked().now_or_never().is_some(), lost);
    }
    assert!(other.revoked().now_or_never().is_none());
}

#[actix::test]
async fn closing_refuses_those_who_wait_and_those_who_come() {
    let (balancer, _) = start(8, &["a"]);
    let waiting = ask(&balancer, MINUTE).await;
    balancer.send(Close).await.expect("the balancer lives");
    assert_eq!(waiting.await.expect("answered").expect_err("closed"), Unserved::ShuttingDown);
    let late = ask(&balancer, MINUTE).await.await.expect("answered");
    assert_eq!(late.expect_err("closed"), Unserved::ShuttingDown);
}

/// Keeps the positions that it is told, as long as there is a receiver.
#[derive(Clone, Debug)]
struct Ear(watch::Sender<Vec<usize>>);

impl Watcher for Ear {
    fn listens(&self) -> bool {
        !self.0.is_closed()
    }

    fn stands(&self, place: Place) {
        self.0.send_modify(|heard| heard.push(place.position));
    }
}

#[actix::test]
async fn who_listens_is_told_its_place_at_once_and_in_a_while_and_who_does_not_is_not() {
    let (balancer, _) = start(8, &["a"]);
    report(&balancer, "a", NodeState::Ready).await;
    let lease = ask(&balancer, MINUTE).await.await.expect("answered").expect("free");
    let ears = [(); 2].map(|()| Ear(watch::Sender::new(Vec::new())));
    let mut hears = ears[1].0.subscribe();
    let first = ask_watched(&balancer, MINUTE, Some(Box::new(ears[0].clone()))).await;
    let second = ask_watched(&balancer, MINUTE, Some(Box::new(ears[1].clone()))).await;
    assert_eq!(*hears.borrow_and_update(), [2], "at once");
    drop(first);
    hears.changed().await.expect("in a while");
    assert_eq!(*hears.borrow_and_update(), [2, 1], "who was before it has left");
    assert!(ears[0].0.borrow().is_empty(), "nobody listens");
    let mut late = ears[0].0.subscribe();
    let third = ask_watched(&balancer, MINUTE, Some(Box::new(ears[0].clone()))).await;
    assert_eq!(*late.borrow_and_update(), [2]);
    drop((late, hears));
    let heard = || ears.each_ref().map(|ear| ear.0.borrow().len());
    let before = heard();
    balancer.send(TellPlaces).await.expect("it lives");
    assert_eq!(heard(), before, "nobody listens any more");
    let mut late = ears[0].0.subscribe();
    balancer.send(TellPlaces).await.expect("it lives");
    // At once, unless it was told just now.
    late.changed().await.expect("it listens again");
    assert_eq!(late.borrow().last(), Some(&2));
    drop(lease);
    second.await.expect("answered").expect("free");
    third.await.expect("answered").expect("free");
}

#[actix::test]
async fn a_late_waiter_is_told_that_no_node_came() {
    let (balancer, _) = start(8, &["a"]);
    let began = Instant::now();
    let late = ask(&balancer, Duration::from_millis(50)).await.await.expect("answered");
    assert!(matches!(late, Err(Unserved::NoNode { .. })));
    assert!(began.elapsed() >= Duration::from_millis(50));
}

/// Makes the actor panic, as a fault of its own would.
struct Crash;

impl actix::Message for Crash {
    type Result = ();
}

impl Handler<Crash> for Balancer {
    type Result = ();

    fn handle(&mut self, _: Crash, _: &mut Context<Self>) {
        panic!("a fault");
    }
}

#[actix::test]
async fn a_panic_of_the_actor_is_told_to_the_application() {
    let (balancer, failed) = start(8, &["a"]);
    balancer.do_send(Crash);
    tokio::time::timeout(MINUTE, failed.cancelled()).await.expect("it is told");
}
