//! The numbers of a ticket: each must have been said, with a unit that fits.

use std::collections::HashMap;

use super::{
    Ear, Grounding, add, cue, day,
    exempt::Unlisted,
    kind,
    spoken::{self, Spoken, Voice},
};
use crate::ticket::numerals::{self, Number};

/// Where a number comes from.
pub(super) enum Origin<'a> {
    /// From nothing that was said, or from what was taken back.
    Nothing,
    /// From no number that was said: it counts the ticket's own points, or is the day of a holiday.
    Own,
    /// From what was said as certain, or vaguely.
    Said {
        vaguely: bool,
        /// Numbers of the same value, not all if there are many; none if it was said in parts.
        numbers: Vec<(&'a Voice, &'a Number)>,
    },
}

/// The most numbers of one value that are told.
const MOST_SAID: usize = 32;

/// Checks the numbers of a title or a content, and tells where each comes from.
pub(super) fn check(
    text: &str,
    spoken: &Spoken,
    ear: &impl Ear,
    grounding: &mut Grounding,
    mut tell: impl FnMut(&Number, &Origin<'_>),
) {
    let unlisted = Unlisted::new(text);
    let numbers = numerals::written(&unlisted.text, &ear.names(text));
    // What is there twice is looked for once.
    let mut origins: HashMap<_, Origin<'_>> = HashMap::new();
    for (index, number) in numbers.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| numbers.get(before));
        if unlisted.exempts(number, before) {
            tell(number, &Origin::Own);
            continue;
        }
        let words = &text[number.span.clone()];
        if was_taken_back(number, &numbers, spoken) {
            add(&mut grounding.ungrounded, kind(number), words);
            tell(number, &Origin::Nothing);
            continue;
        }
        let next = numbers.get(index + 1);
        if next.is_some_and(|day| day::is_holiday(number, day, spoken))
            || before.is_some_and(|month| day::is_holiday(month, number, spoken))
        {
            tell(number, &Origin::Own);
            continue;
        }
        let is_name = is_ordinal_name(text, number);
        let unit = number.unit.map(|unit| unit.name);
        let like = (&number.readings, unit, number.hours, is_name);
        let origin = origins.entry(like).or_insert_with(|| origin(number, is_name, spoken));
        match origin {
            Origin::Nothing => add(&mut grounding.ungrounded, kind(number), words),
            Origin::Said { vaguely: true, .. } if !number.hedged => {
                add(&mut grounding.unhedged, kind(number), words);
            }
            Origin::Own | Origin::Said { .. } => {}
        }
        tell(number, origin);
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

fn origin<'a>(number: &Number, is_name: bool, spoken: &'a Spoken) -> Origin<'a> {
    let said = candidates(number, spoken);
    let first = number.readings.first().map_or("", String::as_str);
    let mut fitting: Vec<_> =
        said.iter().copied().filter(|(_, said)| said_with_unit(number, said)).collect();
    if is_name {
        fitting.retain(|(_, said)| said.unit.is_none());
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
        fitting = allowed.copied().collect();
    }
    if !fitting.is_empty() {
        let certain = fitting.iter().filter(|(_, said)| said.certain);
        let vaguely = certain.clone().count() > 0 && certain.clone().all(|(_, said)| said.hedged);
        fitting.truncate(MOST_SAID);
        return Origin::Said { vaguely, numbers: fitting };
    }
    // 3/15 is a date rather than a part.
    let mut parts = first.split('/').map(str::to_owned);
    let is_date = first.contains('/') && parts.all(|part| spoken.like(&[part]).next().is_some());
    let is_string = number.unit.is_none() && spoken.has_string(first);
    if is_date || is_string || bare_part(first, spoken).is_some() {
        return Origin::Said { vaguely: false, numbers: Vec::new() };
    }
    Origin::Nothing
}

/// What was said with the same value.
fn candidates<'a>(number: &Number, spoken: &'a Spoken) -> Vec<(&'a Voice, &'a Number)> {
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

/// The number alone that was said for a percentage: 首套二点六, where rates are talked of.
fn bare_part<'a>(reading: &str, spoken: &'a Spoken) -> Option<(&'a Voice, &'a Number)> {
    let signs = ['%', '‰', '‱'];
    let readings = [reading.strip_suffix(signs)?.to_owned()];
    let mut bare = spoken.like(&readings).filter(|(_, said)| said.unit.is_none());
    bare.find(|(voice, said)| cue::allows_part(voice, said))
}

/// What was said in place of a number that was not said as one: the parts of a date, digits in groups or
/// with an area code, a percentage without its sign.
pub(super) fn parts<'a>(number: &Number, spoken: &'a Spoken) -> Vec<(&'a Voice, &'a Number)> {
    let Some(first) = number.readings.first() else { return Vec::new() };
    if let Some(part) = bare_part(first, spoken) {
        return vec![part];
    }
    if first.contains('/') {
        let each = first.split('/').map(|part| spoken.like(&[part.to_owned()]).next());
        return each.flatten().collect();
    }
    let bare = spoken.numbers().filter(|(_, said)| said.unit.is_none());
    let same = |said: &Number| said.readings.iter().any(|one| spoken::same_string(one, first));
    let whole: Vec<_> = bare.filter(|(_, said)| same(said)).take(MOST_SAID).collect();
    if !whole.is_empty() {
        return whole;
    }
    let group = |voice: &'a Voice| voice.group(first).into_iter().map(move |said| (voice, said));
    [&spoken.citizen, &spoken.operator].into_iter().flat_map(group).collect()
}

/// Whether the units fit where both have one, or the ticket has none.
fn said_with_unit(number: &Number, said: &Number) -> bool {
    match (number.unit, said.unit) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(unit), Some(other)) => unit.fits(other),
    }
}
