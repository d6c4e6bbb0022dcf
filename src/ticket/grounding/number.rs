//! The numbers of a ticket: each must have been said, with a unit that fits.

use super::{Ear, Grounding, add, exempt::Unlisted, kind, spoken::Spoken};
use crate::ticket::numerals::{self, Family, Number};

/// Where the number comes from.
enum Origin {
    /// From nothing that was said.
    Nothing,
    /// From what was said as certain, or vaguely.
    Said { vaguely: bool },
}

/// Checks the numbers of a title or a content.
pub(super) fn check(text: &str, spoken: &Spoken, ear: &impl Ear, grounding: &mut Grounding) {
    let unlisted = Unlisted::new(text);
    let numbers = numerals::written(&unlisted.text, &ear.names(text));
    for (index, number) in numbers.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| numbers.get(before));
        if unlisted.exempts(number, before) {
            continue;
        }
        let words = &text[number.span.clone()];
        match origin(number, spoken) {
            Origin::Nothing => add(&mut grounding.ungrounded, kind(number), words),
            Origin::Said { vaguely: true } if !number.hedged => {
                add(&mut grounding.unhedged, kind(number), words);
            }
            Origin::Said { .. } => {}
        }
    }
}

fn origin(number: &Number, spoken: &Spoken) -> Origin {
    let said: Vec<&Number> = if number.hours == 0 {
        spoken
            .like(&number.readings)
            .filter(|said| said.hours == 0 || number.unit.is_none())
            .collect()
    } else {
        // 九点 is 21:00 only if an evening was said; 三点 may be 15:00 without.
        let late: u32 = 0b1111_1000 << 16;
        let evening = spoken.names_evening();
        let same_hour = |said: &&Number| {
            let common = said.hours & number.hours;
            common != 0 && (evening || said.hours.is_power_of_two() || common & !late != 0)
        };
        let bare = |said: &&Number| said.unit.is_none();
        let like = spoken.like(&number.readings).filter(bare);
        spoken.numbers().filter(same_hour).chain(like).collect()
    };
    let first = number.readings.first().map_or("", String::as_str);
    let mut fitting: Vec<&&Number> =
        said.iter().filter(|said| said_with_unit(number, said)).collect();
    if fitting.is_empty() {
        // What was said without a unit may have any, unless it was also said with another one.
        let contradicted = said.iter().any(|said| said.unit.is_some() && said.certain);
        let is_door = number.unit.is_some_and(|unit| unit.family == Family::Door);
        let bare = said.iter().filter(|said| said.unit.is_none());
        fitting = bare.filter(|_| !contradicted || is_door).collect();
    }
    if !fitting.is_empty() {
        let certain = fitting.iter().filter(|said| said.certain);
        let vaguely = !fitting.is_empty()
            && certain.clone().count() > 0
            && certain.clone().all(|said| said.hedged);
        return Origin::Said { vaguely };
    }
    // 3/15 is a date rather than a part.
    let mut parts = first.split('/').map(str::to_owned);
    let is_date = first.contains('/') && parts.all(|part| spoken.like(&[part]).next().is_some());
    if is_date || (number.unit.is_none() && spoken.has_string(first)) {
        return Origin::Said { vaguely: false };
    }
    Origin::Nothing
}

/// Whether the units fit where both have one, or the ticket has none.
fn said_with_unit(number: &Number, said: &Number) -> bool {
    match (number.unit, said.unit) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(unit), Some(other)) => unit.fits(other),
    }
}
