//! The numbers of a Chinese text, in characters or digits, with what they count. Pure.
//!
//! One rule: a reading is inclusive where people speak and strict where a ticket writes. A number
//! that was said in any plausible sense must be found, so that no true ticket is doubted; a ticket
//! is asked only for what is a number beyond doubt. Values are canonical decimal strings, never
//! floats: 两万五, 2.5万 and 25,000.00 are all `25000`.

mod apart;
mod cardinal;
mod clock;
mod counted;
mod decimal;
mod glyph;
mod hedge;
mod idiom;
mod join;
mod money;
mod name;
mod neighbour;
mod scan;
mod unit;
mod word;

use std::ops::Range;

use self::{cardinal::Shape, glyph::Text, scan::Raw};
pub use self::{
    clock::{DAYPARTS, Daypart},
    join::{is_identity, is_phone},
    unit::{Family, Unit},
};

/// A number in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Where it stands with its unit, in bytes.
    pub span: Range<usize>,
    /// What it may mean, the likeliest first: `25000`, `3.5`, `20%`, `5‰`, `1/3`, `-1`,
    /// `13800138000`, `34240119800512341X`, `138*5678` with the middle masked.
    pub readings: Vec<String>,
    /// What it counts.
    pub unit: Option<Unit>,
    /// The hours of the day that it may mean, a bit each from 0 to 23; none if it is no hour.
    pub hours: u32,
    /// Whether it is vague: 三千多, 大约十个.
    pub hedged: bool,
    /// Whether it is a number beyond doubt; the 三十 of 三十铺镇 is not.
    pub certain: bool,
    /// Whether it is written in Arabic digits.
    pub arabic: bool,
    /// Whether its digits stand one by one, so that it may be the number of a telephone.
    pub spelled: bool,
}

/// All numbers of a transcript in every plausible reading; `names` are the places, in bytes, of
/// names whose numerals count nothing.
///
/// Where a pause parts numerals, as in 涨了百分之十 一个月多交, they come together and apart, the
/// latter behind all others.
pub fn said(text: &str, names: &[Range<usize>]) -> Vec<Number> {
    numbers(text, names, true)
}

/// The numbers of a ticket that are numbers beyond doubt; `names` as in [`said`].
///
/// Arabic digits always count. Numerals in characters count if they have magnitudes or a unit
/// (三千二, 三到五天, 五栋), a lone 一 only as a part of an address, a date or a time: 一名男子 and
/// 一次 are words rather than numbers.
pub fn written(text: &str, names: &[Range<usize>]) -> Vec<Number> {
    let mut numbers = numbers(text, names, false);
    numbers.retain(|number| {
        number.certain && (number.arabic || (counts(number) && !is_article(number, text)))
    });
    numbers
}

/// Whether 一 stands for any one: 一栋居民楼, 一层水, but not 一栋二单元.
pub fn is_article(number: &Number, text: &str) -> bool {
    let words = &text[number.span.clone()];
    let is_one = words.starts_with('一') && words.chars().count() <= 2;
    let behind = text[number.span.end..].chars().next();
    let is_house = number.unit.is_some_and(|unit| ["栋", "层"].contains(&unit.name));
    is_one && is_house && behind.is_some_and(|c| c.is_alphabetic() && !glyph::is_numeral(c))
}

/// Whether a number in characters counts in a ticket.
fn counts(number: &Number) -> bool {
    let family = number.unit.map(|unit| unit.family);
    let first = number.readings.first().map_or("", String::as_str);
    match family {
        Some(Family::Door | Family::Date | Family::Clock) => {
            first != "1" || number.unit.is_some_and(|unit| unit.name != "年")
        }
        Some(_) => first != "1",
        None => first.len() > 1,
    }
}

fn numbers(text: &str, names: &[Range<usize>], said: bool) -> Vec<Number> {
    let text = Text::new(text);
    let mut raws = scan::all(&text);
    name::mark(&text, &mut raws, names);
    let mut raws = join::all(&text, raws, said);
    neighbour::look(&text, &mut raws);
    for raw in raws.iter_mut() {
        padded(&text, raw, said);
    }
    if said {
        let mut apart = apart::all(&text);
        neighbour::look(&text, &mut apart);
        raws.extend(apart);
    }
    let number = |raw: Raw| Number {
        span: text.bytes(raw.from, raw.end),
        readings: raw.readings,
        unit: raw.unit,
        hours: raw.hours,
        hedged: raw.hedged,
        certain: raw.certain && !raw.doubtful,
        arabic: raw.shape == Shape::Arabic || text.chars[raw.from].is_ascii_digit(),
        spelled: raw.digits.is_some(),
    };
    raws.into_iter().map(number).collect()
}

/// Takes the quantity from a ticket's Arabic digits that begin with a zero, where a writer would not
/// put one: 040元 is no 40元, 05万 no 5万, but 05日 is the fifth and 03-05 a date. What was said
/// may be either.
fn padded(text: &Text, raw: &mut Raw, said: bool) {
    let is_digit = |at: usize| text.get(at).is_some_and(|c| c.is_ascii_digit());
    if text.get(raw.from) != Some('0') || !is_digit(raw.from + 1) {
        return;
    }
    let is_mark = |c: Option<char>| matches!(c, Some('-' | '/' | '.' | ':' | '：'));
    let may_be = match raw.unit.map(|unit| unit.family) {
        Some(Family::Date | Family::Clock | Family::Door) => true,
        Some(_) => false,
        None => is_mark(text.previous(raw.from)) || is_mark(text.get(raw.to)),
    };
    let whole = match &raw.digits {
        Some(digits) if digits.len() == 2 && may_be => return,
        None if may_be => return,
        Some(digits) => digits.clone(),
        None => format!("0{}", raw.readings.first().map_or("", String::as_str)),
    };
    if !said {
        raw.readings.clear();
    }
    raw.readings.push(whole);
}

/// The parts of the day that a text names.
pub fn dayparts(text: &str) -> Vec<(&'static str, Daypart)> {
    clock::DAYPARTS.iter().filter(|(word, _)| text.contains(word)).copied().collect()
}

#[cfg(test)]
mod tests;
