//! Durations as people write them: "30s", "500ms", "2m", "1h 30m".
//!
//! One rule: a length of time in the configuration always carries its unit.

use std::{fmt, time::Duration};

use jiff::{
    SignedDuration,
    fmt::friendly::{Designator, SpanPrinter},
};
use serde::{Deserializer, Serializer, de};

/// The longest wait that makes sense anywhere; it keeps every deadline in the clock's range.
const MOST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The duration that a text such as `30s` or `1h 30m` means, if it is one that makes sense here.
pub fn parse(text: &str) -> Option<Duration> {
    let parsed = text.parse::<SignedDuration>().ok();
    let positive = parsed.filter(SignedDuration::is_positive);
    positive.and_then(|signed| Duration::try_from(signed).ok()).filter(|duration| *duration <= MOST)
}

/// Reads a duration string between 0 and 7 days; zero is refused, because every use is a wait.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    read(deserializer, false)
}

fn read<'de, D: Deserializer<'de>>(deserializer: D, zero: bool) -> Result<Duration, D::Error> {
    struct Text {
        zero: bool,
    }
    impl de::Visitor<'_> for Text {
        type Value = Duration;
        fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            formatter.write_str(
                "a duration in quotes such as \"30s\", \"500ms\" or \"2m\", at most \"7d\"",
            )?;
            formatter.write_str(if self.zero { ", or \"0s\"" } else { "" })
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
            let none =
                self.zero && text.parse().is_ok_and(|length: SignedDuration| length.is_zero());
            let duration = if none { Some(Duration::ZERO) } else { parse(text) };
            duration.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
    deserializer.deserialize_str(Text { zero })
}

/// Writes a duration in the form that [`deserialize`] reads.
pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&display(*value))
}

/// The short form of a duration, for messages: `30s`, `2m`, `1m 30s`.
pub fn display(value: Duration) -> String {
    let printer = SpanPrinter::new().designator(Designator::Compact);
    printer.unsigned_duration_to_string(&value)
}

/// The same for a key that may be left out.
pub(super) mod optional {
    use super::{Deserializer, Duration, Serializer};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// The same for a key that "0s" turns off.
pub(super) mod or_zero {
    use super::{Deserializer, Duration, Serializer, read};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        read(deserializer, true)
    }

    pub(crate) fn serialize<S: Serializer>(
        value: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::serialize(value, serializer)
    }
}
