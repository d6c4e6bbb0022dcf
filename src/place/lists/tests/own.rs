use super::*;

const HEADER: &str = "level,code,parent,name,aliases\n";

#[test]
fn zones_are_corrected_to_what_a_list_adds() {
    let csv = "\u{feff}name,aliases,parent,code,level\r\n\
        示范园区街道,\"高新园|园区\",六安市/金安区,,town\r\n\
        \r\n\
        淠河镇,,皋城新区,341599101000,4\r\n\
        ,,,,\r\n\
        皋城新区,皋城;高新城,安徽省/六安市,341599,县级\r\n\
        22团,,皋城新区,,乡级\r\n\
        毛坦厂古镇,毛坦厂镇,,341502104,乡\r\n\
        𱍊山镇,,341524,,town\r\n";
    let json = r#"[
        {"level": "town", "parent": "六安市/金安区", "name": "示范园区街道", "aliases": ["高新园"]},
        {"level": 4, "code": 341599101, "parent": "341599", "name": "淠河镇"},
        {"level": "county", "code": "341599000000", "parent": "341500", "name": "皋城新区", "aliases": []},
        {"level": "乡级", "code": null, "parent": "皋城新区", "name": "22团"},
        {"level": "town", "code": "341502104000", "parent": "金安区", "name": "毛坦厂古镇", "aliases": ["毛坦厂镇"]},
        {"level": "town", "parent": "金寨县", "name": "𱍊山镇"}
    ]"#;
    let (city, jinan, new) = (Some(341_500), Some(341_502), Some(341_599));
    let table = [
        ("六安市金安区示范元区街道", "六安市金安区示范园区街道", vec![city, jinan, None]),
        ("六安市金安区高新园", "六安市金安区高新园", vec![city, jinan, None]),
        ("六安市高城新区", "六安市皋城新区", vec![city, new]),
        ("六安市皋城新区皮河镇", "六安市皋城新区淠河镇", vec![city, new, Some(341_599_101)]),
        // Digits stay as they were written.
        ("六安市皋城新区22团", "六安市皋城新区22团", vec![city, new, None]),
        ("六安市皋城新区二十二团", "六安市皋城新区二十二团", vec![city, new, None]),
        // The list has another name for the unit; the old one is still right.
        ("六安市茅坦厂古镇", "六安市毛坦厂古镇", vec![city, Some(341_502), Some(341_502_104)]),
        ("六安市毛坦厂镇", "六安市毛坦厂镇", vec![city, jinan, Some(341_502_104)]),
        // Characters without a known reading match themselves.
        ("六安市金寨县𱍊山镇", "六安市金寨县𱍊山镇", vec![city, Some(341_524), None]),
        // All else is what it was.
        ("六安市舒城县山西镇", "六安市舒城县山七镇", vec![city, Some(341_523), Some(341_523_112)]),
    ];
    for (name, text) in [("own.csv", csv), ("own.JSON", json)] {
        let corrector = Corrector::new(with(&[(name, text.as_bytes())]).expect("a right list"));
        for (zone, expected, codes) in &table {
            let expected = ((*expected).to_owned(), codes.clone());
            assert_eq!(outcome(&corrector, zone), expected, "{name}: {zone}");
        }
    }
}

#[test]
fn a_province_and_all_below_it_may_be_new() {
    let csv = "town,,台湾省/新市/新县,新镇,\ncounty,,台湾省/新市,新县,\ncity,,台湾省,新市,\nprovince,710000,,台湾省,\n";
    let list = with(&[("own.csv", [HEADER, csv].concat().as_bytes())]).expect("a right list");
    let corrector = Corrector::new(list);
    let expected = vec![Some(710_000), None, None, None];
    assert_eq!(outcome(&corrector, "台湾省新市新县新镇").1, expected);
}

#[test]
fn of_two_lists_the_later_amends_the_former() {
    let (one, two) = ("town,,金安区,皋城镇,高城镇\n", "town,341502999,金安区,皋城镇,城东镇\n");
    let [one, two] = [one, two].map(|text| [HEADER, text].concat());
    let files = [("one.csv", one.as_bytes()), ("two.csv", two.as_bytes())];
    let corrector = Corrector::new(with(&files).expect("right lists"));
    for zone in ["六安市金安区皋城镇", "六安市金安区高城镇", "六安市金安区城东镇"]
    {
        let codes = vec![Some(341_500), Some(341_502), Some(341_502_999)];
        assert_eq!(outcome(&corrector, zone), (zone.to_owned(), codes));
    }
}

#[test]
fn every_wrong_entry_is_refused_with_line_and_remedy() {
    let table = [
        ("镇级,,金安区,新镇,", "\"镇级\" is no level; use province, city, county or town"),
        (",,金安区,新镇,", "the level is missing; use province"),
        ("town,3415,金安区,新镇,", "\"3415\" is no code; write 6 digits, 9 for a town, or the 12"),
        ("town,3.4E+11,金安区,新镇,", "\"3.4E+11\" is no code"),
        ("town,341502999001,金安区,新镇,", "\"341502999001\" is no code"),
        (
            "town,341502,金安区,新镇,",
            "\"341502\" is no code of a town; correct the code or the level",
        ),
        ("county,341500,六安市,新县,", "\"341500\" is no code of a county"),
        ("city,340000,安徽省,新市,", "\"340000\" is no code of a city"),
        ("province,341500,,新省,", "\"341500\" is no code of a province"),
        ("town,,金安区,,", "a name is empty; write the full official name"),
        ("town,,金安区,新 镇,", "the name \"新 镇\" holds a blank; remove it"),
        ("town,,金安区,\"新\n镇\",", "the name \"新\\n镇\" holds a blank"),
        ("town,,金安区,22,", "the name \"22\" has no Chinese character"),
        ("town,,金安区,新镇A,", "the name \"新镇A\" holds 'A'; write one name, without signs"),
        ("town,,金安区,新镇,老镇/旧镇", "the name \"老镇/旧镇\" holds '/'"),
        ("province,,安徽省,新省,", "a province has no parent; remove \"安徽省\""),
        ("town,,,新镇,", "the parent is missing; write the full name or the code"),
        (
            "town,341502999,,新镇,",
            "the parent is missing, and no list has the code; write the unit",
        ),
        ("town,,金按区,新镇,", "the parent \"金按区\" is unknown; write its code, its full name"),
        ("town,,六安市/金按区,新镇,", "the parent \"六安市/金按区\" is unknown"),
        ("town,,341598,新镇,", "the parent \"341598\" is unknown"),
        (
            "town,,鼓楼区,新镇,",
            "the parent \"鼓楼区\" may be 江苏省/南京市/鼓楼区 (320106), 江苏省/徐州市/鼓楼区 (320302), ",
        ),
        (
            "county,,金安区,新县,",
            "a county cannot lie below 安徽省/六安市/金安区 (341502), a county",
        ),
        (
            "town,,毛坦厂镇,新镇,",
            "a town cannot lie below 安徽省/六安市/金安区/毛坦厂镇 (341502104), a town",
        ),
        (
            "town,341503999,金安区,新镇,",
            "the code 341503999 does not continue that of 安徽省/六安市/金安区 (341502); correct",
        ),
        (
            "county,349999,六安市,新区,",
            "the code 349999 does not continue that of 安徽省/六安市 (341500)",
        ),
        (
            "town,341502104,裕安区,毛坦厂镇,",
            "the code is that of 安徽省/六安市/金安区/毛坦厂镇 (341502104)",
        ),
        (
            "town,341502104,金安区,三十铺镇,",
            "the code is that of 安徽省/六安市/金安区/毛坦厂镇 (341502104), the name that of ",
        ),
        (
            "town,341502998,金安区,三十铺镇,",
            "安徽省/六安市/金安区/三十铺镇 (341502109) has another code; remove the own one",
        ),
        (
            "county,,广东省/东莞市,东城街道,",
            "广东省/东莞市/东城街道 (441900003) is a town; correct the level",
        ),
        (
            "town,,金安区,新镇,毛坦厂镇",
            "the other name \"毛坦厂镇\" is that of 安徽省/六安市/金安区/毛坦厂镇",
        ),
        (
            "town,,金安区,新镇,,",
            "the record has 6 fields, the header 5; put texts with commas in quotes",
        ),
        ("town,,金安区,新镇", "the record has 4 fields, the header 5"),
    ];
    for part in table.chunks(20) {
        let mut text = HEADER.to_owned();
        let mut lines = Vec::new();
        for (entry, expected) in part {
            text += "\r\n";
            lines.push(format!("own.csv:{}: {expected}", text.lines().count() + 1));
            text += &format!("{entry}\r\n");
        }
        let problems = problems("own.csv", &text);
        assert_eq!(problems.len(), part.len(), "{problems:?}");
        for (problem, expected) in problems.iter().zip(lines) {
            assert!(problem.starts_with(&expected), "{problem} {expected}");
            assert!(problem.contains("; "), "a remedy: {problem}");
        }
    }
}

#[test]
fn a_unit_is_listed_once_in_a_file() {
    for (one, two) in [
        ("town,,金安区,新镇,", "town,,341502,新镇,"),
        ("town,341502104,,古镇,毛坦厂镇", "town,,金安区,毛坦厂镇,"),
        ("town,341502999,金安区,新镇,", "town,341502999,金安区,老镇,新镇"),
    ] {
        let problems = problems("own.csv", &format!("{HEADER}{one}\n\n{two}\n"));
        assert_eq!(problems.len(), 1, "{one} {two}: {problems:?}");
        assert!(problems[0].starts_with("own.csv:4: 安徽省/六安市/金安区/"), "{problems:?}");
        assert!(problems[0].ends_with("is listed twice, first in line 2; remove one"));
    }
}

#[test]
fn a_wrong_file_is_refused_as_a_whole() {
    let json = r#"the form is [{"level": "town", "code": "", "parent": "…", "name": "…", "aliases": []}, …]"#;
    let table = [
        ("own.txt", "x", "own.txt: a list is a .csv or a .json file; rename it, or save it as one"),
        (
            "own.csv",
            "",
            "own.csv:1: the first line lacks level and parent and name; write the header",
        ),
        (
            "own.csv",
            "level,name,town\n",
            "own.csv:1: there is no column \"town\"; the header is level,",
        ),
        (
            "own.csv",
            "level,name,name\n",
            "own.csv:1: the column \"name\" stands twice; the header is",
        ),
        (
            "own.csv",
            "level,name\n",
            "own.csv:1: the first line lacks parent; write the header level,",
        ),
        ("own.json", "[\n{\"level\" 4}]", "own.json:2: no valid JSON at column 10 (expected `:`)"),
        ("own.json", "", "own.json:1: no valid JSON"),
        ("own.json", "\n{}", &format!("own.json:2: the file is no array; {json}")),
        ("own.json", "[\n\n7]", &format!("own.json:3: an entry is no object; {json}")),
    ];
    for (name, text, expected) in table {
        let problems = problems(name, text);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert!(problems[0].starts_with(expected), "{text}: {problems:?}");
    }
    // level in GBK.
    let problems = with(&[("own.csv", b"level,parent,name\ntown,\xbd\xf0\xb0\xb2\xc7\xf8,x\n")]);
    let expected = "own.csv:2: it is not UTF-8, perhaps GBK; save it as CSV UTF-8";
    assert_eq!(problems.err(), Some(vec![expected.to_owned()]));
}

#[test]
fn fields_of_json_are_refused_on_their_lines() {
    let text = r#"[{
        "level": "town",
        "towns": 1,
        "parent": "金安区",
        "name":
            ["新镇"],
        "aliases": "老镇"
    }, {
        "level": true, "parent": "金安区", "name": "新镇",
        "name": "老镇", "aliases": ["旧镇",
        "A"]
    }]"#;
    let told: Vec<String> = problems("own.json", text)
        .iter()
        .map(|problem| problem.split(';').next().unwrap_or_default().to_owned())
        .collect();
    let expected = [
        "own.json:3: there is no field \"towns\"",
        "own.json:6: \"name\" is no string",
        "own.json:7: \"aliases\" is no array of strings",
        "own.json:9: \"level\" is no string",
        "own.json:10: \"name\" stands twice in an entry",
        "own.json:11: the name \"A\" has no Chinese character",
    ];
    assert_eq!(told, expected);
}

#[test]
fn all_problems_are_told_but_none_that_follows_from_another() {
    // The town's parent is refused itself.
    let csv = "county,12,六安市,新区,\ntown,,新区,新镇,\ntown,,老区,老镇,\n";
    let found = problems("own.csv", &[HEADER, csv].concat());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("own.csv:2: \"12\" is no code"));
    assert!(found[1].starts_with("own.csv:4: the parent \"老区\" is unknown"));
    let many = format!("{HEADER}{}", "town,,金安区,新 镇,\n".repeat(27));
    let found = problems("own.csv", &many);
    assert_eq!((found.len(), found[20].as_str()), (21, "own.csv: … and 7 more"));
}
