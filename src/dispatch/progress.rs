//! How the model calls of a ticket come along, for those who wait for it.
//!
//! One rule: what is kept is the latest state and a bounded number of steps before it, whether
//! anybody looks or not, so that who is slow to look misses steps and holds up nobody.

use std::collections::VecDeque;

use tokio::sync::watch;

use crate::balancer::{NodeId, Place, Watcher};

/// How many steps are kept for those who are slow to look.
const KEPT: usize = 32;

/// What happened to a ticket's model calls, and what goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// How many steps there were, which numbers them.
    steps: u64,
    /// The last of them.
    kept: VecDeque<Step>,
    stage: &'static str,
    attempt: u32,
    /// What goes on since the last step.
    pub now: Now,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A model call begins, or its next attempt, which may have to wait for a slot.
    Attempt {
        /// What the call is for.
        stage: &'static str,
        /// 1 for the first attempt.
        attempt: u32,
    },
    /// A node has the call.
    Started {
        /// Which one.
        node: NodeId,
    },
}

/// What goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Now {
    /// Nothing that is known.
    #[default]
    Nothing,
    /// The call waits for a slot.
    Queued(Place),
    /// The node generates: so many tokens have come.
    Tokens(u64),
}

impl Progress {
    /// The number of the step that comes next.
    pub fn next_step(&self) -> u64 {
        self.steps
    }

    /// The steps that are kept, from this number on.
    pub fn steps_from(&self, number: u64) -> impl Iterator<Item = &Step> {
        let skip = number.saturating_sub(self.first_kept());
        self.kept.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX))
    }

    /// The number of the step from which on who comes only now has to know all: the last attempt.
    pub fn current(&self) -> u64 {
        let before = self.kept.iter().rposition(|step| matches!(step, Step::Attempt { .. }));
        self.first_kept() + before.unwrap_or_default() as u64
    }

    fn first_kept(&self) -> u64 {
        self.steps - self.kept.len() as u64
    }

    fn push(&mut self, step: Step) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(step);
        self.steps += 1;
        self.now = Now::Nothing;
    }

    /// A stage is next; its attempts are counted anew.
    fn stage(&mut self, stage: &'static str) {
        (self.stage, self.attempt) = (stage, 0);
    }

    /// The call's attempt of this number is made, or goes on elsewhere.
    fn attempt(&mut self, attempt: u32) {
        self.now = Now::Nothing;
        if self.attempt != attempt {
            self.attempt = attempt;
            self.push(Step::Attempt { stage: self.stage, attempt });
        }
    }

    /// A node has the call, alone or beside another one.
    fn started(&mut self, node: NodeId) {
        self.push(Step::Started { node });
    }

    fn queued(&mut self, place: Place) {
        self.now = Now::Queued(place);
    }

    /// So many tokens have come; of two copies the one that is further counts.
    fn tokens(&mut self, count: u64) {
        let most = if let Now::Tokens(most) = self.now { most } else { 0 };
        self.now = Now::Tokens(count.max(most));
    }
}

/// Where progress is told and looked at. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Reporter(watch::Sender<Progress>);

impl Reporter {
    /// Looks on from now.
    pub fn watch(&self) -> watch::Receiver<Progress> {
        self.0.subscribe()
    }

    fn tell(&self, change: impl FnOnce(&mut Progress)) {
        self.0.send_modify(change);
    }

    /// The calls that follow are for this.
    pub fn stage(&self, stage: &'static str) {
        self.tell(|progress| progress.stage(stage));
    }

    /// The call's attempt of this number begins, or goes on elsewhere.
    pub fn attempt(&self, attempt: u32) {
        self.tell(|progress| progress.attempt(attempt));
    }

    /// A node has the call, alone or beside another one.
    pub fn started(&self, node: &NodeId) {
        self.tell(|progress| progress.started(node.clone()));
    }

    /// So many tokens of the attempt have come.
    pub fn tokens(&self, count: u64) {
        self.tell(|progress| progress.tokens(count));
    }
}

impl Watcher for Reporter {
    fn listens(&self) -> bool {
        !self.0.is_closed()
    }

    fn stands(&self, place: Place) {
        self.tell(|progress| progress.queued(place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeId {
        NodeId::from(name.to_owned())
    }

    #[test]
    fn who_looks_sees_the_steps_that_are_new_and_what_goes_on() {
        let mut progress = Progress::default();
        assert_eq!((progress.next_step(), progress.current()), (0, 0));
        progress.stage("ticket");
        progress.attempt(1);
        let place = Place { position: 3, wait: None };
        progress.queued(place);
        assert_eq!(progress.now, Now::Queued(place));
        progress.started(node("a"));
        assert_eq!(progress.now, Now::Nothing);
        progress.tokens(7);
        // The same attempt goes to another node, which has not begun.
        progress.attempt(1);
        assert_eq!(progress.now, Now::Nothing);
        progress.started(node("b"));
        progress.tokens(2);
        progress.tokens(1);
        assert_eq!(progress.now, Now::Tokens(2), "the copy that is further");
        let [first, second] = ["a", "b"].map(|name| Step::Started { node: node(name) });
        let attempt = |stage, attempt| Step::Attempt { stage, attempt };
        let steps = |progress: &Progress, number| -> Vec<Step> {
            progress.steps_from(number).cloned().collect()
        };
        let all = [attempt("ticket", 1), first, second];
        assert_eq!(steps(&progress, 0), all);
        assert_eq!(steps(&progress, 2), all[2..]);
        assert_eq!(progress.current(), 0);
        progress.attempt(2);
        progress.stage("zone");
        progress.attempt(1);
        assert_eq!(steps(&progress, 3), [attempt("ticket", 2), attempt("zone", 1)]);
        assert_eq!(steps(&progress, progress.current()), [attempt("zone", 1)]);
        assert_eq!(steps(&progress, progress.next_step()), []);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut progress = Progress::default();
        progress.attempt(1);
        for _ in 0..10 * KEPT {
            progress.started(node("a"));
        }
        assert_eq!(progress.steps_from(0).count(), KEPT);
        assert_eq!(
            progress.steps_from(progress.current()).count(),
            KEPT,
            "the attempt is long past"
        );
        assert_eq!(progress.steps_from(progress.next_step() - 1).count(), 1);
    }

    #[test]
    fn somebody_listens_as_long_as_there_is_a_receiver() {
        let reporter = Reporter::default();
        assert!(!reporter.listens());
        let watching = reporter.watch();
        assert!(reporter.listens());
        drop(watching);
        assert!(!reporter.listens());
    }
}
