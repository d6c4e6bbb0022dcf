//! Lists of words and characters, ordered once so that most texts are told apart from them at one look.
//! Pure.

/// Words by their first characters.
#[derive(Debug)]
pub(crate) struct Words(Vec<(char, Vec<&'static str>)>);

impl Words {
    /// The words of a list; those that begin alike stay in its order.
    pub(crate) fn new(list: &[&'static str]) -> Self {
        let mut found: Vec<(char, Vec<&str>)> = Vec::new();
        for word in list {
            let Some(first) = word.chars().next() else { continue };
            match found.binary_search_by_key(&first, |(first, _)| *first) {
                Ok(at) => found[at].1.push(word),
                Err(at) => found.insert(at, (first, vec![word])),
            }
        }
        Self(found)
    }

    /// The words that begin with a character.
    pub(crate) fn of(&self, first: char) -> &[&'static str] {
        let at = self.0.binary_search_by_key(&first, |(first, _)| *first);
        at.map_or(&[], |at| &self.0[at].1)
    }
}

/// A set of characters, a bit each.
#[derive(Debug, Default)]
pub(crate) struct Letters(Vec<u64>);

impl Letters {
    /// The characters of a text.
    pub(crate) fn new(text: &str) -> Self {
        Self::of(text.chars())
    }

    /// These characters.
    pub(crate) fn of(letters: impl IntoIterator<Item = char>) -> Self {
        let mut set = Self(Vec::new());
        for letter in letters {
            let (word, bit) = place(letter);
            if set.0.len() <= word {
                set.0.resize(word + 1, 0);
            }
            set.0[word] |= bit;
        }
        set
    }

    /// Whether it has a character.
    pub(crate) fn has(&self, letter: char) -> bool {
        let (word, bit) = place(letter);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// Where a character's bit is: in which word, and there.
fn place(letter: char) -> (usize, u64) {
    let code = letter as usize;
    (code / 64, 1 << (code % 64))
}

/// Whether a character is a letter or a digit of any script; of the common ideographs that is known without a
/// look into tables.
pub(crate) fn is_letter(c: &char) -> bool {
    matches!(c, '一'..='鿿') || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_first_characters_in_the_order_of_the_list() {
        let words = Words::new(&["有限公司", "公司", "有限", "", "公安"]);
        assert_eq!(words.of('有'), ["有限公司", "有限"]);
        assert_eq!(words.of('公'), ["公司", "公安"]);
        assert_eq!(words.of('司'), [""; 0]);
    }

    #[test]
    fn all_common_ideographs_are_letters() {
        assert!(('一'..='鿿').all(char::is_alphanumeric));
        assert!(is_letter(&'a') && is_letter(&'5') && !is_letter(&'，') && !is_letter(&'\n'));
    }

    #[test]
    fn a_set_has_its_characters_and_no_other() {
        let letters = Letters::new("王李张李");
        assert!("王李张".chars().all(|letter| letters.has(letter)));
        assert!(!letters.has('赵') && !letters.has('a'));
    }
}
