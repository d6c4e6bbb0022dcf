//! Faults on purpose, for tests of a build that has them; never part of a release.

use std::future::pending;

use actix::{Addr, AsyncContext, Context, Handler, Message, fut::wrap_future};
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

use super::Balancer;

/// Makes the balancer do nothing for ever, while everything else goes on.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Wedge;

impl Handler<Wedge> for Balancer {
    type Result = ();

    fn handle(&mut self, _: Wedge, context: &mut Context<Self>) {
        warn!("fault injected: the balancer is wedged");
        context.wait(wrap_future::<_, Self>(pending()));
    }
}

/// SIGUSR1 wedges the balancer for ever.
pub fn on_signal(balancer: Addr<Balancer>) -> std::io::Result<()> {
    let mut asked = signal(SignalKind::user_defined1())?;
    actix::spawn(async move {
        if asked.recv().await.is_some() {
            balancer.do_send(Wedge);
        }
    });
    Ok(())
}
