//! The rule-made drafts of the test calls, without any model.

use std::{sync::LazyLock, time::SystemTime};

use super::*;
use crate::{
    config,
    place::Gazetteer,
    ticket::{self, Speaker, Turn, extractive, numerals},
};

static CORRECTOR: LazyLock<Corrector> = LazyLock::new(|| Corrector::new(Gazetteer::embedded()));

/// Whether a fact is a telephone number or an amount of money.
fn is_phone_or_amount(fact: &Spellings) -> bool {
    let digits = |text: &String| text.chars().filter(char::is_ascii_digit).count();
    fact.all().iter().any(|text| text.ends_with('元') || digits(text) >= 7)
}

/// Whether a ticket has a number of the same value, in digits or in characters.
fn has_number(ticket: &Ticket, fact: &Spellings) -> bool {
    let text = [&ticket.ticket_title, &ticket.ticket_content].map(String::as_str).join("\n");
    let numbers = numerals::said(&text, &[]);
    let mut values = fact.all().iter().flat_map(|text| numerals::said(&Plain::new(text).0, &[]));
    values.any(|value| {
        numbers.iter().any(|number| number.readings.iter().any(|r| value.readings.contains(r)))
    })
}

/// Drafts all calls; what is wrong beyond the figures fails.
fn drafts(lines: &str) -> TicketFigures {
    let types = config::Ticket::default().types;
    let mut evaluation = TicketEvaluation::default();
    for line in lines.lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let call = Transcript::parse(case.call.to_string().as_bytes()).expect("a call");
        let draft = ticket::draft(&call, &types, &CORRECTOR, &case.home);
        assert_eq!(draft.quality.ungrounded, [], "{}: {:?}", case.id, draft.ticket);
        assert_eq!(draft.quality.omitted, [], "{}: {:?}", case.id, draft.ticket);
        let content = Plain::new(&draft.ticket.ticket_content);
        for fact in case.must.iter().filter(|fact| is_phone_or_amount(fact)) {
            let is_held = fact.all().iter().any(|spelling| content.holds(spelling));
            let kept = is_held || has_number(&draft.ticket, fact);
            assert!(kept, "{}: {fact:?} is not in {:?}", case.id, draft.ticket);
        }
        let wrong = evaluation.add(&case, &call, &draft.into(), &CORRECTOR);
        assert_eq!(wrong.malformed, None, "{}", case.id);
    }
    evaluation.figures()
}

#[test]
fn drafts_of_the_calls_are_mostly_right_and_keep_every_phone_and_amount() {
    let here = drafts(include_str!("../../../tests/data/calls.jsonl"));
    let elsewhere = drafts(include_str!("../../../tests/data/calls_elsewhere.jsonl"));
    for figures in [here, elsewhere] {
        assert!(figures.types >= 0.8 && figures.zones >= 0.8, "{figures:?}");
        assert!(figures.recall >= 0.9 && figures.invented == 0, "{figures:?}");
    }
}

/// How long drafts and their comparison take; to be run in release.
#[test]
#[ignore = "measures"]
fn a_megabyte_is_drafted_and_compared_within_a_second() {
    let types = config::Ticket::default().types;
    let texts = [
        "我住在金安区三十普镇锦绣花园十二栋 电话幺三八五六四幺二三四五 修了八千多块钱，",
        "市区县镇乡街道村社区",
        "一二三四五六七八九十",
        "12 12 的",
        "三块五，",
        "吵",
    ];
    for (size, turn) in [(3_000, 40), (100_000, 40), (1 << 20, 40), (1 << 20, 1 << 20)] {
        for text in texts {
            let words = text.repeat(turn / text.len() + 1);
            let count = size / words.len() + 1;
            let turns = vec![Turn { speaker: Speaker::Citizen, words }; count];
            let call = Transcript { turns, unknown_turns: 0 };
            let began = SystemTime::now();
            let draft = extractive::draft(&call, &types, &CORRECTOR.finder("六安市"));
            let drafted = began.elapsed().unwrap_or_default();
            let quality = Quality::of(&call, &draft, &CORRECTOR);
            let compared = began.elapsed().unwrap_or_default() - drafted;
            println!("{size} B {text}: {drafted:?}, compared {compared:?} {}", quality.grounded);
        }
    }
}
