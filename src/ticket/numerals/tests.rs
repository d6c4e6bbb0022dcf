//! The sample cases of the twelve rules, and what they do not show.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(serde::Deserialize)]
struct Case {
    id: u32,
    text: String,
    numbers: BTreeSet<String>,
    #[serde(default)]
    accept: BTreeSet<String>,
    #[serde(default)]
    hard: bool,
}

/// Sample cases of the twelve rules.
const CASES: &str = include_str!("../../../tests/data/numerals.jsonl");

fn likeliest(text: &str) -> BTreeSet<String> {
    let certain = said(text, &[]).into_iter().filter(|number| number.certain);
    certain.filter_map(|number| number.readings.into_iter().next()).collect()
}

/// Exact: every listed number is the likeliest reading of a number found beyond doubt, and every
/// number found beyond doubt is listed or accepted.
#[test]
fn the_sample_cases_are_read_exactly() {
    let cases: Vec<Case> = CASES.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let found = likeliest(&case.text);
        let missing: Vec<_> = case.numbers.difference(&found).collect();
        let extra: Vec<_> = found
            .iter()
            .filter(|n| !case.numbers.contains(*n) && !case.accept.contains(*n))
            .collect();
        if !missing.is_empty() || !extra.is_empty() {
            wrong.push(format!("{} {} {found:?} hard: {}", case.id, case.text, case.hard));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The numbers beyond doubt with their units, as in `2.5个月`; 约 in front of vague ones.
fn shown(numbers: &[Number]) -> String {
    let certain = numbers.iter().filter(|number| number.certain);
    let show = |number: &Number| {
        let unit = number.unit.map_or("", |unit| unit.name);
        format!("{}{}{unit}", if number.hedged { "约" } else { "" }, number.readings[0])
    };
    certain.map(show).collect::<Vec<_>>().join(" ")
}

#[test]
fn numbers_are_found_with_what_they_count() {
    let table = [
        ("房租一个月两千八百五，押一付三，交了一万一千四", "1个月 2850元 11400元"),
        ("二零一八年十一月买的，首付三十二万六，贷款六十万", "2018年 11月 326000元 600000元"),
        ("他说要三五天，结果等了十三四天", "3天 5天 13天 14天"),
        ("早上七点五十到晚上九点一刻", "7点 50分 9点 15分"),
        ("每周一到周五上午八点半到十一点半", "1星期 5星期 8点 30分 11点 30分"),
        ("一周三次，每周三次", "1周 3次 3次"),
        ("一块八毛五一平，一百零八点七平", "1.85元 1平方米 108.7平方米"),
        ("从两块三涨到三块一毛五", "2.3元 3.15元"),
        ("八五折，打九折，三成首付", "85折 9折 3成"),
        ("十二栋三单元一六零二", "12栋 3单元 1602室"),
        ("三栋十二零三", "3栋 1203室"),
        ("解放中路二百五十六号附三号", "256号 3号"),
        ("二十六路公交车", "26路"),
        ("三块牌子，五块地，三块钱", "3块 5块 3元"),
        ("几百块钱，几十个人，好几千，上百户", ""),
        ("十几个人，一百多辆，三千块左右，大约五斤", "约10人 约100辆 约3000元 约5斤"),
        ("附近五个小区，合约三年", "5个 3年"),
        ("一百二三十块，两三万，十七八万", "120元 130元 20000 30000 170000 180000"),
        ("十五万八千六，两亿三千万", "158600元 230000000"),
        ("两个半小时，三年半，一年半载，半夜", "2.5小时 3.5年 1年"),
        ("一到五楼，负二楼，地下一层", "1楼 5楼 -2楼 1层"),
        ("收了我三到五百，2到3万，1.5-2万元", "300元 500元 20000 30000 15000元 20000元"),
        ("幺八零 五六四三 二幺九八", "18056432198"),
        ("一米八，一米七五，三十七度五，零下八度", "1.8米 1.75米 37.5度 -8度"),
        ("百分之三四十，百分之百，千分之三，百分之零点五", "30% 40% 100% 3‰ 0.5%"),
        ("八点零五，十五时三十分", "8点 5分 15点 30分"),
        ("有三点：第一，噪音", "3个 1"),
        ("12-1203室，3#楼，-2层", "12 1203室 3栋 -2层"),
        ("2024-03-05 15:30，2024/3/5", "2024年 3月 5日 15点 30分 2024年 3月 5日"),
        ("1,200元，25,000.00元，￥500", "1200元 25000元 500元"),
        ("一至五号楼，3、5号楼", "1栋 5栋 3栋 5栋"),
        ("两百五一个月，三百块五个人", "250元 1个月 300元 5人"),
        // Words and names.
        ("三家村三组，五里墩街道，三里庵街道，四方小区，九里沟", "3组"),
        ("一度电0.85元，一度电八毛五", "1度 0.85元 1度 0.85元"),
        ("收拾一下，大陆，零星，统一，十字路口，三番五次", ""),
        ("周一下午一起去", "1星期"),
    ];
    for (text, expected) in table {
        assert_eq!(shown(&said(text, &[])), expected, "{text}");
    }
}

#[test]
fn a_ticket_is_asked_only_for_what_is_a_number_beyond_doubt() {
    let table = [
        ("一名男子多次一个人来，一次性解决，两侧有垃圾", ""),
        ("要求三到五天内解决，家中两位老人", "3天 5天 2人"),
        ("一单元，一月，一点半", "1单元 1月 1点 30分"),
        ("三十铺镇八一路第一人民医院", ""),
        ("电话138****5678，0564-3312345，138 0013 8000", "138*5678 05643312345 13800138000"),
        ("3栋2单元501，13800138000", "3栋 2单元 501室 13800138000"),
        ("30铺镇5G基站", "30 5"),
    ];
    for (text, expected) in table {
        assert_eq!(shown(&written(text, &[])), expected, "{text}");
    }
}

#[test]
fn doubtful_readings_are_kept_for_what_was_said() {
    let readings = |text: &str| -> BTreeSet<String> {
        said(text, &[]).into_iter().flat_map(|number| number.readings).collect()
    };
    let table = [
        ("三十铺镇", "30"),
        ("二三年", "3"),
        ("二三年", "2023"),
        ("半小时", "30"),
        ("三四号楼", "34"),
        ("尾号是三个八", "3"),
        ("上百户", "100"),
        ("一三八，一二三四，五六七八", "1234"),
        ("八五折", "8.5"),
        ("两成", "20%"),
        ("零五六四三三幺二三四五", "5643312345"),
    ];
    for (text, reading) in table {
        assert!(readings(text).contains(reading), "{text}: {:?}", readings(text));
    }
}

#[test]
fn names_that_the_caller_knows_count_nothing() {
    let text = "在双十镇30铺住了三年";
    let name = text.find('3').unwrap();
    assert_eq!(shown(&said(text, std::slice::from_ref(&(name..name + 2)))), "3年");
}

proptest! {
    #[test]
    fn spans_are_of_the_text_and_readings_are_there(
        text in "[一二三四五六七八九十百千万亿点零两半块毛元个月日号分之第0-9０-９.,:：*X 、到-]{0,40}",
    ) {
        for number in said(&text, &[]) {
            prop_assert!(text.get(number.span.clone()).is_some());
            prop_assert!(!number.readings.is_empty());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = said(&text, &[]);
        let _ = written(&text, &[]);
    }
}

#[test]
fn an_endless_row_of_numerals_holds_no_number_and_hides_none_beside_it() {
    let row = "12 ".repeat(40_000);
    let text = format!("押金三百元，{row}的，三栋");
    let numbers = said(&text, &[]);
    let found: Vec<&str> = numbers.iter().map(|number| &text[number.span.clone()]).collect();
    assert_eq!(found, ["三百元", "三栋"]);
}
