//! Amounts of money (rule 5): 三块五, 十二块八毛五, 五毛.

use super::{
    decimal::Decimal,
    glyph::Text,
    hedge,
    scan::Raw,
    unit::{self, Family},
};

/// Reads an amount; where it ends.
pub(super) fn read(text: &Text, raw: &mut Raw) -> Option<usize> {
    let yuan = unit::named("元")?;
    let value = raw.value?;
    let (value, end) = if let Some((tenths, end)) = tenths(text, value, raw.to) {
        (tenths, end)
    } else if text.word_at(raw.to, &["分钱"]).is_some() {
        (value.over_ten(2)?, raw.to + 2)
    } else {
        let place = raw.to + hedge::inside(text, raw.to);
        let (_, length) = unit::at(text, place).filter(|(unit, _)| unit.family == Family::Money)?;
        let after = place + length;
        match change(text, after).filter(|_| length == 1 && place == raw.to) {
            Some((change, end)) => (value.plus(change)?, end),
            None => (value, after),
        }
    };
    if Some(value) != raw.value {
        raw.set_value(value);
    }
    (raw.unit, raw.certain) = (Some(yuan), true);
    Some(end)
}

/// 八毛, 八毛五: a value in tenths, with a digit for hundredths behind it.
fn tenths(text: &Text, value: Decimal, at: usize) -> Option<(Decimal, usize)> {
    let next = text.get(at).filter(|c| matches!(c, '毛' | '角'))?;
    if text.word_at(at, &["角落", "毛病", "毛坦", "毛巾", "角度", "毛坯"]).is_some()
        || value.small()? > 99
    {
        return None;
    }
    let tenths = value.over_ten(1)?;
    let after = at + 1;
    let goes_on = text.is_numeral(after + 1) || unit::at(text, after + 1).is_some();
    if let Some(digit) = text.digit(after)
        && (text.is_at(after + 1, "分") || !goes_on || is_price(text, after + 1))
    {
        let sum = tenths.plus(Decimal::whole(digit).over_ten(2)?)?;
        return Some((sum, after + 1 + usize::from(text.is_at(after + 1, "分"))));
    }
    Some((tenths, after + usize::from(next == '毛' && text.is_at(after, "钱"))))
}

/// What stands behind 块: 五, 五毛, 八毛五, 零五分.
fn change(text: &Text, at: usize) -> Option<(Decimal, usize)> {
    let zero = usize::from(text.is_at(at, "零"));
    let place = at + zero;
    let value = Decimal::whole(text.digit(place)?);
    if let Some(found) = tenths(text, value, place + 1) {
        return Some(found);
    }
    if text.is_at(place + 1, "分") && text.word_at(place + 1, &["分钟", "分之"]).is_none() {
        return Some((value.over_ten(2)?, place + 2));
    }
    let goes_on = text.is_numeral(place + 1) || unit::at(text, place + 1).is_some();
    if zero > 0 || text.is_at(at - 1, "元") || (goes_on && !is_price(text, place + 1)) {
        return None;
    }
    Some((value.over_ten(1)?, place + 1))
}

/// 三块五一斤 is a price of 三块五; 三块五斤 is not.
fn is_price(text: &Text, at: usize) -> bool {
    text.is_at(at, "一") && unit::at(text, at + 1).is_some()
}
