//! What numbers count, with a half or a fraction behind it: 一个半月, 一米七五, 两成五, 三个点 (rules
//! 2, 4, 7).

use super::{
    decimal::Decimal,
    glyph::Text,
    hedge,
    scan::Raw,
    unit::{self, Family, Unit},
};

/// Reads the unit behind a number, with a half behind it; where it ends.
pub(super) fn read(text: &Text, raw: &mut Raw) -> usize {
    let half = |raw: &mut Raw| {
        let value = raw.value?.plus(Decimal::whole(5).over_ten(1)?)?;
        raw.readings.insert(0, value.to_string());
        Some(())
    };
    // 三个点, 一个点五: a percentage.
    if let Some(length) = text.word_at(raw.to, &["个点"]).filter(|_| raw.is_small())
        && unit::at(text, raw.to + length).is_none()
        && text.word_at(raw.to + length, &["子", "位"]).is_none()
    {
        let end = raw.to + length;
        let digits: Vec<u8> = (end..end + 2).map_while(|at| text.digit(at)).collect();
        let fraction = Decimal::of_digits(&[], &digits);
        let value = raw.value.and_then(|value| value.plus(fraction?));
        raw.readings.insert(0, value.map_or_else(String::new, |value| format!("{value}%")));
        return end + digits.len();
    }
    // 一个半月.
    if text.is_at(raw.to, "个半")
        && let Some((unit, length)) = unit::at(text, raw.to + 2)
    {
        let month = unit::named("个月").filter(|_| unit.name == "月");
        (raw.unit, raw.certain) = (Some(month.unwrap_or(unit)), true);
        let _ = half(raw);
        return raw.to + 2 + length;
    }
    // 三分六 of land.
    if text.is_at(raw.to, "分")
        && let Some(digit) = text.digit(raw.to + 1).filter(|_| !text.is_numeral(raw.to + 2))
        && unit::at(text, raw.to + 2).is_none()
    {
        let tenths = Decimal::whole(digit).over_ten(1);
        let value = raw.value.and_then(|value| value.plus(tenths?));
        raw.readings.extend(value.map(|value| value.to_string()));
        return raw.to + 2;
    }
    let skipped = raw.to + hedge::inside(text, raw.to);
    let is_day = skipped == raw.to && is_day_of_week(text, raw);
    let found = unit::at(text, skipped).filter(|(unit, _)| !(is_day && unit.name == "周"));
    let Some((unit, length)) = found else { return raw.to };
    let mut end = skipped + length;
    let months = skipped > raw.to || matches!(text.previous(raw.to), Some('两'));
    let month = unit::named("个月").filter(|_| unit.name == "月" && months);
    let point = unit::named("个").filter(|_| unit.name == "点");
    raw.unit = Some(month.or(point).unwrap_or(unit));
    raw.certain |= unit.family != Family::Name || unit.name != "路" || raw.to - raw.from > 2;
    read_by_unit(raw, unit);
    // 八几年 is in the eighties.
    if text.is_at(raw.to, "几年") && raw.is_small() {
        let decade = raw.value.and_then(|value| value.times_ten(1));
        raw.readings.extend(decade.map(|decade| decade.to_string()));
    }
    let halves =
        ["半夜", "半天", "半路", "半途", "半年", "半个", "半小时", "半月", "半数", "半价", "半载"];
    let countable = !matches!(unit.family, Family::Door | Family::Name | Family::Clock);
    if let Some((value, behind)) = tenths(text, raw, unit, end) {
        raw.readings.insert(0, value.to_string());
        let percent = value.times_ten(1).filter(|_| unit.name == "成");
        raw.readings.extend(percent.map(|value| format!("{value}%")));
        end = behind;
    }
    if countable && text.is_at(end, "半") && text.word_at(end, &halves).is_none() {
        let _ = half(raw);
        end += 1;
    }
    end
}

/// Whether a digit is a day of the week, so that another one may follow: 周五周六.
fn is_day_of_week(text: &Text, raw: &Raw) -> bool {
    raw.to - raw.from == 1 && text.word_before(raw.from, &["星期", "礼拜", "周"]).is_some()
}

/// Units whose fractions are the digits behind them.
const WITH_TENTHS: [&str; 5] = ["米", "度", "亩", "斤", "成"];

/// 一米七五, 三十七度五, 一亩三分.
fn tenths(text: &Text, raw: &Raw, unit: Unit, at: usize) -> Option<(Decimal, usize)> {
    // 一斤六两 has a unit of its own behind.
    let digit = |at: usize| text.digit(at).filter(|_| text.get(at) != Some('两'));
    let digits: Vec<u8> = (at..at + 3).map_while(digit).collect();
    let mut end = at + digits.len();
    let is_price = text.word_at(end, &["毛", "角", "分钱"]).is_some();
    let is_decimal = text.get(end) == Some('.');
    let ends = !is_price && !is_decimal && !text.is_numeral(end) && unit::at(text, end).is_none();
    if unit.name == "亩" && digits.len() == 1 {
        end += text.word_at(end, &["分地", "分田", "分"]).unwrap_or(0);
    }
    if !WITH_TENTHS.contains(&unit.name) || !(1..3).contains(&digits.len()) || !ends {
        return None;
    }
    Some((raw.value?.plus(Decimal::of_digits(&[], &digits)?)?, end))
}

/// Adds the readings that only a unit allows: 24年, 八五折, 两成.
fn read_by_unit(raw: &mut Raw, unit: Unit) {
    let digits = raw.digits.clone().filter(|digits| digits.len() == 2);
    match (unit.name, digits) {
        ("年", Some(digits)) => {
            let century = if digits.as_str() < "50" { "20" } else { "19" };
            raw.readings.push(format!("{century}{digits}"));
        }
        ("折", Some(digits)) => {
            let (tens, ones) = digits.split_at(1);
            raw.readings.push(format!("{tens}.{ones}"));
        }
        ("成", _) => {
            let percent = raw.value.and_then(|value| value.times_ten(1));
            raw.readings.extend(percent.map(|value| format!("{value}%")));
        }
        _ => {}
    }
}
