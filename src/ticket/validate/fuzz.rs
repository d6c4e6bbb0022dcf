//! Answers of all kinds: tickets that were cut, doubled, quoted and mixed with tokens of every wrapping,
//! and any text. None makes parser or validator panic, and what they accept keeps the contract.

use std::time::Duration;

use fastrand::Rng;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// What models and callers put where it does not belong.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "“",
    "”",
    "＂",
    "‘",
    "’",
    ":",
    "：",
    ",",
    "，",
    "\\",
    "\\\"",
    "\\u",
    "\\ud800",
    "\n",
    "\t",
    "\u{0}",
    "\u{200b}",
    "\u{202e}",
    "\u{fffd}",
    "｛",
    "｝",
    "［",
    "］",
    "```json",
    "```",
    "<think>",
    "</think>",
    "//",
    "/*",
    "*/",
    "null",
    "None",
    "True",
    "-1e9",
    "ticket_type",
    "\"ticket_zone\":",
    "\"ticket_title\": \"",
    "'ticket_content': '",
    "来电人咨询：",
    "话务员解答内容：",
    "我",
    "您",
    "咱",
    "我市",
    "投诉",
    "举报",
    "未提及",
    "……",
    "。",
    "！",
    "**",
    "##",
    "- ",
    "• ",
    "<br>",
    "&nbsp;",
    "<|im_end|>",
    "停水停水停水停水停水",
    "the quick brown fox",
    "ガス",
    "𠮷",
    "👨‍👩‍👧",
    "é",
    "「",
    "」",
    "『",
    "』",
    " ",
    "　",
];

fn types() -> Vec<String> {
    ["咨询", "求助", "举报", "投诉", "投诉举报"].map(str::to_owned).to_vec()
}

fn pick<'a>(random: &mut Rng, texts: &[&'a str]) -> &'a str {
    texts[random.usize(..texts.len())]
}

/// A ticket that is none, nearly one, or one.
fn ticket_of(random: &mut Rng) -> String {
    let zones = ["未提及", "", "六安市三十铺镇水韵东方小区", "“六安”市", "无"];
    let titles = ["地下车库噪音扰民", "咨询医保报销。", "称“我要投诉”的事", "ETC无法绑定"];
    let asked = [
        "地下车库很吵。",
        "来电人称“我家很吵，你们管不管”。",
        "电话138****5678，3.5元。",
        "称\"吵\"。",
    ];
    let answered = ["已记录。", "话务员称“请您稍等”。", "我市没有规定。", "建议来电人咨询物业。"];
    let content = format!(
        "来电人咨询{}{}{}话务员解答内容：{}",
        pick(random, &["：", ":", "", "： "]),
        pick(random, &asked),
        pick(random, &["", " ", "\n"]),
        pick(random, &answered),
    );
    let ticket = json!({
        "ticket_type": pick(random, &["投诉", "咨询类", "【举报】", "投诉/举报", "表扬", "投诉举报"]),
        "ticket_zone": pick(random, &zones), "ticket_title": pick(random, &titles), "ticket_content": content,
    });
    let text = if random.bool() { ticket.to_string() } else { format!("{ticket:#}") };
    match random.u8(..8) {
        0 => text.replace('"', "'"),
        1 => text.replace('"', "”"),
        2 => {
            text.replace("\":", "\"：").replace("\",", "\"，").replace('{', "｛").replace('}', "｝")
        }
        3 => format!("```json\n{text}\n```"),
        4 => format!("<think>{text}</think>{text}"),
        5 => json!({"ticket": ticket, "list": [ticket]}).to_string(),
        6 => json!(text).to_string(),
        _ => text,
    }
}

/// A place between two characters.
fn place(random: &mut Rng, text: &str) -> usize {
    let at = random.usize(..=text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Where the character behind a place ends.
fn next(text: &str, place: usize) -> usize {
    text[place..].chars().next().map_or(place, |character| place + character.len_utf8())
}

/// One answer.
fn answer(random: &mut Rng) -> String {
    if random.u8(..16) == 0 {
        let any = |random: &mut Rng| {
            if random.bool() { random.char(..) } else { random.char('一'..'龥') }
        };
        return (0..random.usize(..60)).map(|_| any(random)).collect();
    }
    let mut text = if random.u8(..12) == 0 { String::new() } else { ticket_of(random) };
    for _ in 0..random.u32(..6) {
        let (one, other) = (place(random, &text), place(random, &text));
        let (start, end) = (one.min(other), one.max(other));
        match random.u8(..8) {
            0 => text.truncate(start),
            1 if start < end => {
                text.replace_range(start..if random.bool() { end } else { next(&text, start) }, "");
            }
            2 => {
                let doubled = text[start..end].to_owned();
                text.insert_str(start, &doubled);
            }
            3 => text = text.split_off(start) + &text,
            4 => text.insert(start, random.char(..)),
            5 => text.push_str(&ticket_of(random)),
            _ => {
                let token = pick(random, TOKENS);
                let times = if random.u8(..20) == 0 { 300 } else { 1 };
                text.insert_str(start, &token.repeat(times));
            }
        }
    }
    text
}

/// Whether an answer is a ticket; if so, it keeps the contract and is one again.
fn holds(answer: &str, types: &[String]) -> bool {
    let Ok(ticket) = super::ticket(answer, types) else { return false };
    let Ticket { ticket_type, ticket_zone, ticket_title, ticket_content } = &ticket;
    assert!(types.contains(ticket_type), "{ticket:?}");
    assert!(!ticket_zone.trim().is_empty() && ticket_zone.chars().count() <= 100, "{ticket:?}");
    assert!((4..=30).contains(&ticket_title.chars().count()), "{ticket:?}");
    assert!(!ticket_title.contains(['。', '\n']), "{ticket:?}");
    let content = ticket_content.strip_prefix("来电人咨询：").expect("the first part");
    let (asked, answered) = content.split_once("话务员解答内容：").expect("the second part");
    assert!(!asked.trim().is_empty() && !answered.trim().is_empty(), "{ticket:?}");
    assert!(ticket_content.chars().count() <= 4000);
    assert!(!ticket_content.contains(['\u{202e}', '\u{200b}', '\u{fffd}']), "{ticket:?}");
    let again = serde_json::to_string(&ticket).expect("strings");
    assert_eq!(super::ticket(&again, types), Ok(ticket), "not itself again: {answer}");
    true
}

/// Tries so many answers; how many of them are tickets, and the time that the slowest took.
#[expect(clippy::disallowed_types, reason = "the time that really passes is what is measured")]
fn try_answers(seed: u64, count: usize) -> (usize, Duration) {
    let (mut random, types) = (Rng::with_seed(seed), types());
    let (mut tickets, mut slowest) = (0, Duration::ZERO);
    for _ in 0..count {
        let answer = answer(&mut random);
        let took = |_| {
            let since = std::time::Instant::now();
            let _ = super::ticket(&answer, &types);
            since.elapsed()
        };
        // Another process may take the core away once, but not each time.
        let slow = took(0) > slowest;
        slowest = slowest.max((1..8).take_while(|_| slow).map(took).min().unwrap_or_default());
        tickets += usize::from(holds(&answer, &types));
    }
    (tickets, slowest)
}

#[test]
fn what_is_accepted_keeps_the_contract() {
    let (tickets, _) = try_answers(12_345, 3_000);
    assert!((300..2_700).contains(&tickets), "{tickets} of 3000: the mixture tells nothing");
}

/// `make fuzz` runs it.
#[test]
#[ignore = "takes minutes; `make fuzz` runs it"]
fn ten_million_answers_of_all_kinds_make_no_panic() {
    let halves = [1, 2].map(|seed| std::thread::spawn(move || try_answers(seed, 5_000_000)));
    let told = halves.map(|half| half.join().expect("no panic"));
    let tickets: usize = told.iter().map(|(tickets, _)| tickets).sum();
    let slowest = told.iter().map(|(_, slowest)| slowest).max();
    println!(
        "10,000,000 answers, {tickets} of them tickets, no panic; the slowest took {slowest:?}"
    );
}

proptest! {
    #[test]
    fn no_text_of_signs_makes_it_panic(answer in r#"[\{\}"“”'：，｛｝:,\\/*a_ 来电我。\n]{0,300}"#) {
        let _ = super::ticket(&answer, &types());
    }

    #[test]
    fn no_fields_make_it_panic(zone in any::<String>(), title in any::<String>(), asked in any::<String>(), answered in ".{0,80}") {
        let content = format!("来电人咨询：{asked}话务员解答内容：{answered}");
        let answer = json!({"ticket_type": "投诉", "ticket_zone": zone, "ticket_title": title, "ticket_content": content});
        holds(&answer.to_string(), &types());
    }
}
