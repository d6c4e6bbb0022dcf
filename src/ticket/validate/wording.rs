//! How a text of a ticket is worded: quotations, person, language, mark-up, loops. Pure.
//!
//! One rule: what stands between quotation marks is a caller's. Only a mark that is closed begins one.

use std::ops::Range;

use crate::words::is_letter;

/// A clause of so many letters that stands so often is a loop, not a list.
const CLAUSE_LETTERS: usize = 6;
const CLAUSE_TIMES: usize = 4;

/// The longest words that are looked for in a row, how often they make a loop, and how many letters they
/// must then have together.
const ROW_LETTERS: usize = 20;
const ROW_TIMES: usize = 5;
const ROW_LEAST: usize = 10;

/// What HTML, code fences and the templates of chats leave in a text: of that a quotation has none, either.
const TAGS: [&str; 7] = ["```", "</", "<!", "<|", "|>", "<｜", "\u{fffd}"];

/// What Markdown and JSON leave in a ticket's own words.
const MARKUP: [&str; 10] = ["##", "__", "](", "|--", "- [", "•", "\\n", "\\\"", "{\"", "ticket_"];

/// What a line of a list, a table or a quotation begins with.
const BULLETS: [&str; 8] = ["- ", "* ", "+ ", "# ", "> ", "|", "●", "·"];

/// Words that address nobody although they hold 我 or 你.
const IMPERSONAL: [&str; 15] = [
    "自我",
    "迷你",
    "我爱我家",
    "我国",
    "我省",
    "我市",
    "我县",
    "我区",
    "忘我",
    "我局",
    "我委",
    "我镇",
    "我乡",
    "我校",
    "我院",
];

/// Where a text has quotations, marks included. With marks within a quotation it ends where as many are
/// closed as were opened.
pub(super) fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut quotations = Vec::new();
    let mut at = 0;
    for (start, mark) in text.char_indices() {
        let Some(closing) = closing(mark).filter(|_| start >= at) else { continue };
        let mut open = 1_usize;
        let inner = start + mark.len_utf8();
        let end = text[inner..].char_indices().find(|(_, letter)| {
            open += usize::from(*letter == mark && mark != closing);
            open -= usize::from(*letter == closing);
            open == 0
        });
        if let Some((length, _)) = end {
            at = inner + length + closing.len_utf8();
            quotations.push(start..at);
        }
    }
    quotations
}

/// The mark that closes what this one opens.
fn closing(mark: char) -> Option<char> {
    match mark {
        '“' => Some('”'),
        '「' => Some('」'),
        '"' => Some('"'),
        '‘' => Some('’'),
        '『' => Some('』'),
        _ => None,
    }
}

/// What stands outside quotation marks: the ticket's own words. For each quotation stands a sign of its
/// own, so that nothing seems to stand in a row that does not.
pub(super) fn unquoted(text: &str) -> String {
    let mut plain = String::new();
    let mut at = 0;
    for (sign, quotation) in ('\u{e000}'..='\u{f8ff}').cycle().zip(quotations(text)) {
        plain.push_str(&text[at..quotation.start]);
        plain.push(sign);
        at = quotation.end;
    }
    plain + &text[at..]
}

/// Whether a text says nothing, dots and dashes of a template included.
pub(super) fn is_blank(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

/// Whether a text addresses somebody outside a quotation, or speaks of itself.
pub(super) fn addresses_somebody(text: &str) -> bool {
    const PERSONS: [char; 6] = ['我', '你', '您', '妳', '咱', '俺'];
    let plain = unquoted(text);
    plain.contains(PERSONS)
        && IMPERSONAL.iter().fold(plain, |plain, word| plain.replace(word, "")).contains(PERSONS)
}

/// Whether a text has more words of other languages than characters of Chinese, quotations aside.
pub(super) fn is_foreign(text: &str) -> bool {
    let (chinese, others) = languages(text);
    others > chinese
}

/// Whether a title has words of other languages only. One may be a name.
pub(super) fn is_all_foreign(title: &str) -> bool {
    matches!(languages(title), (0, 2..))
}

/// The characters of Chinese, and the words of other languages; each syllable of Japanese and Korean
/// counts as one.
fn languages(text: &str) -> (usize, usize) {
    let (mut chinese, mut others, mut in_word) = (0, 0, false);
    for letter in unquoted(text).chars() {
        let is_han = matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' | '〇');
        let is_syllable = matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}');
        let is_letter = letter.is_alphabetic() && !is_han;
        chinese += usize::from(is_han);
        others += usize::from(is_letter && (is_syllable || !in_word));
        in_word = is_letter && !is_syllable;
    }
    (chinese, others)
}

/// Whether a text holds mark-up, or signs that nobody reads.
pub(super) fn has_markup(text: &str) -> bool {
    let unseen = |c: char| {
        let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        turns || c.is_control() && c != '\n'
    };
    let listed = |line: &str| BULLETS.iter().any(|bullet| line.trim_start().starts_with(bullet));
    let own = unquoted(text);
    text.contains(unseen)
        || TAGS.iter().any(|tag| text.contains(tag))
        || is_tagged(text)
        || MARKUP.iter().any(|mark| own.contains(mark))
        || own.lines().any(listed)
        || is_bold(&own)
}

/// Whether a text has a tag or an entity of HTML.
fn is_tagged(text: &str) -> bool {
    let tags = text.split('<').skip(1);
    let entities = text.split('&').skip(1).filter_map(|rest| rest.split_once(';'));
    let is_name = |name: &str| {
        let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#');
        letters && (2..=8).contains(&name.len())
    };
    tags.filter_map(|rest| rest.split_once('>'))
        .any(|(tag, _)| tag.starts_with(|c: char| c.is_ascii_alphabetic()))
        || entities.map(|(name, _)| name).any(is_name)
}

/// Whether a text has two stars in a row, but not between digits: those hide a part of a number.
fn is_bold(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let mut at = 0_usize;
    for run in letters.chunk_by(|one, other| (*one == '*') == (*other == '*')) {
        let (before, after) =
            (at.checked_sub(1).map(|at| letters[at]), letters.get(at + run.len()));
        let digit = |letter: Option<&char>| letter.is_some_and(char::is_ascii_digit);
        if run[0] == '*' && run.len() == 2 && !(digit(before.as_ref()) && digit(after)) {
            return true;
        }
        at += run.len();
    }
    false
}

/// Whether a text says the same again and again, but not because a caller said it so: a clause anywhere,
/// or words in a row.
pub(super) fn goes_round(text: &str) -> bool {
    let text = unquoted(text);
    let mut clauses: Vec<&str> = text.split(|c: char| !is_letter(&c)).collect();
    clauses.retain(|clause| clause.chars().count() >= CLAUSE_LETTERS);
    clauses.sort_unstable();
    let letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    clauses.chunk_by(|one, other| one == other).any(|same| same.len() >= CLAUSE_TIMES)
        || (1..=ROW_LETTERS).any(|period| repeats(&letters, period))
}

/// Whether so many letters stand there again and again. A row without words, such as dots or the noughts
/// of a number, is none.
fn repeats(letters: &[char], period: usize) -> bool {
    let goal = (period * ROW_TIMES).max(ROW_LEAST);
    let mut length = period;
    for at in period..letters.len() {
        length = if letters[at] == letters[at - period] { length + 1 } else { period };
        if length >= goal && letters[at + 1 - period..=at].iter().any(|c| c.is_alphabetic()) {
            return true;
        }
    }
    false
}
