//! Malformed and nearly malformed answers with the outcome of each: `tests/data/malformed_answers.txt`.

use serde_json::Value;

use super::*;

fn types() -> Vec<String> {
    ["咨询", "求助", "举报", "投诉"].map(str::to_owned).to_vec()
}

/// An answer, or the first answer with other values of its fields.
fn written(answer: &str, first: &str) -> String {
    if !answer.starts_with("~ ") {
        return answer.to_owned();
    }
    let mut ticket: Value = serde_json::from_str(first).expect("the first answer is JSON");
    for line in answer.lines() {
        let (field, value) = line.trim_start_matches("~ ").split_once(' ').expect("a field");
        ticket[field] = serde_json::from_str(value).expect(line);
    }
    ticket.to_string()
}

#[test]
fn each_malformed_answer_has_its_outcome() {
    let file = include_str!("../../../tests/data/malformed_answers.txt");
    let rows: Vec<&str> = file.split("\n== ").skip(1).collect();
    assert!(rows.len() >= 60);
    let first = rows[0].lines().last().expect("an answer");
    let same = ticket(first, &types()).expect("a ticket");
    for row in rows {
        let (name, row) = row.split_once('\n').expect("a name");
        let outcomes: Vec<_> = row.lines().map_while(|line| line.strip_prefix("-> ")).collect();
        let answer: Vec<_> = row.lines().skip(outcomes.len()).collect();
        let read = ticket(&written(&answer.join("\n"), first), &types());
        let Some(fault) = outcomes[0].strip_prefix("fault ") else {
            let mut expected = serde_json::to_value(&same).expect("strings");
            for (field, text) in outcomes[1..].iter().filter_map(|line| line.split_once(' ')) {
                expected[field] = Value::from(text);
            }
            let read = read.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            assert_eq!(serde_json::to_value(read).expect("strings"), expected, "{name}");
            continue;
        };
        let read = read.expect_err(name);
        assert_eq!(format!("{read:?}"), fault, "{name}");
    }
}
