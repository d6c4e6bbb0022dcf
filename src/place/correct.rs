//! The corrector: what a zone becomes, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    answer::{Alternative, Answer, Outcome, Reason},
    decide::{Believed, Judge},
    dialect::Dialect,
    gazetteer::{Gazetteer, Index},
    name::{LONGEST, Level},
    numbered::Numbered,
    search::{Path, Search},
    step::{Form, Step},
    zone::{Heads, Numerals, Token, tokens},
};

/// The most alternatives of a question.
pub(super) const ALTERNATIVES: usize = 5;

/// Corrects the place names of zones against a gazetteer.
pub struct Corrector {
    pub(super) gazetteer: Gazetteer,
    pub(super) heads: Heads,
    pub(super) numbered: Numbered,
    pub(super) collapse: bool,
    auto: Auto,
    home: Option<Index>,
}

/// What is corrected without a question; what is not becomes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auto {
    /// Nothing.
    Off,
    /// Names that sound the same, digits for numerals, and repetitions.
    Strict,
    /// Whatever is sure.
    #[default]
    Normal,
}

impl Auto {
    fn trusts(self, reason: Reason) -> bool {
        match self {
            Self::Off => false,
            Self::Strict => {
                matches!(reason, Reason::Numeral | Reason::Homophone | Reason::Repeated)
            }
            Self::Normal => true,
        }
    }
}

/// A home that is no province, city or county of the list.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no city of the list, or several are called so; write its full name or its code, such as \"六安市\" or \"341500\""
)]
pub struct UnknownHome(pub String);

impl fmt::Debug for Corrector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gazetteer, collapse, auto, home, .. } = self;
        let mut debug = f.debug_struct("Corrector");
        debug.field("units", &gazetteer.len()).field("collapse", collapse);
        debug.field("auto", auto).field("home", home).finish_non_exhaustive()
    }
}

impl Corrector {
    /// A corrector that collapses repeated names; a location file's only city is its home.
    pub fn new(gazetteer: Gazetteer) -> Self {
        let heads = Heads::new(&gazetteer);
        let numbered = Numbered::new(&gazetteer);
        let home = gazetteer.only_city;
        Self { gazetteer, heads, numbered, collapse: true, auto: Auto::Normal, home }
    }

    /// The city whose hotline takes the calls, by its full name or its code.
    pub fn at(self, home: &str) -> Result<Self, UnknownHome> {
        let home = self.gazetteer.home(home).ok_or_else(|| UnknownHome(home.to_owned()))?;
        Ok(Self { home: Some(home), ..self })
    }

    /// What is corrected without a question; whatever is sure, unless this says otherwise.
    pub fn trusting(self, auto: Auto) -> Self {
        Self { auto, ..self }
    }

    /// How many units the list holds.
    pub fn len(&self) -> usize {
        self.gazetteer.len()
    }

    /// Whether the list holds nothing.
    pub fn is_empty(&self) -> bool {
        self.gazetteer.is_empty()
    }

    /// Whether there is such a home; an empty one is the own.
    pub fn knows(&self, home: &str) -> Result<(), UnknownHome> {
        let unknown = !home.is_empty() && self.gazetteer.home(home).is_none();
        if unknown { Err(UnknownHome(home.to_owned())) } else { Ok(()) }
    }

    /// The name of the city whose hotline takes the calls.
    pub fn home(&self) -> Option<String> {
        self.home.map(|home| self.gazetteer.text(home))
    }

    /// Hears zones as callers of a dialect say them; without this, no dialect is favoured.
    pub fn hearing(mut self, dialect: &Dialect) -> Self {
        self.gazetteer.characters.hear(dialect);
        self
    }

    /// Whether immediately repeated identical levels become one; they do unless this says no.
    pub fn collapsing(self, collapse: bool) -> Self {
        Self { collapse, ..self }
    }

    /// What becomes of a zone that the hotline of `home` wrote down; `home` is the full name or the
    /// code of its city, the own one if empty, and nothing counts as near to one that is unknown.
    pub fn correct(&self, zone: &str, home: &str) -> Answer {
        let home = self.home_of(home);
        let answer = self.once(zone, home);
        let Outcome::Corrected { zone: text, changes } = &answer.outcome else { return answer };
        let trusted = changes.iter().all(|change| self.auto.trusts(change.reason));
        // What the correction itself would be corrected to was not understood.
        if trusted && self.once(text, home).outcome == Outcome::Kept {
            return answer;
        }
        let alternative = Alternative { zone: text.clone(), changes: changes.clone() };
        Answer { outcome: Outcome::Ask { alternatives: vec![alternative] }, path: Vec::new() }
    }

    pub(super) fn home_of(&self, home: &str) -> Option<Index> {
        if home.is_empty() { self.home } else { self.gazetteer.home(home) }
    }

    fn once(&self, zone: &str, home: Option<Index>) -> Answer {
        let counted = tokens(&self.gazetteer, zone, Numerals::Counted).unwrap_or_default();
        let answer = self.read(zone, &counted, home);
        if answer.outcome == Outcome::Kept
            && let Some(spelled) = tokens(&self.gazetteer, zone, Numerals::Spelled)
        {
            let other = self.read(zone, &spelled, home);
            if other.outcome != Outcome::Kept {
                return other;
            }
        }
        answer
    }

    fn read(&self, zone: &str, tokens: &[Token], home: Option<Index>) -> Answer {
        let search = || Search::new(&self.gazetteer, &self.heads, zone, tokens, home);
        let judge = Judge { gazetteer: &self.gazetteer, tokens, home };
        let exact = search().exact();
        if exact.first().is_some_and(|path| self.is_whole(path, tokens)) {
            let settled = judge.settled(&exact[0], &exact[1..]);
            return self.answer(zone, tokens, &exact[0], settled);
        }
        let paths = search().all();
        let Some(first) = paths.first() else {
            return Answer { outcome: Outcome::Kept, path: Vec::new() };
        };
        let best = judge.believed(first);
        let changed = |believed: &Believed| !believed.path.steps.iter().all(Step::exact);
        // Where the likeliest reading cannot be believed, a less likely one may be asked for.
        let masked = best.cut && !changed(&best);
        let others = || paths[1..].iter().map(|path| judge.believed(path));
        let masks = masked && others().any(|other| !other.cut && changed(&other));
        let mut namesakes = judge.namesakes(&best.path);
        namesakes.extend(judge.neighbours(&best.path));
        let partial = changed(&best) && self.names_more(&best.path, tokens);
        let certain = !partial && namesakes.is_empty() && !judge.rivalled(&best.path, &paths[1..]);
        if !masks && !best.doubtful && certain {
            let settled = judge.settled(&best.path, &paths[1..]);
            let answer = self.answer(zone, tokens, &best.path, settled);
            if answer.outcome == Outcome::Kept
                && let Some(other) = self.contradicted(zone, tokens, &best.path, home)
            {
                return other;
            }
            return answer;
        }
        let believed: Vec<Believed> = std::iter::once(best).chain(others()).collect();
        let doubtful = believed.iter().filter(|other| !masks || !other.cut);
        let mut doubtful: Vec<&Path> = doubtful.map(|other| &other.path).collect();
        let second = doubtful.len().min(1);
        doubtful.splice(second..second, &namesakes);
        let mut alternatives: Vec<Alternative> = Vec::new();
        let nothing = doubtful.iter().all(|path| self.edit(zone, tokens, path).0 == zone);
        let further = if nothing && !partial { &[] } else { &paths[..] };
        for path in doubtful.into_iter().chain(further.iter()) {
            self.propose(zone, tokens, path, &mut alternatives);
        }
        let outcome = match alternatives.is_empty() {
            true => Outcome::Kept,
            false => Outcome::Ask { alternatives },
        };
        Answer { outcome, path: Vec::new() }
    }

    /// Whether a path without near names explains all that can be explained.
    fn is_whole(&self, path: &Path, tokens: &[Token]) -> bool {
        path.steps.last().is_some_and(|last| {
            let level = self.gazetteer.level(last.unit);
            let next = tokens.get(last.fit.to);
            next.is_none_or(|token| token.id == 0)
                || (level == Level::Town && last.form != Form::Short)
        })
    }

    /// Whether a path is followed by the full name of a town that it does not hold.
    fn names_more(&self, path: &Path, tokens: &[Token]) -> bool {
        let Some(last) = path.steps.last() else { return false };
        let town = self.gazetteer.level(last.unit) == Level::Town;
        let rest = tokens[last.fit.to..].iter();
        let rest: Vec<char> = rest
            .take_while(|token| !token.separator && !token.numeral)
            .map(|token| self.gazetteer.characters.letter(token.id))
            .take(LONGEST)
            .collect();
        let end = rest.iter().position(|letter| "镇乡街村路社".contains(*letter));
        let named = |at: usize| match rest[at] {
            '街' => rest.get(at + 1) == Some(&'道'),
            letter => letter == '镇' || letter == '乡',
        };
        !town && !last.headed && end.is_some_and(|at| at > 1 && named(at))
    }

    /// Another city or province, named exactly, of which nothing else in the zone is true, where the
    /// name of home's sounds alike and all is true: asked, never changed.
    fn contradicted(
        &self,
        zone: &str,
        tokens: &[Token],
        path: &Path,
        home: Option<Index>,
    ) -> Option<Answer> {
        let home = home?;
        let [.., last] = &path.steps[..] else { return None };
        let own = match self.gazetteer.level(last.unit) {
            Level::Province => self.gazetteer.units[home as usize].parent,
            Level::City => home,
            Level::County | Level::Town => return None,
        };
        if self.gazetteer.holds(last.unit, home) {
            return None;
        }
        let paths = Search::new(&self.gazetteer, &self.heads, zone, tokens, Some(home)).from(own);
        let path =
            paths.iter().find(|path| path.steps[0].fit.worst <= 20 && path.steps.len() > 1)?;
        let mut alternatives = Vec::new();
        self.propose(zone, tokens, path, &mut alternatives);
        (!alternatives.is_empty())
            .then_some(Answer { outcome: Outcome::Ask { alternatives }, path: Vec::new() })
    }
}

#[cfg(test)]
mod tests;
