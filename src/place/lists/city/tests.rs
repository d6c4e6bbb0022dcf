use super::super::{
    super::Corrector,
    tests::{outcome, problems, with},
};

const FILE: &str = r#"{"六安市": {
    "金安": ["三十铺镇", "毛坦厂", "木厂埠新区"],
    "金寨县": ["流波疃镇"],
    "六安经济开发区": ["水产局管辖村", "孙岗镇"],
    "六安市": ["直辖镇"],
    "市辖区": ["望城街道"],
    "庐江": []
}}"#;

fn corrector(text: &str) -> (Corrector, Option<String>) {
    let list = with(&[("location.json", text.as_bytes())]).expect("a right file");
    let corrector = Corrector::new(list);
    let only = corrector.home();
    (corrector, only)
}

#[test]
fn a_city_of_the_file_replaces_its_subtree_and_nothing_else() {
    let (corrector, only) = corrector(FILE);
    assert_eq!(only.as_deref(), Some("六安市"));
    let (city, jinan, jinzhai) = (Some(341_500), Some(341_502), Some(341_524));
    let table = [
        // What the file names keeps its code, by its full name, another one or without rank.
        ("六安市金安区茅坦厂镇", "六安市金安区毛坦厂镇", vec![city, jinan, Some(341_502_104)]),
        ("六安市金寨县流波疃镇", "六安市金寨县流波疃镇", vec![city, jinzhai, Some(341_524_113)]),
        ("六安市金寨县流波䃥镇", "六安市金寨县流波䃥镇", vec![city, jinzhai, Some(341_524_113)]),
        // It may have moved, also to the city itself.
        ("六安经济开发区孙岗镇", "六安经济开发区孙岗镇", vec![city, None, Some(341_502_108)]),
        ("六安市忘城街道", "六安市望城街道", vec![city, Some(341_502_005)]),
        // New units have none.
        ("六安市金安区木厂步新区", "六安市金安区木厂埠新区", vec![city, jinan, None]),
        ("刘安经济开发区水产局管辖村", "六安经济开发区水产局管辖村", vec![city, None, None]),
        ("六安市直峡镇", "六安市直辖镇", vec![city, None]),
        ("六安市庐江", "六安市庐江", vec![city, None]),
        // What it does not name is gone.
        ("六安市舒城县山西镇", "六安市舒城县山西镇", vec![city]),
        ("六安市金安区章店镇", "六安市金安区章店镇", vec![city, jinan]),
        // Other cities are what they were.
        (
            "合肥市肥西县山河镇",
            "合肥市肥西县三河镇",
            vec![Some(340_100), Some(340_123), Some(340_123_101)],
        ),
    ];
    for (zone, expected, codes) in table {
        assert_eq!(outcome(&corrector, zone), (expected.to_owned(), codes), "{zone}");
    }
    assert_eq!(outcome(&corrector, "六安市舒城县山七镇").1, [city]);
}

#[test]
fn the_only_city_can_be_home() {
    let table = [
        (r#"{"合肥市": {"包河区": ["义城街道"]}}"#, Some("合肥市")),
        (r#"{"重庆市": {"万州区": ["太白街道"]}}"#, Some("重庆市")),
        (r#"{"襄樊市": {"襄城区": []}}"#, Some("襄阳市")),
        (r#"{"441900": {"东莞市": ["东城街道"], "松山湖": [], "滨海湾新区": []}}"#, Some("东莞市")),
        (r#"{"江苏省/苏州市/昆山市": {"市辖区": ["玉山镇"], "昆山高新区": []}}"#, Some("昆山市")),
        (r#"{"350102": {"市辖区": ["华大街道"]}}"#, Some("鼓楼区")),
        (r#"{"合肥市": {"包河区": []}, "六安市": {"金安区": []}}"#, None),
    ];
    for (text, expected) in table {
        let (corrector, only) = corrector(text);
        assert_eq!(only.as_deref(), expected, "{text}");
        // The seat itself is still known.
        assert_eq!(outcome(&corrector, "六安市").1, [Some(341_500)]);
    }
    let text = r#"{"441900": {"东莞市": ["东城街道"], "松山湖": []}}"#;
    let (corrector, _) = self::corrector(text);
    assert_eq!(outcome(&corrector, "东莞市冬城街道").1, [Some(441_900), Some(441_900_003)]);
}

#[test]
fn a_wrong_file_is_refused_with_lines() {
    let form = "the form is {\"市\": {\"区县\": [\"乡镇\", …]}}";
    let table: [(&str, &[&str]); 14] = [
        (
            "{\"六安市\": {\"市辖区\": [\"望城街道\"],\n\"六安市\": [\"望城街道\"]}}",
            &["2: \"市辖区\" and \"六安市\" mean the same and share a town; merge them"],
        ),
        ("[]", &["1: the file is no object; {form}"]),
        ("\n{}", &["2: the file names no place; {form}"]),
        ("{\"六安市\":\n []}", &["2: \"六安市\" is no object; {form}"]),
        ("{\n\"六安市\": {}}", &["2: \"六安市\" names no place; {form}"]),
        ("{\"六安市\": {\"金安区\":\n {}}}", &["2: \"金安区\" is no list of towns; {form}"]),
        (
            "{\"六安市\": {\"金安区\": [\n7,\n\"\",\"新 镇\"]}}",
            &[
                "2: \"金安区\" holds a town that is no string; {form}",
                "3: a name is empty; write the full official name, or remove the entry",
                "3: the name \"新 镇\" holds a blank; remove it",
            ],
        ),
        (
            "{\"六安市\": {\"金安区\": [\"新镇\",\n\"老镇\",\n \"新镇\"],\n \"金安区\": []}}",
            &[
                "3: \"新镇\" is listed twice, first in line 1; remove one",
                "4: \"金安区\" is listed twice, first in line 1; remove one",
            ],
        ),
        (
            "{\"六安市\": {\"金安区\": []},\n\"341500\": {\"金安区\": []}}",
            &["2: \"341500\" is listed twice; merge the two"],
        ),
        (
            "{\n\"刘安市\": {\"金安区\": []}}",
            &[
                "2: the national list has no city \"刘安市\"; write its full name, such as \"六安市\", or its code",
            ],
        ),
        (
            "{\"安徽省\": {\"金安区\": []}}",
            &["1: \"安徽省\" is 安徽省 (340000), no city; name its cities"],
        ),
        (
            "{\"鼓楼区\": {\"金安区\": []}}",
            &[
                "1: \"鼓楼区\" may be 江苏省/南京市/鼓楼区 (320106), 江苏省/徐州市/鼓楼区 (320302), 福建省/福州市/鼓楼区 (350102), 河南省/开封市/鼓楼区 (410204); write the code instead of the name",
            ],
        ),
        (
            "{\"昆山市\": {\n\"高新区\": [\"玉山镇\"]}}",
            &[
                "2: 江苏省/苏州市/昆山市 (320583) is a county and holds no county \"高新区\"; list its towns under \"市辖区\"",
            ],
        ),
        ("{\n\"六安市\"\n}", &["3: no valid JSON at column 1 (expected `:`); correct that line"]),
    ];
    for (text, expected) in table {
        let expected: Vec<String> = expected
            .iter()
            .map(|problem| format!("location.json:{}", problem.replace("{form}", form)))
            .collect();
        assert_eq!(problems("location.json", text), expected, "{text}");
    }
}
