//! Whether a ticket repeats what the model was told instead of what was said. Pure.

use std::collections::HashMap;

use crate::{
    ticket::{Ticket, Transcript},
    words::is_letter,
};

/// So many letters in the words of the instructions are no chance.
const RUN: usize = 20;

/// The fewest letters of a title or of the caller's part that may be a copy as a whole.
const LEAST_COPY: usize = 8;

/// The instructions of the model, as a ticket may not repeat them.
#[derive(Clone, Debug)]
pub(in crate::ticket) struct Instructions {
    /// Each run of letters with the line that it is of.
    runs: HashMap<String, usize>,
    /// All letters, if nothing in the text is meant to be copied.
    letters: Option<String>,
    /// Out of how many lines runs must be.
    lines: usize,
}

impl Instructions {
    /// Those of the program. They hold no phrase of more than a few letters for tickets.
    pub(in crate::ticket) fn of_program(text: &str) -> Self {
        Self { letters: Some(letters(text)), ..Self::of_file(text, 1) }
    }

    /// Those of a hotline's file, which may hold phrases and examples for tickets: only what is of three of
    /// its lines counts.
    pub(in crate::ticket) fn of_hotline(text: &str) -> Self {
        Self::of_file(text, 3)
    }

    fn of_file(text: &str, lines: usize) -> Self {
        let mut runs = HashMap::new();
        for (at, line) in text.lines().enumerate() {
            for run in windows(&letters(line)) {
                runs.insert(run.to_owned(), at);
            }
        }
        Self { runs, letters: None, lines }
    }

    /// Whether a ticket repeats them in words that nobody said.
    pub(in crate::ticket) fn are_in(
        &self,
        ticket: &Ticket,
        SaidLetters(said): &SaidLetters,
    ) -> bool {
        let copied = |text: &str| {
            let whole = letters(text);
            let told = self.letters.as_ref().is_some_and(|told| told.contains(&whole));
            told && whole.chars().count() >= LEAST_COPY && !said.contains(&whole)
        };
        let asked = super::parts(&ticket.ticket_content).map(|(asked, _)| asked);
        let mut lines: Vec<usize> = Vec::new();
        for text in [&ticket.ticket_zone, &ticket.ticket_title, &ticket.ticket_content] {
            let told = |run: &str| self.runs.get(run).filter(|_| !said.contains(run)).copied();
            lines.extend(windows(&letters(text)).filter_map(told));
        }
        lines.sort_unstable();
        lines.dedup();
        lines.len() >= self.lines || copied(&ticket.ticket_title) || asked.is_some_and(copied)
    }
}

/// The letters of a call.
pub(in crate::ticket) struct SaidLetters(String);

impl SaidLetters {
    /// Those of all turns.
    pub(in crate::ticket) fn new(call: &Transcript) -> Self {
        Self(call.turns.iter().map(|turn| letters(&turn.words)).collect())
    }
}

fn letters(text: &str) -> String {
    let mut letters = String::with_capacity(text.len());
    letters.extend(text.chars().filter(is_letter));
    letters
}

/// All runs of letters.
fn windows(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8()).skip(RUN - 1);
    text.char_indices().zip(ends).map(|((from, _), to)| &text[from..to])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::Speaker;

    fn ticket(title: &str, asked: &str, answered: &str) -> Ticket {
        Ticket {
            ticket_type: "投诉".to_owned(),
            ticket_zone: "未提及".to_owned(),
            ticket_title: title.to_owned(),
            ticket_content: format!("来电人咨询：{asked} 话务员解答内容：{answered}"),
        }
    }

    fn call(words: &str) -> SaidLetters {
        let mut call = Transcript::default();
        call.push(Speaker::Citizen, words);
        SaidLetters::new(&call)
    }

    #[test]
    fn what_is_copied_and_was_not_said_is_found() {
        let program = Instructions::of_program(include_str!("../../../data/prompts/ticket.md"));
        let rule = "只写通话中说过的内容，不推测，不补充，不编造任何号码";
        let table = [
            (ticket("反映小区停水", "小区停水。", "话务员已了解情况。"), false),
            (ticket("反映小区停水", "小区停水。", rule), true),
            (ticket("反映小区停水", "小区停水。", &format!("话务员称“{rule}”。")), true),
            (ticket("用一句话概括诉求", "小区停水。", "已记录。"), true),
            (ticket("反映小区停水", "来电人反映的事实和诉求。", "话务员的答复。"), true),
        ];
        for (ticket, copied) in table {
            assert_eq!(program.are_in(&ticket, &call("停水了")), copied, "{ticket:?}");
            let said = format!("{}{}", ticket.ticket_title, ticket.ticket_content);
            assert!(!program.are_in(&ticket, &call(&said)), "it was said: {ticket:?}");
        }
    }

    #[test]
    fn a_phrase_of_a_hotlines_file_may_be_used() {
        let phrase = "话务员已安抚来电人情绪，告知将转交属地部门核实处理并回复。";
        let example = "示例标题：反映水韵东方小区地下车库噪音扰民。";
        let rule = "规则：必须按照市区县乡镇街道村社区小区的顺序写清楚地址。";
        let order = "话务员解答内容之后不得再写任何其他的话，也不得使用列表。";
        let hotline = Instructions::of_hotline(&format!("{phrase}\n{example}\n{rule}\n{order}"));
        let good = ticket("反映水韵东方小区地下车库噪音扰民", "车库很吵。", phrase);
        assert!(!hotline.are_in(&good, &call("车库太吵了")));
        let bad = ticket("反映小区停水", "小区停水。", &format!("{phrase}{rule}{order}"));
        assert!(hotline.are_in(&bad, &call("停水了")));
    }
}
