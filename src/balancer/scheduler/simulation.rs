//! The scheduler against other ways to spread calls, in a deterministic simulation: a change of policy
//! shows its effect in numbers (`cargo test --lib simulation -- --nocapture`).
//!
//! Tickets come as a Poisson process and take two calls each, whose times are lognormal: 20 s and 8 s on
//! the average with a coefficient of variation of 0.5, on a node of speed 1. The same seed gives the
//! same tickets to every policy.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use fastrand::Rng;

use super::*;
use crate::{
    backoff::Backoff,
    balancer::{Measured, NodeState, Outcome, breaker, pool::Ended},
};

pub(super) const TREATMENT: Treatment = Treatment {
    rest: Backoff { base: Duration::from_millis(200), ceiling: Duration::from_secs(5) },
    breaker: breaker::Policy {
        failures: 5,
        cooldown: Backoff { base: Duration::from_secs(1), ceiling: Duration::from_secs(30) },
    },
    outage_retry: Duration::from_secs(1),
};

pub(super) fn node(number: usize) -> NodeId {
    NodeId::from(format!("n{number}"))
}

/// A scheduler over so many nodes with one slot each, all ready.
pub(super) fn scheduler<W>(nodes: usize, policy: Policy, queue_limit: usize) -> Scheduler<W> {
    let mut scheduler = Scheduler::new(policy, TREATMENT, queue_limit);
    for number in 0..nodes {
        scheduler.pool.add(node(number), String::new(), 1);
        scheduler.pool.set_state(&node(number), NodeState::Ready, 0, Duration::ZERO);
    }
    scheduler
}

/// A call of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    ticket: usize,
    second: bool,
}

/// Who gets which call when.
trait Spread {
    /// A call has come.
    fn come(&mut self, call: Call, now: Duration);
    /// A node has answered a call after so long.
    fn over(&mut self, node: usize, call: Call, took: Duration, now: Duration);
    /// The calls that begin now, each with its node.
    fn begin(&mut self, now: Duration) -> Vec<(Call, usize)>;
}

/// Ours.
struct Ours {
    scheduler: Scheduler<Call>,
}

impl Ours {
    fn new(nodes: usize, policy: Policy) -> Self {
        Self { scheduler: scheduler(nodes, policy, usize::MAX) }
    }
}

fn number(node: &NodeId) -> usize {
    node.to_string()[1..].parse().expect("a number")
}

impl Spread for Ours {
    fn come(&mut self, call: Call, now: Duration) {
        let stage = if call.second { Stage::Begun } else { Stage::First };
        let (priority, deadline) = (Priority::Interactive, now + Duration::from_secs(1 << 40));
        let ask = Ask { stage, priority, deadline, excluded: Vec::new(), last: false };
        assert!(self.scheduler.ask(ask, call, now).is_none(), "there is room and time");
    }

    fn over(&mut self, node: usize, _: Call, took: Duration, now: Duration) {
        let membership = u64::try_from(node + 1).expect("a small number");
        let measured = Some(Measured { total: took, ..Measured::default() });
        let (call, outcome) = (0, Outcome::Answered);
        self.scheduler.pool.release(Ended { membership, call, outcome, held: took, measured }, now);
    }

    fn begin(&mut self, now: Duration) -> Vec<(Call, usize)> {
        let served = self.scheduler.serve(now, |_| false);
        let taken = |(call, taken): Answer<Call>| (call, number(&taken.expect("served").node));
        served.into_iter().map(taken).collect()
    }
}

/// One queue for all, in the order of arrival, and some choice among the free nodes.
struct Central {
    waiting: VecDeque<Call>,
    begun_first: bool,
    free: Vec<usize>,
    choose: fn(&[usize], &mut Rng) -> usize,
    rng: Rng,
}

impl Spread for Central {
    fn come(&mut self, call: Call, _: Duration) {
        let at = self.waiting.iter().take_while(|call| call.second).count();
        let at = if call.second && self.begun_first { at } else { self.waiting.len() };
        self.waiting.insert(at, call);
    }

    fn over(&mut self, node: usize, _: Call, _: Duration, _: Duration) {
        self.free.push(node);
    }

    fn begin(&mut self, _: Duration) -> Vec<(Call, usize)> {
        let mut begun = Vec::new();
        while !self.free.is_empty()
            && let Some(call) = self.waiting.pop_front()
        {
            let at = (self.choose)(&self.free, &mut self.rng);
            begun.push((call, self.free.remove(at)));
        }
        begun
    }
}

/// A queue for each node, chosen when a call comes: what reverse proxies do.
struct Private {
    queues: Vec<VecDeque<Call>>,
    busy: Vec<bool>,
    came: usize,
    choose: fn(&[usize], usize, &mut Rng) -> usize,
    rng: Rng,
}

impl Spread for Private {
    fn come(&mut self, call: Call, _: Duration) {
        let loads = self.queues.iter().zip(&self.busy);
        let loads: Vec<usize> =
            loads.map(|(queue, busy)| queue.len() + usize::from(*busy)).collect();
        let at = (self.choose)(&loads, self.came, &mut self.rng);
        self.came += 1;
        self.queues[at].push_back(call);
    }

    fn over(&mut self, node: usize, _: Call, _: Duration, _: Duration) {
        self.busy[node] = false;
    }

    fn begin(&mut self, _: Duration) -> Vec<(Call, usize)> {
        let mut begun = Vec::new();
        for (node, queue) in self.queues.iter_mut().enumerate() {
            if !self.busy[node]
                && let Some(call) = queue.pop_front()
            {
                self.busy[node] = true;
                begun.push((call, node));
            }
        }
        begun
    }
}

fn central(
    nodes: usize,
    begun_first: bool,
    choose: fn(&[usize], &mut Rng) -> usize,
) -> Box<dyn Spread> {
    let (waiting, free, rng) = (VecDeque::new(), (0..nodes).collect(), Rng::with_seed(7));
    Box::new(Central { waiting, begun_first, free, choose, rng })
}

fn private(nodes: usize, choose: fn(&[usize], usize, &mut Rng) -> usize) -> Box<dyn Spread> {
    let (queues, busy) = (vec![VecDeque::new(); nodes], vec![false; nodes]);
    Box::new(Private { queues, busy, came: 0, choose, rng: Rng::with_seed(7) })
}

fn least(loads: &[usize], rng: &mut Rng) -> usize {
    let fewest = loads.iter().min().expect("a node");
    let all: Vec<usize> = (0..loads.len()).filter(|at| loads[*at] == *fewest).collect();
    all[rng.usize(..all.len())]
}

/// Every policy, by its name; the slow node, if any, is the last one.
fn policies(nodes: usize) -> Vec<(&'static str, Box<dyn Spread>)> {
    vec![
        ("least-busy", Box::new(Ours::new(nodes, Policy::LeastBusy))),
        ("round-robin over one queue", Box::new(Ours::new(nodes, Policy::RoundRobin))),
        ("random over one queue", central(nodes, true, |free, rng| rng.usize(..free.len()))),
        (
            "fastest over one queue",
            central(nodes, true, |free, _| {
                (0..free.len()).min_by_key(|at| free[*at]).expect("one is free")
            }),
        ),
        ("one queue, first come", central(nodes, false, |free, rng| rng.usize(..free.len()))),
        ("round robin", private(nodes, |loads, came, _| came % loads.len())),
        ("least connections", private(nodes, |loads, _, rng| least(loads, rng))),
        (
            "two choices",
            private(nodes, |loads, _, rng| {
                let (a, b) = (rng.usize(..loads.len()), rng.usize(..loads.len()));
                if loads[a] <= loads[b] { a } else { b }
            }),
        ),
    ]
}

/// When a call comes, or when it is over, where, and after how long.
type Event = (Duration, Call, Option<(usize, Duration)>);

fn normal(rng: &mut Rng) -> f64 {
    let angle = std::f64::consts::TAU * rng.f64();
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * angle.cos()
}

/// A lognormal time with this mean and a coefficient of variation of 0.5.
fn lognormal(rng: &mut Rng, mean: f64) -> f64 {
    let variance = (1.0_f64 + 0.25).ln();
    mean * (variance.sqrt() * normal(rng) - variance / 2.0).exp()
}

/// The mean and the 95th percentile of the tickets' times in seconds.
fn simulate(
    spread: &mut dyn Spread,
    speeds: &[f64],
    load: f64,
    tickets: usize,
    seed: u64,
) -> (f64, f64) {
    let mut rng = Rng::with_seed(seed);
    let rate = load * speeds.iter().sum::<f64>() / 28.0;
    let mut came = 0.0;
    let made: Vec<(Duration, [f64; 2])> = (0..tickets)
        .map(|_| {
            came -= (1.0 - rng.f64()).ln() / rate;
            let calls = [lognormal(&mut rng, 20.0), lognormal(&mut rng, 8.0)];
            (Duration::from_secs_f64(came), calls)
        })
        .collect();
    let mut events: BinaryHeap<Reverse<Event>> = (0..tickets)
        .map(|ticket| Reverse((made[ticket].0, Call { ticket, second: false }, None)))
        .collect();
    let mut times = Vec::with_capacity(tickets);
    while let Some(Reverse((now, call, at))) = events.pop() {
        match at {
            None => spread.come(call, now),
            Some((node, took)) => {
                spread.over(node, call, took, now);
                if call.second {
                    times.push((now - made[call.ticket].0).as_secs_f64());
                } else {
                    spread.come(Call { second: true, ..call }, now);
                }
            }
        }
        for (call, node) in spread.begin(now) {
            let seconds = made[call.ticket].1[usize::from(call.second)] / speeds[node];
            let took = Duration::from_secs_f64(seconds);
            events.push(Reverse((now + took, call, Some((node, took)))));
        }
    }
    assert_eq!(times.len(), tickets, "every ticket was made");
    // The first tenth finds an idle fleet.
    let warm = &mut times[tickets / 10..];
    warm.sort_by(f64::total_cmp);
    (warm.iter().sum::<f64>() / warm.len() as f64, warm[warm.len() * 95 / 100])
}

/// The mean and the p95 of each policy, over some seeds.
fn compare(speeds: &[f64], load: f64) -> Vec<(&'static str, f64, f64)> {
    const SEEDS: u64 = 3;
    let names = policies(speeds.len()).into_iter().map(|(name, _)| name);
    let table = names.enumerate().map(|(at, name)| {
        let (mut mean, mut p95) = (0.0, 0.0);
        for seed in 1..=SEEDS {
            let (_, mut spread) = policies(speeds.len()).swap_remove(at);
            let found = simulate(&mut *spread, speeds, load, 5000, seed);
            mean += found.0 / SEEDS as f64;
            p95 += found.1 / SEEDS as f64;
        }
        println!("{name:28} mean {mean:7.1} s   p95 {p95:7.1} s   speeds {speeds:?}, load {load}");
        (name, mean, p95)
    });
    table.collect()
}

fn of(table: &[(&'static str, f64, f64)], name: &str) -> (f64, f64) {
    let row = table.iter().find(|row| row.0 == name).expect("it is in the table");
    (row.1, row.2)
}

/// No policy beats the chosen one by more than a twentieth.
fn nothing_is_better(table: &[(&'static str, f64, f64)]) {
    let (mean, p95) = of(table, "least-busy");
    for (name, their_mean, their_p95) in table {
        assert!(
            mean <= their_mean * 1.05,
            "{name}: {their_mean} s against {mean} s on the average"
        );
        assert!(p95 <= their_p95 * 1.05, "{name}: {their_p95} s against {p95} s at the p95");
    }
}

#[test]
fn equal_nodes_at_four_fifths_load_make_tickets_sooner_than_by_any_other_policy() {
    let table = compare(&[1.0; 3], 0.8);
    nothing_is_better(&table);
    let (_, p95) = of(&table, "least-busy");
    assert!(p95 <= 0.8 * of(&table, "round robin").1, "{table:?}");
}

#[test]
fn a_slow_node_does_no_harm_where_round_robin_breaks_down() {
    let table = compare(&[1.0, 1.0, 0.4], 0.8);
    nothing_is_better(&table);
    let (mean, p95) = of(&table, "least-busy");
    assert!(p95 <= 0.8 * of(&table, "least connections").1, "{table:?}");
    assert!(mean < 200.0, "it is stable");
    assert!(of(&table, "round robin").0 > 1000.0, "its slow node gets more than it can do");
}

#[test]
fn other_loads_and_fleets_are_served_best_too() {
    for (speeds, load) in [
        (&[1.0; 3][..], 0.5),
        (&[1.0; 5], 0.9),
        (&[1.0, 1.0, 0.7, 0.7, 0.4], 0.8),
        (&[1.0, 0.1], 0.6),
    ] {
        nothing_is_better(&compare(speeds, load));
    }
}
