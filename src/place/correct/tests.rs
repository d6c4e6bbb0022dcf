mod properties;

use std::sync::LazyLock;

use super::*;

static CORRECTOR: LazyLock<Corrector> = LazyLock::new(|| Corrector::new(Gazetteer::embedded()));

fn corrected(zone: &str, home: &str) -> Option<String> {
    match CORRECTOR.correct(zone, home).outcome {
        Outcome::Corrected { zone, .. } => Some(zone),
        Outcome::Kept | Outcome::Ask { .. } => None,
    }
}

fn asked(zone: &str, home: &str) -> Vec<String> {
    match CORRECTOR.correct(zone, home).outcome {
        Outcome::Ask { alternatives } => alternatives.into_iter().map(|other| other.zone).collect(),
        Outcome::Kept | Outcome::Corrected { .. } => Vec::new(),
    }
}

#[test]
fn misheard_names_become_the_ones_of_the_list() {
    let table = [
        ("六安市霍邱县冯岭镇", "六安市霍邱县冯瓴镇"),
        ("六安市冯岭镇", "六安市冯瓴镇"),
        ("冯岭镇", "冯瓴镇"),
        ("刘安市金安区三十铺镇", "六安市金安区三十铺镇"),
        ("刘安市冯岭镇", "六安市冯瓴镇"),
        // The town lies in another county; the caller's county stays.
        ("六安市金安区冯岭镇", "六安市金安区冯瓴镇"),
        ("六安市金安区茅坦厂", "六安市金安区毛坦厂"),
        ("茅坦厂", "毛坦厂"),
        ("六安市茅坦厂镇", "六安市毛坦厂镇"),
        ("六安市舒城县山西镇", "六安市舒城县山七镇"),
        ("六安市山西镇", "六安市山七镇"),
        ("六安市金安区30铺镇", "六安市金安区三十铺镇"),
        ("6安市舒城县100神庙镇", "六安市舒城县百神庙镇"),
        ("六安市金寨县天寨镇梅山路", "六安市金寨县天堂寨镇梅山路"),
        ("六安市古集区洪集镇", "六安市叶集区洪集镇"),
        ("六安市金安曲双河镇", "六安市金安区双河镇"),
        ("六安市六安市裕安区", "六安市裕安区"),
        ("六安市霍邱县是店镇石店镇", "六安市霍邱县石店镇"),
        ("六安市霍邱县石店镇是店镇", "六安市霍邱县石店镇"),
        ("金华市金东曲傅村镇", "金华市金东区傅村镇"),
        ("六安金寨县吴家电工业园路90号", "六安金寨县吴家店工业园路90号"),
    ];
    for (zone, expected) in table {
        assert_eq!(corrected(zone, "六安市").as_deref(), Some(expected), "{zone}");
    }
}

#[test]
fn right_addresses_and_other_texts_stay() {
    let table = [
        "六安市霍邱县冯瓴镇",
        "六安市金安区毛坦厂老街",
        "安徽省/六安市/金寨县/花石乡",
        "六安市金寨县流波疃镇",
        "六安市霍邱县城关振兴街",
        "六安市霍邱县曹庙甄岗村",
        "六安市霍邱县曹庙振堂社区",
        "六安市金安区双和超市",
        "六安市萧山区上海大道602号",
        "合肥市巢湖市",
        // Another city's county is not a city that sounds alike and has a town of that name.
        "阆中市飞凤镇",
        "宿城龙河镇古河村",
        "涿州市桃园街道北京北路",
        // What is named after a place is not that place misheard.
        "六安市金安区双和卫生室",
        "六安市金安区双和水泥厂12号",
        "双鸭山饶河四排赫哲族人民医院",
        "山西中路与中山路交叉口",
        "未提及",
        "",
    ];
    for zone in table {
        let answer = CORRECTOR.correct(zone, "六安市");
        assert_eq!(answer.outcome, Outcome::Kept, "{zone}");
    }
}

#[test]
fn a_listed_name_is_no_short_form_with_something_behind() {
    // 留智庙镇 is a town in 衡水市, 六枝 a county of 六盘水市.
    let outcome = CORRECTOR.correct("六盘水市留智庙镇东风北路", "六盘水市").outcome;
    assert_eq!(outcome, Outcome::Kept);
}

#[test]
fn what_may_be_a_rank_or_begin_the_next_name_is_asked() {
    assert_eq!(asked("酒泉市敦煌石包橙陵园", "酒泉市"), ["酒泉市敦煌市包橙陵园"]);
    assert_eq!(corrected("酒泉市敦煌石沙州镇", "酒泉市").as_deref(), Some("酒泉市敦煌市沙州镇"));
}

#[test]
fn a_question_lists_whole_zones_and_never_the_zone_itself() {
    // 南河镇 may be 南河店镇, or a village that the caller calls a town.
    assert_eq!(asked("南阳市南召县南河镇3号", "南阳市"), ["南阳市南召县南河店镇3号"]);
    // One odd character, in a city without counties, and of a county with one of its towns behind.
    assert_eq!(asked("中山市港冒镇", "中山市"), ["中山市港口镇"]);
    assert_eq!(asked("达州市渠县", "达州市"), Vec::<String>::new());
    assert_eq!(asked("达州市枯县三汇镇", "达州市"), ["达州市渠县三汇镇"]);
    // 材 looks a little like 洒, but there is 嘎栋街道, too.
    let asked_for = asked("西双版纳傣族自治州景洪市嘎材街道", "西双版纳傣族自治州");
    let near = ["嘎洒街道", "嘎栋街道"].map(|town| format!("西双版纳傣族自治州景洪市{town}"));
    assert_eq!(asked_for[..2], near);
    // 苏州 was heard, but the county is home's.
    assert_eq!(asked("苏州市埇桥区曹村镇", "宿州市"), ["宿州市埇桥区曹村镇"]);
}

#[test]
fn what_is_corrected_without_a_question_can_be_limited() {
    let table = [
        (Auto::Normal, "刘安市舒城县", None),
        (Auto::Normal, "六安市舒城县山西镇", None),
        (Auto::Strict, "刘安市舒城县", None),
        (Auto::Strict, "六安市30铺镇", None),
        (Auto::Strict, "六安市舒城县山西镇", Some("六安市舒城县山七镇")),
        (Auto::Off, "刘安市舒城县", Some("六安市舒城县")),
    ];
    for (auto, zone, asked) in table {
        let corrector = Corrector::new(Gazetteer::embedded()).at("341500").expect("listed");
        match (corrector.trusting(auto).correct(zone, "").outcome, asked) {
            (Outcome::Ask { alternatives }, Some(asked)) => assert_eq!(alternatives[0].zone, asked),
            (Outcome::Corrected { .. }, None) => {}
            (outcome, _) => panic!("{auto:?} {zone}: {outcome:?}"),
        }
    }
}

#[test]
fn a_home_is_a_listed_unit_by_its_full_name_or_its_code() {
    let at = |home: &str| Corrector::new(Gazetteer::embedded()).at(home).map(|known| known.home());
    assert_eq!(at("六安市"), Ok(Some("六安市".to_owned())));
    assert_eq!(at("341500"), Ok(Some("六安市".to_owned())));
    // There are four 鼓楼区.
    for home in ["刘安市", "六安", "999999", "鼓楼区", ""] {
        assert_eq!(at(home), Err(UnknownHome(home.to_owned())), "{home}");
    }
}

#[test]
fn a_misheard_name_is_no_repetition_where_it_is_a_unit() {
    for (zone, home, expected) in [
        ("南充市阆种市保宁街道", "南充市", "南充市阆中市保宁街道"),
        ("双鸭山市集贤集线镇", "双鸭山市", "双鸭山市集贤集贤镇"),
    ] {
        assert_eq!(corrected(zone, home).as_deref(), Some(expected), "{zone}");
    }
}

#[test]
fn every_change_is_reported_with_its_unit_and_reason() {
    let answer = CORRECTOR.correct("刘安市舒城县舒城县山西镇1组", "六安市");
    let Outcome::Corrected { zone, changes } = answer.outcome else { panic!("corrected") };
    assert_eq!(zone, "六安市舒城县山七镇1组");
    let told: Vec<_> = changes
        .iter()
        .map(|c| (c.from.as_str(), c.to.as_str(), c.level, c.code, c.reason))
        .collect();
    assert_eq!(
        told,
        [
            ("刘安市", "六安市", Level::City, Some(341_500), Reason::Homophone),
            ("舒城县舒城县", "舒城县", Level::County, Some(341_523), Reason::Repeated),
            ("山西镇", "山七镇", Level::Town, Some(341_523_112), Reason::NearSound),
        ]
    );
    let path: Vec<u32> = answer.path.iter().filter_map(|named| named.code).collect();
    assert_eq!(path, [340_000, 341_500, 341_523, 341_523_112]);
}

#[test]
fn of_two_towns_with_one_name_neither_is_named() {
    // 霍邱县 and 舒城县 have a 城关镇 each.
    let named = |zone: &str| CORRECTOR.correct(zone, "六安市").path.len();
    assert_eq!((named("六安市城关镇"), named("六安市霍邱县城关镇")), (2, 4));
}

#[test]
fn what_nothing_in_the_zone_tells_apart_is_asked() {
    let table: [(&str, &str, &[&str]); 8] = [
        // Two towns of one name: which of them the correction means nobody knows.
        ("六安市城管镇红绿灯路口", "六安市", &["六安市城关镇红绿灯路口"]),
        ("六安市青衫镇南溪村", "六安市", &["六安市青山镇南溪村", "六安市青山乡南溪村"]),
        ("哈平露街道", "哈尔滨市", &["哈平路街道", "和平路街道"]),
        ("广州市沙万街道", "广州市", &["广州市沙湾街道", "广州市沙园街道"]),
        // The town lies in 西青区, which looks like 乌青区; 武清区 sounds like it.
        ("天津市乌青区大寺镇", "天津市", &["天津市西青区大寺镇", "天津市武清区大寺镇"]),
        // 永嘉镇 may be what stands behind the county, and may not.
        ("重庆市铜链区酝恰镇", "重庆市", &["重庆市铜梁区酝恰镇"]),
        // There is a 泰州市, but no 仙居县 in it; there is a 山西省, but no 宝鸡市.
        ("山西省宝鸡市眉县横渠镇", "宝鸡市", &["陕西省宝鸡市眉县横渠镇"]),
        ("泰州市仙居县白塔镇", "台州市", &["台州市仙居县白塔镇"]),
    ];
    for (zone, home, expected) in table {
        let asked = asked(zone, home);
        assert!(expected.iter().all(|text| asked.iter().any(|a| a == text)), "{zone}: {asked:?}");
    }
    // What the zone tells apart is corrected.
    for (zone, expected) in
        [("六安市霍邱县城管镇", "六安市霍邱县城关镇"), ("六安市裕安区青衫乡", "六安市裕安区青山乡")]
    {
        assert_eq!(corrected(zone, "六安市").unwrap_or_default(), expected, "{zone}");
    }
}

#[test]
fn what_a_dialect_does_not_tell_apart_is_believed_more() {
    assert_eq!(asked("康树乡", "六安市").first().map(String::as_str), Some("棠树乡"));
    let dialect = Dialect::read("k=t").expect("a pair of initials");
    let corrector = Corrector::new(Gazetteer::embedded()).hearing(&dialect);
    let outcome = corrector.correct("康树乡", "六安市").outcome;
    assert!(matches!(outcome, Outcome::Corrected { zone, .. } if zone == "棠树乡"));
}

#[test]
fn repetitions_stay_where_they_are_wanted() {
    let corrector = Corrector::new(Gazetteer::embedded()).collapsing(false);
    let outcome = corrector.correct("六安市六安市裕安区", "六安市").outcome;
    assert_eq!(outcome, Outcome::Kept);
}

#[test]
fn without_a_home_only_what_begins_at_the_top_is_understood() {
    assert_eq!(
        corrected("安徽省六安市舒城县山西镇", "").as_deref(),
        Some("安徽省六安市舒城县山七镇")
    );
    assert_eq!(corrected("山西镇", ""), None);
}

#[test]
fn names_that_are_right_without_being_in_the_list_stay() {
    let table = [
        // Units that are no more.
        ("杭州市下城区武林街道", "杭州市"),
        ("重庆市渝北区龙溪街道", "重庆市"),
        ("宁波市江东区百丈街道", "宁波市"),
        ("南汇区惠南镇", "上海市"),
        ("襄樊市", ""),
        // Kinds of places.
        ("六安市码头3号", "六安市"),
        ("六安市金安区牧场", "六安市"),
        ("六安市古镇3号", "六安市"),
    ];
    for (zone, home) in table {
        assert_eq!(CORRECTOR.correct(zone, home).outcome, Outcome::Kept, "{zone}");
    }
    // Without its rank a name may be a village's or a street's, if it is not nearly the same.
    for (zone, home) in [("深圳市龙岗区大芬油画村", "深圳市"), ("成都市锦江区督院街30号", "成都市")]
    {
        assert_eq!(corrected(zone, home), None, "{zone}");
    }
}

#[test]
fn a_change_has_a_code_only_where_one_unit_is_meant() {
    let code = |zone: &str, home: &str| match CORRECTOR.correct(zone, home).outcome {
        Outcome::Corrected { changes, .. } => changes.last().and_then(|change| change.code),
        Outcome::Kept | Outcome::Ask { .. } => panic!("{zone} is not corrected"),
    };
    // 石家庄 and 张家口 have a 桥西区 each.
    assert_eq!(code("河北省桥锡区", ""), None);
    assert_eq!(code("石家庄市桥锡区", "石家庄市"), Some(130_104));
}

#[test]
fn digits_are_the_reason_where_nothing_else_differs() {
    let reason = |zone: &str| match CORRECTOR.correct(zone, "六安市").outcome {
        Outcome::Corrected { changes, .. } => changes[0].reason,
        Outcome::Kept | Outcome::Ask { .. } => panic!("{zone} is not corrected"),
    };
    assert_eq!(reason("六安市30铺镇"), Reason::Numeral);
    assert_eq!(reason("6安市金安区"), Reason::Numeral);
    assert_eq!(reason("刘安市"), Reason::Homophone);
}
