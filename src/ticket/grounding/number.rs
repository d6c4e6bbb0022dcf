//! The numbers of a ticket: each must have been said, with a unit that fits.

use super::{
    Ear, Grounding, add, cue, day,
    exempt::Unlisted,
    kind,
    spoken::{Spoken, Voice},
};
use crate::ticket::numerals::{self, Number};

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
        if was_taken_back(number, &numbers, spoken) {
            add(&mut grounding.ungrounded, kind(number), words);
            continue;
        }
        let next = numbers.get(index + 1);
        if next.is_some_and(|day| day::is_holiday(number, day, spoken))
            || before.is_some_and(|month| day::is_holiday(month, number, spoken))
        {
            continue;
        }
        match origin(number, is_ordinal_name(text, number), spoken) {
            Origin::Nothing => add(&mut grounding.ungrounded, kind(number), words),
            Origin::Said { vaguely: true } if !number.hedged => {
                add(&mut grounding.unhedged, kind(number), words);
            }
            Origin::Said { .. } => {}
        }
    }
}

/// Whether a number was corrected in the call, and the ticket does not quote the correction.
fn was_taken_back(number: &Number, all: &[Number], spoken: &Spoken) -> bool {
    let first = number.readings.first().filter(|_| number.unit.is_none());
    let better = first.and_then(|first| spoken.in_place_of(first));
    let has = |better: &str| all.iter().any(|other| other.readings.iter().any(|one| one == better));
    better.is_some_and(|better| !has(better))
}

/// What schools and hospitals are called that have numbers for names.
const NUMBERED: [&str; 8] =
    ["小学", "中学", "医院", "人民", "幼儿园", "实验", "高级中学", "初级中学"];

/// Whether a number is the name of a school or a hospital: 第三小学.
fn is_ordinal_name(text: &str, number: &Number) -> bool {
    let own = text[number.span.clone()].starts_with('第');
    (own || text[..number.span.start].ends_with('第'))
        && NUMBERED.iter().any(|name| text[number.span.end..].starts_with(name))
}

fn origin(number: &Number, is_name: bool, spoken: &Spoken) -> Origin {
    let said = candidates(number, spoken);
    let first = number.readings.first().map_or("", String::as_str);
    let mut fitting: Vec<&Number> =
        said.iter().map(|(_, said)| *said).filter(|said| said_with_unit(number, said)).collect();
    if is_name {
        fitting.retain(|said| said.unit.is_none());
    }
    if fitting.is_empty() {
        // What was said without a unit may have one that was talked of there.
        let is_same = |said: &Number| said.readings.iter().any(|reading| reading == first);
        let contradicted =
            said.iter().any(|(_, said)| said.unit.is_some() && said.certain && is_same(said));
        let bare = said.iter().filter(|(_, said)| said.unit.is_none());
        let allowed = bare.filter(|(voice, said)| {
            number.unit.is_none_or(|unit| match contradicted {
                true => cue::demands(unit, voice, said),
                false => cue::allows(unit, voice, said),
            })
        });
        fitting = allowed.map(|(_, said)| *said).collect();
    }
    if !fitting.is_empty() {
        let certain = fitting.iter().filter(|said| said.certain);
        let vaguely = certain.clone().count() > 0 && certain.clone().all(|said| said.hedged);
        return Origin::Said { vaguely };
    }
    // 3/15 is a date rather than a part.
    let mut parts = first.split('/').map(str::to_owned);
    let is_date = first.contains('/') && parts.all(|part| spoken.like(&[part]).next().is_some());
    let is_string = number.unit.is_none() && spoken.has_string(first);
    if is_date || is_string || is_bare_part(first, spoken) {
        return Origin::Said { vaguely: false };
    }
    Origin::Nothing
}

/// What was said with the same value.
fn candidates<'a>(number: &'a Number, spoken: &'a Spoken) -> Vec<(&'a Voice, &'a Number)> {
    let like = spoken.like(&number.readings);
    if number.hours == 0 {
        return like.filter(|(_, said)| said.hours == 0 || number.unit.is_none()).collect();
    }
    // 九点 is 21:00 only if an evening was said; 三点 may be 15:00 without.
    let late: u32 = 0b1111_1000 << 16;
    let evening = spoken.names_evening();
    let same_hour = |(_, said): &(&Voice, &Number)| {
        let common = said.hours & number.hours;
        common != 0 && (evening || said.hours.is_power_of_two() || common & !late != 0)
    };
    let bare = like.filter(|(_, said)| said.unit.is_none());
    spoken.numbers().filter(same_hour).chain(bare).collect()
}

/// Whether a percentage was said as a number alone: 首套二点六, where rates are talked of.
fn is_bare_part(reading: &str, spoken: &Spoken) -> bool {
    let signs = ['%', '‰', '‱'];
    let Some(value) = reading.strip_suffix(signs) else { return false };
    let readings = [value.to_owned()];
    let mut bare = spoken.like(&readings).filter(|(_, said)| said.unit.is_none());
    bare.any(|(voice, said)| cue::allows_part(voice, said))
}

/// Whether the units fit where both have one, or the ticket has none.
fn said_with_unit(number: &Number, said: &Number) -> bool {
    match (number.unit, said.unit) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(unit), Some(other)) => unit.fits(other),
    }
}
