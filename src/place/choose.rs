//! What somebody may choose from who is asked about every zone, and what a choice comes to.

use super::{
    answer::{Alternative, Answer, Change, Outcome},
    correct::{ALTERNATIVES, Corrector},
    decide::Judge,
    search::Search,
    zone::{Numerals, tokens},
};

impl Corrector {
    /// What a zone may have been, believed or not: the likeliest first, at most five, none the zone
    /// itself.
    pub fn alternatives(&self, zone: &str, home: &str) -> Vec<Alternative> {
        let mut alternatives = match self.correct(zone, home).outcome {
            Outcome::Corrected { zone, changes } => vec![Alternative { zone, changes }],
            Outcome::Ask { alternatives } => alternatives,
            Outcome::Kept => Vec::new(),
        };
        let home = self.home_of(home);
        for numerals in [Numerals::Counted, Numerals::Spelled] {
            let Some(tokens) = tokens(&self.gazetteer, zone, numerals) else { continue };
            let search = || Search::new(&self.gazetteer, &self.heads, zone, &tokens, home);
            let judge = Judge { gazetteer: &self.gazetteer, tokens: &tokens, home };
            // What explains no more than the names that stand there is no alternative to them.
            let known = search().exact().first().map_or(0, |path| path.score);
            let likelier = search().all().into_iter().filter(|path| path.score > known);
            let likelier: Vec<_> = likelier.collect();
            let cut: Vec<_> = likelier.iter().map(|path| judge.believed(path).path).collect();
            for path in likelier.iter().chain(&cut) {
                self.propose(zone, &tokens, path, &mut alternatives);
            }
        }
        alternatives.truncate(ALTERNATIVES);
        alternatives
    }

    /// What a zone becomes when one of its alternatives is chosen.
    pub fn choose(&self, chosen: Alternative, home: &str) -> Answer {
        let Alternative { zone, mut changes } = chosen;
        let Answer { outcome, path } = self.correct(&zone, home);
        // Of a zone that would itself be corrected the units are not known.
        let path = if outcome == Outcome::Kept { path } else { Vec::new() };
        let certain = |change: &Change| path.iter().any(|named| named.code == change.code);
        for change in &mut changes {
            change.code = change.code.filter(|_| certain(change));
        }
        Answer { outcome: Outcome::Corrected { zone, changes }, path }
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
            let alternatives = CORRECTOR.alternatives(zone, "");
            let zones: Vec<_> = alternatives.iter().map(|other| other.zone.as_str()).collect();
            assert_eq!(zones, expected, "{zone}");
        }
    }

    #[test]
    fn every_alternative_is_the_zone_with_its_changes_made() {
        let zones = include_str!("../../benches/zones.jsonl").lines().map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
            ["zone", "home"].map(|key| case[key].as_str().expect("text").to_owned())
        });
        let odd = [
            ["六安市青衫镇南溪村", "六安市"],
            ["山西省宝鸡市眉县横渠镇", "宝鸡市"],
            ["广州市信塘镇", "广州市"],
            ["刘长苗族乡", "贵阳市"],
            ["南阳市南召县南河镇3号", "南阳市"],
        ];
        let mut count = 0;
        for [zone, home] in zones.chain(odd.map(|case| case.map(str::to_owned))) {
            for alternative in CORRECTOR.alternatives(&zone, &home) {
                count += 1;
                let (mut text, mut done) = (String::new(), 0);
                for change in &alternative.changes {
                    text += &zone[done..change.span.start];
                    text += &change.to;
                    done = change.span.end;
                }
                text += &zone[done..];
                assert_eq!(text, alternative.zone, "{zone}");
                assert_ne!(alternative.zone, zone);
            }
        }
        assert!(count > 100, "{count} alternatives");
    }

    #[test]
    fn a_choice_is_told_with_its_changes_and_its_units() {
        let mut alternatives = CORRECTOR.alternatives("苏州市灵璧县灵城镇3号", "");
        let answer = CORRECTOR.choose(alternatives.remove(0), "");
        let Outcome::Corrected { zone, changes } = answer.outcome else { panic!("chosen") };
        assert_eq!(zone, "宿州市灵璧县灵城镇3号");
        let told =
            changes.iter().map(|change| (change.from.as_str(), change.to.as_str(), change.code));
        let told: Vec<_> = told.collect();
        assert_eq!(told, [("苏州市", "宿州市", Some(341_300))]);
        assert_eq!(answer.path.last().and_then(|named| named.code), Some(341_323_100));
        // What would be corrected in its turn has no certain units.
        let zone = "宿州市灵壁县".to_owned();
        let answer = CORRECTOR.choose(Alternative { zone, changes: Vec::new() }, "");
        assert_eq!(answer.path, []);
    }
}
