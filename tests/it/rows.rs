//! Nothing is configured and a node is faulty from before the start: no call is lost, none is late.
//!
//! One row is one fault. Every row runs in short within the normal suite, and three times in full,
//! with a table at the end, by `make faults` (`make faults ROW=hang` for some of them).

mod run;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use self::run::{FULL, Outcome, SHORT, Size, run};

/// How often each row runs in full, each time with another faulty node.
const RUNS: usize = 3;

/// How many rows run at once in short. Most of their time they wait.
const AT_ONCE: usize = 4;

/// What is wrong with a node.
#[derive(Clone)]
enum Ill {
    /// It behaves like this.
    Behaves(Value),
    /// It takes this many times as long as the others.
    Slow(u64),
    /// Nobody listens on its port.
    Absent,
}

/// One fault of the fleet; the nodes that are not named are well.
struct Row {
    name: &'static str,
    ills: Vec<Ill>,
    /// How many nodes there are.
    nodes: usize,
    /// Whether the ill are made well after a while.
    healed: bool,
}

impl Row {
    fn of(name: &'static str, ills: Vec<Ill>) -> Self {
        Self { name, ills, nodes: 3, healed: false }
    }

    /// Three nodes of four have these faults, as many as a call has attempts.
    fn three_of_four(name: &'static str, faults: [&str; 3]) -> Self {
        Self { nodes: 4, ..Self::of(name, faults.map(has).into()) }
    }

    /// One node has a fault of the fake's.
    fn one(name: &'static str, fault: &str) -> Self {
        Self::of(name, vec![has(fault)])
    }
}

fn has(fault: &str) -> Ill {
    Ill::Behaves(json!({ "fault": fault }))
}

/// Generates for ever, with this time between two tokens.
fn endless(fault: &str, token_ms: u64) -> Vec<Ill> {
    vec![Ill::Behaves(json!({"fault": fault, "token_ms": token_ms}))]
}

/// The node says no before it has begun.
fn refusals() -> Vec<Row> {
    vec![
        Row::one("503", "status503"),
        Row::one("429", "status429"),
        Row::one("404", "status404"),
        Row::one("500", "status500"),
        Row::of("refused", vec![Ill::Absent]),
        Row { healed: true, ..Row::of("three-503-healed", vec![has("status503"); 3]) },
        Row::three_of_four("400-of-four", ["status400"; 3]),
        Row::three_of_four("500-of-four", ["status500"; 3]),
    ]
}

/// The answer breaks off, or is none.
fn breaks() -> Vec<Row> {
    vec![
        Row::one("cut-before", "close"),
        Row::one("cut-amid", "cut"),
        Row::one("no-done", "no_done"),
        Row::one("error-line", "error_line"),
        Row::one("garbage", "garbage"),
        Row::one("crash-before", "crash_before"),
        Row::one("crash-amid", "crash_amid"),
        Row::of("two-faulty", vec![has("status503"), has("cut")]),
        Row::three_of_four("mixed-of-four", ["status500", "cut", "no_ticket"]),
    ]
}

/// The answer comes and is of no use.
fn useless() -> Vec<Row> {
    vec![
        Row::one("no-ticket", "no_ticket"),
        Row::of("endless", endless("endless", 1)),
        Row::of("endless-think", endless("endless_think", 1)),
        Row::of("endless-think-slow", endless("endless_think", 20)),
    ]
}

/// The answer does not come, or takes its time, while every probe is answered.
fn silences() -> Vec<Row> {
    vec![
        Row::one("hang", "stall_before"),
        Row::one("stall-amid", "stall_amid"),
        Row::of("slow", vec![Ill::Slow(10)]),
        Row::of("two-hang", vec![has("stall_before"); 2]),
    ]
}

/// Runs rows once and expects that no call was lost.
async fn in_short(rows: Vec<Row>) {
    let rows: Vec<_> = rows.iter().collect();
    let outcomes = stream::iter(rows).map(|row| run(row, &SHORT, 0)).buffer_unordered(AT_ONCE);
    judge(&outcomes.collect::<Vec<_>>().await, &SHORT);
}

/// Prints the table and expects that no call was lost.
fn judge(outcomes: &[Outcome], size: &Size) {
    println!("{}", Outcome::head(size));
    for outcome in outcomes {
        println!("{outcome}");
    }
    let lost: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.lost).collect();
    for outcome in outcomes {
        assert!(outcome.is_met(), "the fault was not met: {outcome}");
    }
    assert!(lost.is_empty(), "{} calls are lost: {lost:#?}", lost.len());
}

#[actix_web::test]
async fn no_call_is_lost_to_a_node_that_refuses_from_the_start() {
    in_short(refusals()).await;
}

#[actix_web::test]
async fn no_call_is_lost_to_a_node_that_breaks_off_from_the_start() {
    in_short(breaks()).await;
}

#[actix_web::test]
async fn no_call_is_lost_to_a_node_that_talks_nonsense_from_the_start() {
    in_short(useless()).await;
}

#[actix_web::test]
async fn no_call_is_lost_to_a_node_that_is_silent_from_the_start() {
    in_short(silences()).await;
}

#[actix_web::test]
#[ignore = "takes minutes and wants the machine for itself: make faults"]
async fn in_full_no_call_is_lost_to_any_fault() {
    let wanted = std::env::var("ROW").unwrap_or_default();
    let rows = [refusals(), breaks(), useless(), silences()].into_iter().flatten();
    let mut outcomes = Vec::new();
    for row in rows.filter(|row| row.name.contains(&wanted)) {
        for round in 0..RUNS {
            let outcome = run(&row, &FULL, round).await;
            println!("{outcome}");
            outcomes.push(outcome);
        }
    }
    judge(&outcomes, &FULL);
}
