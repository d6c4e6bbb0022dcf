//! Addresses of calls, near home and far from it.

use std::sync::LazyLock;

use super::*;
use crate::place::{Corrector, Gazetteer};

static CORRECTOR: LazyLock<Corrector> = LazyLock::new(|| Corrector::new(Gazetteer::embedded()));

/// The address of what a caller says, a turn each; lines of the operator begin with a hyphen.
fn address(home: &str, said: &[&str]) -> Option<Address> {
    let mut call = Transcript::default();
    for words in said {
        match words.strip_prefix('-') {
            Some(words) => call.push(Speaker::Operator, words),
            None => call.push(Speaker::Citizen, words),
        }
    }
    of(&call, &CORRECTOR.finder(home))
}

#[test]
fn what_says_most_is_the_address() {
    let table: [(&[&str], Option<&str>); 25] = [
        (
            &["六安市三十铺镇水韵东方小区。", "靠近进门一百二十一栋。"],
            Some("六安市三十铺镇水韵东方小区"),
        ),
        (&["停车库太吵了", "-您是哪个小区啊？"], None),
        (&["我住在合肥市庐阳区大杨镇王墩村"], Some("合肥市庐阳区大杨镇王墩村")),
        (
            &["嗯，在金安区。", "皖西路街道。", "-哪个小区？", "我们小区叫阳光花园"],
            Some("金安区皖西路街道阳光花园"),
        ),
        (&["我想问一下医保怎么报销"], None),
        (&["我要投诉舒城县城关镇幸福小区的物业"], Some("舒城县城关镇幸福小区")),
        (&["整个城市都这样", "马路上都是垃圾"], None),
        (&["霍邱县彭塔乡的路坏了"], Some("霍邱县彭塔乡")),
        (&["是裕安区解放路那边"], Some("裕安区解放路")),
        (&["我们村里没有水"], None),
        (&["菜市场很脏", "超市多收了我十块钱", "市政府不管"], None),
        (&["在深圳市宝安区西乡街道固戍社区"], Some("深圳市宝安区西乡街道固戍社区")),
        (&["我是新疆乌鲁木齐市天山区的"], Some("新疆乌鲁木齐市天山区")),
        (&["请问一下北京市朝阳区政务服务中心电话多少"], Some("北京市朝阳区")),
        (&["湖南省长沙市岳麓区望城坡街道这边"], Some("湖南省长沙市岳麓区望城坡街道")),
        (&["就是成都市武侯区那个簇桥街道锦城花园三期工地"], Some("成都市武侯区簇桥街道锦城花园")),
        (&["武汉市洪山区关山街道光谷软件园附近", "有人当街打人"], Some("武汉市洪山区关山街道")),
        (&["浦东新区周浦镇瑞阳路五百六十弄", "楼下广场舞太吵"], Some("浦东新区周浦镇瑞阳路")),
        (&["呼和浩特市赛罕区政务大厅"], Some("呼和浩特市赛罕区")),
        (&["延边朝鲜族自治州延吉市河南街道"], Some("延边朝鲜族自治州延吉市河南街道")),
        (&["一百零二路", "在太原市迎泽区"], Some("太原市迎泽区")),
        (&["孩子在杭州上小学需要什么材料"], None),
        (&["青岛市市南区", "香港中路街道"], Some("青岛市市南区香港中路街道")),
        (&["淮南市寿县寿春镇"], Some("淮南市寿县寿春镇")),
        (&["住在金安区梅山路金和苑小区"], Some("金安区梅山路金和苑小区")),
    ];
    for (said, expected) in table {
        let found = address("六安市", said);
        assert_eq!(found.map(|found| found.text).as_deref(), expected, "{said:?}");
    }
}

#[test]
fn what_was_said_apart_is_put_together_by_the_gazetteer() {
    let table: [(&str, &[&str], &str); 12] = [
        // The city comes last.
        ("烟台市", &["毓璜顶街道这边路灯不亮 烟台市芝罘区 晚上看不见"], "烟台市芝罘区毓璜顶街道"),
        ("重庆市", &["渝中区七星岗街道 就是重庆市渝中区 那个老房子"], "重庆市渝中区七星岗街道"),
        // The operator spells the name as it is written.
        ("合肥市", &["蜀山区五里敦街道", "-五里墩街道，好的。"], "蜀山区五里墩街道"),
        // The beginning of a misheard name is found by its sounds.
        ("无锡市", &["我住勒清明桥街道格 无锡市梁溪区"], "无锡市梁溪区清明桥街道"),
        // Without a rank; a short form stays short, unless somebody says the whole name.
        ("杭州市", &["上城区九堡东方苑五幢"], "上城区九堡东方苑"),
        ("徐州市", &["泉山区七里沟的", "-七里沟街道，您请讲。"], "泉山区七里沟街道"),
        // What was taken back does not count.
        ("南阳市", &["卧龙区武侯街道 不对 说错了 卧龙区梅溪街道"], "卧龙区梅溪街道"),
        // Offices that a call is passed on to are no addresses.
        ("六安市", &["裕安区平桥乡", "-转金安区城管局和六安市信访局。"], "裕安区平桥乡"),
        ("六安市", &["-您好，六安12345，请讲。", "裕安区西市街道"], "裕安区西市街道"),
        // What a place is near to is none.
        ("广州市", &["白云区太和镇 那个广从路边上"], "白云区太和镇"),
        ("酒泉市", &["离敦煌市沙州镇有个七八十公里"], "敦煌市沙州镇"),
        // A road that is named by a number has doors; a bus has none.
        ("六安市", &["金安区中市街道 八一路四十二号"], "金安区中市街道八一路"),
    ];
    for (home, said, expected) in table {
        let found = address(home, said);
        assert_eq!(found.map(|found| found.text).as_deref(), Some(expected), "{said:?}");
    }
}

#[test]
fn without_a_home_full_names_are_found() {
    let said = ["住在安徽省六安市金安区三十铺镇水韵东方小区"];
    let found = address("", &said).expect("an address");
    assert_eq!(found.text, "安徽省六安市金安区三十铺镇水韵东方小区");
    assert_eq!(found.last, "水韵东方小区");
    let found = address("", &["霍邱县彭塔乡的路坏了"]).expect("an address");
    assert_eq!(found.text, "霍邱县彭塔乡");
}

#[test]
fn names_begin_and_end_with_words_and_the_last_word_counts() {
    let table: [(&str, &[&str], Option<&str>); 12] = [
        ("重庆市", &["我妈昨天下午从渝中区解放碑走丢了"], Some("渝中区解放碑")),
        ("重庆市", &["他今天上午在渝中区七星岗街道摔了"], Some("渝中区七星岗街道")),
        ("六安市", &["我中午从裕安区平桥乡过来的"], Some("裕安区平桥乡")),
        ("六安市", &["金安区东桥镇，啊不是，东河口镇"], Some("金安区东河口镇")),
        ("六安市", &["金安区三里桥街道，不对，是东市街道"], Some("金安区东市街道")),
        (
            "六安市",
            &["金安区三里桥街道", "-三里桥街道？", "说错了，东市街道"],
            Some("金安区东市街道"),
        ),
        ("六安市", &["金安区，不对，裕安区平桥乡"], Some("裕安区平桥乡")),
        ("武汉市", &["-您好，这里是武汉市民热线。", "路灯坏了"], None),
        ("武汉市", &["-武汉市12345政务服务便民热线，请讲。", "路灯坏了"], None),
        ("武汉市", &["我打的武汉市民热线", "路灯坏了"], None),
        ("天津市", &["河西区那个尖山街道办事处"], Some("河西区尖山街道")),
        ("天津市", &["河西区那个尖山街道办事处乱收费"], Some("河西区尖山街道")),
    ];
    let found = |home, said| address(home, said).map(|found| found.text);
    let wrong =
        table.iter().filter(|(home, said, expected)| found(home, said).as_deref() != *expected);
    let wrong: Vec<_> = wrong.map(|(home, said, _)| (said, found(home, said))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
