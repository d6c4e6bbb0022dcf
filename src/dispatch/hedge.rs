//! The second copy of a call that takes long, on a node that has nothing to do.

use std::time::Duration;

use tokio::{
    select,
    sync::{oneshot, watch},
    time::{Instant, sleep},
};

use super::Dispatch;
use crate::balancer::{Hedge, Lease, NodeId, Prospect};

/// Where nothing is known yet of how long a call takes, and how long a refused copy waits at least.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Dispatch {
    /// Waits until a call has taken longer than 99 of 100 of late and a node is idle that is not excluded,
    /// and takes that node. For ever, if no copies are wanted.
    pub(super) async fn second(
        &self,
        excluded: Vec<NodeId>,
        mut prospect: watch::Receiver<Prospect>,
    ) -> Lease {
        if self.settings.hedge_percent == 0 {
            return std::future::pending().await;
        }
        let since = Instant::now();
        loop {
            let usual = prospect.borrow_and_update().expected.map(|expected| expected.total);
            let left = usual.map(|usual| usual.saturating_sub(since.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                let (reply, lease) = oneshot::channel();
                self.balancer.do_send(Hedge { excluded: excluded.clone(), reply });
                if let Ok(lease) = lease.await {
                    return lease;
                }
                sleep(usual.unwrap_or_default().max(LOOK_AGAIN)).await;
                continue;
            }
            select! {
                () = sleep(left.unwrap_or(LOOK_AGAIN)) => {}
                Ok(()) = prospect.changed() => {}
            }
        }
    }
}
