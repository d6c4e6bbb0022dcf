//! What one caller pays for ticketd, and for nginx: rounds of the same two model calls, sent directly,
//! through nginx, and made by ticketd of one ticket.
//!
//! The ways take turns within a round, and begin in turn, so that what else the machine does hits all.

use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    caller::{Caller, Request},
    peers::{Fake, Nginx, Ticketd},
    work,
};

const WARM_UP: usize = 500;
const ROUNDS: usize = 20_000;

/// Median and 99th percentile.
#[derive(Clone, Copy)]
pub(crate) struct Quantiles {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Quantiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
        Self { p50: at(50), p99: at(99) }
    }
}

/// What the rounds took.
pub(crate) struct Latency {
    pub(crate) rounds: usize,
    pub(crate) direct: Quantiles,
    pub(crate) nginx: Quantiles,
    pub(crate) ticketd: Quantiles,
    pub(crate) nginx_version: String,
}

pub(crate) async fn measure() -> anyhow::Result<Latency> {
    let fake = Fake::start(1, Duration::ZERO, false).await?;
    let ticketd = Ticketd::start(&[fake.address], 1, "always").await?;
    ticketd.healthy(1).await?;
    let nginx = Nginx::start(fake.address).await?;
    let mut to_ticketd = Caller::connect(ticketd.address).await?;
    let ticket = work::call(0);
    check(to_ticketd.call(&ticket).await?)?;
    let bodies = fake.bodies(Duration::ZERO).await?;
    ensure!(bodies.len() == 2, "a ticket made {} calls", bodies.len());
    let generate = |body: &Value| Request::post("/api/generate", &body.to_string());
    let calls: Vec<_> = bodies.iter().map(generate).collect();
    let mut direct = Caller::connect(fake.address).await?;
    let mut to_nginx = Caller::connect(nginx.address).await?;
    let mut times = [const { Vec::new() }; 3];
    for round in 0..WARM_UP + ROUNDS {
        for turn in 0..3 {
            let way = (round + turn) % 3;
            let since = Instant::now();
            match way {
                0 => twice(&mut direct, &calls).await?,
                1 => twice(&mut to_nginx, &calls).await?,
                _ => check(to_ticketd.call(&ticket).await?)?,
            }
            if round >= WARM_UP {
                times[way].push(since.elapsed());
            }
        }
    }
    let made = fake.seen().await?.calls;
    let expected = 2 + 6 * (WARM_UP + ROUNDS);
    ensure!(made == expected as u64, "the fake saw {made} calls instead of {expected}");
    let [direct, through_nginx, through_ticketd] = times.map(Quantiles::of);
    let nginx_version = nginx.version.clone();
    ticketd.end().await?;
    nginx.end().await?;
    fake.end().await?;
    Ok(Latency {
        rounds: ROUNDS,
        direct,
        nginx: through_nginx,
        ticketd: through_ticketd,
        nginx_version,
    })
}

/// Whether a body is a whole ticket, made by a model and found to be right.
pub(crate) fn check(body: &[u8]) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(body);
    ensure!(text.contains("\"grounded\":true") && !text.contains("\"degraded\""), "{text}");
    Ok(())
}

async fn twice(caller: &mut Caller, calls: &[Request]) -> anyhow::Result<()> {
    for call in calls {
        let body = caller.call(call).await?;
        let last = &body[body.len().saturating_sub(600)..];
        let done = String::from_utf8_lossy(last).contains("\"done\":true");
        ensure!(done, "a call was not answered");
    }
    Ok(())
}
