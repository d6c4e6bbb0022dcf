//! `[balancer]`: who gets the next slot, and how long a model call may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration;

/// Settings of balancer and dispatch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Balancer {
    /// How a node is chosen among the usable ones. Default `least-busy`.
    pub policy: Policy,
    /// The most calls that wait for a slot; one more is answered with 503. Default 256.
    pub queue_limit: usize,
    /// How often one model call is tried, over all nodes. Default 3, the original's.
    pub attempts: u32,
    /// How long a connection to a node may take.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// How long a node may take to its first token; a model that is loading counts in.
    #[serde(with = "duration")]
    pub first_token_timeout: Duration,
    /// How long a node may pause between two tokens.
    #[serde(with = "duration")]
    pub token_timeout: Duration,
    /// How long one attempt may take as a whole.
    #[serde(with = "duration")]
    pub call_timeout: Duration,
    /// How long a node rests after a failure of its own; doubled with each further one.
    #[serde(with = "duration")]
    pub penalty_base: Duration,
    /// The longest such rest.
    #[serde(with = "duration")]
    pub penalty_ceiling: Duration,
    /// How long a node rests at most while every other one does, too. Default 1 s.
    #[serde(with = "duration")]
    pub outage_retry: Duration,
    /// Failures of its own in a row that take a node out until a trial succeeds. Default 5.
    pub breaker_failures: u32,
    /// The time to the first trial; doubled with each one that fails.
    #[serde(with = "duration")]
    pub breaker_base: Duration,
    /// The longest time to a trial.
    #[serde(with = "duration")]
    pub breaker_ceiling: Duration,
    /// How many times as long as the slowest of late a node may take. Default 4.
    pub budget_factor: u32,
    /// No node is ever given less time than this for its next sign of life. Default 5 s.
    #[serde(with = "duration")]
    pub budget_floor: Duration,
    /// Of so many calls in a hundred a second copy may run on an idle node. Default 0: none.
    pub hedge_percent: u32,
}

/// How a node is chosen among the usable ones with a free slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The fewest calls in flight for its slots; among equals the least recently used.
    LeastBusy,
    /// One after the other, as the original did.
    RoundRobin,
}

impl Default for Balancer {
    fn default() -> Self {
        Self {
            policy: Policy::LeastBusy,
            queue_limit: 256,
            attempts: 3,
            connect_timeout: Duration::from_secs(2),
            first_token_timeout: Duration::from_secs(120),
            token_timeout: Duration::from_secs(30),
            call_timeout: Duration::from_secs(120),
            penalty_base: Duration::from_millis(200),
            penalty_ceiling: Duration::from_secs(5),
            outage_retry: Duration::from_secs(1),
            breaker_failures: 5,
            breaker_base: Duration::from_secs(1),
            breaker_ceiling: Duration::from_secs(30),
            budget_factor: 4,
            budget_floor: Duration::from_secs(5),
            hedge_percent: 0,
        }
    }
}
