//! What numbers take from their neighbours: the unit of a range (3到5天), the room behind a
//! building, the sign in front.

use super::{
    cardinal::Shape,
    decimal::Decimal,
    glyph::{Text, is_stop},
    scan::Raw,
    unit::{self, Family},
};

/// Words between the two ends of a range or between two of a list.
const BETWEEN: [&str; 8] = ["到", "至", "-", "~", "、", "或", "或者", "--"];

/// Words in front of an amount that needs no unit: 欠了我两万五, 起付线是八百.
#[rustfmt::skip]
const PAYING: &[&str] = &[
    "欠", "赔", "工资", "押金", "交了", "付", "收了", "花", "退", "罚", "租", "扣", "转了", "卖", "收", "补偿", "补贴", "线", "费", "价",
    "款", "金", "钱", "额", "每月", "每个月", "低保", "补助", "自己交", "给了", "还差", "涨到", "卖", "借", "贷", "赚", "挣",
];

/// Words in front of a percentage that is said as a number alone: 利率三点一.
const RATES: [&str; 5] = ["利率", "利息", "比例", "税率", "率是"];

/// Words right in front of an age: 今年七十三了.
const AGES: [&str; 3] = ["今年", "年龄", "年纪"];

/// Whose age it is: 我爸六十七, 我妈都七十一了.
#[rustfmt::skip]
const AGED: &[&str] = &[
    "爸", "妈", "爷爷", "奶奶", "公公", "婆婆", "父亲", "母亲", "外公", "外婆", "姥姥", "姥爷", "岳父", "岳母", "老伴", "儿子", "女儿", "孩子",
    "阿公", "阿婆", "阿爷", "爹爹", "老爷子", "老爹", "奶", "爷", "外婆", "老汉", "老两口", "丈母娘", "婆", "伢", "崽", "妹", "哥", "姐", "弟",
    "小孩", "娃", "孙子", "孙女", "老人", "老人家", "老头", "老太太",
];

/// How many characters in front of 一个七十三 tell that it is an age.
const AGED_WITHIN: usize = 20;

/// What stands between the two.
const ALREADY: [&str; 6] = ["已经", "都", "才", "刚", "快", "今年"];

/// Words in front of digits that belong to a number.
const NUMBERED: [&str; 8] = ["尾号", "号码", "后面是", "电话", "身份证", "编号", "开头", "后四位"];

/// Lets numbers take what their neighbours say.
pub(super) fn look(text: &Text, raws: &mut [Raw]) {
    for at in 0..raws.len() {
        sign(text, &mut raws[at]);
        day(text, raws, at);
        minutes(text, raws, at);
        room(text, raws, at);
        implied(text, &mut raws[at]);
        let raw = &mut raws[at];
        if raw.shape == Shape::Spelled && raw.to - raw.from == 2 && raw.unit.is_none() {
            let letter = text.previous(raw.from).is_some_and(|c| c.is_ascii_alphabetic());
            let before = text.clause_before(raw.from, 6);
            raw.certain = letter || NUMBERED.iter().any(|word| before.contains(word));
        }
    }
    for at in 0..raws.len() {
        rate(text, raws, at);
    }
    // From the end, so that a list of three takes the unit of the last.
    for at in (1..raws.len()).rev() {
        range(text, raws, at);
    }
    raws.iter_mut().for_each(|raw| weekday(text, raw));
}

/// 负一楼, 零下五度, 地下二层, -1楼, B1层.
fn sign(text: &Text, raw: &mut Raw) {
    let Some(unit) = raw.unit.filter(|unit| ["楼", "层", "度"].contains(&unit.name)) else {
        return;
    };
    let before = text.previous(raw.from);
    let below = ["零下", "地下"].iter().any(|word| text.ends_at(raw.from, word));
    let dash = raw.from >= 1
        && before == Some('-')
        && !raw.from.checked_sub(2).and_then(|at| text.get(at)).is_some_and(char::is_alphanumeric);
    let Some(value) = raw.readings.first().cloned() else { return };
    if before == Some('负') || text.ends_at(raw.from, "零下") || dash {
        raw.readings.insert(0, format!("-{value}"));
    } else if unit.name != "度" && (below || before == Some('B')) {
        raw.readings.push(format!("-{value}"));
    }
    if raw.readings.iter().any(|reading| reading.starts_with('-')) {
        raw.from -= if below { 2 } else { 1 };
    }
}

/// 六月十七, 初三: the number right behind a month is a day.
fn day(text: &Text, raws: &mut [Raw], at: usize) {
    let (before, rest) = raws.split_at_mut(at);
    let Some(raw) = rest.first_mut() else { return };
    let is_month = text.previous(raw.from) == Some('初')
        || before.last().is_some_and(|month| {
            month.unit.is_some_and(|unit| unit.name == "月") && month.end == raw.from
        });
    let is_day = raw.value.and_then(Decimal::small).is_some_and(|day| (1..=31).contains(&day));
    if is_month && is_day && raw.unit.is_none() {
        raw.unit = unit::named("日");
        raw.certain = true;
    }
}

/// 一个小时四十分: what stands behind hours is a span.
fn minutes(text: &Text, raws: &mut [Raw], at: usize) {
    let (before, rest) = raws.split_at_mut(at);
    let (Some(hours), Some(raw)) = (before.last(), rest.first_mut()) else { return };
    let is_span = hours.unit.is_some_and(|unit| unit.name == "小时") && hours.end == raw.from;
    if is_span && raw.unit.is_none() && text.is_at(raw.to, "分") {
        raw.unit = unit::named("分钟");
        (raw.end, raw.certain) = (raw.to + 1, true);
    }
}

/// 三栋二单元五零幺: the digits right behind a building or an entrance are a room.
fn room(text: &Text, raws: &mut [Raw], at: usize) {
    let (before, rest) = raws.split_at_mut(at);
    let (Some(door), Some(raw)) = (before.last(), rest.first_mut()) else { return };
    let is_door = door.unit.is_some_and(|unit| ["栋", "单元", "楼", "号"].contains(&unit.name));
    let value = raw.value.and_then(Decimal::small);
    let is_long = raw.digits.as_ref().is_some_and(|digits| (3..=4).contains(&digits.len()))
        || value.is_some_and(|value| (100..10_000).contains(&value));
    let near = raw.from >= door.end
        && raw.from - door.end <= 1
        && (door.end..raw.from).all(|at| matches!(text.get(at), Some(' ' | ',' | '，' | '-')));
    let ends = text
        .get(raw.to)
        .is_none_or(|c| is_stop(c) || !c.is_alphanumeric() || "的啊这那，".contains(c));
    if raw.unit.is_none() && is_door && is_long && near && (ends || raw.to == raw.end) {
        raw.unit = unit::named("室");
    }
}

/// A number without a unit that is an amount, an age or a rate by the words in front of it.
fn implied(text: &Text, raw: &mut Raw) {
    if matches!(text.previous(raw.from), Some('￥' | '¥')) && raw.unit.is_none() {
        raw.unit = unit::named("元");
    }
    let is_number = raw.shape == Shape::Magnitudes && raw.to - raw.from > 1;
    let ends =
        text.get(raw.end).is_none_or(|c| is_stop(c) || " 了的吧啊呢没还都给也到至能".contains(c));
    let Some(value) = raw.value.filter(|_| is_number && ends && raw.unit.is_none()) else { return };
    if raw.readings.first() != Some(&value.to_string()) {
        return;
    }
    // Large numbers that leave the last magnitude out are prices: 两千九百八.
    let leaves_out =
        text.digit(raw.to - 1).is_some() && text.magnitude(raw.to - 2).is_some_and(|last| last > 1);
    let before = text.clause_before(raw.from, 8);
    let of_aged = text.is_at(raw.end, "的")
        && text.word_at(raw.end + 1, AGED).or(text.word_at(raw.end + 1, &["老"])).is_some();
    let is_clause = text.previous(raw.from).is_none_or(is_stop) && text.is_at(raw.end, "了");
    if (is_age(text, raw.from) || of_aged || is_clause) && value.is_below(120) {
        raw.unit = unit::named("岁");
        return;
    }
    if RATES.iter().any(|word| before.contains(word)) && value.is_below(100) {
        raw.readings.push(format!("{value}%"));
        return;
    }
    let is_price = leaves_out && !value.is_below(1000);
    if is_price || PAYING.iter().any(|word| before.contains(word)) {
        raw.unit = unit::named("元");
    }
}

/// A price for one of something: 一斤二百八, 三百五一个月.
fn rate(text: &Text, raws: &mut [Raw], at: usize) {
    let is_each = |raw: &Raw| {
        let family = raw.unit.map(|unit| unit.family);
        let counts = matches!(family, Some(Family::Measure | Family::Count | Family::Duration));
        counts && raw.to - raw.from == 1 && text.get(raw.from) == Some('一')
    };
    let raw = &raws[at];
    let is_bare = raw.unit.is_none() && raw.shape == Shape::Magnitudes && raw.to - raw.from > 1;
    let before = at.checked_sub(1).map(|before| &raws[before]);
    let each = before.is_some_and(|each| is_each(each) && each.end == raw.from);
    let ends = text.get(raw.end).is_none_or(|c| is_stop(c) || " 算的多左".contains(c));
    // 一个八十一，一个七十九 are ages.
    let is_of = |each: &Raw, name| each.unit.is_some_and(|unit| unit.name == name);
    let is_age = each
        && before.is_some_and(|each| is_of(each, "个"))
        && raw.value.is_some_and(|value| value.is_below(120));
    let behind = raws.get(at + 1).filter(|each| is_each(each) && each.from == raw.end);
    let of_each = behind.is_some_and(|each| !(is_age && is_of(each, "个")));
    if is_bare && ((each && ends && !is_age) || of_each) {
        raws[at].unit = unit::named("元");
    } else if is_bare && is_age {
        let around: String =
            text.chars[raw.from.saturating_sub(AGED_WITHIN)..raw.from].iter().collect();
        let is_of_people = AGED.iter().chain(&["岁", "老"]).any(|word| around.contains(word));
        raws[at].unit = unit::named("岁").filter(|_| is_of_people);
    }
}

/// Whether an age is named in front of a place.
fn is_age(text: &Text, mut at: usize) -> bool {
    if text.word_before(at, &AGES).is_some() {
        return true;
    }
    while let Some(length) = text.word_before(at, &ALREADY) {
        at -= length;
    }
    text.word_before(at, AGED).is_some()
}

/// 周三, 星期一. 每周三次 counts times, 两周三天 weeks.
fn weekday(text: &Text, raw: &mut Raw) {
    let Some(length) = text.word_before(raw.from, &["星期", "礼拜", "周"]) else { return };
    let before = raw.from - length;
    let is_this = text.word_before(before, &["上个", "下个", "这个", "那个", "每个"]).is_some();
    // 礼拜五礼拜六 are two days, 两周三天 are weeks.
    let is_count =
        |at: usize| text.is_numeral(at) && text.word_before(at, &["星期", "礼拜", "周"]).is_none();
    let counted = before.checked_sub(1).is_some_and(is_count)
        || (text.previous(before) == Some('个') && !is_this);
    let is_day = raw.value.and_then(Decimal::small).is_some_and(|day| (1..=7).contains(&day));
    if is_day && !counted && raw.unit.is_none() && raw.to - raw.from == 1 {
        raw.unit = Some(unit::Unit { name: "星期", family: Family::Date });
        raw.certain = true;
        raw.from = before;
    }
}

/// The unit of the second number belongs to the first one too, and so does its last magnitude:
/// 三到五天, 两到三万.
fn range(text: &Text, raws: &mut [Raw], at: usize) {
    let (before, rest) = raws.split_at_mut(at);
    let (Some(low), Some(high)) = (before.last_mut(), rest.first()) else { return };
    if low.end != low.to || high.from <= low.to || high.from - low.to > 2 {
        return;
    }
    let gap: String = text.chars[low.to..high.from].iter().collect();
    if !BETWEEN.contains(&gap.as_str()) || low.readings.iter().any(|reading| reading.contains('*'))
    {
        return;
    }
    let is_list = gap != "-" && gap != "--";
    if let Some(unit) = high.unit.filter(|unit| is_list || unit.family != Family::Door)
        && low.unit.is_none()
        && unit.family != Family::Name
        && unit.name != "分"
        && (unit.name != "点" || low.to - low.from <= 2)
    {
        low.unit = Some(unit);
        low.certain |= high.certain;
        if unit.name == "点"
            && let Some(hour) = low.value.and_then(Decimal::small).filter(|hour| *hour <= 24)
        {
            low.hours = 1 << (hour % 24) | 1 << ((hour + 12) % 24);
        }
    }
    let percent = |raw: &Raw| raw.readings.first().is_some_and(|reading| reading.ends_with('%'));
    if percent(high)
        && !percent(low)
        && low.unit.is_none()
        && let Some(value) = low.value
    {
        low.readings.push(format!("{value}%"));
    }
    let exponent = text.magnitude(high.to - 1).filter(|exponent| *exponent > 1);
    let is_small = low.value.is_some_and(|value| value.is_below(1000));
    if high.shape == Shape::Magnitudes
        && is_small
        && text.magnitude(low.to - 1).is_none()
        && let Some(scaled) = exponent.and_then(|exponent| low.value?.times_ten(exponent))
    {
        low.readings.insert(0, scaled.to_string());
        low.certain |= high.certain;
    }
}
