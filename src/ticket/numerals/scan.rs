//! Finds the numbers of a text one after the other, each with what follows it: a point, a unit, a
//! half (rules 2, 4, 5, 7).

use super::{
    cardinal::{self, Piece, Shape},
    clock, counted,
    decimal::Decimal,
    glyph::Text,
    hedge, money,
    unit::{self, Family, Unit},
    word,
};

/// A number while it is looked at; places are characters.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    /// The first character.
    pub(super) from: usize,
    /// Behind the last numeral.
    pub(super) to: usize,
    /// Behind the unit, or behind the last numeral.
    pub(super) end: usize,
    pub(super) shape: Shape,
    pub(super) value: Option<Decimal>,
    pub(super) digits: Option<String>,
    /// What it may mean, the likeliest first.
    pub(super) readings: Vec<String>,
    pub(super) unit: Option<Unit>,
    /// The hours of the day that it may mean, a bit each.
    pub(super) hours: u32,
    pub(super) hedged: bool,
    /// Whether it is a number beyond doubt.
    pub(super) certain: bool,
    /// Whether another reading of the same words is likelier: what counts is certain and not this.
    pub(super) doubtful: bool,
}

impl Raw {
    /// A number as a run says it.
    pub(super) fn new(piece: Piece) -> Self {
        let Piece { from, to, shape, value, digits } = piece;
        let mut readings: Vec<String> = Vec::new();
        // 零三 in 一年零三个月 is three; 0564 is no number but a string.
        let is_string = |digits: &&String| match digits.len() {
            0 | 1 => false,
            2 => !digits.starts_with('0'),
            _ => true,
        };
        let whole = digits.as_ref().filter(is_string);
        readings.extend(whole.cloned());
        let is_zeros = digits.as_ref().is_some_and(|d| d.len() > 2 && d.bytes().all(|b| b == b'0'));
        readings.extend(value.filter(|_| !is_zeros).map(|value| value.to_string()));
        let bare = digits.as_ref().map(|digits| digits.trim_start_matches('0'));
        readings.extend(bare.filter(|bare| value.is_none() && !bare.is_empty()).map(str::to_owned));
        readings.extend(digits.clone().filter(|digits| digits.len() == 2));
        readings.dedup();
        let mut raw = Self {
            from,
            to,
            end: to,
            shape,
            value,
            digits,
            readings,
            unit: None,
            hours: 0,
            hedged: false,
            certain: false,
            doubtful: false,
        };
        raw.certain = match shape {
            Shape::Arabic => true,
            Shape::Magnitudes | Shape::Spelled => to - from > 1,
            Shape::Digit => false,
        };
        raw
    }

    /// A number that stands for other words than numerals.
    pub(super) fn of_words(from: usize, end: usize, value: Decimal, unit: Option<Unit>) -> Self {
        let piece = Piece { from, to: end, shape: Shape::Digit, value: Some(value), digits: None };
        Self { unit, ..Self::new(piece) }
    }

    /// The same number with another value.
    pub(super) fn set_value(&mut self, value: Decimal) {
        self.value = Some(value);
        self.digits = None;
        self.readings = vec![value.to_string()];
    }

    /// Whether it is a whole number below a hundred.
    pub(super) fn is_small(&self) -> bool {
        self.value.is_some_and(|value| value.is_below(100))
    }

    /// Whether the number is written in characters, at least in part.
    pub(super) fn is_spoken(&self) -> bool {
        self.shape != Shape::Arabic
    }
}

/// All numbers of a text, in order; two for 七八百.
pub(super) fn all(text: &Text) -> Vec<Raw> {
    let mut raws = Vec::new();
    let mut at = 0;
    while at < text.len() {
        at = one(text, at, &mut raws).max(at + 1);
    }
    raws
}

/// Reads the number at a place, if there is one; where to go on.
fn one(text: &Text, at: usize, raws: &mut Vec<Raw>) -> usize {
    if let Some(end) = word::part(text, at, raws).or_else(|| word::count(text, at, raws)) {
        return end;
    }
    if !text.is_numeral(at) {
        return at + 1;
    }
    let first = raws.len();
    let (pieces, end) = cardinal::run(text, at);
    raws.extend(pieces.into_iter().map(Raw::new));
    if raws.len() == first {
        return end;
    }
    pair(text, raws);
    let Some(last) = raws.last() else { return end };
    // 七八百 is two numbers at one place; what follows belongs to both.
    let partners = raws[first..].iter().filter(|raw| raw.from == last.from).count();
    let from = raws.len() - partners;
    let before: Vec<Raw> = raws.split_off(from);
    let mut after = end;
    for raw in before {
        after = with_context(text, raw, raws);
    }
    after.max(end)
}

/// Splits two digits that name a range: 三四天, 两三点. 二三年 may be either, as may 三四号.
fn pair(text: &Text, raws: &mut Vec<Raw>) {
    let Some(last) = raws.last().filter(|last| last.shape == Shape::Spelled) else { return };
    let place = last.to + hedge::inside(text, last.to);
    let Some((unit, _)) = unit::at(text, place) else { return };
    let (from, to) = (last.from, last.to);
    let digits: Vec<u8> = (from..to).filter_map(|at| text.digit(at)).collect();
    let [low, high] = digits[..] else { return };
    let weight = |at: usize, c: char| text.get(at) == Some(c);
    let ordered = cardinal::is_pair(low, high) || weight(from, '三') && weight(to - 1, '两');
    // 幺 only stands in numbers that are said digit by digit.
    let letter = text.previous(from).is_some_and(|c| c.is_ascii_alphabetic())
        || text.get(from) == Some('幺');
    if to - from != 2 || !ordered || letter || unit.family == Family::Name {
        return;
    }
    let is_year = unit.name == "年" && !weight(from, '两');
    let number = |digit: u8| {
        let digits = Some(digit.to_string());
        let value = Some(Decimal::whole(digit));
        Raw::new(Piece { from, to, shape: Shape::Digit, value, digits })
    };
    let pair = [number(low), number(high)];
    if is_year {
        raws.extend(pair.map(|raw| Raw { doubtful: true, ..raw }));
    } else {
        raws.iter_mut().rev().take(1).for_each(|spelled| spelled.doubtful = true);
        raws.extend(pair);
    }
}

/// Makes a percentage of a number.
pub(super) fn sign_with(raw: &mut Raw, sign: &str) {
    raw.readings = raw.value.iter().map(|value| format!("{value}{sign}")).collect();
    (raw.certain, raw.digits) = (true, None);
}

/// Reads 点五 behind a number, with the magnitude behind it; whether there was one.
pub(super) fn point(text: &Text, raw: &mut Raw, sure: bool) -> bool {
    let Some(value) = raw.value.filter(|_| text.get(raw.to) == Some('点')) else { return false };
    let behind: Vec<u8> = (raw.to + 1..).map_while(|at| text.digit(at)).take(8).collect();
    let end = raw.to + 1 + behind.len();
    if behind.is_empty() || !(sure || clock::is_decimal(text, raw, &behind)) {
        return false;
    }
    let exponent = text.magnitude(end).filter(|exponent| *exponent > 1);
    let fraction = Decimal::of_digits(&[], &behind);
    let sum = fraction.and_then(|fraction| value.plus(fraction));
    let scaled = sum.and_then(|sum| sum.times_ten(exponent.unwrap_or(0)));
    let Some(value) = scaled else { return false };
    raw.set_value(value);
    raw.to = end + usize::from(exponent.is_some());
    (raw.end, raw.certain, raw.shape) = (raw.to, true, Shape::Magnitudes);
    true
}

/// Reads what stands around a number and keeps it; where it ends.
pub(super) fn with_context(text: &Text, mut raw: Raw, raws: &mut Vec<Raw>) -> usize {
    raw.certain |= text.previous(raw.from) == Some('第');
    // 几十个 says no number, but people write 10余个 for it.
    let is_vague = matches!(text.previous(raw.from), Some('几' | '数'));
    if is_vague && raw.shape == Shape::Magnitudes {
        (raw.doubtful, raw.hedged) = (true, true);
    }
    let _ = point(text, &mut raw, false);
    vague_magnitude(text, &mut raw);
    let mut end = if let Some(end) = fraction(text, &mut raw) {
        end
    } else if let Some((sign, length)) = percent_sign(text, raw.to) {
        sign_with(&mut raw, sign);
        raw.to + length
    } else if let Some(end) = clock::time(text, &mut raw, raws) {
        return end;
    } else if let Some(end) = clock::date(text, &mut raw, raws) {
        return end;
    } else {
        money::read(text, &mut raw).unwrap_or_else(|| counted::read(text, &mut raw))
    };
    raw.end = end;
    hedge::look(text, &mut raw);
    end = end.max(raw.end);
    raws.push(raw);
    end
}

/// 三十多万, 十几亿: the magnitude stands behind the hedge.
fn vague_magnitude(text: &Text, raw: &mut Raw) {
    let hedge = hedge::inside(text, raw.to);
    let exponent = text.magnitude(raw.to + hedge).filter(|exponent| hedge > 0 && *exponent > 3);
    if let Some(value) = exponent.and_then(|exponent| raw.value?.times_ten(exponent)) {
        raw.set_value(value);
        raw.to += hedge + 1;
        (raw.end, raw.certain, raw.hedged) = (raw.to, true, true);
        raw.shape = Shape::Magnitudes;
    }
}

/// 三分之二, 2/3.
fn fraction(text: &Text, raw: &mut Raw) -> Option<usize> {
    if raw.shape == Shape::Arabic && text.get(raw.to) == Some('/') {
        let (pieces, _) = cardinal::run(text, raw.to + 1);
        let below = pieces.first().filter(|piece| piece.shape == Shape::Arabic)?;
        let is_part = below.value?.small()? < 100 && raw.value?.is_below(below.value?.small()?);
        if !is_part || text.get(below.to) == Some('/') {
            return None;
        }
        raw.readings = vec![format!("{}/{}", raw.value?, below.value?)];
        (raw.digits, raw.to) = (None, below.to);
        return Some(below.to);
    }
    let below = raw.value.filter(|_| text.is_at(raw.to, "分之"))?;
    let (pieces, _) = cardinal::run(text, raw.to + 2);
    let above = pieces.first().filter(|piece| piece.from == raw.to + 2)?;
    raw.readings = vec![format!("{}/{below}", above.value?)];
    (raw.certain, raw.digits, raw.to) = (true, None, above.to);
    Some(above.to)
}

fn percent_sign(text: &Text, at: usize) -> Option<(&'static str, usize)> {
    let signs = [("%", "%"), ("‰", "‰"), ("个百分点", "%"), ("百分点", "%")];
    let (word, sign) = signs.iter().find(|(word, _)| text.is_at(at, word))?;
    Some((sign, word.chars().count()))
}
