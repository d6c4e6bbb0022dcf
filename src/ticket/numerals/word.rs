//! Numbers that do not begin with a numeral: 百分之二十, 俩, 半个月, 上百户 (rules 1, 4, 7).

use super::{
    cardinal,
    decimal::Decimal,
    glyph::Text,
    hedge,
    scan::{self, Raw},
    unit::{self, Family},
};

/// 百分之二十, 千分之五.
pub(super) fn part(text: &Text, at: usize, raws: &mut Vec<Raw>) -> Option<usize> {
    if text.get(at + 1) != Some('分') {
        return None;
    }
    let words = [("百分之", "%"), ("千分之", "‰"), ("万分之", "‱")];
    let (_, sign) = words.iter().find(|(word, _)| text.is_at(at, word))?;
    if text.is_at(at + 3, "百") {
        let mut raw = Raw::of_words(at, at + 4, Decimal::whole(100), None);
        (raw.certain, raw.readings) = (true, vec![format!("100{sign}")]);
        raws.push(raw);
        return Some(at + 4);
    }
    let (pieces, _) = cardinal::run(text, at + 3);
    let first = pieces.first().filter(|first| first.from == at + 3)?.from;
    let mut end = at + 3;
    for piece in pieces.into_iter().take_while(|piece| piece.from == first) {
        let mut raw = Raw::new(piece);
        let _ = scan::point(text, &mut raw, true);
        scan::sign_with(&mut raw, sign);
        (raw.from, raw.end) = (at, raw.to);
        hedge::look(text, &mut raw);
        end = raw.end;
        raws.push(raw);
    }
    Some(end)
}

/// Numbers in other words: 俩, 仨, 半个月, 上百户.
pub(super) fn count(text: &Text, at: usize, raws: &mut Vec<Raw>) -> Option<usize> {
    let several = |value: u8, after: usize| {
        let is_month = text.is_at(after, "月");
        let found = unit::at(text, after).filter(|_| !is_month);
        let unit = if is_month { unit::named("个月") } else { unit::named("个") };
        let (unit, length) = found.map_or((unit, usize::from(is_month)), |(u, l)| (Some(u), l));
        Raw { end: after + length, ..Raw::of_words(at, after, Decimal::whole(value), unit) }
    };
    match text.get(at)? {
        '俩' | '仨' => {
            let value = if text.get(at) == Some('俩') { 2 } else { 3 };
            // 我们俩 says who, not how many.
            let is_pronoun =
                text.word_before(at, &["们", "我", "你", "咱", "妻", "他", "她"]).is_some();
            raws.push(Raw { certain: !is_pronoun, ..several(value, at + 1) });
            Some(at + 1)
        }
        '半' => {
            let after = at + 1 + usize::from(text.get(at + 1) == Some('个'));
            let (mut unit, length) = unit::at(text, after)?;
            if !matches!(unit.family, Family::Duration | Family::Date | Family::Measure) {
                return None;
            }
            if unit.name == "月" {
                unit = unit::named("个月")?;
            }
            let half = Decimal::whole(5).over_ten(1)?;
            raws.push(Raw { end: after + length, ..Raw::of_words(at, after, half, Some(unit)) });
            let same = match unit.name {
                "小时" => Some((30, "分钟")),
                "年" => Some((6, "个月")),
                _ => None,
            };
            raws.extend(same.map(|(value, name)| Raw {
                end: after + length,
                ..Raw::of_words(at, after, Decimal::whole(value), unit::named(name))
            }));
            Some(after + length)
        }
        '上' | '近' | '万' | '千' | '百' => {
            let by_word = matches!(text.get(at), Some('上' | '近'));
            let place = at + usize::from(by_word);
            let exponent = text.magnitude(place).filter(|exponent| (2..=4).contains(exponent))?;
            let vague = by_word
                || matches!(text.get(at + 1), Some('把' | '来' | '余'))
                || (text.is_at(at, "百十") && !text.is_numeral(at + 2));
            let after = place + 1;
            let is_hundred = text.get(after) == Some('十');
            let after = after + usize::from(is_hundred);
            if !vague || text.is_numeral(after) || (by_word && text.previous(at) == Some('以')) {
                return None;
            }
            let skip = after + usize::from(matches!(text.get(after), Some('把' | '来' | '余')));
            let (unit, length) = unit::at(text, skip)?;
            let value = Decimal::whole(1).times_ten(exponent)?;
            let raw = Raw::of_words(place, after, value, Some(unit));
            raws.push(Raw { end: skip + length, hedged: true, ..raw });
            Some(skip + length)
        }
        _ => None,
    }
}
