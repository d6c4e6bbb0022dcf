//! The whole service in one run, side by side with direct calls and with nginx: what it adds to a call,
//! what it carries, what it takes, how it starts. Writes its part of BENCHMARKS.md, and fails if a target
//! is missed.
//!
//! Client, fakes, nginx and ticketd share the cores of the machine. The client is one thread.

mod caller;
mod latency;
mod load;
mod peers;
#[path = "../report.rs"]
mod report;
mod work;

use std::{env, process::ExitCode, time::Duration};

use self::{
    latency::Latency,
    load::Load,
    peers::{Fake, Ticketd},
    report::Report,
};

/// What ticketd adds to two calls is at most so many times what nginx adds.
const MOST_ADDED: f64 = 2.0;
/// The least share of what the slots can do, in a hundred.
const LEAST_SHARE: f64 = 98.0;
/// The most memory, in MB.
const MOST_MEMORY: f64 = 30.0;
/// The longest start, in milliseconds.
const LONGEST_START: f64 = 100.0;

/// The callers over nodes that take no time, and the tickets that they ask for.
const CALLERS: usize = 32;
const TICKETS: usize = 20_000;
/// Those nodes, and the slots of each.
const FAST: (usize, usize) = (4, 8);

/// How long a call takes where the nodes take their time; those nodes, and the calls of each.
const CALL: Duration = Duration::from_millis(200);
const NODES: [usize; 5] = [1, 3, 5, 10, 50];
const CALLS: usize = 50;

const STARTS: usize = 20;

/// The parts of the run; who names some gets these alone, and BENCHMARKS.md stays.
const PARTS: [&str; 4] = ["latency", "load", "slow", "start"];

#[actix_web::main]
async fn main() -> anyhow::Result<ExitCode> {
    let named: Vec<String> = env::args().filter(|name| PARTS.contains(&name.as_str())).collect();
    let is_wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let mut report = Report::begin("The whole service").await?;
    let mut memory = 0;
    if is_wanted("latency") {
        tell_latency(&mut report, &latency::measure().await?);
    }
    if is_wanted("load") {
        let load = load::measure(FAST, Duration::ZERO, CALLERS, (TICKETS / 10, TICKETS)).await?;
        memory = memory.max(load.memory);
        tell_load(&mut report, &load);
    }
    if is_wanted("slow") {
        let mut slow = Vec::new();
        for nodes in NODES {
            let tickets = (nodes, CALLS * nodes);
            slow.push((nodes, load::measure((nodes, 1), CALL, 2 * nodes, tickets).await?));
        }
        memory = slow.iter().map(|(_, load)| load.memory).fold(memory, u64::max);
        tell_slow(&mut report, &slow, load::service_time(CALL).await?);
    }
    if memory > 0 {
        let megabytes = memory as f64 / 1e6;
        let bound = format!("at most {MOST_MEMORY} MB");
        let what = "the most memory under these loads";
        report.target(what, format!("{megabytes:.1} MB"), bound, megabytes <= MOST_MEMORY);
    }
    if is_wanted("start") {
        let start = start().await?.as_secs_f64() * 1e3;
        let bound = format!("at most {LONGEST_START} ms");
        let what = format!("exec to READY over external endpoints, median of {STARTS}");
        report.target(&what, format!("{start:.1} ms"), bound, start <= LONGEST_START);
    }
    if named.is_empty() { report.write() } else { Ok(report.tell()) }
}

fn tell_latency(report: &mut Report, latency: &Latency) {
    let Latency { rounds, direct, nginx, ticketd, nginx_version } = latency;
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let added = |times: &latency::Quantiles| {
        [(times.p50, direct.p50), (times.p99, direct.p99)]
            .map(|(time, direct)| micros(time) - micros(direct))
    };
    let row = |(way, times): (&str, &latency::Quantiles)| {
        let [p50, p99] = [times.p50, times.p99].map(|time| format!("{:.0} µs", micros(time)));
        let [more50, more99] = added(times).map(|added| format!("{added:.0} µs"));
        [way.to_owned(), p50, more50, p99, more99]
    };
    let ways = [
        ("sent directly", direct),
        (&format!("through {nginx_version}"), nginx),
        ("as a ticket of ticketd's", ticketd),
    ];
    report.say(&format!("One caller, {rounds} rounds of the same two calls:"));
    report.table(["two calls", "p50", "added", "p99", "added"], ways.map(row));
    let [by_nginx, by_ticketd] = [nginx, ticketd].map(added);
    for (at, quantile) in ["p50", "p99"].into_iter().enumerate() {
        let factor = by_ticketd[at] / by_nginx[at];
        let what = format!("what ticketd adds over what nginx adds, {quantile}");
        let bound = format!("at most {MOST_ADDED}");
        report.target(&what, format!("{factor:.2}"), bound, factor <= MOST_ADDED);
    }
}

fn tell_load(report: &mut Report, load: &Load) {
    let (nodes, slots) = FAST;
    report.say(&format!(
        "{CALLERS} callers over {nodes} nodes of {slots} slots that take no time: {:.0} tickets a second, {:.1} MB.",
        load.per_second(),
        load.memory as f64 / 1e6
    ));
}

fn tell_slow(report: &mut Report, slow: &[(usize, Load)], service_time: Duration) {
    report.say(&format!(
        "Twice as many callers as nodes, of one slot each, that wait {} ms; a call that is sent directly to such a \
         one takes {:.1} ms:",
        CALL.as_millis(),
        service_time.as_secs_f64() * 1e3
    ));
    let share = |(nodes, load): &(usize, Load)| {
        let ideal = *nodes as f64 / service_time.as_secs_f64();
        100.0 * load.per_second() / ideal
    };
    let row = |run: &(usize, Load)| {
        let (nodes, load) = run;
        let per_second = format!("{:.2}", load.per_second());
        let share = format!("{:.2} %", share(run));
        let memory = format!("{:.1} MB", load.memory as f64 / 1e6);
        [nodes.to_string(), load.tickets.to_string(), per_second, share, memory]
    };
    report.table(["nodes", "tickets", "a second", "of the ideal", "memory"], slow.iter().map(row));
    let least = slow.iter().map(share).fold(f64::INFINITY, f64::min);
    let bound = format!("at least {LEAST_SHARE} %");
    report.target(
        "the least share of the ideal",
        format!("{least:.2} %"),
        bound,
        least >= LEAST_SHARE,
    );
}

/// The median of the times from exec to READY.
async fn start() -> anyhow::Result<Duration> {
    let fake = Fake::start(1, Duration::ZERO, true).await?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let ticketd = Ticketd::start(&[fake.address], 1, "auto").await?;
        times.push(ticketd.start);
        ticketd.end().await?;
    }
    fake.end().await?;
    times.sort_unstable();
    Ok((times[STARTS / 2 - 1] + times[STARTS / 2]) / 2)
}
