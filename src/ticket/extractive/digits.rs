//! Numbers in Arabic digits, as a ticket writes them.
//!
//! One rule: what is a number is decided by `numerals` alone; what it holds for doubtful, and what its
//! neighbours make doubtful, stays as said.

#[cfg(test)]
mod tests;

use std::{collections::HashSet, ops::Range};

use super::{is_stop, plates};
use crate::{
    place::Finder,
    ticket::numerals::{self, Family, Number},
};

/// The characters that numerals are made of.
const NUMERALS: &str = "零〇一二三四五六七八九十百千万亿两幺半点廿";

/// What stands behind 两 where it is a numeral.
const COUNTED: &str = "个年天月周种家层户栋幢条次口间位名人点块千万百排台辆张份本";

/// The digits of a mobile telephone number, and of the shortest number whose digits are said apart.
const MOBILE: usize = 11;
const LEAST_LONG: usize = 7;

/// The most numerals in a row that are read.
const MOST_NUMERALS: usize = 100;

/// The fewest digits of a number that says something without a unit.
const LEAST_BARE: usize = 4;

/// The fewest digits of a number with 亿.
const ROUND: usize = 9;

/// The text with its numbers in digits, except those in the names that `finder` knows. A telephone number that was said in pieces, also over several
/// lines, stands in one piece on the first of them.
pub(super) fn written(text: &str, finder: Option<&Finder<'_>>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(endless) = endless(rest) {
        result.push_str(&finite(&rest[..endless.start], finder));
        result.push_str(&rest[endless.clone()]);
        rest = &rest[endless.end..];
    }
    result + &finite(rest, finder)
}

/// The first row of numerals that is too long for any number.
fn endless(text: &str) -> Option<Range<usize>> {
    let mut row = (0, 0);
    for (at, character) in text.char_indices() {
        row =
            if is_numeral(character) { (row.0, row.1 + 1) } else { (at + character.len_utf8(), 0) };
        if row.1 > MOST_NUMERALS {
            let end = text[at..].find(|c: char| !is_numeral(c)).map_or(text.len(), |end| at + end);
            return Some(row.0..end);
        }
    }
    None
}

/// The same for a text without such rows.
fn finite(text: &str, finder: Option<&Finder<'_>>) -> String {
    let text = &plates::written(text);
    let mut result = String::with_capacity(text.len());
    let mut end = 0;
    let names = finder.map_or_else(Vec::new, |finder| finder.numbered(text));
    let numbers = sure(text, &names);
    for same in numbers.chunk_by(|one, other| one.span == other.span) {
        let number = &same[0];
        if number.span.start >= end {
            result.push_str(&text[end..number.span.start]);
            result.push_str(&one(same, &text[number.span.clone()]));
            end = number.span.end;
        }
    }
    result.push_str(&text[end..]);
    result
}

/// Whether a text holds a number that says something by itself: with a unit, or a large one.
pub(super) fn has_number(text: &str) -> bool {
    let says = |number: &Number| number.unit.is_some() || first(number).len() >= LEAST_BARE;
    text.contains(|c: char| c.is_ascii_digit() || NUMERALS.contains(c))
        && sure(text, &[]).iter().any(says)
}

/// The numbers of a text that are meant as they are read.
fn sure(text: &str, names: &[Range<usize>]) -> Vec<Number> {
    let mut numbers = numerals::said(text, names);
    let certain: Vec<&Number> = numbers.iter().filter(|number| number.certain).collect();
    let starts: HashSet<usize> = certain.iter().map(|number| number.span.start).collect();
    let mut torn = 0;
    numbers.retain(|number| {
        if number.span.start < torn {
            return false;
        }
        let behind = &text[number.span.end..];
        if number.certain && is_torn(number, behind, &starts) {
            let end = behind.find(|c: char| !is_numeral(c) && !c.is_whitespace());
            torn = number.span.end + end.unwrap_or(behind.len());
            return false;
        }
        is_sure(number, text)
    });
    numbers
}

/// Whether a number goes on behind its end: 八十二 is no eighty where what follows was read first.
fn is_torn(number: &Number, behind: &str, starts: &HashSet<usize>) -> bool {
    let next = behind.chars().next();
    let goes_on = next.is_some_and(|c| NUMERALS.contains(c) && !"点半".contains(c));
    goes_on && number.unit.is_none() && !starts.contains(&number.span.end)
}

/// The likeliest reading.
fn first(number: &Number) -> &str {
    number.readings.first().map_or("", String::as_str)
}

/// Whether a number is more than a word: 一次 and 一名男子 are none.
fn counts(number: &Number) -> bool {
    let first = first(number);
    match number.unit.map(|unit| unit.family) {
        Some(Family::Door | Family::Date | Family::Clock) => {
            first != "1" || number.unit.is_some_and(|unit| unit.name != "年")
        }
        Some(_) => first != "1",
        None => first.len() > 1,
    }
}

/// Whether a number is meant as it is read, as far as its neighbours show.
fn is_sure(number: &Number, text: &str) -> bool {
    let said = &text[number.span.clone()];
    let next = text[number.span.end..].chars().next();
    // A bus is one beyond doubt where it is called so.
    let bus = number.unit.is_some_and(|unit| unit.name == "路")
        && (said.ends_with(['车', '交']) || next == Some('车'));
    // 八十二 八十三, 百分之十 一个: only the digits of long numbers are said apart.
    let apart = said.trim_end().contains(char::is_whitespace) && first(number).len() < LEAST_LONG;
    // 五十块一张 is no 五十块一毛.
    let price = said.ends_with("块一") && next.is_some_and(|c| !is_stop(c));
    // 八九两个月 are two months.
    let two = number.unit.is_some_and(|unit| unit.name == "两")
        && next.is_some_and(|c| COUNTED.contains(c));
    // 基数四千二百四十一 has a value beyond doubt, whatever it counts.
    let ends = next.is_none_or(is_stop);
    let value = ends && is_whole(number, said);
    (number.certain || bus || value) && counts(number) && !apart && !price && !two
}

/// Whether a number is said to its last digit, though without its unit.
fn is_whole(number: &Number, said: &str) -> bool {
    let value = first(number);
    let magnitudes = said.contains(['百', '千', '万']) && said.chars().all(is_numeral);
    magnitudes && value.len() >= LEAST_BARE && !value.ends_with('0') && !value.contains('.')
}

/// Whether a character is a digit or a numeral.
pub(super) fn is_numeral(character: char) -> bool {
    character.is_ascii_digit() || character == '.' || NUMERALS.contains(character)
}

/// A number, or the alternatives of one as in 五六分钟, with its unit; money in 元. As said, unless what
/// would be written is read as the same value of the same unit.
fn one(same: &[Number], said: &str) -> String {
    let [number, ..] = same else { return said.to_owned() };
    let in_digits = !said.contains(|c| NUMERALS.contains(c) || char::is_whitespace(c));
    let is_money = number.unit.is_some_and(|unit| unit.family == Family::Money);
    // 12点30 is no 12.3.
    let mixed = said.contains(|c: char| c.is_ascii_digit()) && said.contains('点');
    if (in_digits && !is_money) || mixed {
        return said.to_owned();
    }
    let value = same.iter().map(first).collect::<Vec<_>>().join("、");
    if !number.certain && is_whole(number, said) {
        return value;
    }
    let written = in_unit(number, &value, said);
    let plain = || number.unit.map(|unit| format!("{value}{}", unit.name));
    if reads_back(same, &written, said) {
        written
    } else {
        plain().filter(|plain| reads_back(same, plain, said)).unwrap_or_else(|| said.to_owned())
    }
}

/// Whether a text is read as these numbers and nothing else, and says as much.
fn reads_back(same: &[Number], written: &str, said: &str) -> bool {
    if written == said || said.contains(char::is_whitespace) {
        return true;
    }
    let back = numerals::said(written, &[]);
    // 三到五天: a unit may stand elsewhere.
    let alone = numerals::said(said, &[]);
    let own = |number: &Number| alone.iter().any(|other| other.unit == number.unit);
    // 大约一千五百元: what makes it vague may stand elsewhere too.
    let hedged = alone.iter().any(|number| number.hedged);
    let has = |number: &Number| {
        back.iter().any(|other| {
            let unit = !own(number) || number.unit == other.unit;
            first(number) == first(other) && unit && hedged == other.hedged
        })
    };
    // A minute is one behind an hour only.
    let minute = same.iter().any(|number| number.unit.is_some_and(|unit| unit.name == "分"));
    let whole = back.iter().map(|number| number.span.end).max() == Some(written.len());
    same.iter().all(has) && (whole || minute)
}

/// What would be written for a number whose value is `value`.
fn in_unit(number: &Number, value: &str, said: &str) -> String {
    let unit = number.unit.map_or("", |unit| unit.name);
    if value.ends_with(['%', '‰']) || value.contains('/') {
        return value.to_owned();
    }
    if let Some(value) = value.strip_suffix('‱') {
        return format!("万分之{value}");
    }
    if !said.starts_with(|c: char| is_numeral(c) && c != '半') {
        // 周五, 半个小时.
        return said.to_owned();
    }
    if number.unit.is_none() && said.contains(char::is_whitespace) {
        return groups(value, said);
    }
    if unit == "分" && said.ends_with('刻') {
        return format!("{value}分");
    }
    let is_unit = |c: char| c == '点' || (c == '两' && unit == "两");
    let last = said.char_indices().rev().find(|(_, c)| is_numeral(*c) && !is_unit(*c));
    let (head, tail) = said.split_at(last.map_or(0, |(at, c)| at + c.len_utf8()));
    // 三块五, 两公里半, 一个半月: the unit stands within; 两万八 and 七十九 leave it out.
    let whole = head.chars().all(is_numeral);
    let tail = match (whole, unit) {
        (true, "分" | "元" | "岁") if tail.is_empty() => unit.to_owned(),
        (_, "元") if tail.chars().all(|c| "块元圆角毛分钱整".contains(c)) => {
            unit.to_owned()
        }
        (true, "元") => money(tail),
        (true, _) => tail.to_owned(),
        (false, _) if unit.ends_with(tail) => unit.to_owned(),
        (false, _) => format!("{unit}{tail}"),
    };
    format!("{}{tail}", round(value, head))
}

/// A number that was said in groups; a mobile telephone number behind others stands by itself.
fn groups(value: &str, said: &str) -> String {
    let mut parts: Vec<usize> = said.split_whitespace().map(|part| part.chars().count()).collect();
    let is_one = numerals::is_phone(value) || numerals::is_identity(value);
    if is_one || parts.iter().sum::<usize>() != value.len() {
        return value.to_owned();
    }
    let mut length = 0;
    while length < MOBILE
        && let Some(part) = parts.pop()
    {
        length += part;
    }
    let (before, phone) = value.split_at(value.len() - length);
    if length != MOBILE || before.is_empty() || !numerals::is_phone(phone) {
        return value.to_owned();
    }
    // Who corrects the last digits says them once more by themselves.
    let mut rest = before;
    let again = parts.iter().all(|part| {
        let (group, behind) = rest.split_at(*part);
        rest = behind;
        phone.contains(group)
    });
    if again { phone.to_owned() } else { value.to_owned() }
}

/// What stands behind an amount, with 元 for 块钱.
fn money(tail: &str) -> String {
    let unit = ["块钱", "块", "元钱", "圆整", "圆"].iter().find(|unit| tail.contains(**unit));
    unit.map_or_else(|| tail.to_owned(), |unit| tail.replacen(unit, "元", 1))
}

/// Digits that were said with 亿, with 亿.
fn round(digits: &str, said: &str) -> String {
    if !said.contains('亿') || digits.len() < ROUND || digits.contains('.') {
        return digits.to_owned();
    }
    let (head, tail) = digits.split_at(digits.len() - (ROUND - 1));
    let tail = tail.trim_end_matches('0');
    if tail.is_empty() { format!("{head}亿") } else { format!("{head}.{tail}亿") }
}
