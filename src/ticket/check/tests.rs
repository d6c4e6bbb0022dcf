use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{place::Gazetteer, ticket::grounding::Item};

static CORRECTOR: LazyLock<Corrector> = LazyLock::new(|| Corrector::new(Gazetteer::embedded()));

fn ticket(zone: &str, title: &str, content: &str) -> Value {
    json!({"ticket_type": "投诉", "ticket_zone": zone, "ticket_title": title, "ticket_content": content})
}

fn check(call: &Value, ticket: &Value) -> Checked {
    let body = json!({"call": call, "ticket": ticket}).to_string();
    Check::parse(body.as_bytes()).expect("it is good").compare(&CORRECTOR)
}

/// What a span says, and what was said in its places.
fn told(call: &Value, ticket: &Value) -> Vec<(String, Kind, bool, Vec<String>)> {
    let cut = |text: &Value, start: usize, end: usize| -> String {
        text.as_str().expect("text").chars().skip(start).take(end - start).collect()
    };
    let sessions: Vec<&Value> = call.as_object().expect("an object").values().collect();
    let span = |span: Span| {
        let field = serde_json::to_value(span.field).expect("a name");
        let text = cut(&ticket[field.as_str().expect("text")], span.start, span.end);
        let said = span.said.iter();
        let said = said
            .map(|at| cut(&sessions[at.session][at.turn][at.speaker], at.start, at.end))
            .collect();
        (text, span.kind, span.grounded, said)
    };
    check(call, ticket).spans.into_iter().map(span).collect()
}

#[test]
fn values_are_found_where_they_stand_and_where_they_were_said() {
    let call = json!({"a": [
        {"hot-line": "您好"},
        {"citizen": "我叫王伟，\u{200b} 欠了我\n\n两万\u{202e}五，有   一百二十一栋的老板"},
        {"citizen": "  电话是 幺三九，", "hot-line": "您慢点说"},
    ], "b": [
        {"citizen": "然后是零零幺三九，\n零零零。"},
        {"hot-line": "还有一三八零零一三八零零零", "citizen": "对。下午三点多，涨了百分之五"},
        {"citizen": "就是国庆那天，两千块，不，是两千块"},
    ]});
    let spans = told(
        &call,
        &ticket(
            "121栋",
            "张强拖欠25000元",
            "来电人咨询：😀张强欠25000元和9000元，2000元，电话13800138000或13900139000，10月1日下午3时，涨5%。",
        ),
    );
    let spans: Vec<_> = spans
        .iter()
        .map(|(text, kind, grounded, said)| {
            (text.as_str(), *kind, *grounded, said.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    let expected = [
        ("25000元", Kind::Amount, true, vec!["两万\u{202e}五"]),
        ("25000元", Kind::Amount, true, vec!["两万\u{202e}五"]),
        ("9000元", Kind::Amount, false, vec![]),
        ("2000元", Kind::Amount, true, vec!["两千块", "两千块"]),
        ("13800138000", Kind::Phone, true, vec!["一三八零零一三八零零零"]),
        ("13900139000", Kind::Phone, true, vec!["幺三九", "零零幺三九", "零零零"]),
        ("10月", Kind::Date, true, vec![]),
        ("1日", Kind::Date, true, vec![]),
        ("3时", Kind::Time, true, vec!["三点多"]),
        ("5%", Kind::Percentage, true, vec!["百分之五"]),
        ("121栋", Kind::Address, true, vec!["一百二十一栋"]),
    ];
    assert_eq!(spans, expected);
}

#[test]
fn places_and_names_that_nobody_said_are_found_too() {
    let call = json!({"a": [{"citizen": "六安市的水韵东方小区，半夜太吵。"}]});
    let ticket = ticket(
        "六安市库尔勒市水韵东方小区",
        "联系人孙晓梅反映噪音",
        "来电人咨询：联系人孙晓梅反映噪音，由绿阳物业公司负责。 话务员解答内容：已记录。",
    );
    let spans = told(&call, &ticket);
    let ungrounded: Vec<_> = check(&call, &ticket).quality.ungrounded;
    assert!(ungrounded.len() >= 3, "{ungrounded:?}");
    for Item { kind, text } in ungrounded {
        assert!(spans.contains(&(text.clone(), kind, false, vec![])), "{text} in {spans:?}");
    }
    assert_eq!(spans.iter().filter(|(text, ..)| text == "孙晓").count(), 2, "{spans:?}");
}

#[test]
fn of_a_key_that_stands_twice_only_the_last_words_are_told() {
    let ticket = ticket("未提及", "", "5元 70元");
    let body = format!(
        r#"{{"ticket": 0, "call": {{"a": [{{"citizen": "五元", "citizen": "七十元"}}]}}, "ticket": {ticket}}}"#
    );
    let checked = Check::parse(body.as_bytes()).expect("it is good").compare(&CORRECTOR);
    let said: Vec<_> = checked.spans.iter().map(|span| (span.grounded, span.said.len())).collect();
    assert_eq!(said, [(true, 0), (true, 1)]);
}

#[test]
fn what_is_nothing_to_compare_is_told() {
    use BadCheck as B;
    let call = json!({"a": [{"citizen": "停水"}]});
    let good = ticket("未提及", "停水", "停水");
    let with = |field: &str, value: Value| {
        let mut ticket = good.clone();
        ticket[field] = value;
        json!({"call": call, "ticket": ticket}).to_string()
    };
    let long = |most: usize| json!("长".repeat(most + 1));
    let table = [
        ("{\n".to_owned(), B::Call(BadTranscript::NotJson { line: 2, column: 0 })),
        ("[]".to_owned(), B::NotBoth),
        (json!({"call": call}).to_string(), B::NotBoth),
        (json!({"ticket": good}).to_string(), B::NotBoth),
        (json!({"call": call, "ticket": ["投诉", "", "", ""]}).to_string(), B::NotBoth),
        (json!({"call": [], "ticket": good}).to_string(), B::Call(BadTranscript::NotAnObject)),
        (
            json!({"call": {"a": [{}]}, "ticket": good}).to_string(),
            B::Call(BadTranscript::NoWords { unknown_turns: 1 }),
        ),
        (with("ticket_type", json!(1)), B::Field("ticket_type")),
        (with("ticket_title", Value::Null), B::Field("ticket_title")),
        (with("ticket_zone", long(MOST_ZONE)), B::TooLong("ticket_zone", MOST_ZONE)),
        (with("ticket_content", long(MOST_CONTENT)), B::TooLong("ticket_content", MOST_CONTENT)),
    ];
    for (body, expected) in table {
        assert_eq!(Check::parse(body.as_bytes()).err(), Some(expected), "{body:.200}");
    }
    let calls = json!({"a": vec![json!({"citizen": "停水".repeat(1000)}); 100]});
    let both = |content: usize| {
        let ticket = ticket("", "", &"水".repeat(content));
        Check::parse(json!({"call": calls, "ticket": ticket}).to_string().as_bytes()).err()
    };
    assert_eq!([both(1250), both(1251)], [None, Some(B::TooMuch)]);
    let whole = with("quality", json!({"grounded": true}));
    assert!(Check::parse(whole.as_bytes()).is_ok(), "a whole answer of /summarize will do");
}

/// Asserts all that is promised of spans.
fn assert_spans(call: &Value, ticket: &Value) {
    let checked = check(call, ticket);
    let mut last = None;
    for span in &checked.spans {
        let field = serde_json::to_value(span.field).expect("a name");
        let length = ticket[field.as_str().expect("text")].as_str().expect("text").chars().count();
        assert!(span.start < span.end && span.end <= length, "{span:?}");
        let apart = last.is_none_or(|(field, end)| field != span.field || end <= span.start);
        assert!(apart, "{span:?} in {:?}", checked.spans);
        last = Some((span.field, span.end));
        assert!(span.grounded || span.said.is_empty(), "{span:?}");
        for said in &span.said {
            let turn = call.as_object().and_then(|call| call.values().nth(said.session));
            let words = turn.expect("a session")[said.turn][said.speaker].as_str().expect("words");
            assert!(said.start < said.end && said.end <= words.chars().count(), "{span:?}");
        }
    }
    let body = json!({"call": call, "ticket": ticket}).to_string();
    let Check { call, ticket, .. } = Check::parse(body.as_bytes()).expect("it is good");
    assert_eq!(checked.quality, Quality::of(&call, &ticket, &CORRECTOR), "judged alike");
}

#[test]
fn the_calls_of_the_whole_product_have_their_values_linked() {
    let (mut numbers, mut unlinked) = (0, Vec::new());
    for line in include_str!("../../../tests/data/calls.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        assert_spans(&case["call"], &case["ticket"]);
        let spans = told(&case["call"], &case["ticket"]);
        numbers += spans.len();
        for (text, kind, grounded, said) in spans {
            assert!(grounded, "{}: {text}", case["id"]);
            unlinked.extend(said.is_empty().then(|| format!("{}: {text} {kind:?}", case["id"])));
        }
    }
    println!("{} of {numbers} are not linked: {unlinked:#?}", unlinked.len());
    assert!(numbers > 400 && unlinked.len() * 20 < numbers, "{} of {numbers}", unlinked.len());
}

/// Texts of what calls are made of, and of what they are not.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[一二三四五六七八九十百千万点零两半幺块毛元个月日号分之第0-9.,:：*X、，。到 \n\u{200b}-]{1,40}",
        "[王李张先生姓叫局物业公司委派出所银行社区的在三五栋单元室路上下午多约左右12国庆]{1,40}",
        ".{1,40}",
    ]
}

proptest! {
    #[test]
    fn spans_are_of_their_texts_and_apart(
        one in prop::collection::vec((words(), words()), 1..4),
        other in words(),
        fields in (words(), words(), words()),
        quoted in any::<bool>(),
    ) {
        let turns: Vec<Value> =
            one.iter().map(|(citizen, line)| json!({"citizen": citizen, "hot-line": line})).collect();
        let call = json!({"a": turns, "b": [{"note": 1}, {"citizen": format!("好{other}")}]});
        let content = if quoted { one[0].0.clone() + &one[0].1 } else { fields.2.clone() };
        assert_spans(&call, &ticket(&fields.0, &fields.1, &content));
    }
}

/// How long a call of a megabyte takes, and texts made to be slow; to be run in release.
#[test]
#[ignore = "measures"]
fn a_megabyte_is_compared_within_seconds() {
    let product: String = include_str!("../../../tests/data/calls.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a case")["call"].to_string())
        .collect();
    let amounts: String = (1000..1700).map(|amount| format!("{amount}元，")).collect();
    let offices: String = (0..1000)
        .map(|at| format!("城{}局", if at % 2 == 0 { "成成城" } else { "诚城" }))
        .collect();
    let texts = [
        ("calls", product.as_str(), amounts.as_str()),
        ("amounts", "1234元，两万五，下午三点，", &amounts),
        ("equal", "1元", &"1元".repeat(2500)),
        ("times", "下午三点，5点", &"3点5点".repeat(800)),
        ("digits", "一二三四五六七，", &"2345671，1234567，".repeat(300)),
        ("numerals", "一", &"一二三".repeat(1600)),
        ("holidays", "国庆了，", &"10月1日，".repeat(700)),
        ("offices", "城成诚局", &offices),
        ("names", "王李张", &"联系人王李张先生。".repeat(500)),
    ];
    for (name, said, content) in texts {
        let content: String = content.chars().take(MOST_WORK / 1_000_000 - 250).collect();
        let words: String = said.chars().cycle().take(330_000).collect();
        let turns: Vec<Value> = words
            .chars()
            .collect::<Vec<_>>()
            .chunks(if name == "calls" { 60 } else { 33_000 })
            .map(|words| json!({"citizen": words.iter().collect::<String>()}))
            .collect();
        let ticket = ticket(&"城成诚路".repeat(50), "小区停水", &content);
        let body = json!({"call": {"a": turns}, "ticket": ticket}).to_string();
        let start = std::time::SystemTime::now();
        let checked = Check::parse(body.as_bytes()).expect("it is good").compare(&CORRECTOR);
        let elapsed = start.elapsed().expect("time goes on");
        println!("{name}: {} bytes, {} spans: {elapsed:?}", body.len(), checked.spans.len());
        assert!(cfg!(debug_assertions) || elapsed.as_secs() < 15, "{name}: {elapsed:?}");
    }
}
