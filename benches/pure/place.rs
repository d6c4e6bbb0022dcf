//! How long the correction of a zone takes, and what the gazetteer costs at the start.
//!
//! Streams `zones.jsonl`, or the file that `TICKETD_BENCH_ZONES` names: a JSON object with `home`
//! and `zone` a line. Criterion watches the mean; the p99, which it does not know, is measured here.

use std::{env, fs, hint::black_box};

use anyhow::Context as _;
use criterion::Criterion;
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

/// The zones, and what corrects them.
pub(crate) struct Places {
    pub(crate) corrector: Corrector,
    calls: Vec<Call>,
    /// What making the corrector took, in time and in bytes.
    took: Duration,
    added: u64,
}

impl Places {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let calls = calls()?;
        let before = resident()?;
        let since = Instant::now();
        let corrector = Corrector::new(Gazetteer::embedded());
        let took = since.elapsed();
        let added = resident()?.saturating_sub(before);
        Ok(Self { corrector, calls, took, added })
    }

    pub(crate) fn measure(&self, criterion: &mut Criterion) {
        let mut zones = self.calls.iter().cycle();
        criterion.bench_function("place", |bencher| {
            bencher.iter(|| zones.next().map(|call| self.correct(call)));
        });
    }

    /// Start and memory, for people, and the p99 of the zones in microseconds.
    pub(crate) fn figures(&self) -> (String, f64) {
        let mut times: Vec<Duration> = Vec::with_capacity(PASSES * self.calls.len());
        for call in (0..PASSES).flat_map(|_| &self.calls) {
            let since = Instant::now();
            black_box(self.correct(call));
            times.push(since.elapsed());
        }
        times.sort_unstable();
        let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1e6;
        let (zones, memory) = (self.calls.len(), self.added as f64 / 1e6);
        let start = self.took.as_secs_f64() * 1e3;
        let text = format!(
            "The gazetteer is there in {start:.1} ms and takes {memory:.1} MB; the zones are {zones}."
        );
        (text, p99)
    }

    fn correct(&self, call: &Call) -> Answer {
        self.corrector.correct(&call.zone, &call.home)
    }
}

fn calls() -> anyhow::Result<Vec<Call>> {
    let text = match env::var_os("TICKETD_BENCH_ZONES") {
        Some(file) => fs::read_to_string(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?,
        None => include_str!("../zones.jsonl").to_owned(),
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
