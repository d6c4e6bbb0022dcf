//! One record of the input: its id and its transcript. Pure.
//!
//! One rule: the transcript is passed on byte for byte. Whether it is one, the server says.

use serde::{Deserialize, Serialize};
use serde_json::{Number, value::RawValue};

/// The longest id in bytes.
const MOST_ID_BYTES: usize = 1024;

/// What a record is called, in the input and in the output. `7` and `"7"` are two.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    /// A string.
    Text(String),
    /// A whole number.
    Number(Number),
}

impl Id {
    /// Reads an id; none if the value cannot be one.
    fn read(json: &RawValue) -> Option<Self> {
        serde_json::from_str(json.get()).ok().filter(Self::is_sound)
    }

    /// Whether it comes out as it went in: a fraction or a larger number would not.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Text(text) => (1..=MOST_ID_BYTES).contains(&text.len()),
            Self::Number(number) => number.is_i64() || number.is_u64(),
        }
    }
}

/// A record with its own id, if it has one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: Option<Id>,
    /// The body for the server.
    pub(super) call: String,
}

/// Why a record cannot be sent. Nothing of its text is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadRecord {
    #[error("the record is not UTF-8")]
    NotUtf8,
    #[error("the record is no JSON (column {column})")]
    NotJson { column: usize },
    #[error("the record is no JSON object")]
    NotAnObject,
    #[error("the record has an id and no call: write {{\"id\": …, \"call\": {{…}}}}")]
    NoCall,
    #[error("the id is neither a string of 1 to 1024 bytes nor a whole number of 64 bits")]
    BadId,
    #[error("the record is longer than {most} bytes")]
    TooLarge { most: usize },
    #[error("the record has the id of {first}")]
    DuplicateId { first: String },
}

impl BadRecord {
    /// The stable code in the output.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::NotJson { .. } => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::NoCall => "no_call",
            Self::BadId => "bad_id",
            Self::TooLarge { .. } => "too_large",
            Self::DuplicateId { .. } => "duplicate_id",
        }
    }
}

/// What tells a record from a bare transcript.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    call: Option<&'a RawValue>,
}

impl Record {
    /// Reads a transcript, or an object with `call` and perhaps `id`. A member that is an array is a
    /// session, whatever its name.
    pub(super) fn parse(json: &[u8]) -> Result<Self, BadRecord> {
        let json = std::str::from_utf8(json).map_err(|_| BadRecord::NotUtf8)?;
        let json = json.strip_prefix('\u{feff}').unwrap_or(json).trim();
        if !json.starts_with('{') {
            let parsed: Result<&RawValue, _> = serde_json::from_str(json);
            parsed.map_err(|error| BadRecord::NotJson { column: error.column() })?;
            return Err(BadRecord::NotAnObject);
        }
        let members: Members = serde_json::from_str(json)
            .map_err(|error| BadRecord::NotJson { column: error.column() })?;
        let begins = |value: &RawValue, first| value.get().starts_with(first);
        let call = members.call.filter(|call| begins(call, '{'));
        let Some(call) = call else {
            let is_session = |id| begins(id, '[');
            if !members.id.is_none_or(is_session) {
                return Err(BadRecord::NoCall);
            }
            return Ok(Self { id: None, call: json.to_owned() });
        };
        let id = members.id.map(|id| Id::read(id).ok_or(BadRecord::BadId)).transpose()?;
        Ok(Self { id, call: call.get().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_is_a_transcript_or_has_one() {
        let text = |id: &str| Some(Id::Text(id.to_owned()));
        let table = [
            (r#"{"s": [{"citizen": "喂"}]}"#, None, r#"{"s": [{"citizen": "喂"}]}"#),
            ("\u{feff} {\"s\":[]}\r\n", None, r#"{"s":[]}"#),
            (r#"{"call": []}"#, None, r#"{"call": []}"#),
            (r#"{"id": [], "call": []}"#, None, r#"{"id": [], "call": []}"#),
            (r#"{"call": {"s": []}}"#, None, r#"{"s": []}"#),
            (r#"{"id": null, "call": {}}"#, None, "{}"),
            (r#"{"x": 1, "id": "a-7", "call": { "s" : [] }}"#, text("a-7"), r#"{ "s" : [] }"#),
            (r#"{"id": 7, "call": {}}"#, Some(Id::Number(7.into())), "{}"),
            (r#"{"id": -7, "call": {}}"#, Some(Id::Number((-7).into())), "{}"),
            (
                r#"{"id": 18446744073709551615, "call": {}}"#,
                Some(Id::Number(u64::MAX.into())),
                "{}",
            ),
            (r#"{}"#, None, "{}"),
        ];
        for (json, id, call) in table {
            let expected = Record { id, call: call.to_owned() };
            assert_eq!(Record::parse(json.as_bytes()), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_is_no_record_is_told_without_its_text() {
        use BadRecord as B;
        let table = [
            ("秘密", B::NotJson { column: 1 }),
            (r#"{"秘密": "#, B::NotJson { column: 10 }),
            (r#"{"s": []} x"#, B::NotJson { column: 11 }),
            (r#"["秘密"]"#, B::NotAnObject),
            ("7", B::NotAnObject),
            (r#"{"id": "秘密"}"#, B::NoCall),
            (r#"{"id": 7, "s": []}"#, B::NoCall),
            (r#"{"id": 7, "call": []}"#, B::NoCall),
            (r#"{"id": 7, "call": null}"#, B::NoCall),
            (r#"{"id": "", "call": {}}"#, B::BadId),
            (r#"{"id": 1.5, "call": {}}"#, B::BadId),
            (r#"{"id": 18446744073709551616, "call": {}}"#, B::BadId),
            (r#"{"id": true, "call": {}}"#, B::BadId),
            (r#"{"id": ["秘密"], "call": {}}"#, B::BadId),
        ];
        for (json, expected) in table {
            let bad = Record::parse(json.as_bytes()).expect_err(json);
            assert_eq!(bad, expected, "{json}");
            assert!(!bad.to_string().contains("秘密"));
        }
        assert_eq!(Record::parse(b"{\"s\": \"\xff\"}"), Err(B::NotUtf8));
        let long = format!(r#"{{"id": "{}", "call": {{}}}}"#, "x".repeat(1025));
        assert_eq!(Record::parse(long.as_bytes()), Err(B::BadId));
    }

    proptest! {
        #[test]
        fn whatever_comes_nothing_panics_and_a_call_is_an_object(json in ".{0,60}") {
            if let Ok(record) = Record::parse(json.as_bytes()) {
                let ends = (record.call.chars().next(), record.call.chars().last());
                prop_assert_eq!(ends, (Some('{'), Some('}')));
            }
        }

        #[test]
        fn an_id_comes_out_as_it_went_in(id in ".{1,40}", number: i64) {
            for id in [serde_json::json!(id), serde_json::json!(number)] {
                let json = serde_json::json!({"id": id, "call": {}}).to_string();
                let read = Record::parse(json.as_bytes()).expect("a record").id.expect("an id");
                prop_assert_eq!(serde_json::to_value(read).expect("JSON"), id);
            }
        }
    }
}
