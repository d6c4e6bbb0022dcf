//! What files do to zones, and what is refused: tables over texts of files.

mod own;
mod random;
mod villages;

use super::{
    super::{Corrector, Level, Named, Outcome, gazetteer::Unit},
    *,
};

/// The list with some files: `location.json`, `villages.csv`, and own lists by any other name; else
/// the problems.
pub(super) fn with(texts: &[(&str, &[u8])]) -> Result<Gazetteer, Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Files::default();
    for (name, text) in texts {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        match *name {
            "location.json" => files.location_file = Some(file),
            "villages.csv" => files.villages_file = Some(file),
            _ => files.lists.push(file),
        }
    }
    let shown = format!("{}/", folder.path().display());
    let bare = |problem: &String| problem.replace(&shown, "");
    Gazetteer::with(&files).map_err(|bad| bad.problems().iter().map(bare).collect())
}

/// The problems of a file.
pub(super) fn problems(name: &str, text: &str) -> Vec<String> {
    with(&[(name, text.as_bytes())]).err().unwrap_or_default()
}

/// What becomes of a zone, a question with "?" before its alternatives; and the codes of its units.
pub(super) fn outcome(corrector: &Corrector, zone: &str) -> (String, Vec<Option<u32>>) {
    let answer = corrector.correct(zone, "六安市");
    // The province is of interest only where it is named.
    let named = |named: &&Named| named.level > Level::Province || zone.starts_with(&named.name);
    let codes = answer.path.iter().filter(named).map(|named| named.code).collect();
    let text = match answer.outcome {
        Outcome::Kept => zone.to_owned(),
        Outcome::Corrected { zone, .. } => zone,
        Outcome::Ask { alternatives } => {
            let zones: Vec<_> = alternatives.iter().map(|other| other.zone.as_str()).collect();
            format!("? {}", zones.join(" "))
        }
    };
    (text, codes)
}

#[test]
fn without_files_the_list_is_the_national_one() {
    let (none, national) = (with(&[]).expect("no files"), Gazetteer::embedded());
    // A list without entries takes the way through the tree.
    let empty = with(&[("own.json", b"[]")]).expect("an empty list");
    let empty_csv = with(&[("own.csv", b"level,parent,name\n")]).expect("an empty list");
    for other in [none, empty, empty_csv] {
        assert_eq!(other.len(), national.len());
        for at in 0..national.len() {
            let (one, two) = (&other.units[at], &national.units[at]);
            let told = |unit: &Unit| (unit.code, unit.parent, unit.end);
            assert_eq!((told(one), other.text(at as u32)), (told(two), national.text(at as u32)));
        }
        let aliases = |list: &Gazetteer| {
            let all = list.aliases(0..list.len() as u32);
            all.map(|(unit, name)| (unit, list.spell(name))).collect::<Vec<_>>()
        };
        assert_eq!(aliases(&other), aliases(&national));
        assert_eq!(other.only_city, None);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let nowhere = PathBuf::from("/nowhere/to/be.csv");
    let message = |files: &Files| Gazetteer::with(files).err().expect("refused").to_string();
    let expected = "/nowhere/to/be.csv: it cannot be read (No such file or directory (os error 2)); \
                    check the path and the permissions";
    assert_eq!(message(&Files { lists: vec![nowhere.clone()], ..Files::default() }), expected);
    let villages_file = Some(nowhere.clone());
    assert_eq!(message(&Files { villages_file, ..Files::default() }), expected);
    let location_file = Some(nowhere);
    assert_eq!(message(&Files { location_file, ..Files::default() }), expected);
}

#[test]
fn a_location_file_and_lists_work_together() {
    let location = r#"{"六安市": {"金安区": ["三十铺镇"]}}"#;
    let own = "level,parent,name\ntown,六安市/金安区,皋城街道\ntown,341503,云路街道\n";
    let files = [("location.json", location.as_bytes()), ("own.csv", own.as_bytes())];
    let problems = with(&files).err().expect("裕安区 is gone");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("own.csv:3: the parent \"341503\" is unknown; "));
    let files = [files[0], ("own.csv", own.split("town,341503").next().expect("text").as_bytes())];
    let corrector = Corrector::new(with(&files).expect("right files"));
    assert_eq!(outcome(&corrector, "六安市金安区高城街道").0, "六安市金安区皋城街道");
}

#[test]
fn the_examples_of_the_description_are_taken() {
    let text = include_str!("../../../data/README.md");
    let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
    let taken = |form: &str, name: &str| {
        let block = blocks.iter().find_map(|block| block.strip_prefix(form).map(|_| *block));
        let (_, text) = block.and_then(|block| block.split_once('\n')).expect("an example");
        let list = with(&[(name, text.as_bytes())]);
        Corrector::new(list.unwrap_or_else(|problems| panic!("{form}: {problems:?}")))
    };
    for (form, name) in [("csv\nlevel", "own.csv"), ("json\n[", "own.json")] {
        let corrector = taken(form, name);
        assert_eq!(outcome(&corrector, "六安市高城新区皮河镇").0, "六安市皋城新区淠河镇");
        assert_eq!(outcome(&corrector, "六安市茅坦厂古镇").0, "六安市毛坦厂古镇");
    }
    let corrector = taken("json\n{", "location.json");
    assert_eq!(outcome(&corrector, "六安市忘城街道").0, "六安市望城街道");
    for form in ["csv\ntown", "csv\ncode"] {
        let corrector = taken(form, "villages.csv");
        assert_eq!(outcome(&corrector, "六安市冯兰镇大岭村").0, "六安市冯瓴镇大岭村", "{form}");
    }
}
