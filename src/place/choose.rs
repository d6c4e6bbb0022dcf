//! What somebody may choose from when a zone is in question, and what a choice comes to.

use super::{
    answer::{Answer, Change, Outcome},
    correct::{ALTERNATIVES, Corrector},
    decide::Judge,
    gazetteer::Index,
    search::{Path, Search},
    zone::{Numerals, tokens},
};

impl Corrector {
    /// Whole zones that a zone may have been, believed or not: the likeliest first, at most five, none
    /// the zone itself.
    pub fn alternatives(&self, zone: &str, home: &str) -> Vec<String> {
        let believed = match self.correct(zone, home).outcome {
            Outcome::Corrected { zone, .. } => vec![zone],
            Outcome::Ask { alternatives } => alternatives,
            Outcome::Kept => Vec::new(),
        };
        let mut alternatives = believed;
        let home = self.home_of(home);
        let known = self.known(zone, home);
        self.readings(zone, home, |path, text, _| {
            // What explains no more than the names that stand there is no alternative to them.
            if path.score > known && text != zone && !alternatives.contains(&text) {
                alternatives.push(text);
            }
            alternatives.len() >= ALTERNATIVES
        });
        alternatives
    }

    /// What a zone becomes when one of its alternatives is chosen.
    pub fn choose(&self, zone: &str, chosen: &str, home: &str) -> Answer {
        let mut changes = Vec::new();
        self.readings(zone, self.home_of(home), |_, text, made| {
            let found = text == chosen;
            if found {
                changes = made;
            }
            found
        });
        let path = self.correct(chosen, home).path;
        let chosen = chosen.to_owned();
        Answer { outcome: Outcome::Corrected { zone: chosen, changes }, path }
    }

    /// How much of a zone is explained by names that it has letter by letter.
    fn known(&self, zone: &str, home: Option<Index>) -> i32 {
        let tokens = tokens(&self.gazetteer, zone, Numerals::Counted).unwrap_or_default();
        let exact = Search::new(&self.gazetteer, &self.heads, zone, &tokens, home).exact();
        exact.first().map_or(0, |path| path.score)
    }

    /// Visits what each likely path makes of a zone, whole and cut short, until one is enough.
    fn readings(
        &self,
        zone: &str,
        home: Option<Index>,
        mut enough: impl FnMut(&Path, String, Vec<Change>) -> bool,
    ) {
        let kinds = [Numerals::Counted, Numerals::Spelled];
        for tokens in kinds.into_iter().filter_map(|kind| tokens(&self.gazetteer, zone, kind)) {
            let search = || Search::new(&self.gazetteer, &self.heads, zone, &tokens, home);
            let judge = Judge { gazetteer: &self.gazetteer, tokens: &tokens, home };
            let paths = search().all();
            let home_first = home.map(|home| search().from(home)).unwrap_or_default();
            let cut = paths.iter().map(|path| judge.believed(path).path);
            let cut: Vec<Path> = cut.collect();
            for path in paths.iter().chain(&cut).chain(&home_first) {
                let (text, changes) = self.edit(zone, &tokens, path);
                if enough(path, text, changes) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::place::Gazetteer;

    static CORRECTOR: LazyLock<Corrector> =
        LazyLock::new(|| Corrector::new(Gazetteer::embedded()).at("宿州市").expect("listed"));

    #[test]
    fn alternatives_are_what_may_be_meant_and_never_what_is_plain() {
        let table: [(&str, &[&str]); 5] = [
            ("苏州市灵璧县", &["宿州市灵璧县"]),
            ("宿州市灵壁县", &["宿州市灵璧县"]),
            ("宿州市灵璧县灵城镇", &[]),
            ("滨海路3号", &[]),
            ("", &[]),
        ];
        for (zone, expected) in table {
            assert_eq!(CORRECTOR.alternatives(zone, ""), expected, "{zone}");
        }
    }

    #[test]
    fn every_alternative_can_be_chosen_and_differs_by_changes_of_names() {
        let mut count = 0;
        for line in include_str!("../../benches/zones.jsonl").lines() {
            let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let [zone, home] = ["zone", "home"].map(|key| case[key].as_str().expect("text"));
            for alternative in CORRECTOR.alternatives(zone, home) {
                count += 1;
                let answer = CORRECTOR.choose(zone, &alternative, home);
                let Outcome::Corrected { changes, .. } = answer.outcome else { panic!("chosen") };
                assert!(!changes.is_empty() && alternative != zone, "{zone} {alternative}");
            }
        }
        assert!(count > 100, "{count} alternatives");
    }

    #[test]
    fn a_choice_is_told_with_its_changes_and_its_units() {
        let answer = CORRECTOR.choose("苏州市灵璧县灵城镇3号", "宿州市灵璧县灵城镇3号", "");
        let Outcome::Corrected { zone, changes } = answer.outcome else { panic!("chosen") };
        assert_eq!(zone, "宿州市灵璧县灵城镇3号");
        let told: Vec<_> = changes
            .iter()
            .map(|change| (change.from.as_str(), change.to.as_str(), change.code))
            .collect();
        assert_eq!(told, [("苏州市", "宿州市", Some(341_300))]);
        assert_eq!(answer.path.last().and_then(|named| named.code), Some(341_323_100));
    }
}
