//! Runs of numerals as digits and magnitudes; a run ends where numbers cannot belong together.

use crate::ticket::numerals::{glyph::Text, unit};

/// Digits and magnitudes of a run.
pub(super) enum Part {
    Digits { digits: Vec<(u8, usize)>, behind: Vec<u8>, arabic: bool, to: usize },
    Magnitude { exponent: u32, at: usize },
}

/// Splits a run into digits and magnitudes; blanks within numerals in characters do not count if it
/// goes on `over_blanks`.
pub(super) fn all(text: &Text, from: usize, over_blanks: bool) -> (Vec<Part>, usize) {
    let mut parts = Vec::new();
    let mut at = from;
    loop {
        let blanks = (at..text.len()).take_while(|at| text.get(*at) == Some(' ')).take(3).count();
        let next = at + blanks + usize::from(is_and(text, at));
        let is_arabic = |at: usize| text.get(at).is_some_and(|c| c.is_ascii_digit());
        if blanks > 0 && (!over_blanks || at == from || is_arabic(at - 1) || is_arabic(next)) {
            break;
        }
        if let Some(exponent) = text.magnitude(next) {
            if exponent == 2 && text.is_at(next, "百分之") && at != from {
                break;
            }
            parts.push(Part::Magnitude { exponent, at: next });
            at = next + 1;
        } else if is_arabic(next) && text.digit(next).is_some() {
            let (digits, behind, to) = arabic(text, next);
            match parts.last_mut() {
                Some(Part::Digits { digits: all, to: end, behind: none, arabic }) => {
                    // 周三20点, 一15天: one digit in characters is no part of Arabic ones.
                    let alone = all.len() == 1 && !matches!(text.get(all[0].1), Some('零' | '幺'));
                    if !behind.is_empty() || !none.is_empty() || (alone && !*arabic) {
                        break;
                    }
                    all.extend(digits);
                    (*end, *arabic) = (to, false);
                }
                _ => parts.push(Part::Digits { digits, behind, arabic: true, to }),
            }
            at = to;
        } else if let Some(digit) = text.digit(next) {
            match parts.last_mut() {
                Some(Part::Digits { digits, behind, arabic, to }) => {
                    // 30一斤 is a price, 二两 a weight, 95554七八次 a number and a count.
                    let spoken =
                        (next..next + 3).take_while(|at| text.digit(*at).is_some()).count();
                    let price = *arabic && spoken < 3 && unit::at(text, next + spoken).is_some();
                    let last = digits.last().map_or(0, |(digit, _)| *digit);
                    let of_pounds = digits.len() == 1
                        && matches!(text.previous(digits[0].1), Some('斤' | '少' | '缺'));
                    let weight =
                        text.get(next) == Some('两') && (!matches!(last, 0 | 1 | 3) || of_pounds);
                    let day = digits.len() == 1 && is_weekday(text, digits[0].1);
                    if !behind.is_empty() || price || weight || day {
                        break;
                    }
                    digits.push((digit, next));
                    (*arabic, *to) = (false, next + 1);
                }
                _ => parts.push(Part::Digits {
                    digits: vec![(digit, next)],
                    behind: Vec::new(),
                    arabic: false,
                    to: next + 1,
                }),
            }
            at = next + 1;
        } else {
            break;
        }
    }
    (parts, at)
}

/// Whether 有 at a place stands within a number: 七十有三.
fn is_and(text: &Text, at: usize) -> bool {
    text.get(at) == Some('有')
        && text.previous(at) == Some('十')
        && at.checked_sub(2).is_some_and(|tens| text.digit(tens).is_some())
        && text.digit(at + 1).is_some()
        && !text.is_numeral(at + 2)
        && unit::at(text, at + 2).is_none_or(|(unit, _)| unit.name == "岁")
}

/// Whether the digit at a place is a day of the week with an hour behind it: 周三八点, not 每周三四次.
fn is_weekday(text: &Text, at: usize) -> bool {
    let is_day = text.word_before(at, &["周", "星期", "礼拜"]).is_some();
    let end = (at + 1..text.len()).find(|at| !text.is_numeral(*at));
    is_day && end.and_then(|end| text.get(end)).is_some_and(|c| matches!(c, '点' | '时'))
}

/// A number in Arabic digits, with commas between thousands and a point: its digits before and
/// behind the point, and where it ends.
fn arabic(text: &Text, from: usize) -> (Vec<(u8, usize)>, Vec<u8>, usize) {
    let digit = |at: usize| {
        text.get(at).and_then(|c| c.to_digit(10)).and_then(|digit| u8::try_from(digit).ok())
    };
    let count = |from: usize| (from..).take_while(|at| digit(*at).is_some()).count();
    let mut to = from + count(from);
    let may_group = to - from <= 3 && digit(from) != Some(0);
    while may_group && text.get(to) == Some(',') && count(to + 1) == 3 {
        to += 4;
    }
    let digits = (from..to).filter_map(|at| Some((digit(at)?, at))).collect();
    let behind = if text.get(to) == Some('.') { count(to + 1) } else { 0 };
    // 2024.3.5 is a date, not a number with a point.
    let is_date = |at: usize| text.get(at) == Some('.') && digit(at + 1).is_some();
    let dotted_before = from >= 2 && is_date(from - 1) && digit(from - 2).is_some();
    let of_date = matches!(text.get(to + 1 + behind), Some('月' | '日' | '号' | '点' | '时'));
    if behind == 0 || is_date(to + 1 + behind) || dotted_before || of_date {
        return (digits, Vec::new(), to);
    }
    let end = to + 1 + behind;
    (digits, (to + 1..end).filter_map(digit).collect(), end)
}
