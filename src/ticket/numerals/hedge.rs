//! Words that make a number vague: 三千多, 大约十个, 两千块左右. A ticket must keep them.

use super::{glyph::Text, scan::Raw};

/// Between a number and its unit.
const INSIDE: [&str; 6] = ["多", "来", "余", "几", "把", "好几"];

/// Behind a number and its unit.
#[rustfmt::skip]
const BEHIND: &[&str] = &[
    "左右", "上下", "不到", "以上", "多", "出头", "开外", "不止", "朝上", "往上",
];

/// In front of a number.
#[rustfmt::skip]
const BEFORE: &[&str] = &[
    "约", "大概", "将近", "接近", "差不多", "近", "不到", "超过", "至少", "最少", "好几", "起码", "不止", "不下", "不低于", "快",
    "大致", "最多", "上", "大约莫", "估计",
];

/// Words between a hedge and its number.
const FILLERS: [&str; 6] = ["有", "是", "在", "就", "要", "也就"];

/// The length of a hedge between a number and its unit.
pub(super) fn inside(text: &Text, at: usize) -> usize {
    // 三把锁 are three; 三十来个 are about thirty.
    let length = text.word_at(at, &INSIDE).unwrap_or(0);
    if length == 1 && matches!(text.get(at), Some('把')) { 0 } else { length }
}

/// Marks a number that is hedged, its end moved behind a hedge that follows.
pub(super) fn look(text: &Text, raw: &mut Raw) {
    let is_inside = inside(text, raw.to) > 0;
    let mut before = raw.from;
    if let Some(length) = text.word_before(before, &FILLERS) {
        before -= length;
    }
    let nearest = [raw.from, before].into_iter();
    let in_front = nearest.filter_map(|at| text.word_before(at, BEFORE).map(|length| (at, length)));
    let in_front = in_front.filter(|(at, length)| !is_other_word(text, *at, *length)).count() > 0;
    let behind = text.word_at(raw.end, BEHIND).filter(|_| !text.is_at(raw.end, "多少"));
    raw.hedged |= is_inside || in_front || behind.is_some();
    raw.end += behind.unwrap_or(0);
}

/// Whether a short hedge is only the end of another word: 附近, 晚上, 合约.
fn is_other_word(text: &Text, at: usize, length: usize) -> bool {
    let before = text.previous(at - length);
    match text.previous(at) {
        Some('近') if length == 1 => matches!(before, Some('附' | '最' | '邻' | '靠' | '远')),
        Some('约') if length == 1 => {
            matches!(before, Some('合' | '预' | '违' | '节' | '条' | '签' | '公'))
        }
        Some('快') if length == 1 => matches!(before, Some('尽' | '很' | '赶' | '加' | '更')),
        Some('上') if length == 1 => {
            !(text.is_at(at, "百") || text.is_at(at, "千") || text.is_at(at, "万"))
        }
        _ => false,
    }
}
