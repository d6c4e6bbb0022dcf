//! Tells a text that has come to repeat itself from one that goes on. Pure.
//!
//! Only an exact repetition counts: similar sentences with other numbers, names or words are a list. So many
//! bytes of one pattern are in no ticket: a ruled line, a filled-up number or the blanks that models put
//! between JSON's fields have some dozens, and Ollama itself ends 30 equal tokens.

/// The fewest bytes of a repetition.
const LEAST_BYTES: usize = 400;

/// How often the pattern comes at least.
const LEAST_TIMES: usize = 8;

/// The longest pattern: a paragraph of 256 Chinese characters.
const MOST_PATTERN_BYTES: usize = 768;

/// The text is looked at whenever it has grown so much. A look at a text that does not repeat itself ends after
/// the longest pattern, so each byte costs some 6 steps.
const STEP_BYTES: usize = 128;

/// How far a growing text was looked at.
#[derive(Debug, Default)]
pub(super) struct Repetition {
    seen: usize,
}

impl Repetition {
    /// Whether the text repeats itself anywhere in what it grew since the last look. How it was cut into
    /// pieces does not matter.
    pub(super) fn found(&mut self, text: &str) -> bool {
        while text.len() - self.seen >= STEP_BYTES {
            self.seen += STEP_BYTES;
            if ends_repeating(&text.as_bytes()[..self.seen]) {
                return true;
            }
        }
        false
    }
}

/// Whether a text ends with a repetition.
///
/// Bytes serve for characters: in UTF-8 a pattern of bytes that repeats is one of characters.
fn ends_repeating(text: &[u8]) -> bool {
    let from_end = |at: usize| text[text.len() - 1 - at];
    // Of each beginning of the reversed text, the longest part that is both its own beginning and its end
    // (Knuth, Morris and Pratt). What precedes that part is the shortest pattern that the beginning repeats.
    let mut borders = vec![0];
    let mut border = 0;
    for at in 1..text.len().min(MOST_PATTERN_BYTES * LEAST_TIMES) {
        while border > 0 && from_end(at) != from_end(border) {
            border = borders[border - 1];
        }
        if from_end(at) == from_end(border) {
            border += 1;
        }
        borders.push(border);
        let length = at + 1;
        let pattern = length - border;
        // It never gets shorter.
        if pattern > MOST_PATTERN_BYTES {
            return false;
        }
        if length >= LEAST_BYTES.max(pattern * LEAST_TIMES) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many bytes of a text that comes in pieces of so many characters had come when it was stopped.
    fn stopped(text: &str, piece: usize) -> Option<usize> {
        let mut repetition = Repetition::default();
        let ends = text.char_indices().map(|(at, _)| at).skip(1).step_by(piece).chain([text.len()]);
        ends.into_iter().find(|end| repetition.found(&text[..*end]))
    }

    /// The rule without any art: whether the text has so many more bytes of a repetition than needed.
    fn repeats(text: &[u8], more: usize) -> bool {
        (1..=MOST_PATTERN_BYTES).any(|pattern| {
            let goal = LEAST_BYTES.max(pattern * LEAST_TIMES) + more;
            let mut length = pattern;
            (pattern..text.len()).any(|at| {
                length = if text[at] == text[at - pattern] { length + 1 } else { pattern };
                length >= goal
            })
        })
    }

    #[test]
    fn a_model_that_loops_is_stopped_within_a_kilobyte() {
        let start = "{\"ticket_type\": \"投诉\", \"ticket_title\": \"";
        let table = [
            ("好的", 600),
            ("好", 600),
            ("0", 600),
            (" ", 600),
            ("\n", 600),
            ("\n\t  ", 600),
            ("哈哈，", 600),
            ("来电人反映停车库太吵。", 600),
            ("来电人反映小区地下停车场出入口没有做隔音处理，", 700),
            ("Wait, let me read the call again. ", 600),
            ("等等，我再看一遍对话，来电人说的是停车场出入口的噪音问题，", 900),
        ];
        for (pattern, within) in table {
            let text = format!("{start}{}", pattern.repeat(2000 / pattern.len()));
            let stop = stopped(&text, 2).expect(pattern) - start.len();
            assert!((LEAST_BYTES..within).contains(&stop), "{pattern}: {stop}");
        }
        let paragraph: String = ('一'..).take(MOST_PATTERN_BYTES / 3).collect();
        let stop = stopped(&paragraph.repeat(10), 2).expect("a long pattern");
        assert!(stop < MOST_PATTERN_BYTES * LEAST_TIMES + 2 * STEP_BYTES, "{stop}");
    }

    #[test]
    fn what_tickets_and_calls_hold_is_no_repetition() {
        let streets: String =
            (1..200).map(|n| format!("来电人反映第{n}栋楼下停车场出入口噪音扰民，")).collect();
        let fields: String =
            (1..60).map(|n| format!("\"field{n}\":{}\"\",\n", " ".repeat(60))).collect();
        let table = [
            include_str!("../../data/example-call.json"),
            include_str!("../../data/prompts/ticket.md"),
            include_str!("../../config.toml"),
            include_str!("../../tests/data/wire/023-generate-nostream.txt"),
            include_str!("../../tests/data/wire/026-generate-format-schema.txt"),
            &streets,
            &fields,
            &format!("单号{}，电话{}", "0".repeat(60), "1".repeat(40)),
            &format!("{{\"a\":{}\"b\"}}", " ".repeat(390)),
            &format!("标题\n{}\n{}\n", "-".repeat(120), "=".repeat(120)),
            &format!("|{}\n|{}\n", " 列 |".repeat(20), "---|".repeat(40)),
            &format!("{}？", "喂".repeat(100)),
            &"好的，明白了，谢谢您，再见。".repeat(7),
        ];
        for text in table {
            assert_eq!(stopped(text, 3), None, "{text:.80}");
        }
    }

    proptest! {
        #[test]
        fn a_text_of_ever_new_words_never_triggers(text in "[一-龥，。0-9a-z \n]{0,1500}", piece in 1_usize..9) {
            prop_assert_eq!(stopped(&text, piece), None);
        }

        #[test]
        fn any_pattern_repeated_long_enough_triggers_wherever_it_is_cut(
            start in "[一-龥]{0,60}", pattern in "[一-龥a-z\n ]{1,64}", piece in 1_usize..300,
        ) {
            let enough = LEAST_BYTES.max(pattern.len() * LEAST_TIMES) + STEP_BYTES;
            let text = format!("{start}{}", pattern.repeat(enough.div_ceil(pattern.len())));
            prop_assert!(stopped(&text, piece).is_some());
        }

        #[test]
        fn the_quick_look_finds_what_the_plain_rule_finds(
            parts in prop::collection::vec(("[ab好]{1,9}", 1_usize..90), 1..6), piece in 1_usize..50,
        ) {
            let text: String = parts.iter().map(|(part, times)| part.repeat(*times)).collect();
            let found = stopped(&text, piece).is_some();
            prop_assert!(!found || repeats(text.as_bytes(), 0));
            prop_assert!(found || !repeats(text.as_bytes(), STEP_BYTES));
            prop_assert_eq!(found, stopped(&text, 1).is_some());
        }
    }
}
