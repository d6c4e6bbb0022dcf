//! What became of a ticket's zone: the `zone_correction` of the wire. Pure.

use serde::Serialize;
use utoipa::ToSchema;

use super::NOT_MENTIONED;
use crate::{
    dispatch::Failed,
    place::{Alternative, Answer, Change, Corrector, Level, Named, Outcome, Reason},
};

/// What became of a zone; the names are those of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ZoneCorrection {
    /// The zone as it was given.
    #[schema(examples("刘安市三十铺镇水韵东方小区"))]
    pub original: String,
    /// The zone as it is now; what is no place name stays byte for byte.
    #[schema(examples("六安市三十铺镇水韵东方小区"))]
    pub corrected: String,
    /// How it came about.
    pub method: Method,
    /// Whether nothing went wrong; if something did, `error` tells it and the zone stays as it was.
    #[schema(examples(true))]
    pub success: bool,
    /// Whether the two zones differ.
    #[schema(examples(true))]
    pub changed: bool,
    /// The units that the corrected zone lies in, from the top, as far as they are certain.
    pub codes: Vec<Code>,
    /// Every difference, in the order of the text.
    pub changes: Vec<ZoneChange>,
    /// What the zone may mean, likeliest first; only where nobody could tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, examples("六安市金安区三十铺镇"))]
    pub alternatives: Vec<String>,
    /// What went wrong, in Chinese; only with `success` false.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("地名校正未能完成，保留原地址"))]
    pub error: Option<&'static str>,
}

/// How a zone came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CorrectionMethod, examples("gazetteer"))]
pub enum Method {
    /// No address was said.
    NoInput,
    /// It stays as it was.
    Unchanged,
    /// It was corrected without a model.
    Gazetteer,
    /// A model chose among what it may mean.
    Arbitrated,
    /// A model looked at it because every zone is looked at.
    LlmCorrection,
    /// The model call failed.
    LlmFailed,
}

/// An administrative unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdministrativeUnit)]
pub struct Code {
    /// Its level.
    pub level: Level,
    /// Its code: six digits, nine for towns; null for a unit of an own list without one.
    #[schema(required = true, examples("341502109"))]
    pub code: Option<String>,
    /// Its full name.
    #[schema(examples("三十铺镇"))]
    pub name: String,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ZoneChange {
    /// Where it begins and ends in the original, in characters (Unicode code points).
    #[schema(value_type = Vec<usize>, min_items = 2, max_items = 2, examples(0, 3))]
    pub span: [usize; 2],
    /// What stood there.
    #[schema(examples("刘安市"))]
    pub from: String,
    /// What stands there now.
    #[schema(examples("六安市"))]
    pub to: String,
    /// The level of the unit.
    pub level: Level,
    /// The code of the unit; null where it is not certain which of several units it is.
    #[schema(required = true, examples("341500"))]
    pub code: Option<String>,
    /// Why it was changed.
    pub reason: Reason,
}

impl Method {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::NoInput,
        Self::Unchanged,
        Self::Gazetteer,
        Self::Arbitrated,
        Self::LlmCorrection,
        Self::LlmFailed,
    ];
}

impl ZoneCorrection {
    fn kept(zone: &str, method: Method) -> Self {
        Self {
            original: zone.to_owned(),
            corrected: zone.to_owned(),
            method,
            success: true,
            changed: false,
            codes: Vec::new(),
            changes: Vec::new(),
            alternatives: Vec::new(),
            error: None,
        }
    }

    /// What the gazetteer makes of a zone that the hotline of `home` wrote down, the own one if that is
    /// empty.
    pub fn without_model(corrector: &Corrector, zone: &str, home: &str) -> Self {
        match is_none(zone) {
            true => Self::no_input(zone),
            false => Self::by_gazetteer(zone, corrector.correct(zone, home)),
        }
    }

    /// No address was said.
    pub(super) fn no_input(zone: &str) -> Self {
        Self::kept(zone, Method::NoInput)
    }

    /// The zone stays whatever is known about it.
    pub(super) fn unchanged(zone: &str) -> Self {
        Self::kept(zone, Method::Unchanged)
    }

    /// What the gazetteer alone says.
    pub(super) fn by_gazetteer(zone: &str, answer: Answer) -> Self {
        match answer.outcome {
            Outcome::Ask { alternatives } => {
                Self { alternatives: zones(alternatives), ..Self::kept(zone, Method::Unchanged) }
            }
            Outcome::Kept => Self::told(zone, answer, Method::Unchanged),
            Outcome::Corrected { .. } => Self::told(zone, answer, Method::Gazetteer),
        }
    }

    /// What an answer says, come about by `method`.
    pub(super) fn told(zone: &str, answer: Answer, method: Method) -> Self {
        let mut told = Self::kept(zone, method);
        told.codes = answer.path.into_iter().map(Code::from).collect();
        if let Outcome::Corrected { zone: corrected, changes } = answer.outcome {
            told.changed = corrected != zone;
            told.corrected = corrected;
            told.changes =
                changes.into_iter().map(|change| ZoneChange::new(zone, change)).collect();
        }
        told
    }

    /// The model call brought no choice; the zone stays.
    pub(super) fn failed(zone: &str, alternatives: Vec<Alternative>, why: &'static str) -> Self {
        let kept = Self::kept(zone, Method::LlmFailed);
        Self { success: false, error: Some(why), alternatives: zones(alternatives), ..kept }
    }
}

fn zones(alternatives: Vec<Alternative>) -> Vec<String> {
    alternatives.into_iter().map(|alternative| alternative.zone).collect()
}

/// Whether a zone holds no address.
pub(super) fn is_none(zone: &str) -> bool {
    zone == NOT_MENTIONED || zone.trim().is_empty()
}

/// What a failed call is called in an answer.
pub(super) fn reason(failed: &Failed) -> &'static str {
    match failed {
        Failed::Unserved(_) => "没有可用节点，地名未校正",
        Failed::Exhausted { .. } => "模型多次未给出有效答案，地名未校正",
        Failed::TooLong => "模型上下文太短，地名未校正",
        Failed::Ungrounded => "模型的答案不可信，地名未校正",
        Failed::TimedOut => "等待超时，地名未校正",
    }
}

impl From<Named> for Code {
    fn from(Named { level, code, name }: Named) -> Self {
        Self { level, code: code.map(|code| code.to_string()), name }
    }
}

impl ZoneChange {
    fn new(zone: &str, change: Change) -> Self {
        let Change { span, from, to, level, code, reason } = change;
        let characters = |bytes: usize| zone[..bytes].chars().count();
        let span = [characters(span.start), characters(span.end)];
        Self { span, from, to, level, code: code.map(|code| code.to_string()), reason }
    }
}
