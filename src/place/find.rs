//! The names of units in running text: what stands at the start of it, and how sure that is.

use std::ops::Range;

use super::{
    correct::Corrector,
    decide::Judge,
    gazetteer::Index,
    name::Level,
    search::Search,
    step::{Form, Step},
    zone::{Numerals, tokens},
};

/// How many characters of a text are looked at: what four levels have, with what parts them.
const WINDOW: usize = 32;

/// A unit that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where, in bytes.
    pub span: Range<usize>,
    /// Its level.
    pub level: Level,
    /// Which unit it is; only a [`Finder`] of the same corrector knows more of it.
    pub unit: u32,
    /// Whether the name stands there without its rank.
    pub short: bool,
    /// Whether what follows makes a road, a village or a building of the short name.
    pub headed: bool,
    /// Whether the name stands there letter by letter.
    pub exact: bool,
}

/// Finds the names that the callers of one hotline say.
#[derive(Clone, Copy, Debug)]
pub struct Finder<'a> {
    corrector: &'a Corrector,
    home: Option<Index>,
}

impl Corrector {
    /// What finds the names in the calls of the hotline of `home`, the own one if that is empty.
    pub fn finder(&self, home: &str) -> Finder<'_> {
        Finder { corrector: self, home: self.home_of(home) }
    }
}

impl Finder<'_> {
    /// Where a text has listed names with numerals in them, as [`Corrector::numbered`] says.
    pub fn numbered(&self, text: &str) -> Vec<Range<usize>> {
        self.corrector.numbered(text)
    }

    /// The units that are named one after the other at the very start of a text, from the top; with
    /// `near`, also those that may have been misheard.
    pub fn at_start(&self, text: &str, near: bool) -> Vec<Mention> {
        let Corrector { gazetteer, heads, .. } = self.corrector;
        let end = text.char_indices().nth(WINDOW).map_or(text.len(), |(end, _)| end);
        let text = &text[..end];
        let tokens = tokens(gazetteer, text, Numerals::Counted).unwrap_or_default();
        if tokens.first().is_none_or(|token| token.id == 0 || token.separator) {
            return Vec::new();
        }
        let search = Search::new(gazetteer, heads, text, &tokens, self.home);
        let paths = if near { search.all() } else { search.exact() };
        let Some(best) = paths.first() else { return Vec::new() };
        let judge = Judge { gazetteer, tokens: &tokens, home: self.home };
        let mention = |step: &Step| Mention {
            span: tokens[step.from].start as usize..tokens[step.fit.to - 1].end as usize,
            level: gazetteer.level(step.unit),
            unit: step.unit,
            short: step.form == Form::Short,
            headed: step.headed,
            exact: step.exact(),
        };
        judge.believed(best).path.steps.iter().filter(|step| !step.repeated).map(mention).collect()
    }

    /// Whether a unit is the other one or holds it.
    pub fn holds(&self, above: u32, unit: u32) -> bool {
        self.corrector.gazetteer.holds(above, unit)
    }
}
