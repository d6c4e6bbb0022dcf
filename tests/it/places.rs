//! The verbs about place names, which need no configuration and no service.

use serde_json::{Value, json};

use crate::harness::command;

async fn run(arguments: &[&str]) -> (bool, String, String) {
    let output = command(&[]).args(arguments).output().await.expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[actix_web::test]
async fn place_shows_what_becomes_of_a_zone_and_why() {
    let zones = ["六安市金安区冯岭镇", "刘安市", "六安市舒城县山西镇水韵东方", "六安市三十铺镇"];
    let (ok, out, err) = run(&[&["place", "--home", "六安市"], &zones[..]].concat()).await;
    assert!(ok, "{err}");
    for part in [
        "六安市金安区冯瓴镇\n",
        "刘安市 → 六安市",
        "六安市舒城县山七镇水韵东方\n",
        "六安市三十铺镇\n",
    ] {
        assert!(out.contains(part), "{part} in:\n{out}");
    }
}

#[actix_web::test]
async fn eval_places_gives_a_table_and_one_line_of_figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cases.jsonl");
    let case = |zone: &str, expected: &str| json!({"home": "六安市", "zone": zone, "expected": expected, "kind": "homophone"});
    let cases = [
        case("六安市金安区冯岭镇", "六安市金安区冯瓴镇"),
        case("六安市金安区", "六安市金安区"),
        case("刘安市", "刘安市"),
    ];
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).expect("a writable folder");
    let file = file.to_str().expect("UTF-8");
    let (ok, out, err) = run(&["eval", "places", file]).await;
    assert!(ok && err.contains("homophone"), "{err}");
    assert_eq!(out.lines().count(), 1);
    let figures: Value = serde_json::from_str(&out).expect("JSON");
    let told = |name: &str| figures[name].as_f64().expect("a number");
    assert_eq!((told("cases"), told("auto_exact"), told("false_corrections")), (3.0, 1.0, 1.0));
    assert!(told("mean_us") > 0.0 && told("p99_us") >= told("mean_us"));

    std::fs::write(file, "{\"home\": \"六安市\"}\n").expect("a writable folder");
    let (ok, out, err) = run(&["eval", "places", file]).await;
    assert!(!ok && out.is_empty() && err.contains(":1 is no case"), "{err}");
}
