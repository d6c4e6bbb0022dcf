//! The load of the last hour, and who looks at the counters for it.

use std::{sync::Arc, time::Duration};

use actix::Addr;
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::Watched;
use crate::{
    balancer::Balancer,
    http::{Service, error::ApiError, lb_stats::snapshot},
    metrics::{Metrics, Minute},
};

/// How often the counters are looked at, in milliseconds; a minute is a multiple of it.
const LOOKS_MS: i64 = 10_000;

/// What happened in each minute of the last hour.
#[derive(Serialize, ToSchema)]
#[schema(as = LoadEvent)]
pub(in crate::http) struct LoadNow {
    /// The last 60 full minutes and the running one, oldest first; fewer after a start.
    minutes: Vec<Minute>,
}

impl LoadNow {
    /// The load up to this moment.
    pub(super) async fn of(service: &Service) -> Result<Self, ApiError> {
        let Service { watched, balancer, metrics, .. } = service;
        watched.look(balancer, metrics).await
    }
}

impl Watched {
    /// Looks at the counters; who comes meanwhile waits, so that no older look counts after a newer one.
    async fn look(
        &self,
        balancer: &Addr<Balancer>,
        metrics: &Metrics,
    ) -> Result<LoadNow, ApiError> {
        let mut history = self.history.lock().await;
        let seen = snapshot(balancer).await?;
        history.look(Timestamp::now(), metrics.totals(&seen.nodes));
        Ok(LoadNow { minutes: history.minutes() })
    }

    /// Looks at the counters whenever a minute begins, and between, until the service ends.
    pub(in crate::http) async fn keep(
        self,
        balancer: Addr<Balancer>,
        metrics: Arc<Metrics>,
        end: CancellationToken,
    ) {
        let looks = async {
            loop {
                let late = Timestamp::now().as_millisecond().rem_euclid(LOOKS_MS);
                sleep(Duration::from_millis((LOOKS_MS - late).unsigned_abs())).await;
                // A balancer that does not answer ends the process by other ways.
                let _ = self.look(&balancer, &metrics).await;
            }
        };
        end.run_until_cancelled(looks).await;
    }
}
