//! Finds the answer's JSON object in whatever a model wraps around it. Pure, linear in the answer.
//!
//! Tolerant about the wrapping (think blocks, code fences, text around, signs of another width), never
//! about the content. What is cut off is no answer: nothing is closed or filled in.

mod lenient;

use serde_json::{Map, Value};

/// How often an answer may be read from its beginning to its end, in search of its object.
const MOST_PASSES: usize = 8;

/// The last JSON object in a model's answer that has all of `fields`, at whatever depth: models show an
/// example or a draft first. None if an object with one of the fields is cut off or cannot be read, since
/// what stands inside might be a caller's words; and none if several are listed as one answer.
pub fn object(answer: &str, fields: &[&str]) -> Option<Map<String, Value>> {
    let answer = after_thinking(answer)?.trim();
    // JSON as a text of JSON.
    if let Ok(Value::String(inner)) = serde_json::from_str(answer) {
        return last(&inner, fields);
    }
    last(answer, fields)
}

fn last(answer: &str, fields: &[&str]) -> Option<Map<String, Value>> {
    let mut found: Option<(Map<String, Value>, usize)> = None;
    let mut left = answer.len().saturating_mul(MOST_PASSES);
    let mut at = 0;
    while let Some(start) = answer[at..].find(['{', '｛']).map(|next| at + next) {
        let reading = lenient::read(&answer[start..], fields);
        left = left.checked_sub(reading.length)?;
        let read = reading.json.and_then(|json| serde_json::from_str::<Value>(&json).ok());
        let Some(value) = read else {
            if reading.names_a_field || reading.cut_off {
                return None;
            }
            at = start + answer[start..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let mut held = Vec::new();
        collect(value, fields, &mut held);
        if let Some(object) = held.pop() {
            let beside = |end: usize| answer[end..start].trim_matches(BETWEEN).is_empty();
            let listed = found.is_some_and(|(_, end)| beside(end) && end < start);
            if listed && answer[..start].trim_end().ends_with([',', '，']) || !held.is_empty() {
                return None;
            }
            found = Some((object, start + reading.length));
        }
        at = start + reading.length;
    }
    found.map(|(object, _)| object)
}

/// What stands between the items of a list.
const BETWEEN: [char; 6] = [' ', '\n', '\r', '\t', ',', '，'];

/// The objects with all of the fields that are this value or within it.
fn collect(value: Value, fields: &[&str], held: &mut Vec<Map<String, Value>>) {
    match value {
        Value::Object(object) if fields.iter().all(|field| object.contains_key(*field)) => {
            held.push(object);
        }
        Value::Object(object) => {
            object.into_iter().for_each(|(_, value)| collect(value, fields, held));
        }
        Value::Array(items) => items.into_iter().for_each(|value| collect(value, fields, held)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What follows the last think block; nothing if one never ends.
pub(super) fn after_thinking(answer: &str) -> Option<&str> {
    let rest = answer.rsplit_once("</think>").map_or(answer, |(_, rest)| rest);
    (!rest.contains("<think>")).then_some(rest)
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
mod tests;
