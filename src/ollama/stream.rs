//! Puts the pieces of a streamed answer together, and tells a whole one from a broken one. Pure.

use std::borrow::Cow;

use super::{
    error::UpstreamError,
    text::Texts,
    types::{Answer, Line},
};

/// The longest line: one token in JSON, or the closing line with its `context` list of up to
/// 8192 numbers.
const MOST_LINE_BYTES: usize = 1024 * 1024;

/// Cuts a stream of bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Split {
    pending: Vec<u8>,
}

impl Split {
    /// Takes the next bytes and gives the lines that are whole.
    pub(super) fn feed<'a>(
        &mut self,
        bytes: &'a [u8],
    ) -> Result<Vec<Cow<'a, [u8]>>, UpstreamError> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let is_whole = piece.ends_with(b"\n");
            if is_whole && self.pending.is_empty() {
                lines.push(Cow::Borrowed(piece));
                continue;
            }
            self.pending.extend_from_slice(piece);
            if is_whole {
                lines.push(Cow::Owned(std::mem::take(&mut self.pending)));
            } else if self.pending.len() > MOST_LINE_BYTES {
                return Err(UpstreamError::Endless);
            }
        }
        Ok(lines)
    }
}

/// The answer so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    split: Split,
    texts: Texts,
    tokens: u64,
}

impl Lines {
    /// Takes the next bytes; gives the answer once its closing line is there.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Option<Answer>, UpstreamError> {
        for line in self.split.feed(bytes)? {
            if let Some(answer) = self.take(&line)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// The body has ended: the last line may lack its line feed, and then the answer is whole or
    /// cut off.
    pub(super) fn end(mut self) -> Result<Answer, UpstreamError> {
        let line = std::mem::take(&mut self.split.pending);
        // Half a line is what a cut leaves, not a line of another form.
        let last = if self.is_object(&line) { self.take(&line)? } else { None };
        last.ok_or(UpstreamError::CutOff)
    }

    /// The lines so far that brought any text; Ollama sends each token in one.
    pub(super) fn tokens(&self) -> u64 {
        self.tokens
    }

    fn is_object(&self, line: &[u8]) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
    }

    fn take(&mut self, line: &[u8]) -> Result<Option<Answer>, UpstreamError> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let line: Line<'_> = serde_json::from_slice(line).map_err(|_| UpstreamError::Garbage)?;
        if line.error.is_some() {
            return Err(UpstreamError::ErrorLine);
        }
        self.tokens += u64::from(!(line.response.is_empty() && line.thinking.is_empty()));
        self.texts.push(&line.response, &line.thinking)?;
        Ok(line.done.then(|| Answer { text: self.texts.take(), stats: line.stats() }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::ollama::Stats;

    fn read(body: &[u8], piece: usize) -> Result<Answer, UpstreamError> {
        let mut lines = Lines::default();
        for bytes in body.chunks(piece.max(1)) {
            if let Some(answer) = lines.feed(bytes)? {
                return Ok(answer);
            }
        }
        lines.end()
    }

    const TOKEN: &str = r#"{"model":"m","response":"你好","done":false}"#;
    const DONE: &str =
        r#"{"model":"m","response":"","done":true,"done_reason":"stop","eval_count":3}"#;

    #[test]
    fn only_the_closing_line_makes_an_answer_whole() {
        let table: [(String, Result<&str, &str>); 10] = [
            (format!("{TOKEN}\n{TOKEN}\n{DONE}\n"), Ok("你好你好")),
            (format!("{TOKEN}\n{DONE}"), Ok("你好")),
            (format!("{DONE}\n"), Ok("")),
            (format!("{TOKEN}\n"), Err("the answer was cut off")),
            (format!("{TOKEN}\n{}", &DONE[..20]), Err("the answer was cut off")),
            (String::new(), Err("the answer was cut off")),
            (
                format!("{TOKEN}\n{{\"error\":\"unexpected EOF\"}}\n"),
                Err("the node reported an error amid the answer"),
            ),
            ("<html>\n".to_owned(), Err("the answer is not in Ollama's form")),
            (format!("{}\n", TOKEN.repeat(2)), Err("the answer is not in Ollama's form")),
            (
                format!("{}\n", TOKEN.replace("你好", &"好".repeat(300))),
                Err("the answer does not end"),
            ),
        ];
        for (body, expected) in table {
            let answer = read(body.as_bytes(), 7).map(|answer| answer.text);
            let answer = answer.map_err(|error| error.to_string());
            assert_eq!(answer.as_deref().map_err(String::as_str), expected, "{body:.60}");
        }
    }

    #[test]
    fn lines_with_text_are_tokens() {
        let mut lines = Lines::default();
        let thought = r#"{"thinking":"嗯","response":"","done":false}"#;
        for (text, tokens) in
            [("", 0), (TOKEN, 0), ("\n", 1), (&format!("{thought}\n{TOKEN}\n"), 3)]
        {
            assert_eq!(lines.feed(text.as_bytes()).expect("whole lines").map(|_| ()), None);
            assert_eq!(lines.tokens(), tokens);
        }
        assert!(lines.feed(format!("{DONE}\n").as_bytes()).expect("whole").is_some());
        assert_eq!(lines.tokens(), 3, "the closing line is none");
    }

    /// The body of a recorded exchange with a real Ollama 0.32.15.
    fn recorded(exchange: &str) -> &[u8] {
        let (_, response) = exchange.split_once("<<< RESPONSE\n").expect("a response");
        let (_, body) = response.split_once("\n\n").expect("a head");
        body.split("# recv timing").next().expect("a body").as_bytes()
    }

    #[test]
    fn recorded_answers_are_read_as_what_they_were() {
        let table = [
            (include_str!("../../tests/data/wire/024-generate-stream.txt"), None),
            (
                include_str!("../../tests/data/wire/120-sigterm-midstream.txt"),
                Some("the answer was cut off"),
            ),
            (
                include_str!("../../tests/data/wire/130-runner-killed-midstream.txt"),
                Some("the node reported an error amid the answer"),
            ),
            (
                include_str!("../../tests/data/wire/196-token-repeat-abort.txt"),
                Some("the answer was cut off"),
            ),
        ];
        for (exchange, expected) in table {
            let error = read(recorded(exchange), 1448).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected, "{exchange:.40}");
        }
        let thinking = include_str!("../../tests/data/wire/216-think-true-format-generate.txt");
        let answer = read(recorded(thinking), 1448).expect("whole");
        assert_eq!(answer.text, "{\n  \"answer\": 2\n}");
        let expected = Stats {
            load_time: Some(Duration::from_nanos(1_182_589)),
            prompt_tokens: Some(19),
            prompt_time: Some(Duration::from_nanos(19_537_000)),
            tokens: Some(10),
            token_time: Some(Duration::from_nanos(112_803_000)),
        };
        assert_eq!(answer.stats, expected);
    }

    #[test]
    fn json_in_thinking_counts_when_the_response_is_empty() {
        let body = r#"{"thinking":"{\"a\":1}","response":"","done":false}
{"response":"","done":true,"done_reason":"stop"}
"#;
        assert_eq!(read(body.as_bytes(), 1000).expect("whole").text, "{\"a\":1}");
    }

    proptest! {
        #[test]
        fn the_cut_into_pieces_never_matters(piece in 1_usize..200, tokens in 0_usize..9) {
            let body = format!("{}{DONE}\n", format!("{TOKEN}\n").repeat(tokens));
            let answer = read(body.as_bytes(), piece).expect("whole");
            prop_assert_eq!(answer.text, "你好".repeat(tokens));
        }

        #[test]
        fn no_bytes_make_it_panic_or_invent_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if !bytes.windows(6).any(|window| window == b"\"done\"") {
                prop_assert!(read(&bytes, 13).is_err());
            }
        }
    }
}
