//! Which paths of units a zone may name, from the top down, with what each costs.
//!
//! A path is a row of steps; each step is one unit below the one before, at the place in the zone
//! where that ended. Only names below the last unit are looked at, and an exact full name spares
//! the search for near ones.

use std::cmp::Reverse;

use super::{
    align::{Ears, Fit, fit, lost, odd},
    characters::Id,
    gazetteer::{Gazetteer, Index},
    zone::{Heads, Token},
};

/// The most steps of a path: four levels and repetitions.
pub(super) const DEEPEST: usize = 6;

/// The most paths that are kept.
const PATHS: usize = 10;

/// The most near names that are followed from one place.
const BRANCHES: usize = 8;

/// What a character of the rank may cost: a homophone is heard for it, nothing else.
const RANK: u16 = 14;

/// A first character that costs more is none of the name.
const FAR: u8 = 66;

/// How many characters a name with its rank mostly has at most.
const LONG: usize = 6;

/// The most comparisons of one search.
const PATIENCE: u32 = 20_000;

/// How a name is written in the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With its rank: 毛坦厂镇.
    Full,
    /// With the last character of a long rank: 延边州.
    Ranked,
    /// Without: 毛坦厂.
    Short,
    /// By another name that the list knows.
    Alias,
}

/// One unit of a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) unit: Index,
    /// Its first token.
    pub(super) from: usize,
    pub(super) form: Form,
    pub(super) fit: Fit,
    /// Whether it repeats the step before.
    pub(super) repeated: bool,
    /// Whether what follows is a road, a village or a building.
    pub(super) headed: bool,
}

impl Step {
    /// Whether the zone has the name letter by letter.
    pub(super) fn exact(&self) -> bool {
        self.fit.cost == 0
    }
}

/// Steps with what they are worth together.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) score: i32,
}

/// One search.
pub(super) struct Search<'a> {
    gazetteer: &'a Gazetteer,
    heads: &'a Heads,
    zone: &'a str,
    tokens: &'a [Token],
    ears: Ears<'a>,
    home: Option<Index>,
    near: bool,
    patience: u32,
    steps: Vec<Step>,
    paths: Vec<Path>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        gazetteer: &'a Gazetteer,
        heads: &'a Heads,
        zone: &'a str,
        tokens: &'a [Token],
        home: Option<Index>,
    ) -> Self {
        let (steps, paths) = (Vec::with_capacity(DEEPEST), Vec::with_capacity(PATHS + 1));
        let ears = Ears::new(&gazetteer.characters, tokens);
        Self {
            gazetteer,
            heads,
            zone,
            tokens,
            ears,
            home,
            near: true,
            patience: PATIENCE,
            steps,
            paths,
        }
    }

    /// The paths without a near name, the best first.
    pub(super) fn exact(mut self) -> Vec<Path> {
        self.near = false;
        self.all()
    }

    /// The best paths, the best first.
    pub(super) fn all(mut self) -> Vec<Path> {
        let at = self.past_separators(0);
        self.extend(at, None);
        if at > 0 && self.tokens[at - 1].id != 0 {
            self.extend(at - 1, None);
        }
        self.paths
    }

    /// The best paths that begin with one unit, near or not.
    pub(super) fn from(mut self, unit: Index) -> Vec<Path> {
        let at = self.past_separators(0);
        let mut found = Vec::new();
        self.fuzzy(None, unit, at, &mut found);
        for step in found {
            self.follow(step);
        }
        self.paths
    }

    /// Looks for the next unit at a place, below the last step.
    fn extend(&mut self, at: usize, above: Option<Step>) {
        let mut found: Vec<Step> = Vec::new();
        if at < self.tokens.len() && self.steps.len() < DEEPEST {
            let first = self.tokens[at].id;
            let mut literal: Vec<Index> = Vec::new();
            self.gazetteer.candidates(above.map(|step| step.unit), self.home, |unit, begins| {
                if begins == first {
                    literal.push(unit);
                }
            });
            for unit in literal {
                self.literal(unit, at, &mut found);
            }
            self.other_names(above, at, &mut found);
            self.repetition(above, at, &mut found);
            let full = found.iter().any(|step| step.form != Form::Short && !step.repeated);
            // Two slips in a row are believed at home only.
            let trusted = above.is_none_or(|step| step.exact() || self.near_home(step.unit));
            // After 成都花园 nothing is named but what says its rank.
            let blind = above.is_some_and(|step| step.headed) && !self.ranked(at);
            if self.near && !full && trusted && !blind && self.tokens[at].id != 0 {
                // Beside an exact short form only names that begin like it are worth a look.
                let first = (!found.is_empty()).then_some(self.tokens[at].id);
                let mut near: Vec<Index> = Vec::with_capacity(64);
                let gazetteer = self.gazetteer;
                let ear = self.ears.ear(at);
                let here = |unit: Index| match above {
                    Some(above) => gazetteer.units[unit as usize].parent == above.unit,
                    None => self.home.is_some_and(|home| gazetteer.holds(unit, home)),
                };
                gazetteer.candidates(above.map(|step| step.unit), self.home, |unit, begins| {
                    let fits = match first {
                        Some(first) => begins == first,
                        None => ear.cost(&gazetteer.characters, begins) <= FAR || here(unit),
                    };
                    if fits {
                        near.push(unit);
                    }
                });
                for unit in near {
                    self.fuzzy(above, unit, at, &mut found);
                }
            }
        }
        let key = |step: &Step| step.fit.cost + 20 * u16::from(!self.near_home(step.unit));
        found.sort_by_key(|step| (key(step), Reverse(step.fit.to), step.unit));
        found.truncate(BRANCHES);
        self.keep();
        for step in found {
            self.follow(step);
        }
    }

    fn follow(&mut self, step: Step) {
        self.steps.push(step);
        let next = self.past_separators(step.fit.to);
        self.extend(next, Some(step));
        // 的 may belong to the next name.
        if next > 0 && next > step.fit.to && self.tokens[next - 1].id != 0 {
            self.extend(next - 1, Some(step));
        }
        self.steps.pop();
    }

    /// The names that stand there letter by letter.
    fn literal(&mut self, unit: Index, at: usize, found: &mut Vec<Step>) {
        let first = &self.tokens[at];
        if first.numeral {
            return;
        }
        let name = self.gazetteer.name(unit);
        let stem = self.gazetteer.stem(unit);
        let heard = &self.tokens[at..];
        let plain = |(token, id): &(&Token, &u16)| token.id == **id && !token.numeral;
        let same = heard.iter().zip(name).take_while(plain).count();
        if same == name.len() {
            self.found(unit, at, Form::Full, exact(at + same), found);
        } else if same >= stem && stem > 1 {
            let rest = &heard[stem..];
            let ranked =
                name.len() - stem > 1 && rest.first().map(|t| t.id) == name.last().copied();
            let form = if ranked { Form::Ranked } else { Form::Short };
            self.found(unit, at, form, exact(at + stem + usize::from(ranked)), found);
        }
    }

    /// The other names that stand there letter by letter.
    fn other_names(&mut self, above: Option<Step>, at: usize, found: &mut Vec<Step>) {
        let range = match (above, self.home) {
            (Some(above), _) => self.gazetteer.below(above.unit),
            (None, Some(home)) => home..self.gazetteer.units[home as usize].end,
            (None, None) => return,
        };
        let heard = &self.tokens[at..];
        let gazetteer = self.gazetteer;
        for (unit, name) in gazetteer.aliases(range) {
            let same = heard.iter().zip(name).take_while(|(t, id)| t.id == **id).count();
            if same == name.len() {
                self.found(unit, at, Form::Alias, exact(at + same), found);
            }
        }
    }

    /// The unit of the last step once more, in full.
    fn repetition(&mut self, above: Option<Step>, at: usize, found: &mut Vec<Step>) {
        let Some(above) = above.filter(|step| !step.repeated && step.form != Form::Alias) else {
            return;
        };
        let name = self.gazetteer.name(above.unit);
        let stem = self.gazetteer.stem(above.unit);
        let most = if above.exact() { 18 * stem as u16 + 4 } else { 0 };
        let fit = fit(&mut self.ears, at, name, stem, most);
        let rest = |fit: &Fit| self.rest(fit.to);
        // 高店镇高店镇社区 is a community in its town.
        let apart = |fit: &Fit| {
            !["村", "社区", "居委", "街", "路"].iter().any(|h| rest(fit).starts_with(h))
        };
        if let Some(fit) = fit.filter(|fit| self.same_rank(fit, name, stem) && apart(fit)) {
            let unit = above.unit;
            let step =
                Step { unit, from: at, form: Form::Full, fit, repeated: true, headed: false };
            found.push(step);
        }
    }

    /// The names that may have been misheard there.
    fn fuzzy(&mut self, above: Option<Step>, unit: Index, at: usize, found: &mut Vec<Step>) {
        let gazetteer = self.gazetteer;
        let first = self.ears.cost(at, gazetteer.name(unit)[0]);
        let beside = match above {
            Some(above) => gazetteer.units[unit as usize].parent == above.unit,
            None => first > FAR && self.home.is_some_and(|home| gazetteer.holds(unit, home)),
        };
        if (first > FAR && !beside) || self.patience == 0 {
            return;
        }
        let name = gazetteer.name(unit);
        let stem = gazetteer.stem(unit);
        let most = 26 * stem as u16 + 26;
        if first > FAR {
            if let Some(fit) = odd(self.tokens, at, name, stem) {
                self.found(unit, at, Form::Full, fit, found);
            }
            return;
        }
        if u16::from(first) > most {
            return;
        }
        self.patience -= 1;
        let full = fit(&mut self.ears, at, name, stem, most)
            .filter(|fit| self.same_rank(fit, name, stem))
            .or_else(|| lost(&mut self.ears, at, name, stem, most))
            .filter(|fit| self.same_rank(fit, name, stem));
        if let Some(fit) = full {
            self.found(unit, at, Form::Full, fit, found);
            if fit.rank == 0 {
                return;
            }
        } else if (beside
            || (above.is_none() && self.home.is_some_and(|h| gazetteer.holds(unit, h))))
            && let Some(fit) = odd(self.tokens, at, name, stem)
        {
            self.found(unit, at, Form::Full, fit, found);
            return;
        }
        // After 成都花园 nothing is named but what says its rank.
        if stem < 2 || above.is_some_and(|step| step.headed) {
            return;
        }
        if name.len() - stem > 1 && name.len() - stem != 2 {
            let mut ranked = [0; 32];
            ranked[..stem].copy_from_slice(&name[..stem]);
            ranked[stem] = name[name.len() - 1];
            let ranked = &ranked[..=stem];
            if let Some(fit) = fit(&mut self.ears, at, ranked, stem, most - 10) {
                self.found(unit, at, Form::Ranked, fit, found);
                return;
            }
        }
        let short = fit(&mut self.ears, at, &name[..stem], stem, most - 10);
        if let Some(fit) = short.filter(|fit| fit.cost > 0) {
            // 东文镇 is not 东文山, 阳明村 not 阳明洞.
            let last = &self.tokens[fit.to - 1];
            let rest = &self.zone[last.start as usize..];
            let below = ["村", "庄", "屯", "路", "街", "巷", "社"];
            let other = self.heads.is_rank(last.id) || below.iter().any(|h| rest.starts_with(h));
            if last.id == name[stem - 1] || !other {
                self.found(unit, at, Form::Short, fit, found);
            }
        }
    }

    /// Whether what was heard for the rank is no other rank: 双河乡 is not 双河镇 misheard.
    fn same_rank(&self, fit: &Fit, name: &[Id], stem: usize) -> bool {
        let rank = &name[stem..];
        let heard = &self.tokens[fit.to - rank.len()..fit.to];
        let other = |(token, id): (&Token, &Id)| token.id != *id && self.heads.is_rank(token.id);
        if fit.rank == 0 {
            return true;
        }
        // 城关振兴街 is not 城关镇兴街: what begins like a name is one.
        let from = fit.to - rank.len();
        let wrong = heard.iter().zip(rank).position(|(token, id)| token.id != *id).unwrap_or(0);
        let begins = match self.tokens.get(from + wrong + 1) {
            Some(next) => self.gazetteer.begins([self.tokens[from + wrong].id, next.id]),
            None => false,
        };
        // 曹庙甄岗村 is not 曹庙镇岗村.
        let village = |at: usize| ["村", "庄", "社区"].iter().any(|h| self.rest(at).starts_with(h));
        let single = rank.len() == 1;
        let begins = begins || (single && (village(fit.to) || village(fit.to + 1)));
        let most = RANK * rank.len() as u16;
        fit.rank <= most && !begins && !heard.iter().zip(rank).any(other)
    }

    fn found(&self, unit: Index, at: usize, form: Form, fit: Fit, found: &mut Vec<Step>) {
        let rest = self.rest(fit.to);
        let headed = form == Form::Short
            && (self.heads.begin(rest) || (fit.cost > 0 && self.heads.is_bare(rest)));
        found.push(Step { unit, from: at, form, fit, repeated: false, headed });
    }

    /// Whether one of the next characters says a rank.
    fn ranked(&self, at: usize) -> bool {
        let next = self.tokens[at..].iter().take(LONG);
        next.take_while(|token| !token.separator).any(|token| self.heads.is_rank(token.id))
    }

    /// The zone from a token on.
    fn rest(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &self.zone[token.start as usize..])
    }

    fn past_separators(&self, at: usize) -> usize {
        let rest = self.tokens[at.min(self.tokens.len())..].iter();
        at + rest.take_while(|token| token.separator).count()
    }

    /// Whether a unit holds home or lies in it; every unit does where there is no home.
    fn near_home(&self, unit: Index) -> bool {
        let holds = |above, unit| self.gazetteer.holds(above, unit);
        self.home.is_none_or(|home| holds(home, unit) || holds(unit, home))
    }

    /// Notes the steps so far as a path.
    fn keep(&mut self) {
        if self.steps.is_empty() {
            return;
        }
        let score = self.score();
        if self.paths.len() == PATHS && self.paths[PATHS - 1].score >= score {
            return;
        }
        let at = self.paths.partition_point(|path| path.score >= score);
        self.paths.insert(at, Path { steps: self.steps.clone(), score });
        self.paths.truncate(PATHS);
    }

    /// What the steps are worth: what they explain of the zone less what must have been misheard.
    fn score(&self) -> i32 {
        let mut score = 0;
        let mut above = 0;
        for step in &self.steps {
            let unit = &self.gazetteer.units[step.unit as usize];
            let level = unit.level as i32;
            let skipped = (level - above - 1).max(0);
            above = level;
            let length = (step.fit.to - step.from) as i32;
            let home = self.near_home(step.unit);
            score += match (step.repeated, step.form) {
                (true, _) => 34,
                (false, Form::Short) => 16 + 12 * length - 4 * skipped,
                (false, _) => 28 + 12 * length - 4 * skipped,
            };
            score -= i32::from(step.fit.cost);
            score -= if home || step.exact() { 0 } else { 20 };
        }
        score
    }
}

fn exact(to: usize) -> Fit {
    Fit { to, cost: 0, worst: 0, changed: 0, rank: 0, lost: false, odd: false, numeral: false }
}
