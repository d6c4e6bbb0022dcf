//! Which units fit a number that was said without one: what was talked about there tells.

use super::spoken::Voice;
use crate::ticket::numerals::{Family, Number, Unit};

/// What money is talked of in.
#[rustfmt::skip]
const MONEY: &[&str] = &[
    "钱", "元", "块", "毛", "费", "价", "款", "金", "欠", "交", "付", "收", "花", "罚", "赔", "退", "卖", "买", "租", "资", "贷", "账",
    "扣", "补", "薪", "挣", "赚", "贵", "便宜", "转", "报销", "低保", "押", "借", "销", "充", "票", "线", "标准", "定额", "万", "存",
    "还我", "给了", "给我", "还差", "额", "成本", "损失", "每", "一个月", "一年", "一天", "要", "喊", "报", "一共", "总共", "合计", "加起来",
];

/// The plainest of them.
#[rustfmt::skip]
const PLAIN_MONEY: &[&str] = &[
    "钱", "元", "块", "费", "价", "款", "欠", "罚", "赔", "退", "租", "工资", "押金", "补", "报销", "定金", "扣了",
];

/// What measures, spans, ages and parts are talked of in, by the names of their units.
#[rustfmt::skip]
const CUES: &[(&[&str], &[&str])] = &[
    (&["平方米", "平方公里"], &["平", "面积", "多大"]),
    (&["亩"], &["亩", "面积", "地", "田"]),
    (&["公里", "米", "厘米", "毫米", "里", "寸"], &["米", "里", "远", "长", "距", "离", "高", "宽", "深", "厚", "速", "公分", "厘", "寸", "尺"]),
    (&["公斤", "斤", "吨", "克", "两"], &["斤", "重", "吨", "克", "秤", "称"]),
    (&["升", "立方米"], &["升", "方", "水"]),
    (&["度"], &["度", "温", "电"]),
    (&["分贝"], &["分贝", "噪", "声"]),
    (&["千瓦"], &["千瓦", "功率"]),
    (&["兆"], &["兆", "宽带", "网", "流量"]),
    (&["小时", "分钟", "秒"], &["小时", "分钟", "钟头", "秒", "多久", "多长", "时间", "点"]),
    (&["天", "工作日", "周"], &["天", "日", "周", "星期", "礼拜", "多久", "多长", "时间", "期"]),
    (&["个月"], &["月", "多久", "多长", "时间", "期"]),
    (&["年"], &["年", "多久", "时候", "届", "龄"]),
    (&["岁"], &["岁", "年纪", "年龄", "多大", "今年", "龄", "生", "爸", "妈", "爷", "奶", "公", "婆", "父", "母", "老伴", "老人", "儿", "娃", "孩", "孙", "病人", "叫", "姓", "年轻", "最大的", "最小的"]),
    (&["折"], &["折"]),
    (&["成"], &["成"]),
    (&["倍"], &["倍"]),
];

/// Measures that models take for others; a bare number has one only where it is talked of.
const CONFUSED: [&str; 5] = ["平方米", "平方公里", "亩", "公里", "米"];

/// Words that look like cues and are none.
const NO_CUES: [&str; 9] = ["平时", "平常", "平均", "平安", "平台", "平房", "水平", "公平", "太平"];

/// What parts are talked of in.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "率", "百分", "比例", "利", "税", "首付", "首套", "个点", "千分", "万分", "占", "涨", "降", "成",
];

/// What doors, dates and times are talked of in.
#[rustfmt::skip]
const DOORS: &[&str] = &[
    "栋", "幢", "座", "楼", "单元", "室", "号", "住", "层", "路", "街", "门", "家", "房", "户", "巷", "弄", "村", "小区", "院", "地址",
    "哪里", "苑", "园", "城",
];
const DATES: &[&str] = &["年", "月", "日", "号", "天", "时候", "期"];
const TIMES: &[&str] = &["点", "时", "早", "晚", "午", "夜", "到", "分", "半"];

/// Whether a number that was said without a unit may have this one, by the words around it. Things
/// are counted without their units too often to ask for more.
pub(super) fn allows(unit: Unit, voice: &Voice, said: &Number) -> bool {
    let around = NO_CUES.iter().fold(voice.around(said), |around, word| around.replace(word, ""));
    let length = said.readings.first().map_or(0, String::len);
    let (before, behind) = (&voice.text[..said.span.start], &voice.text[said.span.end..]);
    // A lone numeral is a part of a word more often than an amount; 五月五 is a day.
    let is_word = length == 1 && !said.certain && !before.ends_with(['月', '第', '负']);
    match unit.family {
        Family::Count | Family::Name => true,
        _ if is_word => false,
        Family::Door if before.ends_with('负') => true,
        Family::Door => length >= 3 || says(&around, DOORS),
        Family::Date => length >= 3 || says(&around, DATES),
        Family::Clock => says(&around, TIMES),
        // What is said as a number by itself is an amount more often than anything else.
        Family::Money => says(&around, MONEY) || (said.certain && !is_of_another(&around, said)),
        // Nothing else is said that briefly of people.
        Family::Age if said.certain && length == 2 => true,
        Family::Measure if said.certain && !CONFUSED.contains(&unit.name) => true,
        // 九十二了.
        Family::Age if behind.starts_with('了') => true,
        Family::Measure | Family::Duration | Family::Age | Family::Ratio => {
            let cues = CUES.iter().find(|(names, _)| names.contains(&unit.name));
            cues.is_none_or(|(_, cues)| says(&around, cues))
        }
    }
}

/// The same for a number that was said with another unit elsewhere: its own words must tell.
pub(super) fn demands(unit: Unit, voice: &Voice, said: &Number) -> bool {
    let is_amount = said.certain && said.readings.first().is_some_and(|first| first.len() > 1);
    let is_lone = said.readings.iter().all(|reading| reading.len() == 1) && !said.certain;
    match unit.family {
        // 三拨人 may be 3队: more is counted with than units are known.
        Family::Door | Family::Count => true,
        Family::Money => {
            let around = voice.around(said);
            (!is_lone && says(&voice.near(said), PLAIN_MONEY))
                || (is_amount && says(&around, PLAIN_MONEY) && !is_of_another(&around, said))
        }
        Family::Measure | Family::Age | Family::Ratio => {
            is_amount && says(&voice.around(said), &[unit.name])
        }
        Family::Duration | Family::Date | Family::Clock | Family::Name => false,
    }
}

/// Whether areas are talked of, or ages that a number may be.
fn is_of_another(around: &str, said: &Number) -> bool {
    let is_age = said
        .readings
        .first()
        .and_then(|first| first.parse().ok())
        .is_some_and(|age: u32| age < 120);
    let names: &[&str] = if is_age { &["平方米", "岁"] } else { &["平方米"] };
    { CUES.iter() }.any(|(units, cues)| names.contains(&units[0]) && says(around, cues))
}

/// Whether a number that was said alone may be a part of a hundred, a thousand or ten thousand.
pub(super) fn allows_part(voice: &Voice, said: &Number) -> bool {
    says(&voice.around(said), PARTS)
}

fn says(around: &str, cues: &[&str]) -> bool {
    cues.iter().any(|cue| around.contains(cue))
}
