//! How long a call may take on a node, as far as is known by now. Pure.
//!
//! One rule: a multiple of what such calls took of late, never less than the floor and never more than
//! the configured ceiling; the ceiling alone where nothing is known.

use std::time::Duration;

use crate::{balancer::Prospect, config, ollama::Budget};

/// A call's budget is doubled so often at most.
const MOST_DOUBLINGS: u32 = 6;

/// The budget of a call of so many bytes that has failed so often before.
pub(super) fn budget(
    prospect: &Prospect,
    request_bytes: u64,
    retries: u32,
    settings: &config::Balancer,
) -> Budget {
    let ceiling = Budget::from(settings);
    let Some(expected) = prospect.expected else { return ceiling };
    let patience = prospect.patience.max(1) << retries.min(MOST_DOUBLINGS);
    let floor = settings.budget_floor.saturating_mul(patience);
    let factor = settings.budget_factor.saturating_mul(patience);
    let learnt = |expected: Duration, ceiling: Duration| {
        expected.saturating_mul(factor).max(floor).min(ceiling)
    };
    let first_token = expected.first_token(request_bytes);
    Budget {
        first_token: learnt(first_token, ceiling.first_token),
        token: learnt(expected.gap, ceiling.token),
        call: learnt(first_token.saturating_add(expected.rest), ceiling.call),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balancer::history::Expected;

    /// First token and pause in milliseconds.
    fn limits(prospect: Prospect, request_bytes: u64, retries: u32) -> (u128, u128) {
        let budget = budget(&prospect, request_bytes, retries, &config::Balancer::default());
        (budget.first_token.as_millis(), budget.token.as_millis())
    }

    #[test]
    fn a_call_may_take_a_multiple_of_the_usual_between_floor_and_ceiling() {
        let known = |overhead_ms, patience| Prospect {
            expected: Some(Expected {
                overhead: Duration::from_millis(overhead_ms),
                prompt_token: 0.001,
                tokens_per_byte: 0.5,
                gap: Duration::from_millis(overhead_ms / 2),
                ..Expected::default()
            }),
            patience,
        };
        let table = [
            (Prospect::default(), 0, 0, (120_000, 30_000), "nothing is known"),
            (known(10, 1), 0, 0, (5_000, 5_000), "the floor"),
            (known(3_000, 1), 0, 0, (12_000, 6_000), "four times the usual"),
            (known(3_000, 1), 4_000, 0, (20_000, 6_000), "a long prompt"),
            (known(10, 1), 0, 1, (10_000, 10_000), "a second try"),
            (known(10, 2), 0, 1, (20_000, 20_000), "a node that was too slow before"),
            (known(60_000, 1), 0, 0, (120_000, 30_000), "the ceiling"),
            (known(60_000, 64), u64::MAX, u32::MAX, (120_000, 30_000), "the ceiling"),
        ];
        for (prospect, bytes, retries, expected, what) in table {
            assert_eq!(limits(prospect, bytes, retries), expected, "{what}");
        }
    }
}
