//! A call that is too long for the model's context: its parts, and what a model makes of them. Pure.

use std::{collections::HashSet, ops::Range};

use serde_json::{Value, json};

use super::{
    extractive,
    numerals::{self, Number},
    parse,
    transcript::{Speaker, Transcript, Turn},
};

/// The field of the answer.
const FIELD: &str = "turns";

/// The tokens that are left for an answer. A ticket has some 700.
pub(super) const ANSWER_TOKENS: usize = 1536;

/// What a turn has beside its words: the speaker's name, the line feed and what tokenisers add.
const TURN_TOKENS: usize = 6;

/// The fewest tokens of a part, however small the context is.
const LEAST_TOKENS: usize = 256;

/// How many tokens a text has at most, nearly: one for each character of Chinese, and one for three
/// others. Tokenisers that know Chinese need two thirds of that.
pub(super) fn tokens(text: &str) -> usize {
    let narrow = text.chars().filter(char::is_ascii).count();
    text.chars().count() - narrow + narrow.div_ceil(3)
}

/// The call in parts, in order, each of which fits beside so many other tokens in a context of so many.
pub(super) fn parts(call: &Transcript, context: usize, others: usize) -> Vec<Transcript> {
    let most = context.saturating_sub(others + ANSWER_TOKENS).max(LEAST_TOKENS);
    let mut parts = vec![Transcript::default()];
    let mut left = most;
    for turn in &call.turns {
        for words in cut(&turn.words, most) {
            let needed = tokens(&words) + TURN_TOKENS;
            if needed > left && parts.last().is_some_and(|part| !part.turns.is_empty()) {
                parts.push(Transcript::default());
                left = most;
            }
            left = left.saturating_sub(needed);
            if let Some(part) = parts.last_mut() {
                part.turns.push(Turn { speaker: turn.speaker, words });
            }
        }
    }
    parts
}

/// Words in pieces of at most so many tokens.
fn cut(words: &str, most: usize) -> Vec<String> {
    let letters: Vec<char> = words.chars().collect();
    // No character has more than one token by this reckoning.
    letters
        .chunks(most.saturating_sub(TURN_TOKENS).max(1))
        .map(|piece| piece.iter().collect())
        .collect()
}

/// The JSON schema of the answer.
pub(super) fn format() -> Value {
    let speaker =
        json!({"type": "string", "enum": [Speaker::Citizen.name(), Speaker::Operator.name()]});
    let turn = json!({
        "type": "object",
        "properties": {"speaker": speaker, "words": {"type": "string"}},
        "required": ["speaker", "words"],
    });
    json!({"type": "object", "properties": {FIELD: {"type": "array", "items": turn}}, "required": [FIELD]})
}

/// What a model left of a part, and the clauses whose numbers it lost; none if it is no shorter part
/// of a call.
pub(super) fn answered(answer: &str, part: &Transcript) -> Option<Transcript> {
    let object = parse::object(answer, &[FIELD])?;
    let mut condensed = Transcript::default();
    for turn in object.get(FIELD)?.as_array()? {
        let speaker = turn.get("speaker")?.as_str()?;
        let speakers = [Speaker::Citizen, Speaker::Operator];
        let speaker = speakers.into_iter().find(|known| known.name() == speaker)?;
        condensed.push(speaker, turn.get("words")?.as_str()?);
    }
    let shorter = size(&condensed) < size(part);
    if !shorter || condensed.turns.is_empty() {
        return None;
    }
    keep_numbers(part, &mut condensed);
    Some(condensed)
}

/// Whether a part is so short that condensing it saves nothing.
pub(super) fn is_short(part: &Transcript) -> bool {
    size(part) < LEAST_TOKENS / 2
}

/// What rules leave of a part that no model condensed: the clauses with numbers, then whole turns that
/// say most, as long as a half of the part is saved.
pub(super) fn by_rules(part: &Transcript) -> Transcript {
    let mut left = Transcript::default();
    keep_numbers(part, &mut left);
    let mut room = (size(part) / 2).saturating_sub(size(&left));
    for Turn { speaker, words } in extractive::gist(part).turns {
        let needed = tokens(&words) + TURN_TOKENS;
        if needed <= room && !left.turns.iter().any(|turn| turn.words == words) {
            room -= needed;
            left.turns.push(Turn { speaker, words });
        }
    }
    if left.turns.is_empty() {
        left.turns.extend(part.turns.iter().take(1).cloned());
    }
    left
}

/// Puts the clauses of a part whose numbers are lost behind what is left of it, as long as a half of
/// the part is saved; bare short numbers come last.
fn keep_numbers(part: &Transcript, condensed: &mut Transcript) {
    let left = condensed.turns.iter().flat_map(|turn| numerals::said(&turn.words, &[]));
    let mut left: HashSet<String> = left.flat_map(|number| number.readings).collect();
    let mut room = (size(part) / 2).saturating_sub(size(condensed));
    let numbers = part.turns.iter().flat_map(|turn| {
        let numbers = numerals::written(&turn.words, &[]).into_iter();
        numbers.map(move |number| (turn, number))
    });
    let counts = |number: &Number| {
        number.unit.is_some() || number.readings.iter().any(|reading| reading.len() > 4)
    };
    let (first, last): (Vec<_>, Vec<_>) = numbers.partition(|(_, number)| counts(number));
    for (turn, number) in first.into_iter().chain(last) {
        if number.readings.iter().any(|reading| left.contains(reading)) {
            continue;
        }
        let words = clause(&turn.words, number.span);
        let needed = tokens(words) + TURN_TOKENS;
        if needed <= room {
            room -= needed;
            condensed.push(turn.speaker, words);
            left.extend(numerals::said(words, &[]).into_iter().flat_map(|number| number.readings));
        }
    }
}

/// The clause with a number, and no more of one that never ends.
fn clause(words: &str, number: Range<usize>) -> &str {
    const MOST_CHARS: usize = 40;
    let is_end = |character: char| "，。；？！,;?!\n".contains(character);
    let before = &words[..number.start];
    let start = before
        .rfind(is_end)
        .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let least = before.char_indices().rev().nth(MOST_CHARS).map_or(0, |(at, _)| at);
    let behind = &words[number.end..];
    let end = behind.find(is_end).unwrap_or(behind.len());
    let most = behind.char_indices().nth(MOST_CHARS).map_or(behind.len(), |(at, _)| at);
    &words[start.max(least)..number.end + end.min(most)]
}

/// The tokens of all turns.
pub(super) fn size(call: &Transcript) -> usize {
    call.turns.iter().map(|turn| tokens(&turn.words) + TURN_TOKENS).sum()
}

/// Parts one after the other.
pub(super) fn joined(parts: Vec<Transcript>) -> Transcript {
    let turns = parts.into_iter().flat_map(|part| part.turns).collect();
    Transcript { turns, unknown_turns: 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(turns: &[(Speaker, &str)]) -> Transcript {
        let turns = turns
            .iter()
            .map(|(speaker, words)| Turn { speaker: *speaker, words: (*words).to_owned() });
        Transcript { turns: turns.collect(), unknown_turns: 0 }
    }

    #[test]
    fn what_is_shorter_and_in_the_form_of_a_call_is_taken() {
        let part = call(&[
            (Speaker::Citizen, "喂你好我想问一下就是那个停水的事情"),
            (Speaker::Operator, "您请讲"),
        ]);
        let good = r#"{"turns": [{"speaker": "来电人", "words": "反映停水"}, {"speaker": "话务员", "words": ""}]}"#;
        let expected = call(&[(Speaker::Citizen, "反映停水")]);
        assert_eq!(answered(good, &part), Some(expected));
        let table = [
            r#"{"turns": []}"#,
            r#"{"turns": [{"speaker": "旁人", "words": "停水"}]}"#,
            r#"{"turns": [{"speaker": "来电人"}]}"#,
            r#"{"turns": "停水"}"#,
            "停水",
        ];
        for answer in table {
            assert_eq!(answered(answer, &part), None, "{answer}");
        }
        let long = json!({"turns": [{"speaker": "来电人", "words": "水".repeat(100)}]}).to_string();
        assert_eq!(answered(&long, &part), None, "no shorter");
    }

    #[test]
    fn what_no_model_condenses_is_condensed_by_rules_and_keeps_its_numbers() {
        let chat = "然后呢就是说反正一直都没有人来管这个事情";
        let mut turns = vec![(Speaker::Citizen, chat); 20];
        turns.push((Speaker::Citizen, "我要投诉物业，电话幺三八五六四幺二三四五"));
        let left = by_rules(&call(&turns));
        assert!(left.turns.iter().any(|turn| turn.words.contains("幺三八五六四幺二三四五")));
        assert!(size(&left) * 2 <= size(&call(&turns)) + 1);
        let mute = call(&[(Speaker::Citizen, "嗯")]);
        assert!(is_short(&mute) && by_rules(&mute) == mute);
    }

    #[test]
    fn numbers_that_a_model_loses_are_kept_in_their_clauses() {
        let chat = "然后呢就是说反正一直都没有人来管这个事情，".repeat(6);
        let first =
            format!("{chat}{chat}我住十二栋一单元，电话是幺三八五六四幺二三四五，{chat}扣了八千块");
        let part = call(&[
            (Speaker::Citizen, first.as_str()),
            (Speaker::Operator, "五个工作日内有人联系您，您打3285107也行"),
        ]);
        let answer = json!({"turns": [{"speaker": "来电人", "words": "反映没人管，扣了8000元"}]});
        let expected = call(&[
            (Speaker::Citizen, "反映没人管，扣了8000元"),
            (Speaker::Citizen, "我住十二栋一单元"),
            (Speaker::Citizen, "电话是幺三八五六四幺二三四五"),
            (Speaker::Operator, "五个工作日内有人联系您"),
            (Speaker::Operator, "您打3285107也行"),
        ]);
        assert_eq!(answered(&answer.to_string(), &part), Some(expected));
        let endless = format!("{}三千二百元{}", "啊".repeat(100), "呢".repeat(100));
        let at = endless.find('三').expect("it is there");
        assert_eq!(clause(&endless, at..at + 15).chars().count(), 41 + 5 + 40);
    }

    proptest! {
        #[test]
        fn what_is_kept_is_shorter_and_whole_clauses(
            words in prop::collection::vec("[一二三四五十百千万元号栋的，。a0-9]{1,80}", 1..20),
        ) {
            let turns: Vec<_> = words.iter().map(|words| (Speaker::Operator, words.as_str())).collect();
            let part = call(&turns);
            let answer = json!({"turns": [{"speaker": "来电人", "words": "停水"}]}).to_string();
            if let Some(kept) = answered(&answer, &part) {
                prop_assert!(size(&kept) <= size(&part).max(20));
                for turn in &kept.turns[1..] {
                    prop_assert!(words.iter().any(|words| words.contains(&turn.words)));
                }
            }
        }

        #[test]
        fn the_parts_hold_all_words_in_order_and_fit(
            words in prop::collection::vec("[一-龥a-z0-9]{1,900}", 1..20),
            context in 2100_usize..8192,
        ) {
            let turns: Vec<_> = words.iter().map(|words| (Speaker::Citizen, words.as_str())).collect();
            let call = call(&turns);
            let parts = parts(&call, context, 300);
            for part in &parts {
                prop_assert!(!part.turns.is_empty());
                prop_assert!(size(part) + 300 + ANSWER_TOKENS <= context.max(LEAST_TOKENS + 300 + ANSWER_TOKENS));
            }
            let said = |call: &Transcript| call.said_by(Speaker::Citizen).collect::<String>();
            prop_assert_eq!(said(&joined(parts)), said(&call));
        }
    }
}
