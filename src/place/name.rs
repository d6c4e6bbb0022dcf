//! Names of administrative units: what is the name proper, and what says its rank.

use serde::Serialize;
use utoipa::ToSchema;

/// The four levels of administrative units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(examples("town"))]
pub enum Level {
    /// 省, 自治区, 直辖市.
    Province,
    /// 市, 地区, 自治州, 盟.
    City,
    /// 区, 县, 县级市, 旗.
    County,
    /// 镇, 乡, 街道, 苏木.
    Town,
}

/// How many characters a name with its rank mostly has at most.
pub(super) const LONGEST: usize = 6;

/// What ends a name, longest first. A name keeps at least one character before it.
const RANKS: [&str; 19] = [
    "自治区",
    "自治州",
    "自治县",
    "自治旗",
    "民族乡",
    "区公所",
    "街道",
    "地区",
    "苏木",
    "林区",
    "特区",
    "省",
    "市",
    "区",
    "县",
    "旗",
    "盟",
    "镇",
    "乡",
];

/// The peoples in the names of autonomous units, with and without 族.
const PEOPLES: [&str; 57] = [
    "蒙古",
    "回",
    "藏",
    "维吾尔",
    "苗",
    "彝",
    "壮",
    "布依",
    "朝鲜",
    "满",
    "侗",
    "瑶",
    "白",
    "土家",
    "哈尼",
    "哈萨克",
    "傣",
    "黎",
    "傈僳",
    "佤",
    "畲",
    "高山",
    "拉祜",
    "水",
    "东乡",
    "纳西",
    "景颇",
    "柯尔克孜",
    "土",
    "达斡尔",
    "仫佬",
    "羌",
    "布朗",
    "撒拉",
    "毛南",
    "仡佬",
    "锡伯",
    "阿昌",
    "普米",
    "塔吉克",
    "怒",
    "乌孜别克",
    "俄罗斯",
    "鄂温克",
    "德昂",
    "保安",
    "裕固",
    "京",
    "塔塔尔",
    "独龙",
    "鄂伦春",
    "赫哲",
    "门巴",
    "珞巴",
    "基诺",
    "各",
    "民",
];

/// Peoples that stand without 族 too; shorter ones would be mistaken for parts of names.
const BARE: usize = 2;

/// How many characters of a name are the name proper: 3 of 毛坦厂镇, 2 of 延边朝鲜族自治州.
pub(super) fn stem(name: &[char]) -> usize {
    let rank = RANKS.iter().find(|rank| ends(name, rank) && name.len() > rank.chars().count());
    let Some(rank) = rank else { return name.len() };
    let mut stem = name.len() - rank.chars().count();
    if rank.starts_with("自治") || *rank == "乡" || *rank == "民族乡" || *rank == "苏木" {
        while let Some(shorter) = without_people(&name[..stem], rank.starts_with("自治")) {
            stem = shorter;
        }
    }
    stem
}

/// The length of a name without the people at its end; at least two characters remain.
fn without_people(name: &[char], bare: bool) -> Option<usize> {
    let lengths = PEOPLES.iter().filter_map(|people| {
        let length = people.chars().count();
        if name.ends_with(&['族']) && ends(&name[..name.len() - 1], people) {
            Some(length + 1)
        } else if bare && length >= BARE && ends(name, people) {
            Some(length)
        } else {
            None
        }
    });
    let longest = lengths.filter(|length| name.len() >= length + 2).max()?;
    Some(name.len() - longest)
}

fn ends(name: &[char], tail: &str) -> bool {
    let mut letters = name.iter().rev();
    tail.chars().rev().all(|letter| letters.next() == Some(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_proper_is_what_stands_before_rank_and_peoples() {
        let table = [
            ("毛坦厂镇", "毛坦厂"),
            ("六安市", "六安"),
            ("新疆维吾尔自治区", "新疆"),
            ("内蒙古自治区", "内蒙古"),
            ("广西壮族自治区", "广西"),
            ("延边朝鲜族自治州", "延边"),
            ("克孜勒苏柯尔克孜自治州", "克孜勒苏"),
            ("小碧布依族苗族乡", "小碧"),
            ("东乡族自治县", "东乡族"),
            ("龙胜各族自治县", "龙胜"),
            ("喀什地区", "喀什"),
            ("五里桥街道", "五里桥"),
            ("津市市", "津市"),
            ("上土市镇", "上土市"),
            ("唐县", "唐"),
            ("土族乡", "土族"),
        ];
        for (name, expected) in table {
            let name: Vec<char> = name.chars().collect();
            let got: String = name[..stem(&name)].iter().collect();
            assert_eq!(got, expected, "{name:?}");
        }
    }
}
