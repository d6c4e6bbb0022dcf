//! What the last answered calls showed, and what may be expected of the next one. Pure.
//!
//! One rule: what is expected grows with the length of the prompt, so that a long call is not taken
//! for a hang; and what a node has shown with short answers says nothing about its long ones.

use std::{cell::OnceCell, collections::VecDeque, time::Duration};

/// How many answered calls a node's history holds.
const LENGTH: usize = 100;

/// The fewest calls of the node itself that say something about it.
pub const ENOUGH: usize = 8;

/// The fewest calls of the whole fleet that say something about a node without a history.
const ENOUGH_OF_ALL: usize = 3;

/// What an answered call showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The bytes of the request.
    pub request_bytes: u64,
    /// The time to the first piece of the answer.
    pub first_token: Duration,
    /// The longest pause between two pieces.
    pub longest_gap: Duration,
    /// The whole time.
    pub total: Duration,
    /// The prompt's tokens, as the node counted them.
    pub prompt_tokens: Option<u64>,
    /// The part of the time to the first token that they took.
    pub prompt_time: Option<Duration>,
    /// The answer's tokens.
    pub tokens: Option<u64>,
    /// The time that they took.
    pub token_time: Option<Duration>,
}

impl Measured {
    /// The same without the time in which the node loaded the model: the next call finds it loaded.
    #[must_use]
    pub fn without_load(self, load: Duration) -> Self {
        let load = load.min(self.first_token);
        let (first_token, total) = (self.first_token - load, self.total.saturating_sub(load));
        Self { first_token, total, ..self }
    }

    /// The parts of the call. A node that does not tell the prompt's share has all of the time to the first
    /// token counted as that.
    fn parts(&self) -> Expected {
        let prompt = match self.prompt_time {
            Some(time) if !time.is_zero() => time.min(self.first_token),
            Some(_) | None => self.first_token,
        };
        let tokens = self.prompt_tokens.filter(|tokens| *tokens > 0);
        #[expect(clippy::cast_precision_loss, reason = "no prompt has 2^52 tokens or bytes")]
        let [tokens, bytes] =
            [tokens.unwrap_or(self.request_bytes), self.request_bytes].map(|n| n.max(1) as f64);
        Expected {
            overhead: self.first_token - prompt,
            prompt_token: prompt.as_secs_f64() / tokens,
            tokens_per_byte: tokens / bytes,
            gap: self.longest_gap,
            rest: self.total.saturating_sub(self.first_token),
            total: self.total,
        }
    }
}

/// The last answered calls of one node, or of all.
#[derive(Clone, Debug, Default)]
pub struct History {
    calls: VecDeque<Measured>,
    /// The parts of each.
    parts: VecDeque<Expected>,
    /// The mean of their whole times.
    mean: Option<Duration>,
    /// What follows from them for the next call, once somebody has asked.
    tail: OnceCell<Expected>,
}

/// Half of them, and 19 of 20, took no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 19 of 20 took no longer.
    pub p95: Duration,
}

/// How long one call took by its parts, or calls of late at the 99th percentile.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Expected {
    /// To the first token, apart from the prompt's share.
    pub overhead: Duration,
    /// A token of the prompt, in seconds.
    pub prompt_token: f64,
    /// The prompt's tokens for each byte of a request.
    pub tokens_per_byte: f64,
    /// Between two pieces of the answer.
    pub gap: Duration,
    /// From the first token to the end.
    pub rest: Duration,
    /// The whole call.
    pub total: Duration,
}

impl Expected {
    /// The time to the first token of a call of so many bytes.
    pub fn first_token(&self, request_bytes: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a body has less than 2^52 bytes")]
        let tokens = request_bytes as f64 * self.tokens_per_byte;
        let prompt = Duration::try_from_secs_f64(tokens * self.prompt_token);
        self.overhead.saturating_add(prompt.unwrap_or(Duration::MAX))
    }
}

impl History {
    /// Takes note of a call.
    pub fn push(&mut self, call: Measured) {
        self.calls.truncate(LENGTH - 1);
        self.calls.push_front(call);
        self.parts.truncate(LENGTH - 1);
        self.parts.push_front(call.parts());
        let total: Duration = self.calls.iter().map(|call| call.total).sum();
        self.mean = u32::try_from(self.calls.len()).ok().map(|count| total / count);
        self.tail.take();
    }

    /// The number of calls.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// How long a call takes on the average; none before the first.
    pub fn mean(&self) -> Option<Duration> {
        self.mean
    }

    /// How long the fastest one took.
    pub fn least(&self) -> Option<Duration> {
        self.calls.iter().map(|call| call.total).min()
    }

    /// How long calls took as a whole; none before the first.
    pub fn latency(&self) -> Option<Latency> {
        latency(self.calls.iter().map(|call| call.total))
    }

    /// How long they took to the first token.
    pub fn first_token(&self) -> Option<Latency> {
        latency(self.calls.iter().map(|call| call.first_token))
    }

    /// The tokens of the answers for each second of their making, if the node counts them.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let counted = self.calls.iter().filter_map(|call| call.tokens.zip(call.token_time));
        let (tokens, time) = counted.fold((0_u64, Duration::ZERO), |(tokens, time), call| {
            (tokens.saturating_add(call.0), time.saturating_add(call.1))
        });
        #[expect(clippy::cast_precision_loss, reason = "100 answers have less than 2^52 tokens")]
        let rate = tokens as f64 / time.as_secs_f64();
        rate.is_finite().then_some(rate)
    }

    /// What may be expected of the next call: from the node's own history, else from the fleet's.
    ///
    /// A node may have had only short answers so far, such as corrected zones; how long an answer can be is
    /// known from all nodes.
    pub fn expected(&self, fleet: &Self) -> Option<Expected> {
        if self.len() < ENOUGH {
            return (fleet.len() >= ENOUGH_OF_ALL).then(|| fleet.tail());
        }
        let (own, all) = (self.tail(), fleet.tail());
        Some(Expected { rest: own.rest.max(all.rest), total: own.total.max(all.total), ..own })
    }

    fn tail(&self) -> Expected {
        *self.tail.get_or_init(|| self.find_tail())
    }

    /// The 99th percentile of each part.
    fn find_tail(&self) -> Expected {
        fn top<T: Copy + Default + PartialOrd>(
            parts: &VecDeque<Expected>,
            part: impl Fn(&Expected) -> T,
        ) -> T {
            near_top(parts.iter().map(part)).unwrap_or_default()
        }
        let parts = &self.parts;
        Expected {
            overhead: top(parts, |part| part.overhead),
            prompt_token: top(parts, |part| part.prompt_token),
            tokens_per_byte: top(parts, |part| part.tokens_per_byte),
            gap: top(parts, |part| part.gap),
            rest: top(parts, |part| part.rest),
            total: top(parts, |part| part.total),
        }
    }
}

/// The two percentiles that people are told.
pub fn latency(times: impl Iterator<Item = Duration>) -> Option<Latency> {
    let times: Vec<Duration> = times.collect();
    Some(Latency { p50: percentile(times.clone(), 50)?, p95: percentile(times, 95)? })
}

/// The time that so many of a hundred do not exceed.
fn percentile(mut times: Vec<Duration>, percent: usize) -> Option<Duration> {
    let at = (times.len() * percent).div_ceil(100).max(1) - 1;
    (at < times.len()).then(|| *times.select_nth_unstable(at).1)
}

/// The value that 99 of a hundred do not exceed: of a hundred the largest but one, of fewer the largest.
fn near_top<T: Copy + PartialOrd>(values: impl ExactSizeIterator<Item = T>) -> Option<T> {
    let is_full = values.len() >= LENGTH;
    let mut top: Option<(T, Option<T>)> = None;
    for value in values {
        top = Some(match top {
            Some((first, second)) if value <= first => {
                (first, Some(second.filter(|second| *second >= value).unwrap_or(value)))
            }
            Some((first, _)) => (value, Some(first)),
            None => (value, None),
        });
    }
    top.map(|(first, second)| second.filter(|_| is_full).unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn call(request_bytes: u64, first_token: u64, total: u64) -> Measured {
        let (first_token, total) = (ms(first_token), ms(total));
        Measured { request_bytes, first_token, total, longest_gap: ms(7), ..Measured::default() }
    }

    fn history(calls: &[Measured]) -> History {
        let mut history = History::default();
        calls.iter().for_each(|call| history.push(*call));
        history
    }

    #[test]
    fn latencies_are_those_of_the_last_hundred_answers() {
        let mut history = History::default();
        assert_eq!(history.latency(), None);
        (1..=200).for_each(|ms| history.push(call(1, ms, ms)));
        assert_eq!(history.latency(), Some(Latency { p50: ms(150), p95: ms(195) }));
        assert_eq!(
            (history.mean(), history.least()),
            (Some(Duration::from_micros(150_500)), Some(ms(101)))
        );
    }

    #[test]
    fn a_node_is_judged_by_its_own_calls_else_by_the_fleets_else_not_at_all() {
        let (few, own, fleet) = (
            history(&[call(100, 10, 20); 2]),
            history(&[call(100, 10, 20); ENOUGH]),
            history(&[call(100, 500, 900); 3]),
        );
        let first_token =
            |of: &History, fleet| of.expected(fleet).map(|expected| expected.first_token(100));
        assert_eq!(first_token(&own, &fleet), Some(ms(10)));
        assert_eq!(first_token(&few, &fleet), Some(ms(500)));
        assert_eq!(first_token(&few, &few), None);
    }

    #[test]
    fn a_node_that_has_had_short_answers_only_is_given_time_for_a_long_one() {
        let (zones, tickets) = (call(1000, 300, 1000), call(2000, 600, 25_000));
        let fleet = history(&[[zones; 8], [tickets; 8]].concat());
        let expected = history(&[zones; 8]).expected(&fleet).expect("enough");
        assert_eq!((expected.rest, expected.total), (ms(24_400), ms(25_000)));
        assert_eq!(expected.first_token(1000), ms(300), "its own speed is its own");
    }

    #[test]
    fn a_call_that_loaded_the_model_is_as_if_it_had_been_loaded() {
        let cold = call(1000, 60_000, 85_000);
        assert_eq!(cold.without_load(ms(58_000)), call(1000, 2_000, 27_000));
        assert_eq!(cold.without_load(Duration::MAX), call(1000, 0, 25_000), "nonsense");
    }

    #[test]
    fn a_longer_prompt_is_given_more_time_by_the_prompts_share_alone() {
        let plain = history(&[call(1000, 100, 400); 8]).tail();
        assert_eq!(plain.first_token(1000), ms(100));
        assert_eq!(plain.first_token(10_000), ms(1000), "all of it may be the prompt's");
        let told = Measured {
            prompt_tokens: Some(500),
            prompt_time: Some(ms(60)),
            ..call(1000, 100, 400)
        };
        let told = history(&[told; 8]).tail();
        assert_eq!(told.first_token(1000), ms(100));
        assert_eq!(told.first_token(10_000), ms(640));
        assert_eq!((told.gap, told.rest), (ms(7), ms(300)));
    }

    #[test]
    fn one_call_in_a_hundred_changes_nothing() {
        let usual = history(&[call(1000, 100, 400); 100]);
        let mut odd = usual.clone();
        odd.push(Measured {
            prompt_tokens: Some(1),
            longest_gap: ms(9000),
            ..call(1000, 60_000, 90_000)
        });
        assert_eq!(odd.tail(), usual.tail());
    }

    #[test]
    fn nonsense_that_a_node_tells_breaks_nothing() {
        let nonsense = Measured {
            prompt_tokens: Some(u64::MAX),
            prompt_time: Some(Duration::MAX),
            tokens: Some(3),
            token_time: Some(Duration::ZERO),
            ..call(0, 5, 9)
        };
        let history = history(&[nonsense; 8]);
        assert!(history.tail().first_token(u64::MAX) >= ms(5));
        assert_eq!(history.tokens_per_second(), None);
        assert_eq!(History::default().tokens_per_second(), None);
    }

    #[test]
    fn tokens_per_second_are_those_of_all_calls_together() {
        let counted = |tokens, ms: u64| Measured {
            tokens: Some(tokens),
            token_time: Some(Duration::from_millis(ms)),
            ..Measured::default()
        };
        let history = history(&[counted(10, 1000), counted(90, 1000), Measured::default()]);
        assert_eq!(history.tokens_per_second(), Some(50.0));
    }
}
