//! How urgent a caller says that a call is: the headers `X-Priority` and `X-Deadline-Ms`.
//!
//! A value that is none of the known ones is refused, never guessed at, and never repeated.

use std::{ops::RangeInclusive, time::Duration};

use actix_web::http::header::{HeaderMap, HeaderName};

use super::error::ApiError;
use crate::balancer::queue::Priority;

const PRIORITY: HeaderName = HeaderName::from_static("x-priority");
const DEADLINE: HeaderName = HeaderName::from_static("x-deadline-ms");

/// The milliseconds that a caller may wait.
const DEADLINE_MS: RangeInclusive<u64> = 1000..=3_600_000;

/// What the headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Urgency {
    /// Who goes first where calls wait.
    pub(super) priority: Priority,
    /// How long the caller waits, from the arrival of the request's head.
    pub(super) patience: Duration,
}

impl Urgency {
    /// Reads both headers; without `X-Deadline-Ms` a caller waits for `default`.
    pub(super) fn read(headers: &HeaderMap, default: Duration) -> Result<Self, ApiError> {
        let priority = match the_one(headers, &PRIORITY).map_err(|Several| ApiError::BadPriority)? {
            None => Priority::default(),
            Some(value) => priority(value).ok_or(ApiError::BadPriority)?,
        };
        let patience = match the_one(headers, &DEADLINE).map_err(|Several| ApiError::BadDeadline)? {
            None => default,
            Some(value) => milliseconds(value).ok_or(ApiError::BadDeadline)?,
        };
        Ok(Self { priority, patience })
    }
}

/// A header that may be there once is there more often.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Several;

/// The value of a header that may be there once.
pub(super) fn the_one<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a [u8]>, Several> {
    let mut values = headers.get_all(name);
    let first = values.next().map(|value| value.as_bytes());
    if values.next().is_some() { Err(Several) } else { Ok(first) }
}

fn priority(value: &[u8]) -> Option<Priority> {
    let known: [(&[u8], _); 2] =
        [(b"interactive", Priority::Interactive), (b"batch", Priority::Batch)];
    let found = known.into_iter().find(|(name, _)| value.eq_ignore_ascii_case(name));
    found.map(|(_, priority)| priority)
}

fn milliseconds(value: &[u8]) -> Option<Duration> {
    let digits = value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| digits)?;
    let number = text.parse().ok().filter(|number| DEADLINE_MS.contains(number))?;
    Some(Duration::from_millis(number))
}

#[cfg(test)]
mod tests {
    use actix_web::{ResponseError, http::header::HeaderValue};

    use super::*;

    const DEFAULT: Duration = Duration::from_secs(180);

    fn read(headers: &[(&HeaderName, &[u8])]) -> Result<Urgency, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append((*name).clone(), HeaderValue::from_bytes(value).expect("a value"));
        }
        Urgency::read(&map, DEFAULT).map_err(|error| {
            assert_eq!(error.status_code(), 400);
            error.to_string()
        })
    }

    #[test]
    fn without_headers_a_call_is_interactive_and_waits_for_the_default() {
        let urgency = Urgency { priority: Priority::Interactive, patience: DEFAULT };
        assert_eq!(read(&[]), Ok(urgency));
    }

    #[test]
    fn a_known_priority_is_taken_whatever_its_case_and_no_other() {
        let table: [(&[u8], Option<Priority>); 8] = [
            (b"interactive", Some(Priority::Interactive)),
            (b"Batch", Some(Priority::Batch)),
            (b"BATCH", Some(Priority::Batch)),
            (b"", None),
            (b"urgent", None),
            (b"batch, interactive", None),
            (b"0", None),
            (b"\xff", None),
        ];
        for (value, priority) in table {
            let read = read(&[(&PRIORITY, value)]);
            let expected = priority.ok_or_else(|| ApiError::BadPriority.to_string());
            assert_eq!(read.map(|urgency| urgency.priority), expected, "{value:?}");
        }
        let twice = read(&[(&PRIORITY, b"batch"), (&PRIORITY, b"batch")]);
        assert_eq!(twice, Err(ApiError::BadPriority.to_string()));
    }

    #[test]
    fn a_deadline_is_a_whole_number_of_milliseconds_within_its_bounds() {
        let table: [(&[u8], Option<u64>); 13] = [
            (b"1000", Some(1000)),
            (b"3600000", Some(3_600_000)),
            (b"0001500", Some(1500)),
            (b"999", None),
            (b"3600001", None),
            (b"18446744073709551616", None),
            (b"", None),
            (b"+1000", None),
            (b"-1000", None),
            (b"1000.5", None),
            (b"1e4", None),
            (b"30s", None),
            ("１０００".as_bytes(), None),
        ];
        for (value, milliseconds) in table {
            let read = read(&[(&DEADLINE, value)]);
            let expected = milliseconds.map(Duration::from_millis);
            let expected = expected.ok_or_else(|| ApiError::BadDeadline.to_string());
            assert_eq!(read.map(|urgency| urgency.patience), expected, "{value:?}");
        }
        let twice = read(&[(&DEADLINE, b"1000"), (&DEADLINE, b"2000")]);
        assert_eq!(twice, Err(ApiError::BadDeadline.to_string()));
    }
}
