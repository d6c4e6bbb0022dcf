//! The texts of an answer as they grow, until they are too much to be any. Pure.

use super::{error::UpstreamError, repetition::Repetition};

/// The longest answer apart from thinking. A ticket has some 2 kB.
const MOST_ANSWER_BYTES: usize = 16 * 1024;

/// The longest thinking: a model that thinks although told not to writes 10 to 20 kB.
const MOST_THINKING_BYTES: usize = 64 * 1024;

/// What ends a think block.
const THINK_END: &str = "</think>";

/// What an answer says so far.
#[derive(Debug, Default)]
pub(super) struct Texts {
    response: String,
    thinking: String,
    /// Where the response's last think block ended.
    thought: usize,
    response_loop: Repetition,
    thinking_loop: Repetition,
}

impl Texts {
    /// Takes a piece of each. No text is kept beyond the limits.
    pub(super) fn push(&mut self, response: &str, thinking: &str) -> Result<(), UpstreamError> {
        let most_response = MOST_THINKING_BYTES + MOST_ANSWER_BYTES;
        if self.response.len() + response.len() > most_response
            || self.thinking.len() + thinking.len() > MOST_THINKING_BYTES
        {
            return Err(UpstreamError::Endless);
        }
        // The tag may have come in pieces.
        let before =
            self.response.floor_char_boundary(self.response.len().saturating_sub(THINK_END.len()));
        self.response.push_str(response);
        self.thinking.push_str(thinking);
        if response.contains('>')
            && let Some(at) = self.response[before..].rfind(THINK_END)
        {
            self.thought = before + at + THINK_END.len();
        }
        let answer = self.answer_bytes();
        let thinking = self.response.len() - answer + self.thinking.len();
        let is_endless = answer > MOST_ANSWER_BYTES
            || thinking > MOST_THINKING_BYTES
            || self.response_loop.found(&self.response)
            || self.thinking_loop.found(&self.thinking);
        if is_endless { Err(UpstreamError::Endless) } else { Ok(()) }
    }

    /// The bytes of the response that are surely no thinking: what follows a think block, or the whole if it
    /// begins as JSON or as a code fence. Other words may be thinking whose opening tag stands in the model's
    /// template, as it does in some of deepseek-r1.
    fn answer_bytes(&self) -> usize {
        let begins_as_answer = || self.response.trim_start().starts_with(['{', '`']);
        if self.thought > 0 || begins_as_answer() { self.response.len() - self.thought } else { 0 }
    }

    /// The text that counts. With thinking on, Ollama applies `format` from the first token and leaves the
    /// JSON in `thinking` (measured with 0.32.15).
    pub(super) fn take(&mut self) -> String {
        let Self { response, thinking, .. } = std::mem::take(self);
        if response.trim().is_empty() { thinking } else { response }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many bytes that never repeat themselves.
    fn words(bytes: usize) -> String {
        let digits = (0_u32..).flat_map(|n| format!("{n:x}").into_bytes());
        digits.map(char::from).take(bytes).collect()
    }

    /// How many bytes were kept when pieces of so many bytes were too much; none if they were not.
    fn ended(response: &str, thinking: &str, piece: usize) -> Option<usize> {
        let mut texts = Texts::default();
        let cut = |text: &str| -> Vec<String> {
            let pieces = text.as_bytes().chunks(piece);
            pieces.map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
        };
        let pieces = cut(response).into_iter().map(|piece| (piece, String::new()));
        let pieces = pieces.chain(cut(thinking).into_iter().map(|piece| (String::new(), piece)));
        for (response, thinking) in pieces {
            if texts.push(&response, &thinking).is_err() {
                return Some(texts.response.len() + texts.thinking.len());
            }
        }
        None
    }

    #[test]
    fn an_answer_ends_at_16_kb_and_thinking_at_64() {
        let k = 1024;
        let json = |bytes| format!("{{\"a\":\"{}", words(bytes));
        let block = |bytes| format!("<think>{}</think>", words(bytes));
        let none = String::new;
        // The response, the thinking, and the kilobytes at which they are ended.
        let table = [
            (json(15 * k), none(), None),
            (json(100 * k), none(), Some(16)),
            (format!("\n {}", json(100 * k)), none(), Some(16)),
            (format!("```json\n{}", json(100 * k)), none(), Some(16)),
            (format!("<think>{}", words(60 * k)), none(), None),
            (format!("<think>{}", words(100 * k)), none(), Some(64)),
            (words(100 * k), none(), Some(64)),
            (block(60 * k) + &json(15 * k), none(), None),
            (block(60 * k) + &json(100 * k), none(), Some(76)),
            (words(40 * k) + "</think>" + &json(15 * k), none(), None),
            (words(40 * k) + "</think>" + &json(100 * k), none(), Some(56)),
            (block(5 * k) + &words(15 * k) + "</think>" + &json(15 * k), none(), None),
            (none(), words(60 * k), None),
            (none(), words(100 * k), Some(64)),
            (json(15 * k), words(60 * k), None),
            (block(40 * k), words(40 * k), Some(64)),
        ];
        for (response, thinking, expected) in table {
            for piece in [3, 7, 100] {
                let ended = ended(&response, &thinking, piece);
                assert_eq!(
                    ended.map(|bytes| (bytes + k / 2) / k),
                    expected,
                    "{response:.20} {thinking:.20} {piece}"
                );
            }
        }
    }

    #[test]
    fn a_piece_that_is_too_long_is_not_kept() {
        for (response, thinking) in
            [(words(900_000), String::new()), (String::new(), words(900_000))]
        {
            let mut texts = Texts::default();
            assert!(texts.push(&response, &thinking).is_err());
            assert_eq!(texts.take(), "");
        }
    }

    #[test]
    fn a_loop_is_ended_early_in_every_text() {
        let endless = "hao de ".repeat(200);
        for (response, thinking) in [
            (endless.as_str(), ""),
            ("", endless.as_str()),
            (&format!("<think>{endless}"), ""),
            (&format!("<think>x</think>{{\"a\":\"{endless}"), ""),
        ] {
            let ended = ended(response, thinking, 4).expect("endless");
            assert!(ended < 700, "{ended}");
        }
    }
}
