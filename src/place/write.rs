//! What a path makes of a zone: the text, and every difference with its reason.

use super::{
    answer::{Alternative, Answer, Change, Named, Outcome, Reason},
    characters::{ALIEN, HOMOPHONE, Id},
    correct::{ALTERNATIVES, Corrector},
    gazetteer::{Index, Unit},
    search::Path,
    step::{Form, Step},
    zone::Token,
};

impl Corrector {
    /// Adds what a path makes of a zone to the alternatives, if that is another one and there is room.
    pub(super) fn propose(
        &self,
        zone: &str,
        tokens: &[Token],
        path: &Path,
        alternatives: &mut Vec<Alternative>,
    ) {
        let (text, changes) = self.edit(zone, tokens, path);
        let known = text == zone || alternatives.iter().any(|other| other.zone == text);
        // 鱼嘴区 is no name: a rank behind a name without its own is that of another one.
        let torn = path.steps.iter().any(|s| !s.exact() && s.form == Form::Short && s.headed);
        if !known && !torn && alternatives.len() < ALTERNATIVES {
            alternatives.push(Alternative { zone: text, changes });
        }
    }

    /// The answer that a path gives; its first so many units are certain.
    pub(super) fn answer(
        &self,
        zone: &str,
        tokens: &[Token],
        path: &Path,
        settled: usize,
    ) -> Answer {
        let (text, mut changes) = self.edit(zone, tokens, path);
        // Of two units of one name nobody knows which it is.
        let first = path.steps.iter().filter(|step| !step.repeated).nth(settled);
        let certain = first.map_or(zone.len(), |step| tokens[step.from].start as usize);
        for change in changes.iter_mut().filter(|change| change.span.start >= certain) {
            change.code = None;
        }
        let outcome = match changes.is_empty() {
            true => Outcome::Kept,
            false => Outcome::Corrected { zone: text, changes },
        };
        let named = path.steps.iter().filter(|step| !step.repeated).take(settled);
        let mut units: Vec<Index> = Vec::with_capacity(4);
        for step in named {
            let at = units.len();
            let above = units.last().copied();
            let mut unit = step.unit;
            while above.is_none_or(|above| above != unit && self.gazetteer.holds(above, unit)) {
                units.insert(at, unit);
                let parent = self.gazetteer.units[unit as usize].parent;
                if parent == unit {
                    break;
                }
                unit = parent;
            }
            // A town said to be in a county that it is not in.
            if units.len() == at && above != Some(step.unit) {
                units.push(step.unit);
            }
        }
        let named = |unit: &Index| {
            let Unit { level, code, .. } = self.gazetteer.units[*unit as usize];
            Named { level, code, name: self.gazetteer.text(*unit) }
        };
        Answer { outcome, path: units.iter().map(named).collect() }
    }

    /// The zone with the names of a path, and what differs.
    pub(super) fn edit(&self, zone: &str, tokens: &[Token], path: &Path) -> (String, Vec<Change>) {
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
            let to = self.gazetteer.spell(&last.written(&self.gazetteer));
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
        let written = step.written(&self.gazetteer);
        let heard = tokens[step.from..step.fit.to].iter();
        let changed = |(token, id): &(&Token, &Id)| token.numeral || token.id != **id;
        let reasons = heard.zip(&written).filter(changed).map(|(token, id)| {
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
