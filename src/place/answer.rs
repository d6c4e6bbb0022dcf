//! What the corrector says of a zone.

use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;

use super::name::Level;

/// What the corrector says of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What becomes of the zone.
    pub outcome: Outcome,
    /// The units that the zone names and those that hold them, from the top, as far as they are certain.
    pub path: Vec<Named>,
}

/// What becomes of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays byte for byte.
    Kept,
    /// It becomes another text.
    Corrected {
        /// The whole zone, corrected.
        zone: String,
        /// Every difference, in the order of the text.
        changes: Vec<Change>,
    },
    /// It stays unless somebody chooses one of these.
    Ask {
        /// What it may become, the likeliest first, at most five; none is the zone itself.
        alternatives: Vec<Alternative>,
    },
}

/// What a zone becomes if somebody chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The whole zone.
    pub zone: String,
    /// Every difference, in the order of the text.
    pub changes: Vec<Change>,
}

/// A unit that a zone lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its level.
    pub level: Level,
    /// Its code: six digits, nine for towns; a unit of an own list may have none.
    pub code: Option<u32>,
    /// Its name in the list.
    pub name: String,
}

/// One difference between a zone and its correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The bytes of the zone that are replaced.
    pub span: Range<usize>,
    /// What stood there.
    pub from: String,
    /// What stands there now.
    pub to: String,
    /// The unit's level.
    pub level: Level,
    /// The unit's code, if it has one and it is certain which of several units it is.
    pub code: Option<u32>,
    /// Why.
    pub reason: Reason,
}

/// Why a name was changed; of several reasons the weightiest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeReason, examples("homophone"))]
pub enum Reason {
    /// Digits for a numeral: 6安市.
    Numeral,
    /// The same syllables: 刘安市.
    Homophone,
    /// Near syllables: 南陵 for 兰陵.
    NearSound,
    /// A character that looks alike: 古集区 for 叶集区.
    Shape,
    /// A character was lost: 天寨镇.
    Lost,
    /// The name stood twice: 六安市六安市.
    Repeated,
}
