//! The corrector: what a zone becomes, and why.

use std::ops::Range;

use super::{
    characters::{ALIEN, HOMOPHONE},
    decide::{Believed, Judge},
    dialect::Dialect,
    gazetteer::{Gazetteer, Index},
    name::Level,
    search::{Path, Search},
    step::{Form, Step},
    zone::{Heads, Numerals, Token, tokens},
};

/// The most alternatives of a question.
const ALTERNATIVES: usize = 5;

/// Corrects the place names of zones against a gazetteer.
pub struct Corrector {
    gazetteer: Gazetteer,
    heads: Heads,
    collapse: bool,
}

/// What the corrector says of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What becomes of the zone.
    pub outcome: Outcome,
    /// The units that the zone names, from the top, as far as they are understood.
    pub path: Vec<Named>,
}

/// What becomes of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays byte for byte.
    Kept,
    /// It becomes another text.
    Corrected {
        /// The whole zone, corrected.
        zone: String,
        /// Every difference, in the order of the text.
        changes: Vec<Change>,
    },
    /// It stays unless somebody chooses one of these.
    Ask {
        /// Whole zones, the likeliest first, at most five; none is the zone itself.
        alternatives: Vec<String>,
    },
}

/// A unit that a zone names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its level.
    pub level: Level,
    /// Its code: six digits, nine for towns; a unit of an own list may have none.
    pub code: Option<u32>,
    /// Its name in the list.
    pub name: String,
}

/// One difference between a zone and its correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The bytes of the zone that are replaced.
    pub span: Range<usize>,
    /// What stood there.
    pub from: String,
    /// What stands there now.
    pub to: String,
    /// The unit's level.
    pub level: Level,
    /// The unit's code, if it has one.
    pub code: Option<u32>,
    /// Why.
    pub reason: Reason,
}

/// Why a name was changed; of several reasons the weightiest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Digits for a numeral: 6安市.
    Numeral,
    /// The same syllables: 刘安市.
    Homophone,
    /// Near syllables: 南陵 for 兰陵.
    NearSound,
    /// A character that looks alike: 古集区 for 叶集区.
    Shape,
    /// A character was lost: 天寨镇.
    Lost,
    /// The name stood twice: 六安市六安市.
    Repeated,
}

impl Corrector {
    /// A corrector that collapses repeated names.
    pub fn new(gazetteer: Gazetteer) -> Self {
        let heads = Heads::new(&gazetteer);
        Self { gazetteer, heads, collapse: true }
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
    /// code of its city, and may be empty.
    pub fn correct(&self, zone: &str, home: &str) -> Answer {
        let home = self.gazetteer.home(home);
        let answer = self.once(zone, home);
        let Outcome::Corrected { zone: text, .. } = &answer.outcome else { return answer };
        // What the correction itself would be corrected to was not understood.
        let alternatives = match self.once(text, home).outcome {
            Outcome::Kept => return answer,
            Outcome::Corrected { zone: further, .. } => vec![further, text.clone()],
            Outcome::Ask { mut alternatives } => {
                alternatives.insert(0, text.clone());
                alternatives
            }
        };
        let mut alternatives: Vec<String> =
            alternatives.into_iter().filter(|alternative| alternative != zone).collect();
        alternatives.truncate(ALTERNATIVES);
        Answer { outcome: Outcome::Ask { alternatives }, path: answer.path }
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
        let exact = search().exact();
        if exact.first().is_some_and(|path| self.is_whole(path, tokens)) {
            let judge = Judge { gazetteer: &self.gazetteer, tokens, home };
            let mut answer = self.answer(zone, tokens, &exact[0]);
            answer.path.truncate(judge.settled(&exact[0], &exact[1..]));
            return answer;
        }
        let paths = search().all();
        let judge = Judge { gazetteer: &self.gazetteer, tokens, home };
        let Some(first) = paths.first() else {
            return Answer { outcome: Outcome::Kept, path: Vec::new() };
        };
        let best = judge.believed(first);
        let changed = |believed: &Believed| !believed.path.steps.iter().all(Step::exact);
        // Where the likeliest reading cannot be believed, a less likely one may be asked for.
        let masked = best.cut && !changed(&best);
        let others = || paths[1..].iter().map(|path| judge.believed(path));
        let masks = masked && others().any(|other| !other.cut && changed(&other));
        if !masks && !best.doubtful && !judge.rivalled(&best.path, &paths[1..]) {
            let mut answer = self.answer(zone, tokens, &best.path);
            answer.path.truncate(judge.settled(&best.path, &paths[1..]));
            if answer.outcome == Outcome::Kept
                && let Some(other) = self.contradicted(zone, tokens, &best.path, home)
            {
                return other;
            }
            return answer;
        }
        let believed: Vec<Believed> = std::iter::once(best).chain(others()).collect();
        let doubtful: Vec<&Path> =
            believed.iter().filter(|other| !masks || !other.cut).map(|other| &other.path).collect();
        let mut alternatives: Vec<String> = Vec::new();
        let nothing = doubtful.iter().all(|path| self.edit(zone, tokens, path).0 == zone);
        let further = if nothing { &[] } else { &paths[..] };
        for path in doubtful.into_iter().chain(further.iter()) {
            let text = self.edit(zone, tokens, path).0;
            if text != zone && !alternatives.contains(&text) && alternatives.len() < ALTERNATIVES {
                alternatives.push(text);
            }
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
            let level = self.gazetteer.units[last.unit as usize].level;
            let next = tokens.get(last.fit.to);
            next.is_none_or(|token| token.id == 0)
                || (level == Level::Town && last.form != Form::Short)
        })
    }

    /// Another city, named exactly, of which nothing else in the zone is true, where home's name
    /// sounds alike and all is true: asked, never changed.
    fn contradicted(
        &self,
        zone: &str,
        tokens: &[Token],
        path: &Path,
        home: Option<Index>,
    ) -> Option<Answer> {
        let home = home?;
        let [.., last] = &path.steps[..] else { return None };
        let other = self.gazetteer.units[last.unit as usize].level == Level::City;
        if !other || self.gazetteer.holds(last.unit, home) {
            return None;
        }
        let paths = Search::new(&self.gazetteer, &self.heads, zone, tokens, Some(home)).from(home);
        let path =
            paths.iter().find(|path| path.steps[0].fit.worst <= 20 && path.steps.len() > 1)?;
        let text = Some(self.edit(zone, tokens, path).0).filter(|text| text != zone)?;
        Some(Answer { outcome: Outcome::Ask { alternatives: vec![text] }, path: Vec::new() })
    }

    fn answer(&self, zone: &str, tokens: &[Token], path: &Path) -> Answer {
        let (text, changes) = self.edit(zone, tokens, path);
        let outcome = match changes.is_empty() {
            true => Outcome::Kept,
            false => Outcome::Corrected { zone: text, changes },
        };
        let named = path.steps.iter().filter(|step| !step.repeated).map(|step| {
            let unit = &self.gazetteer.units[step.unit as usize];
            Named { level: unit.level, code: unit.code, name: self.gazetteer.text(step.unit) }
        });
        Answer { outcome, path: named.collect() }
    }

    /// The zone with the names of a path, and what differs.
    fn edit(&self, zone: &str, tokens: &[Token], path: &Path) -> (String, Vec<Change>) {
        let judge = Judge { gazetteer: &self.gazetteer, tokens, home: None };
        let mut text = String::with_capacity(zone.len());
        let mut changes = Vec::new();
        let mut done = 0;
        let mut steps = path.steps.iter().peekable();
        while let Some(step) = steps.next() {
            let mut last = step;
            let repeated = self.collapse && steps.peek().is_some_and(|next| next.repeated);
            if repeated && let Some(next) = steps.next() {
                last = next;
            }
            if step.exact() && last.exact() && !repeated {
                continue;
            }
            let span = tokens[step.from].start as usize..tokens[last.fit.to - 1].end as usize;
            let to = self.gazetteer.spell(&judge.written(last));
            let from = zone[span.clone()].to_owned();
            text.push_str(&zone[done..span.start]);
            text.push_str(&to);
            done = span.end;
            let unit = &self.gazetteer.units[step.unit as usize];
            let reason = if repeated { Reason::Repeated } else { self.reason(step, tokens) };
            changes.push(Change { span, from, to, level: unit.level, code: unit.code, reason });
        }
        text.push_str(&zone[done..]);
        (text, changes)
    }

    fn reason(&self, step: &Step, tokens: &[Token]) -> Reason {
        if step.fit.lost {
            return Reason::Lost;
        }
        let judge = Judge { gazetteer: &self.gazetteer, tokens, home: None };
        let written = judge.written(step);
        let heard = tokens[step.from..step.fit.to].iter();
        let reasons = heard.zip(&written).map(|(token, id)| {
            let characters = &self.gazetteer.characters;
            let cost = characters.cost(token.id, *id);
            match cost {
                0 if token.numeral => Reason::Numeral,
                _ if cost == characters.shape(token.id, *id) => Reason::Shape,
                0..=HOMOPHONE => Reason::Homophone,
                ALIEN.. => Reason::Shape,
                _ => Reason::NearSound,
            }
        });
        reasons.max().unwrap_or(Reason::Homophone)
    }
}

#[cfg(test)]
mod tests;
