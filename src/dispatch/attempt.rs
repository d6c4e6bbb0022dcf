//! One try of a model call on one node, and the watch over its progress.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep},
};

use super::{Dispatch, Judge, Unfit, budget::budget};
use crate::{
    balancer::{Lease, Measured, Outcome, Prospect},
    config,
    ollama::{self, Body, Budget, Pace, Stalled, UpstreamError},
};

/// A call whose last token came no longer ago goes on although its node is given up.
const FLOWING: Duration = Duration::from_secs(3);

/// A call as it is sent, wherever.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) body: Body,
    /// The attempts that failed so far.
    pub(super) retries: u32,
}

impl Request {
    fn bytes(&self) -> u64 {
        u64::try_from(self.body.bytes.len()).unwrap_or(u64::MAX)
    }
}

/// How one attempt ended without an accepted answer.
#[derive(Debug)]
pub(super) struct Miss {
    pub(super) outcome: Outcome,
    /// Whether it uses up one of the call's attempts; a node that never began does not.
    pub(super) counts: bool,
    /// The status of an answer that reported a fault of the node.
    pub(super) status: Option<u16>,
    pub(super) reason: String,
    /// What the next attempt is told.
    pub(super) repair: Option<String>,
    /// Whether the prompt does not fit the context.
    pub(super) too_long: bool,
    /// What the call showed of a node that answered as well as a node can.
    pub(super) blameless: Option<Measured>,
}

/// What an attempt brought: what the judge made of the answer, and what the call showed.
pub(super) type Result<T> = std::result::Result<(T, Measured), Miss>;

impl Dispatch {
    /// Makes the call on the node of a lease.
    pub(super) async fn attempt<T>(
        &self,
        lease: &Lease,
        request: Request,
        judge: &impl Judge<T>,
    ) -> Result<T> {
        let (pace, since, bytes) = (Pace::default(), Instant::now(), request.bytes());
        let ceiling = Budget::from(&self.settings);
        let call = ollama::generate(&self.client, lease.base_url(), request.body, ceiling, &pace);
        let mut call = pin!(self.telling(call, &pace, || judge.prepare()));
        let overdue = overdue(&pace, lease.prospect(), bytes, request.retries, &self.settings);
        let mut overdue = pin!(overdue);
        let answer = select! {
            answer = &mut call => answer?,
            stalled = &mut overdue => return Err(UpstreamError::Stalled(stalled).into()),
            // Probes may fail while tokens flow; such a call has its own limits.
            () = lease.revoked() => {
                if !pace.is_alive(FLOWING) {
                    return Err(Miss::given_up());
                }
                select! {
                    answer = &mut call => answer?,
                    stalled = &mut overdue => return Err(UpstreamError::Stalled(stalled).into()),
                }
            }
        };
        let total = since.elapsed();
        let judged = judge.judge(&answer);
        let ollama::Stats { load_time, prompt_tokens, prompt_time, tokens, token_time } =
            answer.stats;
        let measured = Measured {
            request_bytes: bytes,
            first_token: pace.first_token().unwrap_or(total),
            longest_gap: pace.longest_gap(),
            total,
            prompt_tokens,
            prompt_time,
            tokens,
            token_time,
        };
        let measured = measured.without_load(load_time.unwrap_or_default());
        match judged {
            Ok(value) => Ok((value, measured)),
            Err(unfit) => Err(Miss::unfit(unfit, measured)),
        }
    }
}

impl Dispatch {
    /// The same call, whose tokens are told as they come; `sent` is told when it is on its way.
    async fn telling<F: Future>(&self, call: F, pace: &Pace, sent: impl FnOnce()) -> F::Output {
        let (mut call, mut told, mut sent) = (pin!(call), 0, Some(sent));
        poll_fn(|context| {
            let polled = call.as_mut().poll(context);
            if polled.is_pending()
                && pace.is_sent()
                && let Some(sent) = sent.take()
            {
                sent();
            }
            if pace.tokens() != told {
                told = pace.tokens();
                self.progress.tokens(told);
            }
            polled
        })
        .await
    }
}

/// Waits until a call takes longer than it may, as far as is known by then of its node.
async fn overdue(
    pace: &Pace,
    mut prospect: watch::Receiver<Prospect>,
    request_bytes: u64,
    retries: u32,
    settings: &config::Balancer,
) -> Stalled {
    loop {
        let now = budget(&prospect.borrow_and_update(), request_bytes, retries, settings);
        let (what, left) = next_limit(pace, &now);
        if left.is_zero() {
            return what;
        }
        select! {
            () = sleep(left) => {}
            // A node that is gone has its last word said.
            Ok(()) = prospect.changed() => {}
        }
    }
}

/// Which limit comes next, and when.
fn next_limit(pace: &Pace, budget: &Budget) -> (Stalled, Duration) {
    let (what, limit) = if pace.has_begun() {
        (Stalled::Token, budget.token)
    } else {
        (Stalled::FirstToken, budget.first_token)
    };
    let left = limit.saturating_sub(pace.silent_for());
    let running = pace.started().map(|since| since.elapsed()).unwrap_or_default();
    let whole = budget.call.saturating_sub(running);
    // A call without any token hangs; one with tokens does not end.
    if pace.has_begun() && whole < left { (Stalled::Call, whole) } else { (what, left) }
}

impl Miss {
    /// The node was given up, with the calls that it worked on.
    fn given_up() -> Self {
        Self::new(Outcome::Failed, true, "the node was given up".to_owned())
    }

    fn unfit(unfit: Unfit, measured: Measured) -> Self {
        let Unfit { reason, repair, blameless, too_long } = unfit;
        let blameless = blameless.then_some(measured);
        Self {
            repair,
            blameless,
            too_long,
            ..Self::new(Outcome::BadAnswer, true, reason.to_owned())
        }
    }

    fn new(outcome: Outcome, counts: bool, reason: String) -> Self {
        let (status, repair, blameless, too_long) = (None, None, None, false);
        Self { outcome, counts, status, reason, repair, blameless, too_long }
    }
}

impl From<UpstreamError> for Miss {
    fn from(error: UpstreamError) -> Self {
        let status = match error {
            UpstreamError::Status(status) => Some(status),
            UpstreamError::ErrorLine => Some(200),
            UpstreamError::Connect(_)
            | UpstreamError::Busy(_)
            | UpstreamError::ModelMissing
            | UpstreamError::Rejected { .. }
            | UpstreamError::Stalled(_)
            | UpstreamError::Broken(_)
            | UpstreamError::Read(_)
            | UpstreamError::CutOff
            | UpstreamError::Garbage
            | UpstreamError::Endless => None,
        };
        let (outcome, counts) = match error {
            UpstreamError::Connect(_) => (Outcome::Refused, false),
            UpstreamError::Busy(_) => (Outcome::Busy, false),
            UpstreamError::Rejected { .. } => (Outcome::Rejected, true),
            UpstreamError::Endless | UpstreamError::Stalled(Stalled::Call) => {
                (Outcome::BadAnswer, true)
            }
            UpstreamError::Stalled(Stalled::FirstToken | Stalled::Token) => {
                (Outcome::Stalled, true)
            }
            UpstreamError::ModelMissing
            | UpstreamError::Status(_)
            | UpstreamError::Broken(_)
            | UpstreamError::Read(_)
            | UpstreamError::CutOff
            | UpstreamError::ErrorLine
            | UpstreamError::Garbage => (Outcome::Failed, true),
        };
        let too_long = error.is_too_long();
        Self { status, too_long, ..Self::new(outcome, counts, ollama::chain(&error)) }
    }
}
