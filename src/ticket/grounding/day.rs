//! Parts of the day and days as seen from the call: 上午, 去年, 昨天. A ticket may word them
//! otherwise (夜间 for 晚上), but not change them.

use super::{Item, Kind, add, spoken::Spoken};
use crate::ticket::numerals::{self, Daypart, Number};

/// Words for the same day, month or year.
#[rustfmt::skip]
const DAYS: &[&[&str]] = &[
    &["前年"],
    &["去年", "上一年", "上年"],
    &["明年", "来年"],
    &["上个月", "上月"],
    &["下个月", "下月"],
    &["上周", "上星期", "上礼拜", "上个星期", "上个礼拜", "上一周"],
    &["下周", "下星期", "下礼拜", "下个星期", "下个礼拜", "下一周"],
    &["大前天"],
    &["前天", "前日", "前晚", "前儿"],
    &["昨天", "昨日", "昨晚", "昨夜", "昨儿", "昨"],
    &["明天", "明日", "明早", "明晚", "明儿"],
    &["后天", "后日", "后儿"],
];

/// The thirds of a month, and how they are said.
const THIRDS: [(&str, &[&str]); 3] = [
    ("上旬", &["上旬", "月初", "月头", "初"]),
    ("中旬", &["中旬", "月中", "中间"]),
    ("下旬", &["下旬", "月底", "月末", "月尾"]),
];

/// Parts of the day that people do not keep apart.
const AKIN: &[(Daypart, Daypart)] = &[
    (Daypart::Dawn, Daypart::Night),
    (Daypart::Dawn, Daypart::Morning),
    (Daypart::Dusk, Daypart::Afternoon),
    (Daypart::Dusk, Daypart::Night),
    (Daypart::Noon, Daypart::Afternoon),
];

/// Days that go by a name, with their month and day.
#[rustfmt::skip]
const HOLIDAYS: [(&str, &str, &str); 15] = [
    ("元旦", "1", "1"), ("三八", "3", "8"), ("妇女节", "3", "8"), ("三一五", "3", "15"), ("五一", "5", "1"), ("劳动节", "5", "1"),
    ("六一", "6", "1"), ("儿童节", "6", "1"), ("七一", "7", "1"), ("八一", "8", "1"), ("教师节", "9", "10"), ("国庆", "10", "1"),
    ("十一", "10", "1"), ("双十一", "11", "11"), ("圣诞", "12", "25"),
];

/// What makes the name of a holiday a number: 十一点.
const COUNTED: &str = "点月号日个块元年栋楼室层单人次岁天万千百十零一二三四五六七八九";

/// Whether two numbers of a ticket are the month and the day of a holiday that was named.
pub(super) fn is_holiday(month: &Number, day: &Number, spoken: &Spoken) -> bool {
    let has = |number: &Number, unit: &str, value: &str| {
        number.unit.is_some_and(|other| other.name == unit)
            && number.readings.first().is_some_and(|first| first == value)
    };
    let is_said = |name: &str| {
        let texts = spoken.texts().into_iter();
        let mut behind = texts.flat_map(|text| {
            text.match_indices(name).map(|(at, name)| text[at + name.len()..].chars().next())
        });
        behind.any(|c| c.is_none_or(|c| !COUNTED.contains(c)))
    };
    month.span.end == day.span.start
        && HOLIDAYS
            .iter()
            .any(|(name, m, d)| has(month, "月", m) && has(day, "日", d) && is_said(name))
}

/// The days and parts of the day that were said.
pub(super) struct Heard {
    parts: Vec<Daypart>,
    /// Each day as its group, with the part right behind it.
    days: Vec<(usize, Option<Daypart>)>,
}

impl Heard {
    pub(super) fn new(spoken: &Spoken) -> Self {
        let days = days(&spoken.texts()).into_iter();
        let days = days.map(|day| (day.group, part_behind(&day).map(|(_, part)| part)));
        Self { parts: said(spoken), days: days.collect() }
    }
}

/// Checks the days and parts of the day of a text.
pub(super) fn check(text: &str, spoken: &Spoken, heard: &Heard, items: &mut Vec<Item>) {
    for (word, part) in numerals::dayparts(text) {
        if !heard.parts.iter().any(|other| are_akin(*other, part)) {
            add(items, Kind::Time, word);
        }
    }
    for (third, ways) in THIRDS {
        let is_said = |text: &&str| ways.iter().any(|way| text.contains(way));
        if text.contains(third) && !spoken.texts().iter().any(is_said) {
            add(items, Kind::Date, third);
        }
    }
    let named = days(&[text]);
    for group in 0..DAYS.len() {
        let named = named.iter().filter(|day| day.group == group);
        let mut heard = heard.days.iter().filter(|(other, _)| *other == group);
        let parts: Vec<Daypart> = heard.clone().filter_map(|(_, part)| *part).collect();
        for (word, part) in named.clone().filter_map(part_behind) {
            // 前天上午 for 前天下午, whatever else happened in the morning.
            if !parts.is_empty() && !parts.iter().any(|said| are_akin(*said, part)) {
                add(items, Kind::Time, word);
            }
        }
        let Some(day) = named.clone().find(|day| is_day(day)) else { continue };
        if heard.next().is_none() {
            add(items, Kind::Date, day.word);
        }
    }
}

/// A word for a day where a text has it.
#[derive(Clone, Copy)]
struct Day<'a> {
    /// Which of the days.
    group: usize,
    word: &'static str,
    before: Option<char>,
    behind: &'a str,
}

/// All words for days in some texts, each of them in the order of the words.
fn days<'a>(texts: &[&'a str]) -> Vec<Day<'a>> {
    let mut found = Vec::new();
    for (text, turn) in texts.iter().zip(0..) {
        let mut before = None;
        for (at, c) in text.char_indices() {
            if matches!(c, '前' | '去' | '上' | '明' | '来' | '下' | '大' | '昨' | '后') {
                let rest = &text[at..];
                for (group, words) in DAYS.iter().enumerate() {
                    for (place, word) in words.iter().enumerate() {
                        if let Some(behind) = rest.strip_prefix(word) {
                            found.push(((place, turn, at), Day { group, word, before, behind }));
                        }
                    }
                }
            }
            before = Some(c);
        }
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, day)| day).collect()
}

fn are_akin(one: Daypart, other: Daypart) -> bool {
    one == other || AKIN.iter().any(|pair| *pair == (one, other) || *pair == (other, one))
}

/// The part of the day right behind a day.
fn part_behind(day: &Day) -> Option<(&'static str, Daypart)> {
    numerals::DAYPARTS.iter().find(|(part, _)| day.behind.starts_with(part)).copied()
}

/// Whether a day is meant, not the end of 三天后 and the start of 天然气.
fn is_day(day: &Day) -> bool {
    let in_span = matches!(
        day.before,
        Some('天' | '年' | '月' | '日' | '周' | '以' | '之' | '大' | '说' | '表' | '证')
    );
    let goes_on = ['然', '花', '桥', '井', '边', '围', '期'];
    !in_span && !day.behind.starts_with(goes_on)
}

/// The parts of the day that were said, by name or as an hour past noon.
fn said(spoken: &Spoken) -> Vec<Daypart> {
    let mut parts: Vec<Daypart> = Vec::new();
    for text in spoken.texts() {
        parts.extend(numerals::dayparts(text).into_iter().map(|(_, part)| part));
        for (mark, part) in
            [('晚', Daypart::Night), ('夜', Daypart::Night), ('早', Daypart::Morning)]
        {
            parts.extend(text.contains(mark).then_some(part));
        }
    }
    for (_, number) in spoken.numbers().filter(|(_, number)| number.hours != 0) {
        // 四点 without more is 下午四点 for people, and 八点 is 上午八点.
        let hour = match number.hours.trailing_zeros() {
            hour if number.hours.is_power_of_two() => hour,
            hour @ 1..=6 => hour + 12,
            hour => hour,
        };
        let named = match hour {
            0..=4 => &[Daypart::Dawn, Daypart::Night][..],
            5..=10 => &[Daypart::Morning],
            11..=12 => &[Daypart::Morning, Daypart::Noon],
            13..=17 => &[Daypart::Afternoon],
            18 => &[Daypart::Afternoon, Daypart::Night],
            _ => &[Daypart::Night],
        };
        parts.extend(named);
    }
    parts
}
