//! One line of the output: a record's ticket, or why it has none. Pure.
//!
//! One rule: a line begins with its id and is one line, so that a torn one is known as such.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::record::{BadRecord, Id};

/// What every line begins with.
const BEGIN: &[u8] = b"{\"id\":";

/// Where in the input a record stands; lines and records are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) record: Option<u64>,
}

/// Why a record has no ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    /// The status of the server's answer, if the server has said no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    pub(super) code: String,
    pub(super) detail: String,
    /// The id under which the server's log has the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<String>,
}

impl From<&BadRecord> for Failure {
    fn from(bad: &BadRecord) -> Self {
        let (code, detail) = (bad.code().to_owned(), bad.to_string());
        Self { status: None, code, detail, request_id: None }
    }
}

/// What became of a record.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome<'a> {
    Ticket(&'a RawValue),
    Error(&'a Failure),
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a Id,
    source: Source<'a>,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

/// The line with its end.
pub(super) fn write(id: &Id, source: Source<'_>, outcome: Outcome<'_>) -> Vec<u8> {
    let line = Line { id, source, outcome };
    let mut text = serde_json::to_vec(&line).expect("a line is plain JSON");
    // Within JSON's strings these are escaped: what stands here is white space of the server's.
    for byte in text.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    text.push(b'\n');
    text
}

/// What a line of an earlier run tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The record is done.
    Ticket(Id),
    /// It is not.
    Error,
}

/// Reads a line back; none if it is no line of an output.
pub(super) fn read(line: &[u8]) -> Option<Told> {
    #[derive(Deserialize)]
    struct Line<'a> {
        id: Id,
        #[serde(borrow)]
        ticket: Option<&'a RawValue>,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    let line = std::str::from_utf8(line).ok()?.trim();
    let line: Line = serde_json::from_str(line).ok().filter(|_| line.starts_with('{'))?;
    let is_object = |value: &RawValue| value.get().starts_with('{');
    match (line.ticket, line.error) {
        (Some(ticket), None) => {
            (is_object(ticket) && line.id.is_sound()).then_some(Told::Ticket(line.id))
        }
        (None, Some(error)) => is_object(error).then_some(Told::Error),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// Whether bytes without an end may be the beginning of a line; a disk that lost its power may have
/// left zeros.
pub(super) fn may_be_torn(tail: &[u8]) -> bool {
    let begun = tail.starts_with(BEGIN) || BEGIN.starts_with(tail);
    let whole = serde_json::from_slice::<&RawValue>(tail).is_ok();
    (begun || tail.contains(&0)) && !whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn failure(status: Option<u16>) -> Failure {
        Failure { status, code: "c".to_owned(), detail: "d\ne".to_owned(), request_id: None }
    }

    fn at_line(line: u64) -> Source<'static> {
        Source { file: "in.jsonl", line: Some(line), record: None }
    }

    #[test]
    fn a_line_has_the_id_the_place_and_what_became_of_it() {
        let id = Id::Text("a\n7".to_owned());
        let ticket =
            RawValue::from_string("{\n \"ticket_type\": \"投诉\"\r\n}".to_owned()).unwrap();
        let written = write(&id, at_line(7), Outcome::Ticket(&ticket));
        let text = String::from_utf8(written.clone()).unwrap();
        assert!(
            text.starts_with(r#"{"id":"a\n7","source":{"file":"in.jsonl","line":7},"ticket":{"#)
        );
        assert_eq!(text.find(['\n', '\r']), Some(text.len() - 1));
        assert_eq!(read(&written), Some(Told::Ticket(id)));
        let record = Source { file: "in.json", line: None, record: Some(2) };
        let written = write(&Id::Number(7.into()), record, Outcome::Error(&failure(Some(502))));
        let expected = json!({"id": 7, "source": {"file": "in.json", "record": 2},
            "error": {"status": 502, "code": "c", "detail": "d\ne"}});
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), expected);
        assert_eq!(read(&written), Some(Told::Error));
    }

    #[test]
    fn what_is_no_line_of_an_output_is_not_taken_for_one() {
        let table = [
            "",
            "[1, {}, null]",
            r#"{"id": 7, "call": {}}"#,
            r#"{"s": []}"#,
            r#"{"id": 7, "ticket": {}, "error": {}}"#,
            r#"{"id": 7, "ticket": "x"}"#,
            r#"{"id": 7, "error": 1}"#,
            r#"{"id": 1.5, "ticket": {}}"#,
            r#"{"ticket": {}}"#,
            r#"{"id": 7, "ticket": {"#,
        ];
        for line in table {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn every_beginning_of_a_line_is_known_as_torn(text in ".{0,30}", at: prop::sample::Index) {
            let ticket = RawValue::from_string(json!({"t": text}).to_string()).expect("JSON");
            let line = write(&Id::Text(text), at_line(1), Outcome::Ticket(&ticket));
            let whole = &line[..line.len() - 1];
            let torn = &whole[..at.index(whole.len())];
            prop_assert!(may_be_torn(torn) || torn.is_empty());
            prop_assert!(!may_be_torn(whole));
            prop_assert_eq!(read(torn), None);
        }
    }

    #[test]
    fn zeros_are_torn_and_other_files_are_not() {
        for (tail, expected) in [
            (&b"{\"id\":7,\"tic\0\0\0"[..], true),
            (b"\0\0\0\0", true),
            (b"{\"i", true),
            (b"{\"s\": [", false),
            (b"minutes of a meeting", false),
            (b"{\"id\":7,\"call\":{}}", false),
        ] {
            assert_eq!(may_be_torn(tail), expected, "{tail:?}");
        }
    }
}
