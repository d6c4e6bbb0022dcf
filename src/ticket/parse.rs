//! Finds the answer's JSON object in whatever a model wraps around it. Pure.
//!
//! Tolerant about the wrapping (think blocks, code fences, text around), never about the content.

use serde_json::{Map, Value};

/// The most opening braces that are tried.
const MOST_TRIES: usize = 64;

/// The first JSON object in a model's answer that has all of `fields`; else the first that has any.
pub(super) fn object(answer: &str, fields: &[&str]) -> Option<Map<String, Value>> {
    let answer = after_thinking(answer)?;
    let mut second_best = None;
    let mut offset = 0;
    for _ in 0..MOST_TRIES {
        let Some(start) = answer[offset..].find('{').map(|at| offset + at) else { break };
        let mut values = serde_json::Deserializer::from_str(&answer[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(Value::Object(object))) => {
                offset = start + values.byte_offset();
                if fields.iter().all(|field| object.contains_key(*field)) {
                    return Some(object);
                }
                if fields.iter().any(|field| object.contains_key(*field)) {
                    second_best.get_or_insert(object);
                }
            }
            Some(_) | None => offset = start + 1,
        }
    }
    second_best
}

/// What follows the last think block; nothing if one never ends.
pub(super) fn after_thinking(answer: &str) -> Option<&str> {
    match answer.rsplit_once("</think>") {
        Some((_, rest)) => Some(rest),
        None if answer.trim_start().starts_with("<think>") => None,
        None => Some(answer),
    }
}

/// A field's text without blanks around it; numbers count as text, null and a missing field as blank.
pub(super) fn text(object: &Map<String, Value>, field: &str) -> Option<String> {
    match object.get(field) {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(text)) => Some(text.trim().to_owned()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_object_is_found_in_what_models_wrap_around_it() {
        let table = [
            (r#"{"a": "1", "b": "2"}"#, Some("1")),
            ("```json\n{\"a\": \"1\", \"b\": \"2\"}\n```", Some("1")),
            (r#"好的，工单如下：{"a": "1", "b": "2"} 希望有帮助。"#, Some("1")),
            (r#"<think>{"a": "x", "b": "y"}</think>{"a": "1", "b": "2"}"#, Some("1")),
            (r#"think out loud {not json} </think> {"a": "1", "b": "2"}"#, Some("1")),
            (r#"{"note": 7} {"a": "1", "b": "2"}"#, Some("1")),
            (r#"{"a": "0"} {"a": "1", "b": "2"}"#, Some("1")),
            (r#"{"a": "1"}"#, Some("1")),
            (r#"<think>{"a": "1", "b": "2"}"#, None),
            (r#"{"a": "1", "b": "2"#, None),
            (r#"["a", "b"]"#, None),
            ("", None),
        ];
        for (answer, expected) in table {
            let found = object(answer, &["a", "b"]).and_then(|object| text(&object, "a"));
            assert_eq!(found.as_deref(), expected, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer in r#"[\{\}\[\]":,a-z<>/一 ]{0,200}"#) {
            let _ = object(&answer, &["a"]);
        }
    }
}
