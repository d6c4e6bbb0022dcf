//! The calls that a node did not answer, while it is open whose fault that was. Pure.

use std::time::Duration;

/// The most cases that are kept of a node that answers nothing.
const MOST: usize = 100;

/// A call that a node did not answer, and that no other one has answered so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    /// Which call; the same for equal requests.
    pub(super) call: u64,
    pub(super) reason: Reason,
    /// How much sooner than usual the call was over.
    pub(super) early: Duration,
}

/// What came instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// No token in time.
    Silence,
    /// A useless answer.
    Uselessness,
    /// What the call itself is to blame for, as far as is known: it was rejected, or another node failed
    /// in the same way.
    Call,
}

/// The open cases of one node, one for each call.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenCases(Vec<Case>);

impl OpenCases {
    /// Takes note of a case, unless the call has one. The oldest are forgotten when there are many.
    pub(super) fn open(&mut self, case: Case) {
        if self.0.iter().all(|open| open.call != case.call) {
            if self.0.len() == MOST {
                self.0.remove(0);
            }
            self.0.push(case);
        }
    }

    /// The case of a call, which is open no more.
    pub(super) fn settle(&mut self, call: u64) -> Option<Case> {
        let at = self.0.iter().position(|case| case.call == call)?;
        Some(self.0.remove(at))
    }

    /// Settles the cases that cannot be the call's fault, if there are so many of them, and says how
    /// many there were.
    pub(super) fn take_own(&mut self, several: usize) -> usize {
        let own = |case: &Case| case.reason != Reason::Call;
        let count = self.0.iter().filter(|case| own(case)).count();
        if count < several {
            return 0;
        }
        self.0.retain(|case| !own(case));
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(call: u64, reason: Reason) -> Case {
        Case { call, reason, early: Duration::ZERO }
    }

    #[test]
    fn a_call_is_one_case_and_several_that_are_no_calls_fault_are_taken_together() {
        let mut cases = OpenCases::default();
        for call in [1, 1, 1, 2] {
            cases.open(case(call, Reason::Silence));
        }
        cases.open(case(3, Reason::Call));
        assert_eq!(cases.take_own(3), 0);
        cases.open(case(4, Reason::Uselessness));
        assert_eq!(cases.take_own(3), 3);
        assert_eq!(cases.settle(1), None);
        assert_eq!(cases.settle(3), Some(case(3, Reason::Call)));
        assert_eq!(cases.settle(3), None);
    }

    #[test]
    fn the_oldest_cases_are_forgotten() {
        let mut cases = OpenCases::default();
        (0..1000).for_each(|call| cases.open(case(call, Reason::Call)));
        assert_eq!(
            (cases.0.len(), cases.settle(899), cases.settle(900).is_some()),
            (MOST, None, true)
        );
    }
}
