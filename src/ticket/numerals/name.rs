//! Numerals in names of places (rule 10): 三十铺镇, 七里河, 八一路. They are read, as a ticket may
//! write 30铺, but are no numbers.

use std::ops::Range;

use super::{
    glyph::{Text, is_stop},
    scan::Raw,
    unit::{self, Family},
};

/// Characters that make a name of the numeral in front of them.
const ENDINGS: &str =
    "铺镇乡村庄屯营桥庙河沟湾岭坡湖塘坝岗井集圩墩堡寨港店街巷山峰江溪泉园苑府岛洲洋垛埠畈冲郢";

/// The same behind 里: 五里墩, but not 五里路.
const AFTER_MILES: &str =
    "铺镇乡村庄屯营桥庙河沟湾岭坡湖塘坝岗井集圩墩堡寨店街巷山庵香园亭坪台牌洋";

/// Endings of names further behind.
#[rustfmt::skip]
const LONG_ENDINGS: &[&str] = &[
    "小区", "花园", "家园", "花苑", "新村", "公寓", "大厦", "广场", "街道", "社区", "镇", "村", "名邸", "花城", "雅苑", "佳苑", "华庭", "大道",
];

/// Units that are common in names: 九方小区, 三里庵街道.
const WEAK: [&str; 13] =
    ["里", "立方米", "家", "分", "条", "门", "人", "路", "对", "度", "次", "层", "元"];

/// Marks the numerals of names, those that the caller knows (`known`, in bytes) among them.
pub(super) fn mark(text: &Text, raws: &mut [Raw], known: &[Range<usize>]) {
    let mut names: Vec<&Range<usize>> = known.iter().collect();
    names.sort_by_key(|name| name.start);
    for raw in raws {
        let bytes = text.bytes(raw.from, raw.to);
        let behind = names.partition_point(|name| name.start < bytes.end);
        // Names do not overlap: the last one that starts in front of the end is the only one.
        let is_known = behind > 0 && names[behind - 1].end > bytes.start;
        if is_known || (raw.is_spoken() && is_name(text, raw)) {
            raw.doubtful = true;
            (raw.unit, raw.end) = (unit::named("路"), raw.to);
        } else if raw.is_spoken() && raw.unit.is_some_and(|unit| unit.name == "路") {
            // 二十六路公交车 is a bus, 二十六路 may be a street.
            raw.doubtful = raw.end - raw.to == 1;
        }
    }
}

fn is_name(text: &Text, raw: &Raw) -> bool {
    let next = text.get(raw.to);
    if next.is_some_and(|c| ENDINGS.contains(c)) {
        return !text.is_at(raw.to, "山东") && !text.is_at(raw.to, "店铺");
    }
    if next == Some('里') && text.get(raw.to + 1).is_some_and(|c| AFTER_MILES.contains(c)) {
        return true;
    }
    let weak = raw.unit.is_none_or(|unit| WEAK.contains(&unit.name) || unit.family == Family::Name);
    let short = raw.to - raw.from == 1;
    if !weak || !short || text.previous(raw.from) == Some('第') {
        return false;
    }
    let particles = "的了在有都是和到着过个，。";
    let rest = raw.to..(raw.to + 4).min(text.len());
    let plain = |at: &usize| {
        text.get(*at).is_some_and(|c| !is_stop(c) && !particles.contains(c) && c.is_alphabetic())
    };
    rest.take_while(plain).any(|at| text.word_at(at, LONG_ENDINGS).is_some())
}
