//! How far a near name may be believed, from what was heard, how it differs, and what stands around.

use super::{
    gazetteer::{Gazetteer, Index},
    name::Level,
    search::Path,
    step::{Form, Step},
    villages::Evidence,
    zone::Token,
};

/// How far the best path must be ahead of one that reads the same characters otherwise.
const AHEAD: i32 = 10;

/// What a character of a name without its rank may cost to be taken for sure: more than that divides
/// sounds that few regions confuse, and what was heard may be a village or a street.
const VAGUE: u16 = 30;

/// What a syllable costs that a whole dialect does not tell from another one, with another tone.
const MERGED: i32 = 19;

/// Whether a near name is what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belief {
    /// No.
    None,
    /// A person or a model should say.
    Doubt,
    /// Yes.
    Sure,
}

/// The beginning of a path that can be believed.
pub(super) struct Believed {
    pub(super) path: Path,
    /// Whether somebody should say if it is right.
    pub(super) doubtful: bool,
    /// Whether the path went on.
    pub(super) cut: bool,
}

/// Judges paths.
pub(super) struct Judge<'a> {
    pub(super) gazetteer: &'a Gazetteer,
    pub(super) tokens: &'a [Token],
    pub(super) home: Option<Index>,
}

impl Judge<'_> {
    /// What of a path can be believed.
    pub(super) fn believed(&self, path: &Path) -> Believed {
        let mut doubtful = false;
        for at in 0..path.steps.len() {
            match self.belief(&path.steps, at) {
                Belief::Sure => {}
                Belief::Doubt => doubtful = true,
                Belief::None => {
                    let steps = path.steps[..at].to_vec();
                    return Believed { path: Path { steps, ..*path }, doubtful, cut: true };
                }
            }
        }
        // A village that another town has speaks against this one.
        doubtful |= self.disproved(path);
        Believed { path: path.clone(), doubtful, cut: false }
    }

    /// Whether another path reads what the best one changes in another way, and nearly as well.
    pub(super) fn rivalled(&self, best: &Path, others: &[Path]) -> bool {
        best.steps.iter().enumerate().filter(|(_, step)| !step.exact()).any(|(at, step)| {
            let name = step.written(self.gazetteer);
            others.iter().any(|other| {
                let over = |other: &&Step| other.from < step.fit.to && step.from < other.fit.to;
                other.steps.iter().find(over).is_some_and(|rival| {
                    rival.written(self.gazetteer) != name
                        && !self.disproved(other)
                        && (best.score - other.score < AHEAD || self.sounds_rather(best, at, rival))
                })
            })
        })
    }

    /// How many units of a path are certain: of two that bear one name neither is.
    pub(super) fn settled(&self, best: &Path, others: &[Path]) -> usize {
        let count = |path: &Path, end: usize| {
            path.steps[..end].iter().filter(|step| !step.repeated).count()
        };
        let equals = others.iter().filter(|other| other.score == best.score);
        let parts = equals.filter_map(|other| {
            let mut pairs = best.steps.iter().zip(&other.steps);
            pairs.position(|(one, other)| one.from == other.from && one.unit != other.unit)
        });
        count(best, parts.min().unwrap_or(best.steps.len()))
    }

    fn belief(&self, steps: &[Step], at: usize) -> Belief {
        let step = &steps[at];
        if step.exact() {
            return Belief::Sure;
        }
        let stem = self.gazetteer.stem(step.unit);
        let below = steps.get(at + 1);
        let above = at.checked_sub(1).map(|above| &steps[above]);
        let same = steps.iter().any(|other| other.unit == step.unit && other.exact());
        if step.form == Form::Short && !same && self.begins_another(step) {
            return Belief::None;
        }
        let village = self.village(steps, at) == Evidence::For;
        let backed = village || below.is_some_and(|b| b.exact() && b.form != Form::Short);
        let hinted = below.is_some_and(|below| below.exact());
        let direct = above.is_some_and(|above| self.directly(above, step) && above.exact());
        let mut most: i32 = match stem {
            1 if direct && self.level(step) == Level::County => MERGED,
            1 => 11,
            2 => 46,
            3 => 64,
            _ => 80,
        };
        most += match above {
            _ if same => 30,
            Some(above) if self.directly(above, step) => 0,
            Some(_) => -12,
            None if self.level(step) <= Level::City && self.is_home(step) => 0,
            None => -18,
        };
        most += if backed {
            30
        } else if hinted {
            12
        } else {
            0
        };
        let heard = &self.tokens[step.from..step.fit.to];
        // What stands first may be a place of any province.
        let near = above.or(self.home.map(|_| step)).map(|step| step.unit);
        if self.gazetteer.was_named(near, heard) {
            return Belief::None;
        }
        if step.form == Form::Short && !backed {
            most -= 12;
            let headed = step.headed && !hinted;
            if headed || self.gazetteer.has_village(step.unit, heard) {
                return Belief::None;
            }
        }
        let cost = i32::from(step.fit.cost);
        if step.fit.odd && !backed && !same {
            let beside = above.map_or(self.is_home(step), |above| self.directly(above, step));
            let named = stem > 1 && !self.known(step, stem);
            return if beside && named { Belief::Doubt } else { Belief::None };
        }
        let misplaced = above.is_some_and(|above| {
            self.level(above) == Level::County && !self.gazetteer.holds(above.unit, step.unit)
        });
        if misplaced && self.known(step, stem) {
            return Belief::None;
        }
        let near_home = self.home.is_none_or(|home| {
            self.gazetteer.holds(home, step.unit) || self.gazetteer.holds(step.unit, home)
        });
        let elsewhere = above.is_none() && self.is_elsewhere(step);
        let vague = !hinted || step.form == Form::Short || elsewhere;
        if !near_home && above.is_none() && vague {
            return Belief::None;
        }
        if elsewhere && !(hinted && self.is_home(step)) {
            return if backed { Belief::Doubt } else { Belief::None };
        }
        let known = self.known(step, stem) && !(hinted && self.is_home(step));
        let town = direct && self.level(step) == Level::Town && step.form == Form::Full;
        let plain = if town { MERGED } else { 11 } * i32::from(step.fit.changed);
        if known && !backed && !same && cost > plain {
            return if cost <= most && (step.form != Form::Short || direct) {
                Belief::Doubt
            } else {
                Belief::None
            };
        }
        // 敦煌石包城 is no 敦煌市包城: where nothing is named behind it, a rank of one character may be
        // the beginning of something else.
        let next = self.tokens.get(step.fit.to).is_some_and(|token| !token.separator);
        let bare = step.fit.changed == 0 && step.fit.to == step.from + stem + 1;
        if bare && self.level(step) < Level::Town && below.is_none() && next && !same {
            return Belief::Doubt;
        }
        // Where nobody knows whose hotline it is, and nothing else is named, 宣州市 may be anything.
        let alone = self.home.is_none()
            && above.is_none()
            && !hinted
            && cost > 11 * i32::from(step.fit.changed);
        let far = step.form == Form::Short && step.fit.worst > VAGUE;
        // Nothing of a short name is left that was heard as it is.
        let blurred = stem == 2 && step.fit.changed == 2 && cost > 2 * MERGED;
        match cost {
            _ if cost <= most && !((blurred || far || alone) && !backed && !same) => Belief::Sure,
            _ if cost <= most + 16 && (step.form != Form::Short || direct) => Belief::Doubt,
            _ => Belief::None,
        }
    }

    /// Whether a village behind a path speaks against its near town.
    pub(super) fn disproved(&self, path: &Path) -> bool {
        let last = path.steps.len().checked_sub(1);
        last.is_some_and(|last| self.village(&path.steps, last) == Evidence::Against)
    }

    /// What a village behind a near town says of it.
    pub(super) fn village(&self, steps: &[Step], at: usize) -> Evidence {
        let step = &steps[at];
        let last = at + 1 == steps.len() && !step.exact();
        let next = self.tokens.get(step.fit.to..).filter(|_| last).unwrap_or_default();
        self.gazetteer.village(step.unit, next)
    }

    /// Whether what was heard is the name of a place elsewhere.
    fn known(&self, step: &Step, stem: usize) -> bool {
        let heard: Vec<u16> = self.tokens[step.from..step.fit.to].iter().map(|t| t.id).collect();
        if step.form != Form::Short && self.gazetteer.named(&heard).next().is_some() {
            return true;
        }
        let heard =
            if step.form == Form::Short { &heard[..] } else { &heard[..heard.len().min(stem)] };
        step.form == Form::Short && self.gazetteer.stemmed(heard).next().is_some()
    }

    /// Whether a step stands in the other's list: a town below its county, a county below its city.
    fn directly(&self, above: &Step, step: &Step) -> bool {
        self.gazetteer.units[step.unit as usize].parent == above.unit
    }

    pub(super) fn level(&self, step: &Step) -> Level {
        self.gazetteer.level(step.unit)
    }

    fn is_home(&self, step: &Step) -> bool {
        self.home.is_some_and(|home| self.gazetteer.holds(step.unit, home))
    }
}
