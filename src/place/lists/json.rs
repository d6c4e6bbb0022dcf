//! JSON whose values know where in the text they stand.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{bad::Faults, source::Source};

/// A value and the byte of the text where it begins.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

/// A key of an object, its last byte, and its value.
pub(super) struct Member<'a> {
    pub(super) key: String,
    pub(super) at: usize,
    pub(super) value: Value<'a>,
}

/// The whole text as one value; `None` after a fault.
pub(super) fn parse<'a>(source: &'a Source, faults: &mut Faults) -> Option<Value<'a>> {
    match serde_json::from_str::<&RawValue>(&source.text) {
        Ok(raw) => Some(Value { text: raw.get(), at: place(&source.text, raw.get()) }),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let words = error.to_string();
            let words = words.split(" at line ").next().unwrap_or_default();
            let problem = format!("no valid JSON at column {column} ({words}); correct that line");
            faults.add(&source.file, line.max(1), problem);
            None
        }
    }
}

impl<'a> Value<'a> {
    /// The members of an object in the order of the text, repeated keys too.
    pub(super) fn members(self) -> Option<Vec<Member<'a>>> {
        let Members(members) = serde_json::from_str(self.text).ok()?;
        let members = members.into_iter().map(|(key, raw)| {
            let value = self.inner(raw);
            // The key ends before the colon, on the line where it begins.
            let before = self.text[..value.at - self.at].trim_end();
            let key_end = before.strip_suffix(':').unwrap_or(before).trim_end().len();
            Member { key, at: self.at + key_end.saturating_sub(1), value }
        });
        Some(members.collect())
    }

    /// The values of an array.
    pub(super) fn items(self) -> Option<Vec<Self>> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.text).ok()?;
        Some(items.into_iter().map(|raw| self.inner(raw)).collect())
    }

    /// The characters of a string.
    pub(super) fn string(self) -> Option<String> {
        serde_json::from_str(self.text).ok()
    }

    /// A number without sign, point and exponent.
    pub(super) fn digits(self) -> Option<String> {
        let all = self.text.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| self.text.to_owned())
    }

    fn inner(self, raw: &'a RawValue) -> Self {
        Self { text: raw.get(), at: self.at + place(self.text, raw.get()) }
    }
}

/// Where a part of a text begins.
fn place(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// The members of an object as they stand.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Every;
        impl<'a> Visitor<'a> for Every {
            type Value = Members<'a>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Members<'a>, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_and_key_knows_its_line() {
        let text = "\u{feff}{\r\n  \"\\u516d\": [\"a\",\n \"b\"],\n \"六\"\n:\n\n {}, \"六\" : 7 }";
        let source = Source::new("f".to_owned(), text.to_owned());
        let root = parse(&source, &mut Faults::default()).expect("valid");
        let members = root.members().expect("an object");
        let told: Vec<_> = members
            .iter()
            .map(|m| (m.key.as_str(), source.line(m.at), source.line(m.value.at), m.value.text))
            .collect();
        assert_eq!(told, [("六", 2, 2, "[\"a\",\n \"b\"]"), ("六", 4, 7, "{}"), ("六", 7, 7, "7")]);
        let items = members[0].value.items().expect("an array");
        assert_eq!(source.line(items[1].at), 3);
        assert_eq!(items[1].string().as_deref(), Some("b"));
        assert!(items[0].members().is_none() && root.items().is_none() && root.string().is_none());
    }
}
