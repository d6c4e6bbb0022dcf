//! How long the correction of a zone takes, and what the gazetteer costs at the start.
//!
//! Streams `zones.jsonl`, or the file that `TICKETD_BENCH_ZONES` names: a JSON object with `home`
//! and `zone` a line. Criterion watches the mean; the p99, which it does not know, is measured here.

use std::{env, fs, hint::black_box};

use anyhow::Context as _;
use criterion::{Criterion, Throughput};
use procfs::process::Process;
use serde::Deserialize;
use ticketd::place::{Answer, Corrector, Gazetteer};
use tokio::time::{Duration, Instant};

/// How often each zone is measured for the p99.
const PASSES: usize = 20;

/// A zone as a hotline wrote it down.
#[derive(Deserialize)]
struct Call {
    home: String,
    zone: String,
}

fn main() -> anyhow::Result<()> {
    let calls = calls()?;
    let before = resident()?;
    let since = Instant::now();
    let corrector = Corrector::new(Gazetteer::embedded());
    let took = since.elapsed();
    let added = resident()?.saturating_sub(before);
    println!("start {:.1} ms, {:.1} MB", took.as_secs_f64() * 1e3, added as f64 / 1e6);

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("place");
    group.throughput(Throughput::Elements(calls.len() as u64));
    let pass = || calls.iter().for_each(|call| drop(black_box(correct(&corrector, call))));
    group.bench_function(format!("{} zones", calls.len()), |bencher| bencher.iter(pass));
    group.finish();
    criterion.final_summary();

    let mut times: Vec<Duration> = Vec::with_capacity(PASSES * calls.len());
    for call in (0..PASSES).flat_map(|_| &calls) {
        let since = Instant::now();
        black_box(correct(&corrector, call));
        times.push(since.elapsed());
    }
    times.sort_unstable();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let mean = micros(times.iter().sum()) / times.len() as f64;
    let p99 = micros(times[times.len() * 99 / 100]);
    println!("{} zones: mean {mean:.1} µs, p99 {p99:.1} µs", calls.len());
    Ok(())
}

fn correct(corrector: &Corrector, call: &Call) -> Answer {
    corrector.correct(&call.zone, &call.home)
}

fn calls() -> anyhow::Result<Vec<Call>> {
    let text = match env::var_os("TICKETD_BENCH_ZONES") {
        Some(file) => fs::read_to_string(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?,
        None => include_str!("zones.jsonl").to_owned(),
    };
    let calls: Vec<Call> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("no zones")?;
    anyhow::ensure!(!calls.is_empty(), "there are no zones to correct");
    Ok(calls)
}

/// The memory of this process, in bytes.
fn resident() -> anyhow::Result<u64> {
    Ok(Process::myself()?.statm()?.resident * procfs::page_size())
}
