//! Times of the day and dates in digits (rule 6): 下午三点半 is 3 and 30, and 15:30 as well.

use super::{
    cardinal::{self, Shape},
    decimal::Decimal,
    glyph::{Text, is_stop},
    hedge,
    scan::Raw,
    unit::{self, Unit},
};

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daypart {
    /// 凌晨.
    Dawn,
    /// 早上, 上午.
    Morning,
    /// 中午.
    Noon,
    /// 下午.
    Afternoon,
    /// 傍晚.
    Dusk,
    /// 晚上, 半夜.
    Night,
}

/// The words for parts of the day.
#[rustfmt::skip]
pub const DAYPARTS: &[(&str, Daypart)] = &[
    ("凌晨", Daypart::Dawn), ("早上", Daypart::Morning), ("早晨", Daypart::Morning), ("清晨", Daypart::Morning),
    ("上午", Daypart::Morning), ("中午", Daypart::Noon), ("下午", Daypart::Afternoon), ("午后", Daypart::Afternoon),
    ("傍晚", Daypart::Dusk), ("晚上", Daypart::Night), ("夜里", Daypart::Night), ("半夜", Daypart::Night),
    ("夜间", Daypart::Night), ("深夜", Daypart::Night), ("晚间", Daypart::Night), ("大早", Daypart::Morning),
    ("今晚", Daypart::Night), ("昨晚", Daypart::Night), ("当晚", Daypart::Night), ("每晚", Daypart::Night), ("明晚", Daypart::Night),
    ("明早", Daypart::Morning), ("今早", Daypart::Morning), ("当晚", Daypart::Night),
];

impl Daypart {
    /// The hours of the day, a bit each, that an hour said in this part of it means.
    fn hours(self, hour: u32) -> u32 {
        let later = 1 << ((hour + 12) % 24);
        let same = 1 << (hour % 24);
        match (self, hour) {
            // 上午14点 is no time.
            (Self::Dawn | Self::Morning, 13..) => 0,
            (_, 13..) => same,
            (Self::Dawn, 12) => 1,
            (Self::Dawn | Self::Morning, _) | (Self::Noon, 10..=12) => same,
            (Self::Noon, _) | (Self::Afternoon | Self::Dusk, 0..=11) => later,
            (Self::Afternoon | Self::Dusk, 12..) => same,
            (Self::Night, 12) => same | 1,
            (Self::Night, 0..=4) => same,
            (Self::Night, _) => later,
        }
    }
}

/// The part of the day said right in front of a place.
fn daypart(text: &Text, at: usize) -> Option<Daypart> {
    let fillers = ["的", "大概", "大约", "差不多", "快", "约", "就", "有", "到", " "];
    let mut end = at;
    while let Some(length) = text.word_before(end, &fillers) {
        end -= length;
    }
    let found = DAYPARTS.iter().find(|(word, _)| text.ends_at(end, word));
    found.map(|(_, part)| *part).or(match text.previous(end) {
        Some('早') => Some(Daypart::Morning),
        Some('晚') => Some(Daypart::Night),
        _ => None,
    })
}

/// Whether 点 behind a number is a decimal point, not a clock: 三点五平方, not 三点五分.
pub(super) fn is_decimal(text: &Text, raw: &Raw, behind: &[u8]) -> bool {
    let end = raw.to + 1 + behind.len();
    let hour = raw.value.and_then(Decimal::small).filter(|hour| *hour <= 24);
    let has_unit =
        unit::at(text, end).is_some_and(|(unit, _)| unit.name != "件" && unit.name != "点");
    match text.magnitude(end) {
        Some(1) => return false,
        Some(_) => return true,
        None => {}
    }
    if hour.is_none() || text.is_at(end, "点") {
        return hour.is_none();
    }
    // 零点七分 is a part of a field, 零点零七分 a time.
    let is_zero = hour == Some(0) && behind.len() == 1 && behind[0] > 0;
    let is_minute =
        !is_zero && text.is_at(end, "分") && !text.is_at(end, "分之") && !text.is_at(end, "分贝");
    if is_minute || text.is_at(end, "刻") {
        return false;
    }
    let two_digits = behind.len() == 2 && behind[0] < 6;
    has_unit || !(daypart(text, raw.from).is_some() || (two_digits && behind[0] == 0))
}

/// Reads an hour with its minutes and keeps both; where they end.
pub(super) fn time(text: &Text, raw: &mut Raw, raws: &mut Vec<Raw>) -> Option<usize> {
    let hour = raw.value.and_then(Decimal::small).filter(|hour| *hour <= 24)?;
    if let Some(end) = digital(text, raw, raws, hour) {
        return Some(end);
    }
    let (point, length) = unit::at(text, raw.to).filter(|(unit, _)| unit.name == "点")?;
    if !is_hour(text, raw, length) {
        return None;
    }
    set_hour(text, raw, hour, point);
    let after = raw.to + length;
    raw.end = after;
    // 七点过十分.
    let past = text.word_at(after, &["过了", "过"]).unwrap_or(0);
    let minute = minute(text, after + past).or_else(|| minute(text, after));
    hedge::look(text, raw);
    let end = raw.end;
    raws.push(raw.clone());
    Some(minute.map_or(end, |minute| {
        let end = minute.end;
        raws.push(minute);
        end
    }))
}

fn set_hour(text: &Text, raw: &mut Raw, hour: u32, unit: Unit) {
    raw.unit = Some(unit);
    raw.certain = true;
    raw.hours = match daypart(text, raw.from) {
        Some(part) => part.hours(hour),
        None if hour > 12 || hour == 0 => 1 << (hour % 24),
        None => 1 << hour | 1 << ((hour + 12) % 24),
    };
}

/// Whether 点 behind a number is an hour: 一点 often is none.
fn is_hour(text: &Text, raw: &Raw, length: usize) -> bool {
    let after = raw.to + length;
    let next = text.get(after);
    let ends = next.is_none_or(is_stop);
    if length > 1 || text.get(raw.to) == Some('时') || daypart(text, raw.from).is_some() {
        return true;
    }
    let goes_on = text.is_numeral(after)
        || matches!(next, Some('半' | '多' | '左' | '到' | '至' | '整' | '过'));
    match raw.readings.first().map(String::as_str) {
        Some("1") if raw.shape == Shape::Digit => {
            goes_on || matches!(text.previous(raw.from), Some('到' | '至' | '点'))
        }
        Some("2" | "3" | "4" | "5") if raw.is_spoken() => {
            let counts = ["有", "提", "以下", "这", "说", "讲"];
            goes_on || !(ends && text.word_before(raw.from, &counts).is_some())
        }
        _ => true,
    }
}

/// The minutes behind an hour: 半, 一刻, 二十, 零五, 5分.
fn minute(text: &Text, at: usize) -> Option<Raw> {
    let unit = unit::named("分")?;
    let fixed = |length: usize, minutes: u8| {
        let raw = Raw::of_words(at, at + length, Decimal::whole(minutes), Some(unit));
        Some(Raw { certain: true, ..raw })
    };
    if text.is_at(at, "半") && !text.is_at(at, "半个") && !text.is_at(at, "半天") {
        return fixed(1, 30);
    }
    if let Some(quarter) = text.word_at(at, &["一刻", "三刻"]) {
        return fixed(quarter, if text.is_at(at, "一") { 15 } else { 45 });
    }
    let (pieces, _) = cardinal::run(text, at);
    let piece = pieces.first().filter(|piece| piece.from == at)?;
    let value = piece.value.filter(|value| value.small().is_some_and(|minute| minute < 60))?;
    let is_marked =
        text.is_at(piece.to, "分") && text.word_at(piece.to, &["分钟", "分之"]).is_none();
    let is_long = piece.to - piece.from > 1 || piece.shape == Shape::Magnitudes;
    if !is_marked && (!is_long || unit::at(text, piece.to).is_some()) {
        return None;
    }
    let mut raw = Raw::of_words(at, piece.to, value, Some(unit));
    (raw.certain, raw.shape, raw.end) = (true, piece.shape, piece.to + usize::from(is_marked));
    hedge::look(text, &mut raw);
    Some(raw)
}

/// 15:30.
fn digital(text: &Text, raw: &mut Raw, raws: &mut Vec<Raw>, hour: u32) -> Option<usize> {
    let colon = matches!(text.get(raw.to), Some(':' | '：'));
    if raw.shape != Shape::Arabic || !colon || raw.to - raw.from > 2 {
        return None;
    }
    let tens = text.digit(raw.to + 1).filter(|tens| *tens < 6)?;
    let ones = text.digit(raw.to + 2)?;
    let ascii = |at: usize| text.get(at).is_some_and(|c| c.is_ascii_digit());
    if !ascii(raw.to + 1) || !ascii(raw.to + 2) || ascii(raw.to + 3) {
        return None;
    }
    set_hour(text, raw, hour, unit::named("点")?);
    let end = raw.to + 3;
    let value = Decimal::of_digits(&[tens, ones], &[])?;
    let mut minute = Raw::of_words(raw.to + 1, end, value, unit::named("分"));
    (minute.certain, minute.shape, raw.end) = (true, Shape::Arabic, raw.to);
    hedge::look(text, &mut minute);
    raw.hedged = minute.hedged;
    raws.extend([raw.clone(), minute]);
    Some(end)
}

/// 2024-03-05, 2024/3/5, 2024.3.5.
pub(super) fn date(text: &Text, raw: &mut Raw, raws: &mut Vec<Raw>) -> Option<usize> {
    let year = raw.value.and_then(Decimal::small).filter(|year| (1900..2100).contains(year));
    let mark = text.get(raw.to).filter(|mark| matches!(mark, '-' | '/' | '.'));
    if raw.shape != Shape::Arabic || raw.to - raw.from != 4 || year.is_none() {
        return None;
    }
    let part = |at: usize, most: u32, name: &str| {
        let digits: Vec<u8> = (at..at + 3).map_while(|at| text.digit(at)).collect();
        let value = Decimal::of_digits(&digits, &[]).filter(|_| (1..3).contains(&digits.len()))?;
        value.small().filter(|value| (1..=most).contains(value))?;
        let end = at + digits.len();
        let mut raw = Raw::of_words(at, end, value, unit::named(name));
        (raw.certain, raw.shape) = (true, Shape::Arabic);
        Some(raw)
    };
    let month = part(raw.to + 1, 12, "月")?;
    let day =
        part(month.to + 1, 31, "日").filter(|_| text.get(month.to) == mark && mark.is_some())?;
    let end = day.end;
    raw.unit = unit::named("年");
    raws.extend([raw.clone(), month, day]);
    Some(end)
}
