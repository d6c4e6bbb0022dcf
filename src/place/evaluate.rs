//! How well a corrector does over cases whose right answers are known. Pure.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::answer::Outcome;

/// One zone with its right answer: a line of a test set.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The city whose hotline took the call.
    pub home: String,
    /// The zone as it was heard.
    pub zone: String,
    /// The only right output.
    pub expected: String,
    /// What kind of case it is.
    pub kind: String,
    /// Whether nobody could know the right answer; such a case does not count.
    #[serde(default)]
    pub ambiguous: bool,
}

/// What became of the cases of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The corrupted ones.
    pub corrupted: u32,
    /// Corrected to the truth.
    pub exact: u32,
    /// Corrected to something else.
    pub wrong: u32,
    /// Left to somebody who chooses.
    pub deferred: u32,
    /// Of these, with the truth among the alternatives.
    pub listed: u32,
    /// The clean ones.
    pub clean: u32,
    /// Of these, changed.
    pub falsely: u32,
    /// Of these, left to somebody who chooses.
    pub doubted: u32,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.corrupted += other.corrupted;
        self.exact += other.exact;
        self.wrong += other.wrong;
        self.deferred += other.deferred;
        self.listed += other.listed;
        self.clean += other.clean;
        self.falsely += other.falsely;
        self.doubted += other.doubted;
    }
}

/// What became of all cases.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    kinds: BTreeMap<String, Tally>,
    cases: usize,
    times: Vec<Duration>,
}

/// The figures of all cases; the names are those of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The cases, those included that do not count.
    pub cases: usize,
    /// The share of the corrupted zones that were corrected to the truth.
    pub auto_exact: f64,
    /// The share whose truth was found, or is among the alternatives.
    pub truth_listed: f64,
    /// The share that was corrected to something else.
    pub wrong_auto: f64,
    /// The share that is left to somebody who chooses.
    pub deferred: f64,
    /// Clean zones that were changed.
    pub false_corrections: u32,
    /// The share of the clean zones that is left to somebody who chooses.
    pub deferred_clean: f64,
    /// The mean time of a zone in microseconds.
    pub mean_us: f64,
    /// The time that 99 of 100 zones do not exceed, in microseconds.
    pub p99_us: f64,
}

impl Evaluation {
    /// Takes note of what became of a case, and how long that took.
    pub fn add(&mut self, case: &Case, outcome: &Outcome, took: Duration) {
        self.cases += 1;
        self.times.push(took);
        if case.ambiguous {
            return;
        }
        let tally = self.kinds.entry(case.kind.clone()).or_default();
        let is_clean = case.zone == case.expected;
        *if is_clean { &mut tally.clean } else { &mut tally.corrupted } += 1;
        match outcome {
            Outcome::Kept => {}
            Outcome::Corrected { .. } if is_clean => tally.falsely += 1,
            Outcome::Corrected { zone, .. } if *zone == case.expected => tally.exact += 1,
            Outcome::Corrected { .. } => tally.wrong += 1,
            Outcome::Ask { .. } if is_clean => tally.doubted += 1,
            Outcome::Ask { alternatives } => {
                tally.deferred += 1;
                let listed = alternatives.iter().any(|other| other.zone == case.expected);
                tally.listed += u32::from(listed);
            }
        }
    }

    /// What became of the cases of each kind.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &Tally)> {
        self.kinds.iter().map(|(kind, tally)| (kind.as_str(), tally))
    }

    /// The figures of all of them.
    pub fn figures(&self) -> Figures {
        let mut all = Tally::default();
        self.kinds.values().for_each(|tally| all.add(tally));
        let share = |part: u32, of: u32| f64::from(part) / f64::from(of.max(1));
        let mut times = self.times.clone();
        times.sort_unstable();
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let count = u32::try_from(times.len()).unwrap_or(u32::MAX).max(1);
        let p99 = times.get((times.len() * 99).div_ceil(100).max(1) - 1);
        Figures {
            cases: self.cases,
            auto_exact: share(all.exact, all.corrupted),
            truth_listed: share(all.exact + all.listed, all.corrupted),
            wrong_auto: share(all.wrong, all.corrupted),
            deferred: share(all.deferred, all.corrupted),
            false_corrections: all.falsely,
            deferred_clean: share(all.doubted, all.clean),
            mean_us: micros(times.iter().sum::<Duration>() / count),
            p99_us: micros(p99.copied().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Alternative;

    #[test]
    fn every_case_counts_where_it_belongs_and_ambiguous_ones_nowhere() {
        let case = |zone: &str, expected: &str, ambiguous| {
            let [home, zone, expected] = ["六安市", zone, expected].map(str::to_owned);
            Case { home, zone, expected, kind: "k".to_owned(), ambiguous }
        };
        let corrected =
            |zone: &str| Outcome::Corrected { zone: zone.to_owned(), changes: Vec::new() };
        let ask = |zone: &str| {
            let alternative = Alternative { zone: zone.to_owned(), changes: Vec::new() };
            Outcome::Ask { alternatives: vec![alternative] }
        };
        let mut evaluation = Evaluation::default();
        let us = Duration::from_micros;
        for (case, outcome, time) in [
            (case("甲", "乙", false), corrected("乙"), us(1)),
            (case("甲", "乙", false), corrected("丙"), us(1)),
            (case("甲", "乙", false), ask("乙"), us(1)),
            (case("甲", "乙", false), ask("丙"), us(5)),
            (case("甲", "乙", true), corrected("丙"), us(1)),
            (case("甲", "甲", false), Outcome::Kept, us(1)),
            (case("甲", "甲", false), corrected("乙"), us(1)),
            (case("甲", "甲", false), ask("乙"), us(1)),
            (case("甲", "甲", false), Outcome::Kept, us(6)),
        ] {
            evaluation.add(&case, &outcome, time);
        }
        let expected = Figures {
            cases: 9,
            auto_exact: 0.25,
            truth_listed: 0.5,
            wrong_auto: 0.25,
            deferred: 0.5,
            false_corrections: 1,
            deferred_clean: 0.25,
            mean_us: 2.0,
            p99_us: 6.0,
        };
        assert_eq!(evaluation.figures(), expected);
        assert_eq!(
            evaluation.kinds().map(|(kind, tally)| (kind, tally.exact)).collect::<Vec<_>>(),
            [("k", 1)]
        );
    }
}
