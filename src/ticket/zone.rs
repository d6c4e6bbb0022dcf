//! What became of a ticket's zone: the `zone_correction` of the wire. Pure.

use serde::Serialize;

use super::{NOT_MENTIONED, parse};
use crate::{
    dispatch::{Failed, Unfit},
    place::{self, Entry},
};

/// The field of the model's answer.
const FIELD: &str = "corrected";

/// What became of a zone; the names are those of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneCorrection {
    /// The zone of the first call.
    pub original: String,
    /// The zone of the ticket.
    pub corrected: String,
    /// How it came about.
    pub method: Method,
    /// Whether nothing went wrong.
    pub success: bool,
    /// Whether the two zones differ.
    pub changed: bool,
    /// What went wrong, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
}

/// How a zone came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// No address was said.
    NoInput,
    /// Nothing is known that it could be corrected to.
    Unchanged,
    /// A model call looked at it.
    LlmCorrection,
    /// The model call failed.
    LlmFailed,
}

impl ZoneCorrection {
    fn kept(zone: &str, method: Method) -> Self {
        let (original, corrected) = (zone.to_owned(), zone.to_owned());
        Self { original, corrected, method, success: true, changed: false, error: None }
    }

    /// No address was said.
    pub(super) fn no_input() -> Self {
        Self::kept(NOT_MENTIONED, Method::NoInput)
    }

    /// Nobody was asked.
    pub(super) fn unchanged(zone: &str) -> Self {
        Self::kept(zone, Method::Unchanged)
    }

    /// The model answered; its answer counts only if it is a plain correction.
    pub(super) fn by_model(zone: &str, answer: &str, entries: &[Entry]) -> Self {
        let mut correction = Self::kept(zone, Method::LlmCorrection);
        if place::is_plain_correction(zone, answer, entries.iter().flat_map(Entry::names)) {
            answer.clone_into(&mut correction.corrected);
            correction.changed = true;
        }
        correction
    }

    /// The model call failed.
    pub(super) fn failed(zone: &str, failed: &Failed) -> Self {
        let error = match failed {
            Failed::Unserved(_) => "没有可用节点，地名未校正",
            Failed::Exhausted { .. } => "模型多次未给出有效答案，地名未校正",
            Failed::TimedOut => "等待超时，地名未校正",
        };
        let kept = Self::kept(zone, Method::LlmFailed);
        Self { success: false, error: Some(error), ..kept }
    }
}

/// Reads the model's answer.
pub(super) fn answered(answer: &str) -> Result<String, Unfit> {
    let object = parse::object(answer, &[FIELD]).ok_or(Unfit("the answer holds no zone"))?;
    parse::text(&object, FIELD).ok_or(Unfit("the zone is no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_answer_counts_only_as_a_plain_correction() {
        let towns = vec!["冯瓴镇".to_owned()];
        let entry = Entry { city: "六安市".to_owned(), county: "金安区".to_owned(), towns };
        let table = [
            ("刘安市冯岭镇", "六安市冯瓴镇", "六安市冯瓴镇"),
            ("冯岭镇", "六安市金安区冯瓴镇", "冯岭镇"),
            ("冯岭镇", "", "冯岭镇"),
            ("六安市", "六安市", "六安市"),
        ];
        for (zone, answer, expected) in table {
            let correction = ZoneCorrection::by_model(zone, answer, std::slice::from_ref(&entry));
            assert_eq!(correction.corrected, expected);
            assert_eq!(correction.changed, zone != expected);
            assert!(correction.success);
        }
    }
}
