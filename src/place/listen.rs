//! Which names may stand at one place of a zone: letter by letter, once more, or misheard.

mod repetition;

use self::repetition::Heard;
use super::{
    align::{self, Ears, Fit},
    characters::{HOMOPHONE, Id},
    gazetteer::{Gazetteer, Index},
    name::{LONGEST, Level},
    step::{Form, Step},
    zone::{Heads, Token},
};

/// What a character of the rank may cost: a homophone is heard for it, nothing else.
const RANK: u16 = 14;

/// A first character that costs more is none of the name.
const FAR: u8 = 56;

/// What a name may cost at most: so much for each character of its stem, and once.
const MOST: (u16, u16) = (26, 26);

/// How much less a name without its rank may cost.
const UNRANKED: u16 = 10;

/// How much work a search is worth; an address needs a tenth of it, a text that needs more is none.
const PATIENCE: u32 = 400_000;

/// How much work it is to look at a first character, to listen to it, and to compare a whole name.
const LOOK: u32 = 1;
const LISTEN: u32 = 4;
const COMPARE: u32 = 30;

/// What makes a name before it that of a village or a road.
const BELOW: [&str; 7] = ["村", "庄", "屯", "路", "街", "巷", "社"];

/// The names of a gazetteer at the places of one zone.
pub(super) struct Listener<'a> {
    gazetteer: &'a Gazetteer,
    heads: &'a Heads,
    zone: &'a str,
    tokens: &'a [Token],
    ears: Ears<'a>,
    home: Option<Index>,
    patience: u32,
}

impl<'a> Listener<'a> {
    pub(super) fn new(
        gazetteer: &'a Gazetteer,
        heads: &'a Heads,
        zone: &'a str,
        tokens: &'a [Token],
        home: Option<Index>,
    ) -> Self {
        let ears = Ears::new(&gazetteer.characters, tokens);
        Self { gazetteer, heads, zone, tokens, ears, home, patience: PATIENCE }
    }

    /// The names that stand at a place letter by letter, below the last step, and that step's once
    /// more.
    pub(super) fn literal(&mut self, above: Option<Step>, at: usize, found: &mut Vec<Step>) {
        let named = |token: &&Token| token.id != 0;
        let Some(first) = self.tokens.get(at).filter(named).filter(|_| self.patience > 0) else {
            return;
        };
        if first.numeral {
            return self.other_names(above, at, found);
        }
        let (gazetteer, unit) = (self.gazetteer, above.map(|step| step.unit));
        let looks =
            gazetteer.beginning(first.id, unit, self.home, |unit| self.letters(unit, at, found));
        self.tire(LOOK * looks as u32);
        self.other_names(above, at, found);
        // Below a town nothing else is named that could be meant.
        let town = above.filter(|above| above.form == Form::Full);
        let town = town.is_some_and(|town| self.gazetteer.level(town.unit) == Level::Town);
        self.repetition(above, at, if town { Heard::Near } else { Heard::Exact }, found);
    }

    /// The names that may have been misheard at a place, below the last step.
    pub(super) fn near(&mut self, above: Option<Step>, at: usize, found: &mut Vec<Step>) {
        // After 成都花园 nothing is named but what says its rank.
        let blind = above.is_some_and(|step| step.headed) && !self.says_rank(at);
        let blind = blind || self.patience == 0;
        if !blind && !found.iter().any(|step| step.repeated) {
            self.repetition(above, at, Heard::Near, found);
        }
        let Some(heard) = self.tokens.get(at).filter(|token| !blind && token.id != 0) else {
            return;
        };
        // Beside an exact short form only names that begin like it are worth a look.
        let alike = (!found.is_empty()).then_some(heard.id);
        let (gazetteer, home) = (self.gazetteer, self.home);
        let ear = self.ears.ear(at);
        let mut near: Vec<(Index, u8)> = Vec::with_capacity(64);
        let mut looks = 0;
        gazetteer.candidates(above.map(|step| step.unit), home, |unit, begins| {
            looks += LISTEN;
            let cost = match alike {
                Some(id) if id != begins => return,
                _ => ear.cost(&gazetteer.characters, begins),
            };
            if cost <= FAR || is_beside(gazetteer, home, above, unit) {
                near.push((unit, cost));
            }
        });
        self.tire(looks);
        for (unit, first) in near {
            self.misheard(above, unit, at, first, found);
        }
        if let Some(above) = above.filter(|_| found.is_empty() && self.says_rank(at)) {
            self.misplaced(above, at, found);
        }
    }

    /// The homophone of a town of another county of home: the caller took one for the other.
    fn misplaced(&mut self, above: Step, at: usize, found: &mut Vec<Step>) {
        let gazetteer = self.gazetteer;
        let county = gazetteer.level(above.unit) == Level::County;
        let city = self.home.filter(|home| county && gazetteer.holds(*home, above.unit));
        let Some(city) = city.filter(|city| *city != above.unit) else { return };
        let ear = self.ears.ear(at);
        let mut near: Vec<Index> = Vec::new();
        gazetteer.candidates(Some(city), self.home, |unit, begins| {
            if ear.cost(&gazetteer.characters, begins) <= HOMOPHONE {
                near.push(unit);
            }
        });
        for unit in near {
            let name = gazetteer.name(unit);
            let (stem, rank) = name.split_at(gazetteer.stem(unit));
            let town = gazetteer.level(unit) == Level::Town && stem.len() > 1;
            let fit = align::stem(&mut self.ears, at, stem, u16::from(HOMOPHONE))
                .and_then(|fit| fit.ranked(&mut self.ears, rank)?.whole(&self.ears));
            if let Some(fit) = fit.filter(|fit| town && fit.rank == 0 && fit.cost > 0) {
                self.found(unit, at, Form::Full, fit, found);
            }
        }
    }

    /// The name of a unit, misheard or not.
    pub(super) fn one(&mut self, unit: Index, at: usize, found: &mut Vec<Step>) {
        if at < self.tokens.len() {
            self.misheard(None, unit, at, 0, found);
        }
    }

    /// The place after the separators at a place.
    pub(super) fn past_separators(&self, at: usize) -> usize {
        let rest = self.tokens[at.min(self.tokens.len())..].iter();
        at + rest.take_while(|token| token.separator).count()
    }

    /// Whether a separator is a character of names too, as 的 is.
    pub(super) fn may_begin(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.id != 0)
    }

    /// Takes note of work done.
    fn tire(&mut self, work: u32) {
        self.patience = self.patience.saturating_sub(work);
    }

    fn letters(&self, unit: Index, at: usize, found: &mut Vec<Step>) {
        let name = self.gazetteer.name(unit);
        let stem = self.gazetteer.stem(unit);
        let heard = &self.tokens[at..];
        let plain = |(token, id): &(&Token, &Id)| token.id == **id && !token.numeral;
        let same = heard.iter().zip(name).take_while(plain).count();
        if same == name.len() {
            self.found(unit, at, Form::Full, Fit::exact(at + same), found);
        } else if same >= stem && stem > 1 {
            let next = heard.get(stem).map(|token| token.id);
            let ranked = name.len() - stem > 1 && next == name.last().copied();
            let form = if ranked { Form::Ranked } else { Form::Short };
            self.found(unit, at, form, Fit::exact(at + stem + usize::from(ranked)), found);
        }
    }

    /// The other names that stand there letter by letter.
    fn other_names(&self, above: Option<Step>, at: usize, found: &mut Vec<Step>) {
        let range = match (above, self.home) {
            (Some(above), _) => self.gazetteer.below(above.unit),
            (None, Some(home)) => self.gazetteer.within(home),
            (None, None) => return,
        };
        let heard = &self.tokens[at..];
        for (unit, name) in self.gazetteer.aliases(range) {
            let same = heard.iter().zip(name).take_while(|(token, id)| token.id == **id).count();
            if same == name.len() {
                self.found(unit, at, Form::Alias, Fit::exact(at + same), found);
            }
        }
    }

    /// The name of a unit as it may have been misheard; `first` is what its first character costs.
    fn misheard(
        &mut self,
        above: Option<Step>,
        unit: Index,
        at: usize,
        first: u8,
        found: &mut Vec<Step>,
    ) {
        if self.patience == 0 {
            return;
        }
        self.tire(COMPARE);
        let name = self.gazetteer.name(unit);
        let (stem, rank) = name.split_at(self.gazetteer.stem(unit));
        let beside = is_beside(self.gazetteer, self.home, above, unit);
        let most = allowed(MOST, stem.len());
        let core = match first {
            ..=FAR => align::stem(&mut self.ears, at, stem, most),
            _ => None,
        };
        let full = core.and_then(|fit| fit.ranked(&mut self.ears, rank)?.whole(&self.ears));
        let full = full.filter(|fit| fit.cost <= most && self.same_rank(fit, rank));
        let odd = || align::odd(&self.ears, at, name, stem.len()).filter(|_| beside);
        if let Some(fit) = full {
            let odd = if fit.cost > align::ODD { odd() } else { None };
            self.found(unit, at, Form::Full, odd.unwrap_or(fit), found);
            if fit.rank == 0 {
                return;
            }
        } else {
            let odd = odd();
            let lost = match first {
                FAR.. if !beside => None,
                _ => align::lost(&mut self.ears, at, name, stem.len(), most),
            };
            let lost = lost.filter(|fit| fit.cost <= most && self.same_rank(fit, rank));
            if let Some(fit) = lost.or(odd) {
                self.found(unit, at, Form::Full, fit, found);
                return;
            }
        }
        let core = core.filter(|fit| fit.cost <= most - UNRANKED && stem.len() > 1);
        if let Some(core) = core.filter(|_| above.is_none_or(|step| !step.headed)) {
            self.unranked(unit, at, core, stem, rank, found);
        }
    }

    /// A name whose rank was not said, or only its last character.
    fn unranked(
        &mut self,
        unit: Index,
        at: usize,
        core: Fit,
        stem: &[Id],
        rank: &[Id],
        found: &mut Vec<Step>,
    ) {
        if rank.len() > 2 {
            let ranked = core.ranked(&mut self.ears, &rank[rank.len() - 1..]);
            if let Some(fit) = ranked.filter(|fit| fit.rank == 0) {
                self.found(unit, at, Form::Ranked, fit, found);
                return;
            }
        }
        let last = &self.tokens[core.to - 1];
        let rest = self.rest(core.to - 1);
        // 东文镇 is not 东文山, 阳明村 not 阳明洞, 北店村 not the town of 北段村.
        let other = self.heads.is_rank(last.id) || BELOW.iter().any(|head| rest.starts_with(head));
        let village = rest.starts_with('村') && core.worst > u16::from(HOMOPHONE);
        let fits = !village && (stem.last() == Some(&last.id) || !other);
        if let Some(fit) = core.whole(&self.ears).filter(|fit| fits && fit.cost > 0) {
            self.found(unit, at, Form::Short, fit, found);
        }
    }

    /// Whether what was heard for the rank is no other rank and no other word: 双河乡 is not 双河镇
    /// misheard, 城关振兴街 is not 城关镇兴街.
    fn same_rank(&self, fit: &Fit, rank: &[Id]) -> bool {
        if fit.rank == 0 {
            return true;
        }
        let from = fit.to - rank.len();
        let heard = &self.tokens[from..fit.to];
        let other = |(token, id): (&Token, &Id)| token.id != *id && self.heads.is_rank(token.id);
        let wrong = heard.iter().zip(rank).position(|(token, id)| token.id != *id).unwrap_or(0);
        let next = self.tokens.get(from + wrong + 1);
        let begins = next.is_some_and(|next| self.gazetteer.begins([heard[wrong].id, next.id]));
        // 曹庙甄岗村 is not 曹庙镇岗村, but 金东曲傅村镇 is 金东区傅村镇.
        let ranked = |at: usize| self.tokens.get(at).is_some_and(|t| self.heads.is_rank(t.id));
        let village = |at: usize| {
            let rest = self.rest(at);
            rest.starts_with("社区") || (rest.starts_with(['村', '庄']) && !ranked(at + 1))
        };
        let village = rank.len() == 1 && (village(fit.to) || village(fit.to + 1));
        let near = fit.rank <= RANK * rank.len() as u16;
        near && !begins && !village && !heard.iter().zip(rank).any(other)
    }

    fn found(&self, unit: Index, at: usize, form: Form, fit: Fit, found: &mut Vec<Step>) {
        let heard = self.tokens[at].start as usize..self.tokens[fit.to - 1].end as usize;
        // 码头 is a landing place, and not 马头 misheard.
        if form == Form::Short && fit.cost > 0 && self.heads.is_head(&self.zone[heard]) {
            return;
        }
        let rest = self.rest(fit.to);
        let next = self.tokens.get(fit.to).is_some_and(|token| self.heads.is_rank(token.id));
        let bare = fit.cost > 0 && self.heads.is_bare(rest);
        let named = || self.heads.begin(rest) && !(fit.cost > 0 && self.heads.is_road(rest));
        let headed = form == Form::Short && (next || bare || named());
        found.push(Step { unit, from: at, form, fit, repeated: false, headed });
    }

    /// Whether one of the next characters says a rank.
    fn says_rank(&self, at: usize) -> bool {
        let next = self.tokens[at.min(self.tokens.len())..].iter().take(LONGEST);
        next.take_while(|token| !token.separator).any(|token| self.heads.ends_rank(token.id))
    }

    /// The zone from a token on.
    fn rest(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &self.zone[token.start as usize..])
    }
}

/// Whether a unit stands directly below the last step, or at the beginning holds home.
fn is_beside(gazetteer: &Gazetteer, home: Option<Index>, above: Option<Step>, unit: Index) -> bool {
    match above {
        Some(above) => gazetteer.units[unit as usize].parent == above.unit,
        None => home.is_some_and(|home| gazetteer.holds(unit, home)),
    }
}

fn allowed((each, once): (u16, u16), characters: usize) -> u16 {
    each * characters as u16 + once
}
