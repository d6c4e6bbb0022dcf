//! What numbers count: units by their canonical names, and which of them may stand for each other.

use std::{cmp::Reverse, collections::HashMap, sync::LazyLock};

use super::glyph::Text;
use crate::words::Words;

/// What kind of thing a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// 元.
    Money,
    /// Area, length, weight, volume, power, temperature.
    Measure,
    /// A span of time: 天, 个月.
    Duration,
    /// A part of a date: 年, 月, 日, 星期.
    Date,
    /// An hour or a minute of the day.
    Clock,
    /// Years of life.
    Age,
    /// A part of something: 折, 成, 倍.
    Ratio,
    /// A part of an address: 栋, 单元, 室.
    Door,
    /// Things and people.
    Count,
    /// A part of a name: 路, 铺.
    Name,
}

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    /// The canonical name: 元 for 块钱.
    pub name: &'static str,
    /// What it measures.
    pub family: Family,
}

impl Unit {
    /// Whether it only tells that things are counted: 个, 名, 件, but not 户 or 期.
    pub fn is_classifier(self) -> bool {
        self.family == Family::Count && !STRICT_COUNTS.contains(&self.name)
    }

    /// Whether a number of this unit may be said with the other one: 三号 for 三号楼, 三个 for 三名.
    pub fn fits(self, other: Self) -> bool {
        let is_pair = |a: &str, b: &str| {
            (self.name, other.name) == (a, b) || (self.name, other.name) == (b, a)
        };
        if self.name == other.name {
            return true;
        }
        let is_plain = self.is_classifier() && other.is_classifier();
        let is_counted = self.family == Family::Count && other.family == Family::Count;
        is_plain
            || (is_counted && (self.name == "个" || other.name == "个"))
            || ALIKE.iter().any(|(a, b)| is_pair(a, b))
    }
}

/// What is no mere classifier: other things are counted in other words of these. 打了三道 may be
/// written 3次, 三户 never 3人.
const STRICT_COUNTS: [&str; 12] =
    ["年级", "班", "户", "期", "组", "排", "队", "级", "届", "步", "页", "票"];

/// Units of different names that one number may have.
const ALIKE: &[(&str, &str)] = &[
    ("日", "天"),
    ("日", "号"),
    ("号", "栋"),
    ("号", "室"),
    ("号", "楼"),
    ("号", "路"),
    ("栋", "楼"),
    ("层", "楼"),
    ("室", "户"),
    ("室", "楼"),
    ("层", "室"),
    ("家", "户"),
    ("级", "步"),
    ("分", "分钟"),
    ("号", "号线"),
    ("路", "号线"),
    ("里", "路"),
];

use Family::{Age, Clock, Count, Date, Door, Duration, Measure, Money, Name, Ratio};

/// The surface forms of units by canonical name.
#[rustfmt::skip]
const UNITS: &[(&str, Family, &[&str])] = &[
    ("元", Money, &["元钱", "元整", "块钱", "块", "元", "圆整", "人民币"]),
    ("平方米", Measure, &["平方米", "平方公尺", "平方", "平米", "个平方", "个平", "㎡", "m²", "m2", "平"]),
    ("平方公里", Measure, &["平方公里", "平方千米"]),
    ("亩", Measure, &["亩地", "亩"]),
    ("公里", Measure, &["公里", "千米", "km", "KM"]),
    ("厘米", Measure, &["厘米", "公分", "cm", "CM"]),
    ("毫米", Measure, &["毫米", "mm"]),
    ("米", Measure, &["米", "m"]),
    ("里", Measure, &["里地", "里路", "里"]),
    ("公斤", Measure, &["公斤", "千克", "kg", "KG"]),
    ("斤", Measure, &["斤"]),
    ("两", Measure, &["两"]),
    ("吨", Measure, &["吨"]),
    ("克", Measure, &["克"]),
    ("升", Measure, &["升"]),
    ("立方米", Measure, &["立方米", "立方", "方水", "方土", "方", "m³"]),
    ("分贝", Measure, &["分贝"]),
    ("千瓦", Measure, &["千瓦", "kW"]),
    ("度", Measure, &["度电", "千瓦时", "摄氏度", "度", "℃"]),
    ("兆", Measure, &["兆"]),
    ("个月", Duration, &["个多月", "个来月", "个月"]),
    ("工作日", Duration, &["个工作日", "工作日", "个工作天"]),
    ("天", Duration, &["天"]),
    ("周", Duration, &["个星期", "个礼拜", "星期", "礼拜", "周"]),
    ("小时", Duration, &["个多小时", "个小时", "小时", "个钟头", "钟头", "个钟"]),
    ("分钟", Duration, &["分钟"]),
    ("秒", Duration, &["秒钟", "秒"]),
    ("年级", Count, &["年级"]),
    ("班", Count, &["班"]),
    ("岁", Age, &["周岁", "岁"]),
    ("年", Date, &["年"]),
    ("月", Date, &["月份", "月"]),
    ("日", Date, &["日"]),
    ("点", Clock, &["点钟", "点整", "点", "时"]),
    ("分", Clock, &[]),
    ("折", Ratio, &["折"]),
    ("成", Ratio, &["成"]),
    ("倍", Ratio, &["倍"]),
    ("栋", Door, &["号楼", "栋", "幢", "座", "#楼", "#"]),
    ("单元", Door, &["个单元", "单元"]),
    ("室", Door, &["号房", "号室", "室"]),
    ("号线", Name, &["号线"]),
    ("号", Door, &["号门", "号"]),
    ("楼", Door, &["楼"]),
    ("层", Door, &["层楼", "层"]),
    ("户", Count, &["户人家", "户"]),
    ("期", Count, &["期"]),
    ("组", Count, &["小组", "组"]),
    ("弄", Door, &["弄"]),
    ("排", Count, &["排"]),
    ("队", Count, &["队"]),
    ("国道", Name, &["国道", "省道", "县道", "乡道", "高速"]),
    ("路", Name, &["路公交车", "路公交", "路车", "路"]),
    ("环", Name, &["环"]),
    ("人", Count, &["个人", "号人", "人", "名", "位", "口人", "口"]),
    ("辆", Count, &["辆", "台", "部"]),
    ("家", Count, &["家", "间", "套"]),
    ("次", Count, &["次", "回", "趟", "遍"]),
    ("级", Count, &["级"]),
    ("顿", Count, &["顿"]),
    ("件", Count, &["件", "起", "项", "宗", "例"]),
    ("份", Count, &["份", "张", "本"]),
    ("条", Count, &["条", "道", "根", "支"]),
    ("只", Count, &["只", "头", "匹"]),
    ("棵", Count, &["棵", "株"]),
    ("盏", Count, &["盏", "把", "扇", "面"]),
    ("处", Count, &["处"]),
    ("种", Count, &["种", "类"]),
    ("批", Count, &["批", "袋", "箱", "盒", "包", "桶", "瓶"]),
    ("门", Count, &["门"]),
    ("届", Count, &["届"]),
    ("款", Count, &["款"]),
    ("票", Count, &["票"]),
    ("步", Count, &["步"]),
    ("对", Count, &["对"]),
    ("针", Count, &["针"]),
    ("笔", Count, &["笔"]),
    ("页", Count, &["页"]),
    ("颗", Count, &["颗", "粒"]),
    ("节", Count, &["课时", "节课", "节", "堂课", "堂"]),
    ("桌", Count, &["桌", "碗", "杯", "罐", "壶", "盆"]),
    ("毫克", Measure, &["毫克"]),
    ("毫升", Measure, &["毫升"]),
    ("寸", Measure, &["寸"]),
    ("个", Count, &["个"]),
];

/// Words that begin like a unit and are none: 二人民路, 三家村.
#[rustfmt::skip]
const NO_UNITS: &[&str] = &[
    "人民", "家村", "方面", "家庭", "家长", "个性", "点意见", "点建议", "点要求", "点原因", "点问题", "点诉求", "点疑问",
    "时间", "时候", "环境", "平台", "年代", "口径", "楼盘", "路口", "米兰", "元桥", "部门", "层次", "家具", "人次",
    "期间", "期限", "期望", "期待", "元旦", "米饭", "级别", "件事", "只是", "把手", "面前", "对面", "对于", "条例",
    "张贴", "次日", "时常", "时刻", "支付", "针对", "对吧", "对不", "对吗", "对的", "对么", "对嘛", "对啊", "针灸",
    "笔直", "笔试", "笔记", "颗粒", "节假日", "节目", "桌子", "杯子", "碗筷", "高速费", "高速路", "高速公路费", "高速上",
    "排队", "排到", "排查", "排水", "排污", "组织", "条件", "票价", "票据", "期末", "批准", "批的", "批评", "处理",
    "处罚", "种植", "种地", "门店", "门票", "户口", "户型", "户外", "户籍", "家里", "家人", "家属", "间隔", "套餐",
    "起来", "起床", "起诉", "项目", "本来", "本人", "本地", "道路", "根据", "根本", "支持", "支队", "头晕", "头疼",
    "头痛", "面积", "面包", "口头", "人员", "人行", "名字", "位置", "台阶", "台风", "部分", "回来", "回去", "回家",
    "回复", "回电", "包裹", "包括", "包工", "包夜", "包月", "包年", "包车", "包过", "桶装", "节日", "成本", "成立",
    "成交", "折腾", "折旧", "天然", "天气", "日常", "方便", "方法", "方向", "克扣", "升级", "座谈", "座位", "座机",
    "班车", "班次", "班主任", "班倒", "班组", "班子", "班级", "号码", "弄到", "弄了", "弄得", "环卫", "环保",
];

/// Surface forms by their first character, the longest first.
type Forms = HashMap<char, Vec<(Vec<char>, Unit)>>;

static BY_FIRST: LazyLock<Forms> = LazyLock::new(|| {
    let mut found = Forms::new();
    for (name, family, forms) in UNITS {
        for form in *forms {
            let form: Vec<char> = form.chars().collect();
            let unit = Unit { name, family: *family };
            found.entry(form[0]).or_default().push((form, unit));
        }
    }
    found.values_mut().for_each(|forms| forms.sort_by_key(|(form, _)| Reverse(form.len())));
    found
});

static NO_UNITS_BY_FIRST: LazyLock<Words> = LazyLock::new(|| Words::new(NO_UNITS));

/// The unit of a canonical name.
pub(super) fn named(name: &str) -> Option<Unit> {
    let found = UNITS.iter().find(|(unit, ..)| *unit == name);
    found.map(|(name, family, _)| Unit { name, family: *family })
}

/// What prices are for, besides units: 四百二一节, 八百八一晚.
const EACH: &str = "节堂晚夜桌杯碗罐车挑副枚串捆卷匹尊场轮季班团瓶片袋箱学门科针单床餐顿斗";

/// Whether something that a price may be for stands at a place.
pub(super) fn is_each(text: &Text, place: usize) -> bool {
    let is_priced =
        |unit: Unit| matches!(unit.family, Family::Measure | Family::Duration | Family::Count);
    at(text, place).is_some_and(|(unit, _)| is_priced(unit))
        || text.get(place).is_some_and(|c| EACH.contains(c))
}

/// The unit at a place and its length in characters.
pub(super) fn at(text: &Text, place: usize) -> Option<(Unit, usize)> {
    let first = text.get(place)?;
    let forms = BY_FIRST.get(&first)?;
    if text.word_at(place, NO_UNITS_BY_FIRST.of(first)).is_some() {
        return None;
    }
    let (form, unit) = forms.iter().find(|(form, _)| text.chars[place..].starts_with(form))?;
    let (unit, length) = (*unit, form.len());
    let next = text.get(place + length);
    let is_letter = |c: char| c.is_ascii_alphanumeric();
    if first.is_ascii_alphabetic() && next.is_some_and(is_letter) {
        return None;
    }
    // 三块牌子 are boards, 三块 are yuan; 5个 of a known unit is that unit.
    if text.get(place) == Some('块')
        && next.is_some_and(|c| "地牌砖板石田土区玻广绿空".contains(c))
        && length == 1
    {
        return Some((Unit { name: "块", family: Count }, 1));
    }
    Some((unit, length))
}
