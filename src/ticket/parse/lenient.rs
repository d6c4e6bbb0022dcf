//! Reads one object that is nearly JSON, and writes it as JSON. Pure, linear in the text.
//!
//! Only what stands around the words may differ: quotes and signs of another width, a comma too many,
//! comments, words of Python, a bare line feed or an unescaped quote within a text. The words stay as they
//! are. An object that is not closed, or has a field twice, is not read.

/// The most containers within each other.
const MOST_DEPTH: usize = 32;

/// The most characters of a key, and of comments between two texts.
const MOST_KEY: usize = 64;
const MOST_COMMENT: usize = 200;

/// What came of reading on from an opening brace.
pub(super) struct Reading {
    /// The object as JSON; its grammar within the braces is still to be checked.
    pub(super) json: Option<String>,
    /// The bytes that were read.
    pub(super) length: usize,
    /// Whether one of the fields was among the keys.
    pub(super) names_a_field: bool,
    /// Whether the text ended before the object did.
    pub(super) cut_off: bool,
}

/// Reads the object that `text` begins with.
pub(super) fn read(text: &str, fields: &[&str]) -> Reading {
    let mut reader = Reader { text, at: 0, json: String::new(), open: Vec::new(), fields };
    let mut names_a_field = false;
    let whole = reader.object(&mut names_a_field).is_some();
    let cut_off = !whole && reader.rest().is_empty();
    Reading { json: whole.then_some(reader.json), length: reader.at, names_a_field, cut_off }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// What was read, as JSON. Its last character tells what may follow.
    json: String,
    /// The containers that are open: the sign that closes each, and the fields that it has had.
    open: Vec<(char, Vec<bool>)>,
    fields: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn object(&mut self, names_a_field: &mut bool) -> Option<()> {
        loop {
            self.at = self.text.len() - after_blanks(self.rest()).len();
            let begin = self.at;
            let character = self.next()?;
            match half_width(character) {
                open @ ('{' | '[') if self.open.len() < MOST_DEPTH => {
                    self.json.push(open);
                    let end = if open == '{' { '}' } else { ']' };
                    self.open.push((end, vec![false; self.fields.len()]));
                }
                end @ ('}' | ']') => {
                    if self.json.ends_with(',') {
                        self.json.pop();
                    }
                    self.json.push(end);
                    self.open.pop().filter(|(expected, _)| *expected == end)?;
                    if self.open.is_empty() {
                        return Some(());
                    }
                }
                sign @ (',' | ':') => self.json.push(sign),
                _ if is_quote(character) || is_word(character) => {
                    let written = self.json.len();
                    let is_key = self.expects_key();
                    if is_quote(character) {
                        self.string(character, is_key)?;
                    } else {
                        self.word(begin, is_key)?;
                    }
                    if is_key {
                        *names_a_field |= self.name(written)?;
                    }
                }
                _ => return None,
            }
        }
    }

    fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|(end, _)| *end == '}') && self.json.ends_with(['{', ','])
    }

    /// A text in any quotes. Only a quote that something follows which can follow a text ends it.
    fn string(&mut self, opening: char, is_key: bool) -> Option<()> {
        self.json.push('"');
        loop {
            match self.next()? {
                '\\' => match self.next()? {
                    quote if quote != '"' && is_quote(quote) => self.json.push(quote),
                    escaped => self.json.extend(['\\', escaped]),
                },
                quote if ends(opening, quote) && self.may_end(is_key) => {
                    self.json.push('"');
                    return Some(());
                }
                // A key amid a text: the text was never ended.
                quote
                    if ends(opening, quote)
                        && (is_key || key(&self.text[self.at - quote.len_utf8()..], true)) =>
                {
                    return None;
                }
                '"' => self.json.push_str("\\\""),
                control if control < ' ' => {
                    self.json.push_str(&format!("\\u{:04x}", u32::from(control)));
                }
                other => self.json.push(other),
            }
        }
    }

    /// Whether a text may end here.
    fn may_end(&self, is_key: bool) -> bool {
        let rest = after_blanks(self.rest());
        let mut letters = rest.chars();
        let Some(sign) = letters.next() else { return false };
        let in_array = self.open.last().is_some_and(|(end, _)| *end == ']');
        match half_width(sign) {
            ':' => is_key,
            '}' => !is_key && !in_array,
            ']' => !is_key && in_array,
            ',' if in_array => true,
            ',' => {
                let next = after_blanks(letters.as_str());
                !is_key && (next.starts_with(['}', '｝']) || key(next, sign != ','))
            }
            _ => false,
        }
    }

    /// A key without quotes, a number, or a word such as true.
    fn word(&mut self, begin: usize, is_key: bool) -> Option<()> {
        let rest = &self.text[begin..];
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        self.at = begin + length;
        let word = match (&rest[..length], is_key) {
            (word, true) => &format!("\"{word}\""),
            ("True", _) => "true",
            ("False", _) => "false",
            ("None", _) => "null",
            (word, _) => word,
        };
        self.json.push_str(word);
        Some(())
    }

    /// Writes a key that is a field but for blanks and case as the field; says whether it is one. A field
    /// that the object has had already is nothing.
    fn name(&mut self, written: usize) -> Option<bool> {
        let key = self.json[written..].trim_matches('"').trim();
        let field = self.fields.iter().position(|field| field.eq_ignore_ascii_case(key));
        let Some(field) = field else { return Some(false) };
        let (_, had) = self.open.last_mut()?;
        if std::mem::replace(&mut had[field], true) {
            return None;
        }
        self.json.truncate(written);
        self.json.push_str(&format!("\"{}\"", self.fields[field]));
        Some(true)
    }
}

/// The sign of JSON that a sign of full width stands for.
fn half_width(sign: char) -> char {
    match sign {
        '｛' => '{',
        '｝' => '}',
        '［' => '[',
        '］' => ']',
        '，' => ',',
        '：' => ':',
        other => other,
    }
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+-.".contains(character)
}

fn is_quote(character: char) -> bool {
    "\"'“”＂‘’＇".contains(character)
}

/// Whether one quote may end what another began. What ASCII begins, only the same sign ends.
fn ends(opening: char, quote: char) -> bool {
    match opening {
        '"' | '\'' => quote == opening,
        '“' | '”' | '＂' => "“”＂\"".contains(quote),
        _ => "‘’＇'".contains(quote),
    }
}

/// Whether a text begins with a key and a colon. A key of any words counts only where all signs are of
/// ASCII and `plain` does not ask for more: else it might be words between quotes.
fn key(text: &str, plain: bool) -> bool {
    let Some(opening) = text.chars().next() else { return false };
    let quoted = is_quote(opening);
    let inner = if quoted { &text[opening.len_utf8()..] } else { text };
    let ends_key = |c: char| if quoted { is_quote(c) || c < ' ' } else { !is_word(c) };
    let Some((length, end)) = inner.char_indices().take(MOST_KEY).find(|(_, c)| ends_key(*c))
    else {
        return false;
    };
    let name = &inner[..length];
    let after = &inner[length + if quoted { end.len_utf8() } else { 0 }..];
    let colon = after_blanks(after).chars().next();
    let named = name.chars().all(|c| is_word(c) || c == ' ') && name.contains(is_word);
    match (named, colon) {
        (true, Some(':' | '：')) => true,
        (false, Some(':')) => !plain && (opening, end) == ('"', '"'),
        _ => false,
    }
}

/// The text behind blanks and comments.
fn after_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    let mut left = MOST_COMMENT;
    while let Some(comment) = rest.strip_prefix('/') {
        let end = match comment.chars().next() {
            Some('/') => "\n",
            Some('*') => "*/",
            _ => break,
        };
        let mut window = comment.len().min(left);
        while !comment.is_char_boundary(window) {
            window -= 1;
        }
        let Some(at) = comment[1..window.max(1)].find(end) else { break };
        left -= at;
        rest = comment[1 + at + end.len()..].trim_start();
    }
    rest
}
