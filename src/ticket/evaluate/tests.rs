//! What is counted, and what is told of a ticket.

use serde_json::json;

use super::*;
use crate::place::Gazetteer;

#[test]
fn a_fact_stands_in_a_text_with_its_whole_number() {
    let table = [
        ("住12栋1203室", "12栋", true),
        ("住12栋1203室", "2栋", false),
        ("住12栋1203室", "1203", true),
        ("住12栋1203室", "203", false),
        ("罚款3000元", "300", false),
        ("罚款13000元，又罚3000元", "3000元", true),
        ("电话0564-3285107", "05643285107", true),
        ("电话0564 3285107", "0564-3285107", true),
        ("共12,500元", "12500元", true),
        ("编号3356，11月6日登记", "3356", true),
        ("编号3356，11月6日登记", "11月6日", true),
        ("编号3356, 11月6日登记", "11月6日", true),
        ("三十铺镇", "三十铺", true),
        ("", "1", false),
    ];
    for (text, fact, expected) in table {
        assert_eq!(Plain::new(text).holds(fact), expected, "{fact} in {text}");
    }
}

fn case() -> Case {
    serde_json::from_value(json!({
        "id": 1, "kind": "noise", "type": "投诉", "type_alt": ["举报"],
        "call": {"s": [
            {"citizen": "金安区三十铺镇锦绣花园十二栋电梯坏了，扣了八千块"},
            {"hot-line": "五个工作日内有人联系您"}
        ]},
        "zone": "金安区三十铺镇锦绣花园",
        "must": ["12栋", ["8000元", "8000块"], "5个工作日"],
        "must_not": ["5000元"]
    }))
    .expect("a case")
}

fn made(ticket_type: &str, content: &str, trace: &[&str]) -> Made {
    let attempts: Vec<Value> = trace.iter().map(|outcome| json!({"outcome": outcome})).collect();
    let answer = json!({
        "ticket_type": ticket_type, "ticket_zone": "金安区三十铺镇锦绣花园",
        "ticket_title": "锦绣花园电梯损坏", "ticket_content": content,
        "trace": {"attempts": attempts}, "quality": {},
    });
    serde_json::from_value(answer).expect("an answer")
}

#[test]
fn what_a_ticket_lacks_and_has_too_much_is_counted_and_told() {
    let case = case();
    let call = Transcript::parse(case.call.to_string().as_bytes()).expect("a transcript");
    let corrector = Corrector::new(Gazetteer::embedded());
    let mut evaluation = TicketEvaluation::default();
    let good = "来电人咨询：12栋电梯坏了，扣了8000元。 话务员解答内容：5个工作日内有人联系。";
    let right = evaluation.add(&case, &call, &made("举报", good, &["answered"]), &corrector);
    assert_eq!(right, Wrong::default());
    let bad = "来电人咨询：我家12栋电梯坏了，扣了5000元。 话务员解答内容：15个工作日内有人联系。";
    let outcomes = ["bad_answer", "refused", "answered"];
    let wrong = evaluation.add(&case, &call, &made("求助", bad, &outcomes), &corrector);
    let expected = Wrong {
        kind: Some("求助".to_owned()),
        zone: None,
        missing: vec!["8000元".to_owned(), "5个工作日".to_owned()],
        forbidden: vec!["5000元".to_owned()],
        invented: vec!["5000元".to_owned(), "15个工作日".to_owned()],
        malformed: Some("the ticket is not in the third person"),
    };
    assert_eq!(wrong, expected);
    evaluation.failed(&case);
    let expected = TicketFigures {
        cases: 3,
        failed: 1,
        degraded: 0,
        malformed: 1,
        types: 1.0 / 3.0,
        zones: 2.0 / 3.0,
        recall: 4.0 / 9.0,
        forbidden: 1,
        invented: 2,
        attempts: 2.0,
        bad_answers: 1,
    };
    assert_eq!(evaluation.figures(), expected);
    assert_eq!(
        evaluation.kinds().map(|(kind, tally)| (kind, tally.cases)).collect::<Vec<_>>(),
        [("noise", 3)]
    );
}
