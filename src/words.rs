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

/// A set of characters.
#[derive(Debug)]
pub(crate) struct Letters(Vec<char>);

impl Letters {
    /// The characters of a text.
    pub(crate) fn new(text: &str) -> Self {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        Self(letters)
    }

    /// Whether it has a character.
    pub(crate) fn has(&self, letter: char) -> bool {
        self.0.binary_search(&letter).is_ok()
    }
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
    fn a_set_has_its_characters_and_no_other() {
        let letters = Letters::new("王李张李");
        assert!("王李张".chars().all(|letter| letters.has(letter)));
        assert!(!letters.has('赵') && !letters.has('a'));
    }
}
