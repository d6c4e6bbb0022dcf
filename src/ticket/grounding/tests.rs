//! Faithful tickets are grounded, planted faults are found.

mod faults;
mod offices;
mod persons;
mod tables;

use proptest::prelude::*;

use super::*;
use crate::{
    place::{Corrector, Gazetteer},
    ticket::{Speaker, Turn, extractive},
};

/// A call and a faithful ticket of it, one JSON object a line.
const CALLS: &str = include_str!("../../../tests/data/grounded.jsonl");

/// The calls of the whole product, each with a faithful ticket.
const ALL_CALLS: &str = include_str!("../../../tests/data/calls.jsonl");

#[derive(Deserialize)]
struct Pair {
    call: serde_json::Value,
    ticket: Ticket,
}

/// Characters that sound alike, as a gazetteer would know them.
fn sounds(one: char, other: char) -> bool {
    const ALIKE: [&str; 8] = ["瓴岭玲", "刘六", "张章", "韵运", "苑园", "阳羊洋", "局剧", "李里"];
    ALIKE.iter().any(|group| group.contains(one) && group.contains(other))
}

fn pairs() -> Vec<(Transcript, Ticket)> {
    read(CALLS)
}

fn read(lines: &str) -> Vec<(Transcript, Ticket)> {
    let read = |line: &str| {
        let pair: Pair = serde_json::from_str(line).unwrap();
        let call = Transcript::parse(pair.call.to_string().as_bytes()).unwrap();
        (call, pair.ticket)
    };
    lines.lines().map(read).collect()
}

/// What the comparison of a ticket with its call alone shows.
fn check(call: &Transcript, ticket: &Ticket, ear: &impl Ear) -> Grounding {
    Basis::new(call, ear).check(ticket)
}

/// False alarms, and the faults that nobody saw among those planted.
fn tried(
    pairs: &[(Transcript, Ticket)],
    ear: &impl Ear,
    step: usize,
) -> (Vec<String>, Vec<String>, usize) {
    let (mut planted, mut missed, mut alarms) = (0, Vec::new(), Vec::new());
    for (index, (call, ticket)) in pairs.iter().enumerate() {
        let basis = Basis::new(call, ear);
        let grounding = basis.check(ticket);
        if !grounding.ungrounded.is_empty() || !grounding.omitted.is_empty() {
            alarms.push(format!("{}: {grounding:?}", ticket.ticket_title));
        }
        for fault in faults::plant(ticket, call).into_iter().skip(index % step).step_by(step) {
            planted += 1;
            // What is in doubt without the fault does not count for it.
            if basis.check(&fault.ticket).ungrounded.len() <= grounding.ungrounded.len() {
                missed.push(format!("{}: {} {}", ticket.ticket_title, fault.what, fault.change));
            }
        }
    }
    println!("{planted} faults, {} missed, {} false alarms", missed.len(), alarms.len());
    (alarms, missed, planted)
}

/// No false alarm, and at least 99 of 100 faults found, of which every `step`th is tried.
#[track_caller]
fn assert_told_apart(pairs: &[(Transcript, Ticket)], ear: &impl Ear, step: usize) {
    let (alarms, missed, planted) = tried(pairs, ear, step);
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    assert!(planted >= 300, "{planted}");
    assert!(missed.len() * 100 <= planted, "{} of {planted}:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn faithful_tickets_are_grounded_and_planted_faults_are_found() {
    assert_told_apart(&pairs(), &sounds, 12);
}

#[test]
fn the_same_holds_for_the_calls_of_the_whole_product() {
    let corrector = Corrector::new(Gazetteer::embedded());
    assert_told_apart(&read(ALL_CALLS), &corrector, 8);
}

/// The same with every fault and what the product hears; `make grounding`.
#[test]
#[ignore = "takes long"]
fn every_planted_fault_is_tried() {
    let corrector = Corrector::new(Gazetteer::embedded());
    for calls in [CALLS, ALL_CALLS] {
        assert_told_apart(&read(calls), &corrector, 1);
    }
}

/// The same for the calls of `TICKETD_CALLS=FILE`, one object with call and ticket a line.
#[test]
#[ignore = "needs a file"]
fn a_file_of_calls_is_tried() {
    let Ok(file) = std::env::var("TICKETD_CALLS") else { return };
    let corrector = Corrector::new(Gazetteer::embedded());
    let pairs = read(&std::fs::read_to_string(file).unwrap());
    let (alarms, missed, _) = tried(&pairs, &corrector, 1);
    println!("{}\n{}", alarms.join("\n"), missed.join("\n"));
}

#[test]
fn the_rule_made_drafts_are_grounded() {
    let types = ["咨询", "求助", "举报", "投诉"].map(str::to_owned);
    let corrector = Corrector::new(Gazetteer::embedded());
    for (call, _) in pairs() {
        let draft = extractive::draft(&call, &types, &corrector.finder(""));
        let grounding = check(&call, &draft, &sounds);
        assert_eq!(grounding.ungrounded, [], "{}", draft.ticket_content);
    }
}

/// How long a call of 100 kB takes, and texts made to be slow; to be run in release.
#[test]
#[ignore = "measures"]
fn a_long_call_is_compared_within_20_ms() {
    let turns = |words: &str| -> Transcript {
        let words = words.repeat(300 / words.len() + 1);
        let turn = Turn { speaker: Speaker::Citizen, words };
        let count = 100_000 / turn.words.len();
        Transcript { turns: vec![turn; count], unknown_turns: 0 }
    };
    let one_turn = |words: &str| {
        let turn = Turn { speaker: Speaker::Citizen, words: words.repeat(100_000 / words.len()) };
        Transcript { turns: vec![turn], unknown_turns: 0 }
    };
    let mut bytes = 0;
    let all: Vec<Turn> = pairs().into_iter().flat_map(|(call, _)| call.turns).collect();
    let fits = |turn: &Turn| {
        bytes += turn.words.len();
        bytes <= 100_000
    };
    let turns_of_calls = all.iter().cycle().cloned().take_while(fits).collect();
    let calls = Transcript { turns: turns_of_calls, unknown_turns: 0 };
    let ticket = pairs().swap_remove(3).1;
    let long = Ticket { ticket_content: ticket.ticket_content.repeat(12), ..ticket.clone() };
    let corrector = Corrector::new(Gazetteer::embedded());
    let kinds = ["一", "一万", "12", "1,", "三块五，"];
    let amounts: String = (1_000..9_000).map(|amount| format!("{amount}元，")).collect();
    let kinds = kinds.into_iter().chain([amounts.as_str()]).collect::<Vec<_>>();
    let texts = kinds.iter().flat_map(|kind| [(*kind, turns(kind)), (*kind, one_turn(kind))]);
    for (name, call) in [("calls", calls)].into_iter().chain(texts) {
        for ticket in [&ticket, &long] {
            // The best of three: the tables are built, and other programs run as well.
            let measured = || {
                let start = std::time::SystemTime::now();
                let _ = check(&call, ticket, &corrector);
                start.elapsed().unwrap()
            };
            let elapsed = (0..3).map(|_| measured()).min().unwrap();
            println!("{}: {elapsed:?}", name.chars().take(9).collect::<String>());
            let most = if name == "calls" { 20 } else { 200 };
            assert!(cfg!(debug_assertions) || elapsed.as_millis() < most, "{name}: {elapsed:?}");
        }
    }
}

/// Texts of what calls are made of, and of what they are not.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[一二三四五六七八九十百千万点零两半幺块毛元个月日号分之第0-9.,:：*X、，。到-]{1,60}",
        "[王李张先生姓叫局物业公司委派出所银行社区的在三五栋单元室路上下午多约左右12]{1,60}",
        ".{1,60}",
    ]
}

proptest! {
    #[test]
    fn a_turn_quoted_word_for_word_is_grounded(turns in prop::collection::vec(words(), 1..5)) {
        let turns: Vec<Turn> = turns
            .iter()
            .map(|words| words.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|words| !words.is_empty())
            .map(|words| Turn { speaker: Speaker::Citizen, words })
            .collect();
        let call = Transcript { turns: turns.clone(), unknown_turns: 0 };
        for turn in turns {
            let ticket = Ticket {
                ticket_type: "投诉".to_owned(),
                ticket_zone: "未提及".to_owned(),
                ticket_title: "来电".to_owned(),
                ticket_content: turn.words,
            };
            let grounding = check(&call, &ticket, &sounds);
            prop_assert_eq!(grounding.ungrounded, Vec::new(), "{}", ticket.ticket_content);
        }
    }

    #[test]
    fn nothing_makes_it_panic(said in words(), zone in words(), title in words(), content in words()) {
        let turns = vec![Turn { speaker: Speaker::Citizen, words: said }];
        let call = Transcript { turns, unknown_turns: 0 };
        let ticket = Ticket {
            ticket_type: String::new(),
            ticket_zone: zone,
            ticket_title: title,
            ticket_content: content,
        };
        let _ = check(&call, &ticket, &sounds);
    }
}
