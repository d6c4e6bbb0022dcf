//! Which other units a misheard name could be as well, though the likeliest one is far ahead: nothing
//! in the zone tells them apart, and thus nobody but the caller knows.

use super::{
    decide::Judge,
    gazetteer::Index,
    name::{LONGEST, Level},
    search::Path,
    step::{Form, Step},
    villages::Evidence,
};

/// The cost from which on a character looks so little like the one of the name that it is a guess.
const FAINT: u16 = 40;

impl Judge<'_> {
    /// Whether a step of another path sounds like what was heard, where the one of the best path
    /// only looks like it, or no name below it confirms that one: 乌青区 looks like 西青区, but it is
    /// 武清区 that is said so.
    pub(super) fn sounds_rather(&self, best: &Path, at: usize, rival: &Step) -> bool {
        let step = &best.steps[at];
        let beside = (rival.from, rival.fit.to) == (step.from, step.fit.to)
            && (rival.unit != step.unit && step.fit.changed > 0)
            && self.level(rival) == self.level(step)
            && self.scope(best, at).is_some_and(|scope| self.gazetteer.holds(scope, rival.unit));
        let confirmed = best.steps.get(at + 1).is_some_and(Step::exact);
        beside && self.sounds(rival) && !(confirmed && self.sounds(step))
    }

    /// The best path with another town of the same name proper in the place of one that it changes
    /// and that no county is named for: 青山乡 of 裕安区 for 青山镇, where 六安市青衫镇 was heard.
    pub(super) fn namesakes(&self, best: &Path) -> Vec<Path> {
        let mut namesakes = Vec::new();
        for (at, step) in best.steps.iter().enumerate().filter(|(_, step)| !step.exact()) {
            let town = self.level(step) == Level::Town;
            let scope = self
                .scope(best, at)
                .filter(|scope| town && *scope != self.gazetteer.units[step.unit as usize].parent);
            let Some(scope) = scope else { continue };
            let stem = &self.gazetteer.name(step.unit)[..self.gazetteer.stem(step.unit)];
            for unit in self.gazetteer.stemmed(stem).filter(|unit| *unit != step.unit) {
                let mut path = best.clone();
                path.steps[at].unit = unit;
                let same = self.gazetteer.name(unit).get(..self.gazetteer.stem(unit)) == Some(stem);
                let town = self.level(&path.steps[at]) == Level::Town;
                let holds = self.gazetteer.holds(scope, unit);
                if same && town && holds && !self.disproved(&path) {
                    namesakes.push(path);
                }
            }
        }
        namesakes
    }

    /// The best path with a neighbour in the place of a unit that it takes for what was heard by the
    /// shape of one character only, where that neighbour has all others, too: 海山乡 for 鸡山乡, where
    /// 溪山乡 was heard.
    pub(super) fn neighbours(&self, best: &Path) -> Vec<Path> {
        let mut neighbours = Vec::new();
        for (at, step) in best.steps.iter().enumerate() {
            let confirmed = best.steps.get(at + 1).is_some_and(Step::exact)
                || self.village(&best.steps, at) == Evidence::For;
            let guessed = step.fit.changed == 1 && !step.fit.lost && !self.sounds(step);
            if confirmed || !guessed || step.fit.worst < FAINT {
                continue;
            }
            let name = self.gazetteer.name(step.unit);
            let (stem, rank) = name.split_at(self.gazetteer.stem(step.unit));
            let heard = &self.tokens[step.from..step.fit.to];
            let wrong = heard.iter().zip(stem).position(|(token, id)| token.id != *id).unwrap_or(0);
            let above = self.gazetteer.units[step.unit as usize].parent;
            for unit in self.gazetteer.below(above).filter(|unit| *unit != step.unit) {
                let other = self.gazetteer.name(unit);
                let length = self.gazetteer.stem(unit);
                let same = |place: usize| place == wrong || other[place] == stem[place];
                if length == stem.len()
                    && other[length..] == *rank
                    && (0..length).all(same)
                    && self.gazetteer.units[unit as usize].parent == above
                {
                    let mut path = best.clone();
                    path.steps[at].unit = unit;
                    neighbours.push(path);
                }
            }
        }
        neighbours
    }

    /// Whether what was heard first is the name of a province, city or county elsewhere: 阆中市 is not
    /// 南充市 misheard, though many a town of 阆中市 has its name in 南充市 too.
    pub(super) fn is_elsewhere(&self, step: &Step) -> bool {
        let heard = self.tokens[step.from..step.fit.to].iter().map(|token| token.id);
        let heard: Vec<u16> = heard.collect();
        let high = |unit: Index| self.gazetteer.level(unit) < Level::Town;
        let away = |unit: Index| !self.home.is_some_and(|home| self.gazetteer.holds(home, unit));
        match step.form {
            Form::Short => self.gazetteer.stemmed(&heard).any(|unit| high(unit) && away(unit)),
            Form::Full | Form::Ranked | Form::Alias => {
                self.gazetteer.named(&heard).any(|unit| high(unit) && away(unit))
            }
        }
    }

    /// Whether what was heard is the beginning of a longer name of the list: 留智庙镇 is a town
    /// elsewhere, and not 六枝 with 庙镇 behind.
    pub(super) fn begins_another(&self, step: &Step) -> bool {
        let heard = self.tokens[step.from..].iter().take_while(|token| !token.separator);
        let heard: Vec<u16> = heard.map(|token| token.id).take(LONGEST).collect();
        (step.fit.to - step.from + 1..=heard.len())
            .any(|length| self.gazetteer.named(&heard[..length]).next().is_some())
    }

    /// The unit that a step is looked for in: the one named before it, or home.
    fn scope(&self, path: &Path, at: usize) -> Option<Index> {
        let unit = path.steps[at].unit;
        let above = at.checked_sub(1).map(|above| path.steps[above].unit);
        above
            .into_iter()
            .chain(self.home)
            .find(|scope| *scope != unit && self.gazetteer.holds(*scope, unit))
    }

    /// Whether all that was heard of a name proper is a reading of it, a rare one or not.
    fn sounds(&self, step: &Step) -> bool {
        let stem = &self.gazetteer.name(step.unit)[..self.gazetteer.stem(step.unit)];
        let heard = self.tokens[step.from..step.fit.to].iter();
        let characters = &self.gazetteer.characters;
        !step.fit.lost && heard.zip(stem).all(|(token, id)| characters.sound_alike(token.id, *id))
    }
}
