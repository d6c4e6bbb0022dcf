//! The verbs about place names, which need no configuration and no service, and the service's own call.

use serde_json::{Value, json};

use crate::harness::{Reply, Ticketd, command, until};

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
async fn files_of_own_names_are_tried_or_refused_with_all_problems() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a writable folder");
        file.to_str().expect("UTF-8").to_owned()
    };
    let list = write("own.csv", "level,parent,name\ntown,六安市/金安区,皋城街道\n");
    let location = write("location.json", r#"{"六安市": {"金安区": ["三十铺镇"]}}"#);
    let villages = write("villages.csv", "town,name\n六安市/金安区/三十铺镇,大岭村\n");
    let files = ["place", "--list", &list, "--location-file", &location, "--villages", &villages];
    // The only city of the location file is home.
    let (ok, out, err) = run(&[&files[..], &["金安区高城街道"]].concat()).await;
    assert!(ok && out.contains("高城街道 → 皋城街道  no code"), "{out}{err}");
    let (ok, out, err) = run(&files).await;
    assert!(ok && out.starts_with("The files can be used: "), "{out}{err}");

    write("own.csv", "level,parent,name\ntown,六安市/裕安区,皋城街道\n镇,,\n");
    let (ok, out, err) = run(&files).await;
    assert!(!ok && out.is_empty(), "{out}");
    for part in
        ["own.csv:2: the parent", "own.csv:3: \"镇\" is no level", "own.csv:3: a name is empty"]
    {
        assert!(err.contains(part), "{part} in:\n{err}");
    }
}

#[actix_web::test]
async fn place_refuses_a_home_that_it_does_not_know() {
    let (ok, out, err) = run(&["place", "--home", "刘安市", "六安市"]).await;
    assert!(!ok && out.is_empty() && err.contains("write its full name or its code"), "{err}");
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

#[actix_web::test]
async fn a_zone_is_corrected_over_http_without_any_node() {
    let ticketd = Ticketd::start("[place]\nhome = \"六安市\"\n", &[]).await;
    let correct =
        async |body: Value| ticketd.send("POST", "/v1/place/correct", body.to_string()).await;
    let told = |reply: &Reply| {
        let correction = &reply.body;
        let text = |key: &str| correction[key].as_str().unwrap_or_default().to_owned();
        (text("corrected"), text("method"), correction["changed"] == true)
    };
    let table = [
        (json!({"zone": "刘安市金安区"}), ("六安市金安区", "gazetteer", true)),
        (json!({"zone": "六安市金安区"}), ("六安市金安区", "unchanged", false)),
        (json!({"zone": "滨海路3号"}), ("滨海路3号", "unchanged", false)),
        (json!({"zone": ""}), ("", "no_input", false)),
        (json!({"zone": "未提及"}), ("未提及", "no_input", false)),
        (json!({"zone": "苏州市灵璧县", "home": "宿州市"}), ("苏州市灵璧县", "unchanged", false)),
        (json!({"zone": "宿州市灵壁县", "home": "341300"}), ("宿州市灵璧县", "gazetteer", true)),
    ];
    for (body, (zone, method, changed)) in table {
        let reply = correct(body.clone()).await;
        assert_eq!(reply.status, 200, "{body}");
        assert_eq!(told(&reply), (zone.to_owned(), method.to_owned(), changed), "{body}");
    }
    let reply = correct(json!({"zone": "苏州市灵璧县", "home": "宿州市"})).await;
    assert_eq!(reply.body["alternatives"], json!(["宿州市灵璧县"]));

    let table = [
        ("[]", "zone"),
        ("{}", "zone"),
        (r#"{"zone": 7}"#, "zone"),
        (r#"{"zone": "六安市", "city": "六安市"}"#, "zone"),
        (r#"{"zone": "六安市", "home": "亚特兰蒂斯"}"#, "home"),
        ("{", "JSON"),
    ];
    let long = json!({"zone": "长".repeat(1001)}).to_string();
    for (body, part) in table.into_iter().chain([(long.as_str(), "1000")]) {
        let reply = ticketd.send("POST", "/v1/place/correct", body).await;
        assert_eq!((reply.status, &reply.body["code"]), (400, &json!("bad_request")), "{body}");
        let detail = reply.body["detail"].as_str().expect("text");
        assert!(detail.contains(part), "{body}: {detail}");
    }
    assert_eq!(ticketd.get("/v1/place/correct").await.status, 405);
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_changed_list_holds_at_once_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("location.json");
    let write = |towns: &str| {
        let text = format!("{{\"六安市\": {{\n\"金安区\": [{towns}]\n}}}}");
        std::fs::write(&file, text).expect("a writable folder");
    };
    write("\"三十铺镇\"");
    let ticketd = Ticketd::start(&format!("[place]\nlocation_file = {file:?}\n"), &[]).await;
    let correct = async |zone: &str| {
        let body = json!({"zone": zone}).to_string();
        ticketd.send("POST", "/v1/place/correct", body).await.body["corrected"].clone()
    };
    assert_eq!(correct("金按区").await, "金安区", "home is the file's only city");
    let corrected = async || correct("六安市金安区新朝镇").await;
    assert_eq!(corrected().await, "六安市金安区新朝镇");

    write("\"三十铺镇\", \"新潮镇\"");
    until("the new list holds", async || (corrected().await == "六安市金安区新潮镇").then_some(()))
        .await;
    ticketd.process.line_after("place names reloaded").await;

    write("\"三十铺镇\", \"\"");
    let fault = ticketd.process.line_after("place names not reloaded, the old ones stay: ").await;
    assert!(fault.contains("location.json:2"), "{fault}");
    assert_eq!(corrected().await, "六安市金安区新潮镇");

    write("\"三十铺镇\"");
    until("the mended list holds", async || {
        (corrected().await == "六安市金安区新朝镇").then_some(())
    })
    .await;
    ticketd.stop().await;
}
