use std::time::SystemTime;

use super::{super::super::name::Level, *};

fn hearing(text: &str) -> Corrector {
    Corrector::new(with(&[("villages.csv", text.as_bytes())]).expect("a right file"))
}

#[test]
fn a_village_says_which_town_was_meant() {
    let named = "town,name\n六安市/霍邱县/冯瓴镇,大岭村\n六安市/霍邱县/冯瓴镇,共同村\n\
        六安市/霍邱县/冯井镇,共同村\n341522117,小岭社区居委会\n六安市/霍邱县/冯瓴镇,人民路社区\n\
        六安市/金安区/毛坦厂镇,东石笋村\n";
    // The statistics have other codes of towns than the ministry, and parks that are none.
    let coded = "\u{feff}code,name\r\n\r\n341522101000,冯瓴镇\r\n341522101200,大岭村委会\r\n\
        341522101201,共同村委会\r\n341522101001,人民路社区居民委员会\r\n341522102,冯井\r\n\
        341522102200,共同村\r\n341522102201,小岭社区居委会\r\n341502104,毛坦厂镇办事处\r\n\
        341502104200,东石笋\r\n341502400000,六安经济开发区\r\n341502400498,开发区虚拟社区\r\n";
    let table = [
        // Without evidence this would be a question.
        ("六安市彭京镇小岭社区", "六安市冯井镇小岭社区"),
        ("冯今小岭社区", "冯井小岭社区"),
        // 洪集镇 is as near; nothing is known of its county's villages.
        ("洪井镇小岭社区", "? "),
        // A village of another town only speaks against the town.
        ("六安市冯岭镇小岭社区", "? "),
        // One that two towns have says nothing, nor does a road or an unknown one.
        ("六安市冯岭镇共同村", "六安市冯瓴镇共同村"),
        ("六安市冯岭镇小岭路", "六安市冯瓴镇小岭路"),
        ("六安市冯岭镇古塘村", "六安市冯瓴镇古塘村"),
        ("六安市冯岭镇大岭村3组", "六安市冯瓴镇大岭村3组"),
        // What is a village's name is no town's misheard.
        ("六安市霍邱县冯岭", "六安市霍邱县冯瓴"),
        ("六安市霍邱县共桶", "六安市霍邱县共桶"),
        // Villages are not corrected, and no name is corrected to them.
        ("六安市冯瓴镇大林村", "六安市冯瓴镇大林村"),
        ("大林村", "大林村"),
        ("东石损村", "东石损村"),
        // A right town stays whatever stands behind it.
        ("六安市霍邱县冯瓴镇小岭社区", "六安市霍邱县冯瓴镇小岭社区"),
    ];
    for text in [named, coded] {
        let corrector = hearing(text);
        for (zone, expected) in table {
            let (outcome, _) = outcome(&corrector, zone);
            let same = outcome == expected || (expected == "? " && outcome.starts_with("? "));
            assert!(same, "{zone}: {outcome}");
        }
    }
}

#[test]
fn a_wrong_file_is_refused_with_line_and_remedy() {
    let table = [
        (
            "name\n",
            "1: there must be one of town and code; write the header town,name or code,name",
        ),
        ("town,code,name\n", "1: there must be one of town and code"),
        ("town,village\n", "1: there is no column \"village\"; the header is town,code,name"),
        (
            "town,name\r\n\r\n\r\n冯瓴镇,\r\n",
            "4: a village has no name; write it, or remove the line",
        ),
        (
            "town,name\n\n冯零镇,大岭村\n冯零镇,共同村",
            "3: the town \"冯零镇\" is unknown; write its code",
        ),
        ("town,name\n城关镇,大岭村\n", "2: the town \"城关镇\" may be "),
        (
            "town,name\n霍邱县,大岭村\n",
            "2: 安徽省/六安市/霍邱县 (341522) is no town; name the village's",
        ),
        (
            "town,name\n冯瓴镇,大岭村,共同村\n",
            "2: the record has 3 fields, the header 2; put texts",
        ),
        (
            "\u{feff}code,name\n\n3415,大岭村\n",
            "3: \"3415\" is no code of a village; write its 12 digits",
        ),
        (
            "code,name\n341502104000,毛坦厂镇\n341502100200,大岭村\n",
            "3: there is no line of the town 341502100 before its villages; put one there, such as",
        ),
    ];
    for (text, expected) in table {
        let problems = problems("villages.csv", text);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        let expected = format!("villages.csv:{}", expected);
        assert!(problems[0].starts_with(&expected), "{text}: {problems:?}");
    }
    let gbk = with(&[("villages.csv", b"town,name\r\n\xb7\xeb,\xb4\xf3\r\n\xb7\xeb,\xb4\xf3\r\n")]);
    let expected = "villages.csv:2: this is not UTF-8, perhaps GBK; save the file as CSV UTF-8";
    assert_eq!(gbk.err(), Some(vec![expected.to_owned()]));
    let many = format!("code,name\n{}", "1,大岭村\n".repeat(27));
    let found = problems("villages.csv", &many);
    assert_eq!((found.len(), found[20].as_str()), (21, "villages.csv: … and 7 more"));
}

/// 620,000 villages; prints the time and what the process grew by at most.
#[test]
#[ignore = "a measurement: cargo test --release --lib -- --ignored --nocapture villages"]
fn a_national_file_is_read_fast() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("villages.csv");
    let national = Gazetteer::embedded();
    let towns = (0..).zip(&national.units).filter(|(_, unit)| unit.level == Level::Town);
    let towns: Vec<(u32, String)> =
        towns.filter_map(|(at, unit)| Some((unit.code?, national.text(at)))).collect();
    let names: Vec<char> = "东西南北上下大小新老王李张刘陈杨赵黄周吴".chars().collect();
    let mut text = "code,name\n".to_owned();
    for (nth, (code, town)) in towns.iter().enumerate() {
        text += &format!("{code}000,{town}\n");
        for at in nth * 16..nth * 16 + 16 {
            let letter = |nth: usize| names[at / nth % names.len()];
            let village = [letter(1), letter(17), letter(289)].iter().collect::<String>();
            text += &format!("{code}{},{village}村委会\n", 200 + at % 16);
        }
    }
    std::fs::write(&file, text).expect("written");
    let load = |villages_file: Option<PathBuf>| {
        let lists = vec![folder.path().join("own.json")];
        let files = Files { villages_file, lists, ..Files::default() };
        let start = SystemTime::now();
        Gazetteer::with(&files).expect("right files");
        start.elapsed().expect("no step back")
    };
    std::fs::write(folder.path().join("own.json"), "[]").expect("written");
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("a number")
    };
    let without = load(None);
    let before = peak();
    let took = load(Some(file));
    println!("without {without:?}, with {took:?}, peak {before} kB then {} kB", peak());
}
