//! What a ticket that failed is counted as.

use crate::{balancer::Unserved, dispatch::Failed, metrics::Loss};

impl From<&Failed> for Loss {
    fn from(failed: &Failed) -> Self {
        match failed {
            Failed::Unserved(Unserved::QueueFull { .. } | Unserved::NoNode { .. }) => Self::Busy,
            Failed::Unserved(Unserved::ShuttingDown) => Self::ShuttingDown,
            Failed::Exhausted { .. } => Self::UpstreamFailed,
            Failed::TooLong => Self::CallTooLong,
            Failed::Ungrounded => Self::Ungrounded,
            Failed::TimedOut => Self::TimedOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::error::ApiError;

    #[test]
    fn a_ticket_is_counted_under_the_code_that_its_caller_is_told() {
        let retry_after = Duration::from_secs(1);
        for failed in [
            Failed::Unserved(Unserved::QueueFull { retry_after }),
            Failed::Unserved(Unserved::NoNode { retry_after }),
            Failed::Unserved(Unserved::ShuttingDown),
            Failed::Exhausted { attempts: 3, last: String::new() },
            Failed::TooLong,
            Failed::Ungrounded,
            Failed::TimedOut,
        ] {
            let counted = serde_json::to_value(Loss::from(&failed)).expect("a name");
            assert_eq!(counted, ApiError::from(failed).contract().1);
        }
    }
}
