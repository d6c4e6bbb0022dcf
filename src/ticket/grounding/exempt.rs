//! Numbers that a ticket makes itself (rule 11): list markers, counts of its own points, the
//! hotline's own number.

use crate::ticket::numerals::Number;

/// What a ticket counts when it counts its own points.
#[rustfmt::skip]
const POINTS: &[&str] = &[
    "问题", "方式", "诉求", "事项", "方面", "情况", "建议", "要求", "原因", "疑问", "内容", "途径", "渠道", "办法", "措施",
];

/// What stands behind the digits of a marker.
const MARKS: [&str; 7] = [".", "、", "．", "）", ")", "]", "】"];

/// The hotline's number.
const HOTLINE: &str = "12345";

/// A text whose list markers are blank, so that what is left are numbers.
pub(super) struct Unlisted {
    /// The text; places are those of the original.
    pub(super) text: String,
    /// How many points its longest list has.
    longest: u64,
}

/// A place where a list marker may stand.
struct Marker {
    from: usize,
    to: usize,
    value: u64,
    /// Whether a digit stands right behind it, so that it may be 1.5 as well.
    is_decimal: bool,
}

impl Unlisted {
    /// Blanks the markers of lists. A list counts on from one: what does not is a number at a
    /// clause's start.
    pub(super) fn new(text: &str) -> Self {
        let circled = text.chars().filter(|c| ('①'..='⑳').contains(c)).count();
        let candidates = candidates(text);
        let mut unlisted = Self { text: text.to_owned(), longest: circled as u64 };
        let mut last = 0;
        for (index, marker) in candidates.iter().enumerate() {
            let next = candidates[index + 1..].iter().any(|later| later.value == 2);
            let begins = marker.value == 1 && (!marker.is_decimal || next);
            if begins || (last > 0 && marker.value == last + 1) {
                last = marker.value;
                unlisted.longest = unlisted.longest.max(last);
                let blank = " ".repeat(marker.to - marker.from);
                unlisted.text.replace_range(marker.from..marker.to, &blank);
            }
        }
        unlisted
    }

    /// Whether a number needs no ground; `before` is the number in front of it.
    pub(super) fn exempts(&self, number: &Number, before: Option<&Number>) -> bool {
        let first = number.readings.first().map_or("", String::as_str);
        let (own, after) = (&self.text[number.span.clone()], &self.text[number.span.end..]);
        let counts = number.hours == 0
            && (own.ends_with(['点', '项']) || POINTS.iter().any(|point| after.starts_with(point)));
        let fits =
            |count: u64| (2..=9).contains(&count) && (self.longest == 0 || self.longest == count);
        let own_count = counts && first.parse().is_ok_and(fits);
        // 15:00 for 下午三点.
        let full_hour = first == "0"
            && number.unit.is_some_and(|unit| unit.name == "分")
            && before.is_some_and(|hour| hour.hours != 0);
        own_count
            || full_hour
            || is_own_call(number, &self.text)
            || is_any_one(number, &self.text)
            || (first == HOTLINE && number.unit.is_none())
    }
}

/// Whether a number says which of several calls in one record is meant: 第2次来电补充.
fn is_own_call(number: &Number, text: &str) -> bool {
    let (before, after) = (&text[..number.span.start], &text[number.span.end..]);
    let is_few =
        number.readings.first().is_some_and(|first| ["1", "2", "3"].contains(&first.as_str()));
    is_few
        && number.unit.is_some_and(|unit| unit.name == "次")
        && (before.ends_with('第') || text[number.span.clone()].starts_with('第'))
        && CALLS.iter().any(|call| after.starts_with(call))
}

/// Whether 1 stands for an article: 1名男子 where 有个男的 was said, but not 1户 nor 第1件.
fn is_any_one(number: &Number, text: &str) -> bool {
    let (before, words) = (&text[..number.span.start], &text[number.span.clone()]);
    number.readings.iter().all(|reading| reading == "1")
        && number.unit.is_some_and(|unit| unit.is_classifier())
        && words.starts_with('1')
        && !before.ends_with('第')
}

/// What happens in each call of a record.
const CALLS: [&str; 8] = ["来电", "通话", "致电", "拨打", "答复", "解答", "回复", "补充"];

/// The places where digits stand like a list marker, at a clause's start with a mark behind.
fn candidates(text: &str) -> Vec<Marker> {
    let mut found = chinese(text);
    let mut end = 0;
    for (from, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
        if from < end {
            continue;
        }
        let rest = &text[from..];
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        end = from + length;
        let before = text[..from].trim_end_matches(['（', '(', '[', '【']);
        let Some(mark) = MARKS.iter().find(|mark| text[end..].starts_with(**mark)) else {
            continue;
        };
        let is_decimal =
            text[end + mark.len()..].starts_with(|c: char| c.is_ascii_digit()) && *mark == ".";
        let firm = [' ', '\n', '。', '；', ';', '：', ':', '“', '！', '？'];
        let starts = before.is_empty()
            || before.ends_with(firm)
            || (before.ends_with(['，', ',']) && !is_decimal);
        let value = text[from..end].parse().unwrap_or(0);
        if starts && length <= 2 {
            found.push(Marker { from, to: end + mark.len(), value, is_decimal });
        }
    }
    found.sort_by_key(|marker| marker.from);
    found
}

/// 一、 and 二、 at the starts of clauses; 一、二单元 are no points.
fn chinese(text: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    let mut value = 1;
    for (from, c) in text.char_indices() {
        let to = from + c.len_utf8();
        let starts = text[..from].trim_end().is_empty()
            || text[..from]
                .trim_end_matches([' ', '（', '('])
                .ends_with(['。', '；', ';', '：', ':', '\n']);
        let is_next = "一二三四五六七八九".chars().nth(value as usize - 1) == Some(c);
        let mark = ["、", "．", "）、", "）"].iter().find(|mark| text[to..].starts_with(**mark));
        if let Some(mark) = mark.filter(|_| starts && is_next) {
            found.push(Marker { from, to: to + mark.len(), value, is_decimal: true });
            value += 1;
        }
    }
    found
}
