use std::sync::LazyLock;

use proptest::prelude::*;

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
        Outcome::Ask { alternatives } => alternatives,
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
        "六安市金安区双和超市",
        "六安市萧山区上海大道602号",
        "合肥市巢湖市",
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
fn a_question_lists_whole_zones_and_never_the_zone_itself() {
    // 南河镇 may be 南河店镇, or a village that the caller calls a town.
    assert_eq!(asked("南阳市南召县南河镇3号", "南阳市"), ["南阳市南召县南河店镇3号"]);
    // 苏州 was heard, but the county is home's.
    assert_eq!(asked("苏州市埇桥区曹村镇", "宿州市"), ["宿州市埇桥区曹村镇"]);
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
    assert_eq!(corrected("六安市城管镇", "六安市").as_deref(), Some("六安市城关镇"));
}

#[test]
fn what_a_dialect_does_not_tell_apart_is_believed_more() {
    assert_eq!(asked("康树乡", "六安市").first().map(String::as_str), Some("棠树乡"));
    let dialect = Dialect::parse("k=t").expect("a pair of initials");
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

/// Texts like zones: names and pieces of names with other characters between.
fn zones() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("六安市".to_owned()),
        Just("舒城县".to_owned()),
        Just("霍邱县".to_owned()),
        Just("山七镇".to_owned()),
        Just("成都市".to_owned()),
        "[六刘安按案市县区镇镇乡路舒书城成程山三七西其霍火邱]{1,4}",
        "[0-9]{1,4}",
        "[ ,的、-]",
        "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn an_answer_is_the_zone_its_reported_correction_or_a_question(
        zone in zones(),
        home in prop::sample::select(vec!["六安市", "成都市", "重庆市", "510100", ""]),
    ) {
        let answer = CORRECTOR.correct(&zone, home);
        prop_assert_eq!(&answer, &CORRECTOR.correct(&zone, home));
        match answer.outcome {
            Outcome::Kept => {}
            Outcome::Corrected { zone: text, changes } => {
                let mut rebuilt = zone.clone();
                for change in changes.iter().rev() {
                    prop_assert_eq!(&zone[change.span.clone()], &change.from);
                    rebuilt.replace_range(change.span.clone(), &change.to);
                    let named = CORRECTOR.gazetteer.units.iter().position(|u| u.code == change.code);
                    let name = CORRECTOR.gazetteer.text(named.expect("listed") as Index);
                    let same = change.to.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
                    prop_assert!(same + 1 >= change.to.chars().count(), "{} {}", name, change.to);
                }
                prop_assert!(!changes.is_empty() && text != zone);
                prop_assert_eq!(&rebuilt, &text);
                prop_assert_eq!(CORRECTOR.correct(&text, home).outcome, Outcome::Kept);
            }
            Outcome::Ask { alternatives } => {
                prop_assert!((1..=ALTERNATIVES).contains(&alternatives.len()));
                prop_assert!(!alternatives.contains(&zone));
            }
        }
    }

    #[test]
    fn no_text_is_too_odd_or_too_long(text in "\\PC{0,200}", times in 1_usize..50) {
        CORRECTOR.correct(&text.repeat(times), "六安市");
    }

    #[test]
    fn a_listed_name_below_its_parents_stays(at in 0_u32..41_934) {
        let gazetteer = &CORRECTOR.gazetteer;
        let mut zone = gazetteer.text(at);
        let mut above = at;
        while gazetteer.units[above as usize].parent != above {
            above = gazetteer.units[above as usize].parent;
            zone.insert_str(0, &gazetteer.text(above));
        }
        prop_assert_eq!(CORRECTOR.correct(&zone, "六安市").outcome, Outcome::Kept);
    }
}
