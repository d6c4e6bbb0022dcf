//! What the model is asked. Pure.
//!
//! The static part comes first, so that a node's prefix cache serves every call; the transcript comes
//! last.

use serde_json::{Value, json};

use super::{arbitrate, transcript::Transcript, validate::Instructions};
use crate::config;

/// The system prompts and the form of a ticket, made once from the configured types.
#[derive(Clone, Debug)]
pub struct Prompts {
    /// The system prompt of the ticket call.
    pub ticket_system: String,
    /// The JSON schema of its answer.
    pub ticket_format: Value,
    /// The system prompt of the zone call.
    pub zone_system: String,
    /// The system prompt of the call that condenses a part of a long one.
    pub condense_system: String,
    /// What of the ticket's system prompt no ticket may repeat.
    pub(super) guarded: Instructions,
}

/// What distinguishes the types that the national practice knows (the hotline's own rules).
const TYPE_RULES: [(&str, &str); 5] = [
    ("咨询", "询问办事流程、进度、政策规定或联系电话"),
    ("求助", "来电人个人遇到、自己无法解决的困难"),
    ("举报", "反映他人或单位的违法违规行为"),
    ("建议", "对公共事务提出改进意见"),
    ("投诉", "不属于以上各类的不满和诉求"),
];

impl Prompts {
    /// The prompts for these ticket types, with the instructions of a file or with those of the program.
    pub fn new(types: &[String], instructions: Option<&str>) -> Self {
        let rules = TYPE_RULES.iter().filter(|(name, _)| types.iter().any(|known| known == name));
        let rules: Vec<_> = rules.map(|(name, rule)| format!("  - {name}：{rule}。")).collect();
        let ticket_system = instructions
            .unwrap_or(include_str!("../../data/prompts/ticket.md"))
            .replace(config::TYPES, &types.join("、"))
            .replace("\r\n", "\n")
            .replace(
                "{type_rules}\n",
                &rules.iter().map(|rule| format!("{rule}\n")).collect::<String>(),
            )
            .replace("{type_rules}", &rules.join("\n"));
        let text = json!({"type": "string"});
        let ticket_format = json!({
            "type": "object",
            "properties": {
                "ticket_type": {"type": "string", "enum": types},
                "ticket_zone": text,
                "ticket_title": text,
                "ticket_content": text,
            },
            "required": ["ticket_type", "ticket_zone", "ticket_title", "ticket_content"],
        });
        let zone_system = include_str!("../../data/prompts/zone.md").to_owned();
        let condense_system = include_str!("../../data/prompts/condense.md").to_owned();
        let guarded = match instructions {
            Some(_) => Instructions::of_hotline(&ticket_system),
            None => Instructions::of_program(&ticket_system),
        };
        Self { ticket_system, ticket_format, zone_system, condense_system, guarded }
    }
}

/// The prompt of the ticket call.
pub fn for_ticket(transcript: &Transcript) -> String {
    format!("请整理下面的通话记录：\n{}", transcript.to_prompt())
}

/// The prompt of the call that condenses a part of a long one.
pub(super) fn for_part(part: &Transcript) -> String {
    format!("请压缩下面这部分通话记录：\n{}", part.to_prompt())
}

/// What the next attempt is told of an answer that could not be used.
pub(super) fn repair(fault: &str) -> String {
    format!(
        "注意：上一次整理的工单不能使用，因为{fault}。请避免同样的错误，重新整理并输出完整的JSON对象。"
    )
}

/// The JSON schema of the answer to the zone call: the number of one of so many alternatives, or 0.
pub(super) fn zone_format(alternatives: usize) -> Value {
    let choice = json!({"type": "integer", "minimum": 0, "maximum": alternatives});
    json!({"type": "object", "properties": {arbitrate::FIELD: choice}, "required": [arbitrate::FIELD]})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Alternative;

    #[test]
    fn instructions_of_a_file_may_have_any_ends_of_lines() {
        let types = ["咨询".to_owned()];
        for text in ["只能是{types}\r\n{type_rules}\r\n完", "只能是{types}\n{type_rules}"] {
            let prompts = Prompts::new(&types, Some(text));
            let start = "只能是咨询\n  - 咨询：询问办事流程";
            assert!(prompts.ticket_system.starts_with(start), "{}", prompts.ticket_system);
            assert!(!prompts.ticket_system.contains(['{', '\r']));
        }
    }

    #[test]
    fn the_transcript_comes_last_and_the_types_are_the_configured_ones() {
        let types = ["咨询".to_owned(), "表扬".to_owned()];
        let prompts = Prompts::new(&types, None);
        assert!(prompts.ticket_system.contains("只能是以下之一：咨询、表扬。"));
        assert!(prompts.ticket_system.contains("  - 咨询：询问办事流程"));
        assert!(!prompts.ticket_system.contains("举报"), "a type that is not configured");
        assert!(!prompts.ticket_system.contains('{'), "every blank is filled");
        assert_eq!(prompts.ticket_format["properties"]["ticket_type"]["enum"], json!(types));
        let body = r#"{"a": [{"citizen": "停水了"}]}"#;
        let transcript = Transcript::parse(body.as_bytes()).expect("a transcript");
        assert!(for_ticket(&transcript).ends_with("来电人：停水了\n</通话记录>"));
    }

    #[test]
    fn every_prompt_keeps_what_callers_say_in_one_fence() {
        for line in include_str!("../../tests/data/injections.jsonl").lines() {
            let injection: Value = serde_json::from_str(line).expect(line);
            let body = json!({"1": injection["turns"]}).to_string();
            let call = Transcript::parse(body.as_bytes()).expect("a transcript");
            // As the zone, too, in case a model takes the words for an address.
            let zone = call.turns[0].words.clone();
            let other = Alternative { zone: zone.clone(), changes: Vec::new() };
            let asked = arbitrate::prompt(&call, Some("六安市"), &zone, &[other]);
            let after = asked.split_once("</通话记录>").expect("a fence").1;
            assert_eq!(after.lines().count(), 5, "{after}");
            for prompt in [for_ticket(&call), for_part(&call), asked] {
                let fences = ["<通话记录>\n", "\n</通话记录>"];
                let count = |part: &str| prompt.matches(part).count();
                assert_eq!(fences.map(count), [1, 1], "{prompt}");
                assert_eq!(["<", ">", "[", "]"].map(count), [2, 2, 0, 0], "{prompt}");
                let (_, inner) = prompt.split_once(fences[0]).expect("it opens");
                let (inner, _) = inner.split_once(fences[1]).expect("it closes");
                let speaker =
                    |line: &str| line.starts_with("来电人：") || line.starts_with("话务员：");
                assert!(inner.lines().all(speaker), "{prompt}");
                let unseen =
                    |c: char| "\u{200b}\u{2060}\u{feff}\u{ad}\u{202e}\u{2028}\r\u{b}".contains(c);
                assert!(!prompt.contains(unseen), "{prompt}");
            }
        }
    }
}
