use proptest::prelude::*;
use serde_json::json;

use super::*;

/// The field `a` of the object with `a` and `b`.
fn found(answer: &str) -> Option<String> {
    object(answer, &["a", "b"]).and_then(|object| text(&object, "a"))
}

#[test]
fn the_object_is_found_in_what_models_wrap_around_it() {
    let table = [
        (r#"{"a": "1", "b": "2"}"#, Some("1")),
        ("```json\n{\"a\": \"1\", \"b\": \"2\"}\n```", Some("1")),
        (r#"好的，工单如下：{"a": "1", "b": "2"} 希望有帮助。"#, Some("1")),
        (r#"<think>{"a": "x", "b": "y"}</think>{"a": "1", "b": "2"}"#, Some("1")),
        (r#"think out loud {not json} </think> {"a": "1", "b": "2"}"#, Some("1")),
        (r#"{"note": 7} {"a": "1", "b": "2"}"#, Some("1")),
        (r#"{"a": "0"} {"a": "1", "b": "2"}"#, Some("1")),
        (r#"{"a": "0", "b": "0"} 修正后：{"a": "1", "b": "2"}"#, Some("1")),
        (r#"{"ticket": {"a": "1", "b": "2"}}"#, Some("1")),
        (r#"[{"a": "1", "b": "2"}]"#, Some("1")),
        (r#""{\"a\": \"1\", \"b\": \"2\"}""#, Some("1")),
        (r#"{"a": "1"}"#, None),
        (r#"<think>{"a": "1", "b": "2"}"#, None),
        (r#"想<think>{"a": "1", "b": "2"}"#, None),
        (r#"{"a": "1", "b": "2"#, None),
        (r#"["a", "b"]"#, None),
        ("", None),
    ];
    for (answer, expected) in table {
        assert_eq!(found(answer).as_deref(), expected, "{answer}");
    }
}

#[test]
fn signs_around_the_words_may_differ_and_words_may_not() {
    let table = [
        (r#"{"a": "1", "b": "2",}"#, Some("1")),
        (r#"{'a': '1', 'b': None}"#, Some("1")),
        ("｛“a”：“1”，“b”：“2”｝", Some("1")),
        (r#"{“a": “1", ＂b＂: ＂2＂}"#, Some("1")),
        (r#"{a: "1", b: True}"#, Some("1")),
        (r#"{" A ": "1", "B": "2"}"#, Some("1")),
        ("{\"a\": \"1\", // 一\n \"b\": /* 二 */ \"2\"}", Some("1")),
        ("{\"a\": \"1\n2\", \"b\": \"\t\"}", Some("1\n2")),
        (r#"{"a": "小区"噪音"扰民", "b": "2"}"#, Some("小区\"噪音\"扰民")),
        (r#"{"a": "称"吵"", "b": "2"}"#, Some("称\"吵\"")),
        (r#"{"a": "“吵”，“脏”", "b": "2"}"#, Some("“吵”，“脏”")),
        ("{“a”: “称“吵”，“脏”：没人管”, “b”: “2”}", Some("称“吵”，“脏”：没人管")),
        (r#"{'a': 'it\'s "1"', 'b': ''}"#, Some("it's \"1\"")),
        (r#"{"a": "\u4e00\n\"", "b": "", "备注": "他说\"好\""}"#, Some("一\n\"")),
        (r#"{"a": "1", "备注": "", "b": ""}"#, Some("1")),
        (r#"{"a": "1"; "b": "2"}"#, None),
        (r#"{"a": "1" "b": "2"}"#, None),
        (r#"{"a": "1",, "b": "2"}"#, None),
        (r#"{"a": 一, "b": "2"}"#, None),
        (r#"{"a": "1\d", "b": "2"}"#, None),
        (r#"{"a": "\ud800", "b": "2"}"#, None),
        (r#"{"a": "1", "a": "2", "b": "3"}"#, None),
        (r#"{"a": "1", "A ": "2", "b": "3"}"#, None),
        (r#"{"a": ["1", "b": "2"}"#, None),
    ];
    for (answer, expected) in table {
        assert_eq!(found(answer).as_deref(), expected, "{answer}");
    }
}

#[test]
fn of_what_is_cut_off_listed_or_broken_nothing_is_taken() {
    let table = [
        r#"{"a": "1", "b": "来电人"#,
        r#"{"a": "1", "b": "来电人""#,
        r#"{"a": "1", "b": "2"} {"a": "1"#,
        r#"{"a": "来电人说 {"a": "1", "b": "2"}"#,
        r#"{"a": 坏, "b": "他说{\"a\": \"1\"}，{'a': '1', 'b': '2'}"}"#,
        r#"{"note": "{'a': '1', 'b': '2'}"}"#,
        r#"[{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]"#,
        r#"{"tickets": [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]}"#,
    ];
    for answer in table {
        assert_eq!(found(answer), None, "{answer}");
    }
}

/// Were the time quadratic, this would take days.
#[test]
fn a_megabyte_of_anything_is_read_in_time() {
    let pieces = [
        "{",
        "｛",
        "[{",
        "{\"a\":",
        "{\"a\":[",
        "{\"",
        "\"",
        "{\"a\":\"",
        "{'a':'\"",
        "\"/*",
        "{\"a\":\"x\"//",
        "{\"x\":1}",
        "{\"a\":\"\" ",
        "\\",
        "“",
        "{\"a\":\"1\",",
        "</think>",
        "{\"a\":\"\",\"",
        "{“”，“",
    ];
    for piece in pieces {
        let answer = piece.repeat((1 << 20) / piece.len());
        assert_eq!(found(&answer), None, "{piece}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(answer in r#"[\{\}\[\]"“”'\\/*：，｛｝:,a-z<>/一 \n]{0,200}"#) {
        let _ = object(&answer, &["a"]);
    }

    #[test]
    fn json_is_read_as_it_is(a in any::<String>(), b in any::<String>(), other in any::<i64>()) {
        let value = json!({"a": a, "other": [{"x": other}, null, a], "b": b});
        for answer in [value.to_string(), format!("{value:#}")] {
            let object = object(&answer, &["a", "b"]);
            prop_assert_eq!(object.map(Value::Object), Some(value.clone()));
        }
    }
}
