//! The contract's second call: the zone, corrected over the original's `location.json`.

use serde_json::json;

use crate::harness::{CALL, Fake, Ticketd, assert_ticket};

/// A ticketd with a `location.json`, and a fake that answers the second call with `answer`.
async fn with_locations(fake: &Fake, folder: &tempfile::TempDir, correction: &str) -> Ticketd {
    let file = folder.path().join("location.json");
    let places = json!({"六安市": {"金安区": ["三十铺镇", "毛坦厂镇"], "舒城县": ["山七镇"]}});
    std::fs::write(&file, places.to_string()).expect("a writable folder");
    let config =
        format!("[ticket]\ncorrection = {correction:?}\n[place]\nlocation_file = {file:?}\n");
    Ticketd::over(&[fake], &config).await
}

#[actix_web::test]
async fn the_zone_is_corrected_by_a_second_call_over_the_location_file() {
    let (fake, folder) = (Fake::start().await, tempfile::tempdir().expect("a folder"));
    let ticketd = with_locations(&fake, &folder, "auto").await;
    let body = json!({"s": [{"citizen": "刘安市三十铺镇水韵东方小区太吵了"}]}).to_string();
    let table = [
        // A wrong character of a listed name is replaced.
        (r#"{"corrected": "六安市三十铺镇水韵东方小区"}"#, "六安市三十铺镇水韵东方小区"),
        // Names that are not in the list stay, nothing is invented, the input stays when unsure.
        (r#"{"corrected": "六安市三十铺镇水云东方小区"}"#, "刘安市三十铺镇水韵东方小区"),
        (r#"{"corrected": "六安市金安区三十铺镇水韵东方小区"}"#, "刘安市三十铺镇水韵东方小区"),
        (r#"{"corrected": "刘安市毛坦厂镇水韵东方小区"}"#, "刘安市三十铺镇水韵东方小区"),
        (r#"{"corrected": ""}"#, "刘安市三十铺镇水韵东方小区"),
    ];
    for (answer, zone) in table {
        fake.behave(json!({"answer": answer, "only_for": "corrected"})).await;
        let before = fake.calls().await;
        let reply = ticketd.summarize(&body).await;
        assert_eq!(fake.calls().await - before, 2, "two calls a ticket");
        assert_eq!(reply.body["ticket_zone"], zone, "{answer}");
        let correction = &reply.body["zone_correction"];
        assert_eq!(correction["original"], "刘安市三十铺镇水韵东方小区");
        assert_eq!(correction["corrected"], zone);
        assert_eq!(correction["method"], "llm_correction");
        assert_eq!(correction["success"], true);
        assert_eq!(correction["changed"], zone != "刘安市三十铺镇水韵东方小区");
    }
    let seen = fake.seen().await;
    let prompt = seen["bodies"][1]["prompt"].as_str().expect("a prompt");
    assert!(
        prompt.contains("三十铺镇") && !prompt.contains("山七镇"),
        "only the county that is meant"
    );
    ticketd.stop().await;
}

#[actix_web::test]
async fn a_zone_whose_correction_fails_is_kept_as_llm_failed() {
    let (fake, folder) = (Fake::start().await, tempfile::tempdir().expect("a folder"));
    let ticketd = with_locations(&fake, &folder, "always").await;
    fake.behave(json!({"fault": "no_ticket", "only_for": "corrected"})).await;
    let reply = ticketd.summarize(CALL).await;
    assert_ticket(&reply);
    let correction = &reply.body["zone_correction"];
    assert_eq!(correction["method"], "llm_failed");
    assert_eq!((&correction["success"], &correction["changed"]), (&json!(false), &json!(false)));
    assert_eq!(correction["corrected"], "六安市三十铺镇水韵东方小区");
    assert!(correction["error"].is_string());
    assert_eq!(fake.calls().await, 1 + 3, "three attempts at the correction");
    ticketd.stop().await;
}

#[actix_web::test]
async fn correction_never_makes_one_call_a_ticket() {
    let (fake, folder) = (Fake::start().await, tempfile::tempdir().expect("a folder"));
    let ticketd = with_locations(&fake, &folder, "never").await;
    assert_eq!(ticketd.summarize(CALL).await.body["zone_correction"]["method"], "unchanged");
    assert_eq!(fake.calls().await, 1);
    ticketd.stop().await;
}
