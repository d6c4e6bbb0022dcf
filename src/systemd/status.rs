//! The line of `systemctl status`: how many nodes serve, and how many calls wait.

use std::time::Duration;

use actix::Addr;
use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Manager;
use crate::balancer::{Balancer, Overview, Snapshot};

/// How often the line is looked at; it is sent when it has changed.
const EVERY: Duration = Duration::from_secs(1);

/// Tells the line whenever it changes, until the runtime ends.
pub(super) async fn tell(manager: Manager, balancer: Addr<Balancer>, stopping: CancellationToken) {
    let mut looks = interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = String::new();
    loop {
        looks.tick().await;
        // A balancer that does not answer is the watchdog's business.
        let Ok(Ok(now)) = timeout(EVERY, balancer.send(Snapshot)).await else { continue };
        let now = line(&now, stopping.is_cancelled());
        if now != told {
            manager.tell(&[NotifyState::Status(&now)]);
            told = now;
        }
    }
}

fn line(now: &Overview, stopping: bool) -> String {
    let ready = now.nodes.iter().filter(|node| node.healthy).count();
    let (all, waiting) = (now.nodes.len(), now.waiting.total());
    if stopping {
        let answering: u32 = now.nodes.iter().map(|node| node.in_flight).sum();
        return format!("stopping: {answering} calls in flight, {waiting} waiting");
    }
    format!("{ready}/{all} nodes ready, {waiting} waiting")
}
