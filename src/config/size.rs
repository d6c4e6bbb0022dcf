//! Sizes of memory as people write them: 12884901892, "12G", "512M".

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The units, as systemd's `MemoryMax=` has them: powers of 1024.
const UNITS: [(&str, u64); 4] = [("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)];

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// The size that a text such as `12G` or `1024` means.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let unit = UNITS.iter().find_map(|(name, size)| Some((text.strip_suffix(name)?, *size)));
        let (number, unit) = unit.unwrap_or((text, 1));
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = digits.then(|| number.parse().ok()).flatten()?;
        number.checked_mul(unit).map(Self)
    }
}

/// In the largest unit that leaves no rest.
impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self(bytes) = *self;
        match UNITS.iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(formatter, "{}{name}", bytes / unit),
            None => write!(formatter, "{bytes}"),
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Size;
            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter
                    .write_str("bytes such as 12884901888, or a string such as \"12G\" or \"512M\"")
            }
            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Size, E> {
                let size = u64::try_from(bytes).ok().map(Size);
                size.ok_or_else(|| E::invalid_value(de::Unexpected::Signed(bytes), &self))
            }
            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                Size::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_in_the_units_of_systemd() {
        let table = [
            ("0", Some(0)),
            ("1000", Some(1000)),
            ("1K", Some(1024)),
            (" 12G ", Some(12 << 30)),
            ("512M", Some(512 << 20)),
            ("2T", Some(2 << 40)),
            ("", None),
            ("G", None),
            ("-1G", None),
            ("+1", None),
            ("1.5G", None),
            ("12GB", None),
            ("50%", None),
            ("99999999999T", None),
        ];
        for (text, bytes) in table {
            assert_eq!(Size::parse(text), bytes.map(Size), "{text:?}");
        }
        for bytes in [0, 1, 1023, 1 << 10, 1536 << 20, 12 << 30, 3 << 40, u64::MAX] {
            assert_eq!(Size::parse(&Size(bytes).to_string()), Some(Size(bytes)));
        }
        assert_eq!(Size(1536 << 20).to_string(), "1536M");
    }
}
