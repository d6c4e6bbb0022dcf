//! Which unit a text of a file means, and which texts may be names.

use super::super::gazetteer::{Index, Tree};

/// The most characters of a name.
const LONGEST: usize = 30;

/// How many units are told of those that a text may mean.
const TOLD: usize = 5;

/// Why a text means no unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// None is called so.
    Unknown,
    /// These are.
    Several(String),
}

/// The unit that a text means: its code, its full name, or names from the top joined by "/"; of
/// several only those that fit are meant.
pub(super) fn unit(
    tree: &Tree,
    text: &str,
    fits: impl Fn(Index) -> bool,
) -> Result<Index, Unresolved> {
    let mut units = match code(text) {
        Some(code) => tree.coded(code).into_iter().collect(),
        None => path(tree, text),
    };
    if units.len() > 1 && units.iter().any(|unit| fits(*unit)) {
        units.retain(|unit| fits(*unit));
    }
    match units[..] {
        [] => Err(Unresolved::Unknown),
        [unit] => Ok(unit),
        [..] => {
            let more = if units.len() > TOLD { ", …" } else { "" };
            let units: Vec<String> = units.iter().take(TOLD).map(|unit| tree.path(*unit)).collect();
            Err(Unresolved::Several(units.join(", ") + more))
        }
    }
}

fn path(tree: &Tree, text: &str) -> Vec<Index> {
    let mut names = text.split('/').map(str::trim);
    let mut units = names.next().map(|top| tree.called(top)).unwrap_or_default();
    for name in names {
        let below = units.iter().flat_map(|unit| tree.below(*unit)).copied();
        units = below.filter(|unit| tree.is_called(*unit, name)).collect();
    }
    units
}

/// The code that digits are: six of them, or nine for a town; a statistical code has three zeros
/// more, and a county's may have six.
pub(super) fn code(digits: &str) -> Option<u32> {
    let six_or_nine = match digits.len() {
        12 => digits.strip_suffix("000")?,
        6 | 9 => digits,
        _ => return None,
    };
    let short = six_or_nine.get(6..).is_some_and(|town| town == "000");
    let digits = if short { &six_or_nine[..6] } else { six_or_nine };
    let all = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|code| all && *code >= 100_000)
}

/// What keeps a text from being a name, with the remedy.
pub(super) fn bad_name(name: &str) -> Option<String> {
    let chinese = |letter: char| matches!(letter, '〇' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
    let strange = |letter: &char| {
        letter.is_ascii() && !letter.is_ascii_digit() || "／｜；，、。\u{feff}".contains(*letter)
    };
    if name.is_empty() {
        Some("a name is empty; write the full official name, or remove the entry".to_owned())
    } else if name.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        Some(format!("the name {name:?} holds a blank; remove it"))
    } else if !name.chars().any(chinese) {
        Some(format!("the name {name:?} has no Chinese character; write the full official name"))
    } else if let Some(letter) = name.chars().find(strange) {
        Some(format!("the name {name:?} holds {letter:?}; write one name, without signs"))
    } else if name.chars().count() > LONGEST {
        Some(format!("the name {name:?} has over {LONGEST} characters; shorten it"))
    } else {
        None
    }
}
