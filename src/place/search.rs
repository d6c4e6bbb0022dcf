//! Which paths of units a zone may name, from the top down, with what each costs.
//!
//! A path is a row of steps; each step is one unit below the one before, at the place in the zone
//! where that ended. Only names below the last unit are looked at, and an exact full name spares
//! the search for near ones.

use std::cmp::Reverse;

use super::{
    gazetteer::{Gazetteer, Index},
    listen::Listener,
    step::{Form, Step},
    zone::{Heads, Token},
};

/// The most steps of a path: four levels and repetitions.
const DEEPEST: usize = 6;

/// The most paths that are kept.
const PATHS: usize = 10;

/// The most names that are followed from one place.
const BRANCHES: usize = 8;

/// The most places that are looked at; a text with more is no address.
const PLACES: u32 = 100;

/// What a unit must be ahead of another one that is nearer to home.
const AWAY: u16 = 20;

/// Steps with what they are worth together.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) score: i32,
}

/// What a path is worth less that ends with a road's or a building's name.
const HEADED: i32 = 16;

/// One search.
pub(super) struct Search<'a> {
    gazetteer: &'a Gazetteer,
    listener: Listener<'a>,
    home: Option<Index>,
    near: bool,
    places: u32,
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
        let listener = Listener::new(gazetteer, heads, zone, tokens, home);
        Self { gazetteer, listener, home, near: true, places: PLACES, steps, paths }
    }

    /// The paths without a near name, the best first.
    pub(super) fn exact(mut self) -> Vec<Path> {
        self.near = false;
        self.all()
    }

    /// The best paths, the best first.
    pub(super) fn all(mut self) -> Vec<Path> {
        self.onward(0, None);
        self.paths
    }

    /// The best paths that begin with one unit, near or not.
    pub(super) fn from(mut self, unit: Index) -> Vec<Path> {
        let at = self.listener.past_separators(0);
        let mut found = Vec::new();
        self.listener.one(unit, at, &mut found);
        for step in found {
            self.follow(step);
        }
        self.paths
    }

    /// Looks for the next unit behind a place and its separators.
    fn onward(&mut self, at: usize, above: Option<Step>) {
        let next = self.listener.past_separators(at);
        self.extend(next, above);
        // 的 may belong to the next name.
        if next > at && self.listener.may_begin(next - 1) {
            self.extend(next - 1, above);
        }
    }

    /// Looks for the next unit at a place, below the last step.
    fn extend(&mut self, at: usize, above: Option<Step>) {
        let mut found: Vec<Step> = Vec::new();
        if self.steps.len() < DEEPEST && self.places > 0 {
            self.places -= 1;
            self.listener.literal(above, at, &mut found);
            let full = found.iter().any(|step| step.form != Form::Short && !step.repeated);
            // Far from home a slip is a guess until another name stands there as it should.
            let trusted = match self.steps.first() {
                Some(first) => self.near_home(first.unit) || self.steps.iter().any(Step::exact),
                None => true,
            };
            if self.near && !full && trusted {
                self.listener.near(above, at, &mut found);
            }
        }
        let cost = |step: &Step| match self.near_home(step.unit) {
            true => step.fit.cost,
            false => step.fit.cost + AWAY,
        };
        found.sort_by_key(|step| (cost(step), Reverse(step.fit.to), step.unit));
        found.truncate(BRANCHES);
        self.keep();
        for step in found {
            self.follow(step);
        }
    }

    fn follow(&mut self, step: Step) {
        self.steps.push(step);
        self.onward(step.fit.to, Some(step));
        self.steps.pop();
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
        let mut above: Option<Index> = None;
        for step in &self.steps {
            let skipped = self.skipped(above, step.unit);
            above = Some(step.unit);
            let length = (step.fit.to - step.from) as i32;
            let home = self.near_home(step.unit);
            score += match (step.repeated, step.form) {
                (true, _) => 34,
                (false, Form::Short) => 16 + 12 * length - 4 * skipped,
                (false, _) => 28 + 12 * length - 4 * skipped,
            };
            score -= i32::from(step.fit.cost);
            score -= if home || step.exact() { 0 } else { i32::from(AWAY) };
        }
        // What ends with a name that something else is named after explains little.
        score - if self.steps.last().is_some_and(|last| last.headed) { HEADED } else { 0 }
    }

    /// How many units between two of a path were not named; the province need not be.
    fn skipped(&self, above: Option<Index>, unit: Index) -> i32 {
        let parent = |unit: Index| self.gazetteer.units[unit as usize].parent;
        let upward = |unit: &Index| Some(parent(*unit)).filter(|above| above != unit);
        let lineage = std::iter::successors(Some(unit), upward).skip(1);
        let between = lineage.take_while(|unit| Some(*unit) != above).count() as i32;
        match above {
            None => (between - 1).max(0),
            Some(above) if above != unit && self.gazetteer.holds(above, unit) => between,
            Some(_) => 0,
        }
    }
}
