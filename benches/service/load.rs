//! What ticketd carries: many callers over fakes that take no time, and over fakes that take their time.

use std::{cell::Cell, net::SocketAddr, time::Duration};

use anyhow::{bail, ensure};
use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::{
    caller::{Caller, Request},
    latency::check,
    peers::{Fake, Ticketd},
    work,
};

/// The direct calls whose mean is the service time.
const DIRECT: u32 = 50;

/// What a load of tickets took.
pub(crate) struct Load {
    pub(crate) tickets: usize,
    pub(crate) took: Duration,
    /// The most memory that ticketd had resident, in bytes.
    pub(crate) memory: u64,
}

impl Load {
    pub(crate) fn per_second(&self) -> f64 {
        self.tickets as f64 / self.took.as_secs_f64()
    }
}

/// How long a call takes that is sent directly to a fake of such a delay, the mean of [`DIRECT`]: a timer is
/// late by a millisecond or so, and what the fake takes by itself is no work of ticketd's.
pub(crate) async fn service_time(delay: Duration) -> anyhow::Result<Duration> {
    let fake = Fake::start(1, delay, false).await?;
    let ticketd = Ticketd::start(&[fake.address], 1, "auto").await?;
    ticketd.healthy(1).await?;
    check(Caller::connect(ticketd.address).await?.call(&work::call(0)).await?)?;
    let bodies = fake.bodies(delay).await?;
    let [body] = bodies.as_slice() else { bail!("a ticket made {} calls", bodies.len()) };
    ticketd.end().await?;
    let call = Request::post("/api/generate", &body.to_string());
    let mut caller = Caller::connect(fake.address).await?;
    caller.call(&call).await?;
    let since = Instant::now();
    for _ in 0..DIRECT {
        caller.call(&call).await?;
    }
    let took = since.elapsed() / DIRECT;
    fake.end().await?;
    Ok(took)
}

/// Has so many callers ask for tickets, no two alike, over nodes of so many slots that take so long for a
/// call; a ticket is one call.
pub(crate) async fn measure(
    (nodes, slots): (usize, usize),
    delay: Duration,
    callers: usize,
    (warm_up, tickets): (usize, usize),
) -> anyhow::Result<Load> {
    let fakes = try_join_all((0..nodes).map(|_| Fake::start(slots, delay, true))).await?;
    let addresses: Vec<_> = fakes.iter().map(|fake| fake.address).collect();
    let ticketd = Ticketd::start(&addresses, slots, "auto").await?;
    ticketd.healthy(nodes).await?;
    let next = Cell::new(0);
    ask(ticketd.address, callers, &next, warm_up).await?;
    let since = Instant::now();
    ask(ticketd.address, callers, &next, warm_up + tickets).await?;
    let took = since.elapsed();
    let mut made = 0;
    for fake in &fakes {
        made += fake.seen().await?.calls;
    }
    let expected = (warm_up + tickets) as u64;
    ensure!(made == expected, "the fakes saw {made} calls instead of {expected}");
    let memory = ticketd.peak_memory()?;
    ticketd.end().await?;
    try_join_all(fakes.into_iter().map(Fake::end)).await?;
    Ok(Load { tickets, took, memory })
}

/// Asks for the tickets from the next number to `end`, each caller for one after the other.
async fn ask(
    address: SocketAddr,
    callers: usize,
    next: &Cell<usize>,
    end: usize,
) -> anyhow::Result<()> {
    try_join_all((0..callers).map(|_| async {
        let mut caller = Caller::connect(address).await?;
        while next.get() < end {
            let call = work::call(next.replace(next.get() + 1));
            check(caller.call(&call).await?)?;
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok(())
}
