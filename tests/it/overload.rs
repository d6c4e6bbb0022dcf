//! Ten times more calls than the nodes can do: whoever cannot be served is told so at once, and
//! whoever was taken in is served.
//!
//! In short within the normal suite, in full by `make overload`.

mod load;

use std::{pin::pin, time::Duration};

use futures_util::{StreamExt, future::join_all, stream};
use procfs::process::Process;
use serde_json::json;
use tokio::time::{Instant, interval};

use self::load::{Answer, Load, offer};
use crate::harness::{Fake, Ticketd, assert_ticket, call};

/// What one call takes on a node: the time to the first token, and some 50 ms for all tokens, since no
/// sleep of the fake's is shorter than 1 ms.
const WORK: Duration = Duration::from_millis(200);

const FIRST_TOKEN_MS: u64 = 150;

const NODES: usize = 3;

/// The calls offered in a second: ten times what the nodes can do.
const RATE: u32 = 150;

/// How soon nearly every refusal must come.
const REFUSED_WITHIN: Duration = Duration::from_millis(50);

/// A refusal that comes later was a call that had been taken in.
const TAKEN_IN: Duration = Duration::from_secs(1);

/// How much the process may grow, in kB.
const MOST_GROWTH: u64 = 50 * 1024;

/// How soon after the overload calls must be as fast as before it.
const RECOVERED_WITHIN: Duration = Duration::from_secs(1);

/// What counts as fast, and what does beside other tests.
const FAST: Duration = WORK.saturating_mul(2);
const FAST_BESIDE_OTHERS: Duration = WORK.saturating_mul(5);

/// What was measured.
struct Measured {
    served: Vec<Duration>,
    refused: Vec<Duration>,
    /// The answers that are neither a ticket nor a refusal, and the refusals of what was taken in.
    broken: Vec<String>,
    /// How late the client sent at most: what it adds to the numbers itself.
    lag: Duration,
    /// The memory in kB before, at the peak, and after.
    memory: [u64; 3],
    /// The longest call after the overload.
    recovered: Duration,
}

impl Measured {
    fn growth(&self) -> u64 {
        self.memory[1].saturating_sub(self.memory[0])
    }

    fn print(&self, title: &str) {
        println!(
            "{title}: {} served (p50 {:?}, p99 {:?}), {} refused (p50 {:?}, p99 {:?}, max {:?}), {} broken; \
             the client sent at most {:?} late; {:?} kB before, at the peak, after; \
             longest call afterwards {:?}",
            self.served.len(),
            quantile(&self.served, 50),
            quantile(&self.served, 99),
            self.refused.len(),
            quantile(&self.refused, 50),
            quantile(&self.refused, 99),
            quantile(&self.refused, 100),
            self.broken.len(),
            self.lag,
            self.memory,
            self.recovered,
        );
    }
}

/// The time that so many in a hundred did not exceed.
fn quantile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    let rank = (sorted.len() * percent).div_ceil(100);
    rank.checked_sub(1).map_or(Duration::ZERO, |index| sorted[index])
}

/// The resident memory of ticketd in kB.
fn memory(ticketd: &Ticketd) -> u64 {
    let pid = ticketd.process.pid().as_raw_nonzero().get();
    let status = Process::new(pid).and_then(|process| process.status()).expect("it runs");
    status.vmrss.expect("a process has memory")
}

/// Overloads a ticketd of this configuration, and then asks it as much as it can do.
async fn overload(config: &str, length: Duration, keep_alive: bool) -> Measured {
    let fakes = join_all((0..NODES).map(|_| Fake::start())).await;
    let ticketd = Ticketd::over(&fakes.iter().collect::<Vec<_>>(), config).await;
    let work = json!({"delay_ms": FIRST_TOKEN_MS});
    join_all(fakes.iter().map(|fake| fake.behave(work.clone()))).await;
    in_turn(&ticketd, 0, Duration::ZERO).await;
    let before = memory(&ticketd);
    let load = Load { url: ticketd.url.clone(), rate: RATE, length, keep_alive };
    let mut offered = pin!(offer(load));
    let mut peak = before;
    let mut looks = interval(Duration::from_millis(50));
    let answers = loop {
        tokio::select! {
            answers = &mut offered => break answers,
            _ = looks.tick() => peak = peak.max(memory(&ticketd)),
        }
    };
    let over = Instant::now();
    let lasts = RECOVERED_WITHIN + 5 * WORK;
    let afterwards = in_turn(&ticketd, 1_000_000, lasts).await;
    let late = afterwards.into_iter().filter(|(begin, _)| *begin >= over + RECOVERED_WITHIN);
    let recovered = late.map(|(_, took)| took).max().expect("calls after the overload");
    let memory = [before, peak, memory(&ticketd)];
    ticketd.stop().await;
    let lag = answers.iter().map(|answer| answer.lag).max().unwrap_or_default();
    let mut measured = Measured {
        served: Vec::new(),
        refused: Vec::new(),
        broken: Vec::new(),
        lag,
        memory,
        recovered,
    };
    for answer in answers {
        let Answer { took, .. } = answer;
        match answer.end {
            Ok(()) => measured.served.push(took),
            Err(reason) if reason == load::BUSY && took < TAKEN_IN => measured.refused.push(took),
            Err(reason) => measured.broken.push(format!("after {took:?}: {reason}")),
        }
    }
    measured
}

/// As many callers as there are slots ask one call after the other for so long. Gives when each
/// call began and how long it took.
async fn in_turn(ticketd: &Ticketd, first: usize, lasts: Duration) -> Vec<(Instant, Duration)> {
    let end = Instant::now() + lasts;
    let callers = (0..NODES).map(|caller| async move {
        let mut calls = Vec::new();
        for number in 0.. {
            let begin = Instant::now();
            assert_ticket(&ticketd.summarize(&call(first + caller * 1000 + number)).await);
            calls.push((begin, begin.elapsed()));
            if Instant::now() >= end {
                break;
            }
        }
        calls
    });
    let calls: Vec<_> = stream::iter(callers).buffer_unordered(NODES).collect().await;
    calls.concat()
}

fn judge(measured: &Measured, fast: Duration) {
    let some: Vec<_> = measured.broken.iter().take(5).collect();
    assert!(some.is_empty(), "{} broken, such as {some:#?}", measured.broken.len());
    assert!(!measured.served.is_empty() && !measured.refused.is_empty());
    assert!(measured.growth() < MOST_GROWTH, "{} kB more", measured.growth());
    assert!(measured.recovered < fast, "{:?} after the overload", measured.recovered);
}

#[actix_web::test]
async fn four_seconds_of_overload_break_no_call_that_was_taken_in() {
    let config = "[server]\nrequest_timeout = \"10s\"\n";
    let measured = overload(config, Duration::from_secs(4), true).await;
    measured.print("4 s");
    judge(&measured, FAST_BESIDE_OTHERS);
}

#[actix_web::test]
#[ignore = "takes minutes and wants the machine for itself: make overload"]
async fn in_full_an_overload_is_refused_at_once_and_leaves_nothing_behind() {
    let mut slow = Vec::new();
    for keep_alive in [true, false] {
        let measured = overload("", Duration::from_secs(30), keep_alive).await;
        let title = if keep_alive { "30 s, keep-alive" } else { "30 s, a connection a call" };
        measured.print(title);
        judge(&measured, FAST);
        let p99 = quantile(&measured.refused, 99);
        if p99 >= REFUSED_WITHIN {
            slow.push(format!("{title}: refused within {p99:?} at p99"));
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
