//! A zone as the search sees it: numbered characters with their places in the text.

use super::{characters::Id, gazetteer::Gazetteer};

/// How many characters of a zone are looked at; what follows is never an administrative name.
const LONGEST: usize = 64;

/// One character of the zone, or one that a numeral stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) id: Id,
    /// Where it begins in the text, in bytes.
    pub(super) start: u32,
    /// Where it ends.
    pub(super) end: u32,
    /// Whether it is written out from digits.
    pub(super) numeral: bool,
    /// Whether it belongs to the same numeral as the one before.
    pub(super) joined: bool,
    /// Whether it may stand between two names: a blank, a comma, 的.
    pub(super) separator: bool,
}

/// How digits are read: 21 as 二十一 or as 二一.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Numerals {
    Counted,
    Spelled,
}

const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// The zone's characters; `None` if it has no number that `numerals` would read in another way than
/// [`Numerals::Counted`].
pub(super) fn tokens(gazetteer: &Gazetteer, zone: &str, numerals: Numerals) -> Option<Vec<Token>> {
    let mut tokens: Vec<Token> = Vec::with_capacity(LONGEST.min(zone.len() / 3 + 8));
    let mut letters = zone.char_indices().peekable();
    let mut differs = numerals == Numerals::Counted;
    while let Some((start, letter)) = letters.next() {
        if tokens.len() >= LONGEST {
            break;
        }
        let place = |end: usize| (start as u32, end as u32);
        let Some(first) = digit(letter) else {
            let (start, end) = place(start + letter.len_utf8());
            let id = gazetteer.characters.find(letter);
            let separator = is_separator(letter);
            tokens.push(Token { id, start, end, numeral: false, joined: false, separator });
            continue;
        };
        let mut digits = vec![first];
        let mut end = start + letter.len_utf8();
        while let Some((at, next)) = letters.next_if(|(_, next)| digit(*next).is_some()) {
            digits.extend(digit(next));
            end = at + next.len_utf8();
        }
        let (start, end) = place(end);
        let read = read(&digits, numerals);
        differs |= digits.len() > 1 && digits.len() < 4;
        for (index, letter) in read.into_iter().enumerate() {
            let id = gazetteer.characters.find(letter);
            let joined = index > 0;
            tokens.push(Token { id, start, end, numeral: true, joined, separator: false });
        }
    }
    differs.then_some(tokens)
}

/// A name with its digits written out, as zones are read; `None` if it has none that can be.
pub(super) fn written_out(name: &str, numerals: Numerals) -> Option<String> {
    let mut text = String::with_capacity(name.len());
    let mut digits: Vec<u8> = Vec::new();
    for letter in name.chars().map(Some).chain([None]) {
        match (letter, letter.and_then(digit)) {
            (_, Some(digit)) => digits.push(digit),
            (letter, None) => {
                if !digits.is_empty() {
                    text.extend(read(&digits, numerals));
                    digits.clear();
                }
                text.extend(letter);
            }
        }
    }
    (text != name && !text.contains('\0')).then_some(text)
}

fn digit(letter: char) -> Option<u8> {
    match letter {
        '0'..='9' => Some(letter as u8 - b'0'),
        '０'..='９' => u8::try_from(u32::from(letter) - u32::from('０')).ok(),
        _ => None,
    }
}

fn is_separator(letter: char) -> bool {
    if ('一'..='龥').contains(&letter) {
        return letter == '的';
    }
    letter.is_whitespace() || "-－—_,，.。、/／\\|·;；:：>".contains(letter)
}

/// How a numeral of place names is said; longer ones than three digits are none.
fn read(digits: &[u8], numerals: Numerals) -> Vec<char> {
    let said = |digit: u8| DIGITS[usize::from(digit)];
    match (numerals, digits) {
        (_, [one]) => vec![said(*one)],
        (Numerals::Counted, [1, 0]) => vec!['十'],
        (Numerals::Counted, [1, one]) => vec!['十', said(*one)],
        (Numerals::Counted, [ten @ 2..=9, 0]) => vec![said(*ten), '十'],
        (Numerals::Counted, [ten @ 2..=9, one]) => vec![said(*ten), '十', said(*one)],
        (Numerals::Counted, [1, 0, 0]) => vec!['百'],
        (Numerals::Counted, [hundred @ 1..=9, 0, 0]) => vec![said(*hundred), '百'],
        (_, [_, _] | [_, _, _]) => digits.iter().map(|digit| said(*digit)).collect(),
        (Numerals::Counted, [1, 0, 0, 0]) => vec!['千'],
        (Numerals::Counted, [1, 0, 0, 0, 0]) => vec!['万'],
        _ => vec!['\0'],
    }
}

/// What stands after the short form of a name when that is not the administrative unit but a road,
/// a village or a building named after it.
const HEADS: &str = "村 庄 屯 寨子 路 街 道 大道 巷 弄 胡同 桥 大桥 石桥 古镇 老街 社区 小区 花园 家园 花苑 名苑 苑 雅苑 公寓 大厦 广场 商场 商城 \
    商厦 超市 市场 菜市场 菜场 批发 医院 诊所 药店 药房 学校 小学 中学 高中 初中 大学 学院 幼儿园 一中 二中 三中 饭店 酒店 宾馆 \
    旅馆 大酒店 餐厅 饭馆 工业 产业 科技 园区 公园 景区 风景 度假 水库 河 湖 水厂 电厂 电站 工厂 厂 矿 煤矿 公司 集团 \
    银行 车站 站 加油站 机场 码头 港 林场 农场 牧场 东路 西路 南路 北路 中路 东街 西街 南街 北街 大街 新街 步行街 新村 新城 新区 花城 名城 \
    名都 华府 府邸 公馆 名邸 佳苑 嘉园 国际 天下 山庄 别墅 公租房 村委会 居委会 牧委会 家 村民 组 队 户 居民 国道 省道 高速 铁路 立交 隧道 \
    养殖 种植 水泥 砖厂 食品 有限 实业 机械 化工 电器 五金 建材 家具 门业 汽配 车行 驾校 洗车 收费站 变电站 粮站 卫生室 教学点 \
    农庄 陵园 公墓 祠堂 教堂 茶楼 酒楼 酒家 火锅 小吃 批发部 烟酒 招待所 \
    商贸 物流 物业 影院 剧院 书店 图书馆 博物馆 体育 号 栋 幢 单元 楼 室 修理 汽修 网吧 浴池 理发 门市 商店 小卖部 店";

/// What is longer than this many characters has a name of its own.
const BARE: usize = 8;

/// What ends the names of units.
const RANKS: &str = "省市区县旗盟州镇乡";

/// The table of what may not follow a short form.
pub(super) struct Heads {
    heads: Vec<&'static str>,
    ranks: Vec<Id>,
    street: Id,
}

impl Heads {
    pub(super) fn new(gazetteer: &Gazetteer) -> Self {
        let mut heads: Vec<&str> = HEADS.split_whitespace().collect();
        heads.sort_unstable();
        let find = |letter| gazetteer.characters.find(letter);
        Self { heads, ranks: RANKS.chars().map(find).collect(), street: find('道') }
    }

    /// Whether a character says the rank of a unit.
    pub(super) fn is_rank(&self, id: Id) -> bool {
        self.ranks.contains(&id)
    }

    /// Whether a character ends a rank, as 道 does in 街道.
    pub(super) fn ends_rank(&self, id: Id) -> bool {
        self.is_rank(id) || id == self.street
    }

    /// Whether a text is, up to its first number, so short that it can only be the kind of a place,
    /// not one with a name of its own.
    pub(super) fn is_bare(&self, text: &str) -> bool {
        let ends = |letter: char| digit(letter).is_some() || is_separator(letter);
        let end = text.char_indices().take(BARE).find(|(_, letter)| ends(*letter));
        let mut text = match end {
            Some((end, _)) => &text[..end],
            None if text.chars().nth(BARE).is_some() => return false,
            None => text,
        };
        let mut village = false;
        while let Some(shorter) = ["村", "社区"].iter().find_map(|head| text.strip_suffix(head))
        {
            (text, village) = (shorter, true);
        }
        let length = text.chars().take(3).count();
        if village { length < 2 } else { (1..3).contains(&length) }
    }

    /// Whether a text is, up to its first number, the name of a road that is named after a kind of
    /// place: 公园南路, 工业园路.
    pub(super) fn is_road(&self, text: &str) -> bool {
        let ends = |letter: &char| digit(*letter).is_some() || is_separator(*letter);
        let name: Vec<char> = text.chars().take(BARE).take_while(|letter| !ends(letter)).collect();
        let whole = (3..BARE).contains(&name.len()) && !name.contains(&'村');
        whole && name.iter().position(|letter| "路街道".contains(*letter)) == Some(name.len() - 1)
    }

    /// Whether a text is the name of a kind of place.
    pub(super) fn is_head(&self, text: &str) -> bool {
        self.heads.binary_search(&text).is_ok()
    }

    /// Whether a text begins with the name of a kind of place below the town.
    pub(super) fn begin(&self, text: &str) -> bool {
        let Some(first) = text.chars().next() else { return false };
        let first = &text[..first.len_utf8()];
        let from = self.heads.partition_point(|head| *head < first);
        self.heads[from..].iter().take_while(|h| h.starts_with(first)).any(|h| text.starts_with(h))
    }
}
