//! The question which of several addresses was said, and the model's answer to it. Pure.

use std::collections::HashSet;

use super::{
    parse,
    transcript::{Transcript, Turn, inert},
};
use crate::place::Alternative;

/// The field of the answer.
pub(super) const FIELD: &str = "choice";

/// The most turns of the call that the question quotes.
const MOST_TURNS: usize = 6;

/// The most characters of one of them.
const MOST_CHARS: usize = 120;

/// The prompt: what was said of the place, then the zone, then the numbered alternatives.
pub(super) fn prompt(
    call: &Transcript,
    home: Option<&str>,
    zone: &str,
    alternatives: &[Alternative],
) -> String {
    let home = home.map(|home| format!("热线所在城市：{home}\n")).unwrap_or_default();
    let said = mentions(call, zone, alternatives).to_prompt();
    let mut prompt = format!("{home}{said}\n识别出的地址：{}\n候选：\n0. 保持原文\n", inert(zone));
    for (number, alternative) in (1..).zip(alternatives) {
        prompt.push_str(&format!("{number}. {}\n", inert(&alternative.zone)));
    }
    prompt
}

/// The alternative that an answer chooses: 0 is none of them, and an answer without a number among
/// them is no choice.
pub(super) fn choice(answer: &str, alternatives: usize) -> Option<usize> {
    let number = match parse::object(answer, &[FIELD]) {
        Some(object) => parse::text(&object, FIELD)?,
        None => parse::after_thinking(answer)?.trim().to_owned(),
    };
    number.parse().ok().filter(|choice| *choice <= alternatives)
}

/// The turns that share most pairs of characters with the addresses, in the order of the call.
fn mentions(call: &Transcript, zone: &str, alternatives: &[Alternative]) -> Transcript {
    let mut pairs = HashSet::new();
    for text in std::iter::once(zone).chain(alternatives.iter().map(|other| other.zone.as_str())) {
        let letters: Vec<char> = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
        pairs.extend(letters.windows(2).map(|pair| [pair[0], pair[1]]));
    }
    let mut told: Vec<(usize, usize, String)> = Vec::new();
    for (at, turn) in call.turns.iter().enumerate() {
        let (count, words) = densest(&turn.words, &pairs);
        if count > 0 {
            told.push((at, count, words));
        }
    }
    told.sort_by_key(|(at, count, _)| (std::cmp::Reverse(*count), *at));
    told.truncate(MOST_TURNS);
    told.sort_by_key(|(at, ..)| *at);
    let turns = told.into_iter().map(|(at, _, words)| {
        let speaker = call.turns[at].speaker;
        Turn { speaker, words }
    });
    Transcript { turns: turns.collect(), unknown_turns: 0 }
}

/// The part of a turn, of bounded length, that holds most of the pairs, and how many it holds.
fn densest(words: &str, pairs: &HashSet<[char; 2]>) -> (usize, String) {
    let letters: Vec<char> = words.chars().collect();
    let held: Vec<bool> =
        letters.windows(2).map(|pair| pairs.contains(&[pair[0], pair[1]])).collect();
    let width = MOST_CHARS.min(letters.len());
    let inner = width.saturating_sub(1);
    let mut count = held.iter().take(inner).filter(|held| **held).count();
    let (mut most, mut best) = (count, 0);
    for start in 1..=letters.len() - width {
        count = count + usize::from(held[start + inner - 1]) - usize::from(held[start - 1]);
        if count > most {
            (most, best) = (count, start);
        }
    }
    (most, letters[best..best + width].iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(turns: &[&str]) -> Transcript {
        let turns: Vec<_> =
            turns.iter().map(|words| serde_json::json!({"citizen": words})).collect();
        let body = serde_json::json!({"a": turns}).to_string();
        Transcript::parse(body.as_bytes()).expect("a transcript")
    }

    fn alternative(zone: &str) -> Alternative {
        Alternative { zone: zone.to_owned(), changes: Vec::new() }
    }

    #[test]
    fn the_question_quotes_what_was_said_of_the_place_and_numbers_the_alternatives() {
        let call = call(&["喂", "我家在六安市城管镇", "路灯坏了", "舒城县的城关镇", "对"]);
        let alternatives = [alternative("六安市城关镇")];
        let prompt = prompt(&call, Some("六安市"), "六安市城管镇", &alternatives);
        let expected = "热线所在城市：六安市\n<通话记录>\n来电人：我家在六安市城管镇\n来电人：舒城县的城关镇\n\
                        </通话记录>\n识别出的地址：六安市城管镇\n候选：\n0. 保持原文\n1. 六安市城关镇\n";
        assert_eq!(prompt, expected);
    }

    #[test]
    fn only_a_number_among_the_alternatives_is_a_choice() {
        let table = [
            (r#"{"choice": 2}"#, Some(2)),
            (r#"{"choice": 0}"#, Some(0)),
            (r#"{"choice": "1"}"#, Some(1)),
            ("<think>1还是2</think>{\"choice\": 1}", Some(1)),
            ("2", Some(2)),
            (r#"{"choice": 3}"#, None),
            (r#"{"choice": -1}"#, None),
            (r#"{"choice": 1.5}"#, None),
            (r#"{"choice": null}"#, None),
            (r#"{"corrected": "六安市"}"#, None),
            ("选1", None),
            ("<think>1", None),
            ("", None),
        ];
        for (answer, expected) in table {
            assert_eq!(choice(answer, 2), expected, "{answer}");
        }
    }

    #[test]
    fn a_long_call_is_quoted_in_parts_of_bounded_length() {
        let long = format!("{}我家在六安市城管镇{}", "嗯".repeat(5000), "啊".repeat(5000));
        let call = call(&[long.as_str(); 40]);
        let quoted = mentions(&call, "六安市城管镇", &[]);
        assert_eq!(quoted.turns.len(), MOST_TURNS);
        for turn in quoted.turns {
            assert!(turn.words.contains("六安市城管镇"));
            assert_eq!(turn.words.chars().count(), MOST_CHARS);
        }
    }

    proptest! {
        #[test]
        fn no_address_closes_the_fence_or_adds_a_line(zone in "[六安\n\r<>/通话记录.0-9]{0,30}") {
            let call = call(&["六安"]);
            let prompt = prompt(&call, None, &zone, &[alternative(&zone)]);
            prop_assert_eq!(prompt.matches("</通话记录>").count(), 1);
            // The fence with at most one turn, the zone, two lines and one alternative.
            prop_assert!((6..=7).contains(&prompt.lines().count()), "{}", prompt);
        }
    }
}
