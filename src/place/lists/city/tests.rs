use super::super::super::{Corrector, Files, Gazetteer, Outcome};

/// A corrector over the national list with a `location.json`, and its only city.
fn with(text: &str) -> Result<(Corrector, Option<String>), Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("location.json");
    std::fs::write(&file, text).expect("written");
    let shown = format!("{}/", folder.path().display());
    let files = Files { location_file: Some(file), ..Files::default() };
    let gazetteer = Gazetteer::with(&files).map_err(|bad| {
        bad.problems().iter().map(|problem| problem.replace(&shown, "")).collect::<Vec<_>>()
    })?;
    let only = gazetteer.only_city();
    Ok((Corrector::new(gazetteer), only))
}

fn outcome(corrector: &Corrector, zone: &str) -> (String, Vec<Option<u32>>) {
    let answer = corrector.correct(zone, "六安市");
    let codes = answer.path.iter().map(|named| named.code).collect();
    let text = match answer.outcome {
        Outcome::Kept => zone.to_owned(),
        Outcome::Corrected { zone, .. } => zone,
        Outcome::Ask { alternatives } => format!("? {}", alternatives.join(" ")),
    };
    (text, codes)
}

const FILE: &str = r#"{"六安市": {
    "金安": ["三十铺镇", "毛坦厂", "木厂埠新区"],
    "金寨县": ["流波疃镇"],
    "六安经济开发区": ["水产局管辖村"],
    "六安市": ["直辖镇"],
    "市辖区": [],
    "庐江": []
}}"#;

#[test]
fn a_city_of_the_file_replaces_its_subtree_and_nothing_else() {
    let (corrector, only) = with(FILE).expect("a right file");
    assert_eq!(only.as_deref(), Some("六安市"));
    let (city, jinan, jinzhai) = (Some(341_500), Some(341_502), Some(341_524));
    let province = Some(340_000);
    let table = [
        // What the file names keeps its code, by its full name, another one or without rank.
        (
            "六安市金安区茅坦厂镇",
            "六安市金安区毛坦厂镇",
            vec![province, city, jinan, Some(341_502_104)],
        ),
        (
            "六安市金寨县流波疃镇",
            "六安市金寨县流波疃镇",
            vec![province, city, jinzhai, Some(341_524_113)],
        ),
        // New units have none.
        ("六安市金安区木厂步新区", "六安市金安区木厂埠新区", vec![province, city, jinan, None]),
        (
            "刘安经济开发区水产局管辖村",
            "六安经济开发区水产局管辖村",
            vec![province, city, None, None],
        ),
        ("六安市直峡镇", "六安市直辖镇", vec![province, city, None]),
        ("六安市庐江", "六安市庐江", vec![province, city, None]),
        // What it does not name is gone.
        ("六安市舒城县山西镇", "六安市舒城县山西镇", vec![province, city]),
        ("六安市金安区张店镇", "六安市金安区张店镇", vec![province, city, jinan]),
        // Other cities are what they were.
        (
            "合肥市肥西县山河镇",
            "合肥市肥西县三河镇",
            vec![province, Some(340_100), Some(340_123), Some(340_123_101)],
        ),
    ];
    for (zone, expected, codes) in table {
        assert_eq!(outcome(&corrector, zone), (expected.to_owned(), codes), "{zone}");
    }
}
