//! Text of others made harmless for a terminal.

/// The text with every control character but the tab written out as an escape, so that a node's
/// output cannot move the cursor, colour the screen or forge a line.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tab_is_left_of_the_control_characters() {
        let table = [
            ("a\tb 你好", "a\tb 你好"),
            ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("50%\r100%\n", "50%\\r100%\\n"),
            ("\u{0}\u{7f}\u{9b}2J", "\\u{0}\\u{7f}\\u{9b}2J"),
        ];
        for (text, expected) in table {
            assert_eq!(plain(text), expected);
        }
    }
}
