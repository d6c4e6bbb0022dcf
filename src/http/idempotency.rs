//! `Idempotency-Key`: who repeats a call under its key gets its ticket again, for a while.
//!
//! Of callers, keys and bodies only keyed hashes are kept: 128 bits under a secret that is made at
//! the start. What is kept of answers has a bound in time and in bytes, and the oldest go first.

mod book;

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, Mutex, MutexGuard},
};

use actix_web::{
    http::header::{HeaderMap, HeaderName},
    web::Bytes,
};
use tokio::time::Instant;

use self::book::{Book, Entered};
pub(super) use self::book::{Limits, Reused};
use super::{auth::Caller, error::ApiError, urgency::the_one};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says in an answer that it was made for an earlier call.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key.
const MOST_KEY_BYTES: usize = 255;

/// Reads the key, if the caller sent one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<&[u8]>, ApiError> {
    let key = the_one(headers, &KEY).ok();
    let fits = |key: &[u8]| {
        (1..=MOST_KEY_BYTES).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic)
    };
    key.filter(|key| key.is_none_or(fits)).ok_or(ApiError::BadIdempotencyKey)
}

/// The answers that are kept. Clones are the same, on whatever thread.
#[derive(Clone, Default)]
pub(super) struct Answers(Arc<Inner>);

#[derive(Default)]
struct Inner {
    secret: [RandomState; 2],
    book: Mutex<Book>,
}

/// What a caller finds under his key.
pub(super) enum Found {
    /// The answer of an earlier call.
    Answer(Bytes),
    /// Nothing yet: what he holds keeps the key for this body, until it is dropped.
    Nothing(Held),
}

/// A key that is in use.
pub(super) struct Held {
    answers: Answers,
    name: u128,
}

impl Answers {
    /// Looks a key up, among those of this caller. `body` is what it stands for.
    pub(super) fn claim(
        &self,
        caller: &Caller,
        key: &[u8],
        body: &Bytes,
        limits: Limits,
    ) -> Result<Found, Reused> {
        let name = self.hash(&(caller, key));
        let body = self.hash(body);
        match self.book().enter(name, body, Instant::now(), limits)? {
            Entered::Kept(answer) => Ok(Found::Answer(answer)),
            Entered::Noted => Ok(Found::Nothing(Held { answers: self.clone(), name })),
        }
    }

    fn hash(&self, value: &impl Hash) -> u128 {
        let [high, low] = self.0.secret.each_ref().map(|half| u128::from(half.hash_one(value)));
        high << 64 | low
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().expect("nobody panics with the book in hand")
    }
}

impl Held {
    /// Keeps an answer for those who come with the key later.
    pub(super) fn keep(&self, answer: &Bytes, limits: Limits) {
        self.answers.book().keep(self.name, answer, Instant::now(), limits);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.answers.book().leave(self.name);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length_and_there_once() {
        let (most, more) = ([b'k'; MOST_KEY_BYTES], [b'k'; MOST_KEY_BYTES + 1]);
        let table: [(&[&[u8]], bool); 9] = [
            (&[], true),
            (&[b"k"], true),
            (&[b"\"8e03978e-40d5-43dd-bc93-6894a57f9324\""], true),
            (&[&most], true),
            (&[&more], false),
            (&[b""], false),
            (&[b"two words"], false),
            (&[b"\xe9"], false),
            (&[b"k", b"k"], false),
        ];
        for (values, fits) in table {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(KEY, HeaderValue::from_bytes(value).expect("a value"));
            }
            match key(&headers) {
                Ok(key) => assert!(fits && key == values.first().copied(), "{values:?}"),
                Err(error) => assert!(!fits && matches!(error, ApiError::BadIdempotencyKey)),
            }
        }
    }

    #[test]
    fn callers_do_not_see_each_others_keys() {
        let answers = Answers::default();
        let limits = Limits { ttl: Duration::from_secs(1), bytes: 1 << 20 };
        let callers =
            [Caller::Anonymous, Caller::OverControlSocket, Caller::Token(b"a"), Caller::Token(b"")];
        let find = |caller: &Caller, body| {
            let body = Bytes::from_static(body);
            answers.claim(caller, b"key", &body, limits)
        };
        for (caller, body) in callers.iter().zip([&b"0"[..], b"1", b"2", b"3"]) {
            let Ok(Found::Nothing(held)) = find(caller, body) else { panic!("it is new") };
            held.keep(&Bytes::from_static(body), limits);
        }
        for (caller, body) in callers.iter().zip([&b"0"[..], b"1", b"2", b"3"]) {
            let found = find(caller, body);
            assert!(matches!(found, Ok(Found::Answer(answer)) if answer == body));
            assert!(find(caller, b"another").is_err());
        }
    }
}
