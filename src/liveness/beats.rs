//! Named beats: who beats still counts as working. A name is waited for from its registration until it is
//! forgotten, so that what is removed in order is no failure.

use std::{collections::BTreeMap, time::Duration};

/// Everybody who is waited for.
#[derive(Debug, Default)]
pub struct Beats {
    next: u64,
    all: BTreeMap<u64, Beat>,
}

#[derive(Debug)]
struct Beat {
    name: String,
    last: Duration,
    /// Whether its silence was told.
    told: bool,
}

/// What a look at all beats found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether everybody has beaten within the limit.
    pub fresh: bool,
    /// Who is silent for so long that people are to be told, once.
    pub silent: Vec<String>,
    /// Who was told of and beats again.
    pub back: Vec<String>,
}

impl Beats {
    /// Waits for one more from now on; the number is what it beats with.
    pub fn register(&mut self, name: String, now: Duration) -> u64 {
        self.next += 1;
        self.all.insert(self.next, Beat { name, last: now, told: false });
        self.next
    }

    /// It works.
    pub fn beat(&mut self, number: u64, now: Duration) {
        if let Some(beat) = self.all.get_mut(&number) {
            beat.last = now;
        }
    }

    /// It has ended, and is waited for no longer.
    pub fn forget(&mut self, number: u64) {
        self.all.remove(&number);
    }

    /// Whether everybody has beaten within `limit`; who has not for `telling` is told, once.
    pub fn look(&mut self, now: Duration, limit: Duration, telling: Duration) -> Look {
        let mut look = Look { fresh: true, ..Look::default() };
        for beat in self.all.values_mut() {
            let age = now.saturating_sub(beat.last);
            look.fresh &= age <= limit;
            if age > telling && !beat.told {
                look.silent.push(beat.name.clone());
                beat.told = true;
            } else if age <= limit && beat.told {
                look.back.push(beat.name.clone());
                beat.told = false;
            }
        }
        look
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(2);
    const TELLING: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn look(beats: &mut Beats, seconds: u64) -> (bool, Vec<String>, Vec<String>) {
        let Look { fresh, silent, back } = beats.look(at(seconds), LIMIT, TELLING);
        (fresh, silent, back)
    }

    #[test]
    fn one_that_is_silent_spoils_all_and_is_told_once() {
        let mut beats = Beats::default();
        let [balancer, node] =
            ["balancer", "node 1"].map(|name| beats.register(name.into(), at(0)));
        assert_eq!(look(&mut beats, 2), (true, vec![], vec![]));
        beats.beat(balancer, at(3));
        assert_eq!(look(&mut beats, 3), (false, vec![], vec![]), "too old, and too early to tell");
        beats.beat(balancer, at(11));
        assert_eq!(look(&mut beats, 11), (false, vec!["node 1".to_owned()], vec![]));
        beats.beat(balancer, at(12));
        assert_eq!(look(&mut beats, 12), (false, vec![], vec![]));
        beats.beat(node, at(13));
        assert_eq!(look(&mut beats, 13), (true, vec![], vec!["node 1".to_owned()]));
        assert_eq!(look(&mut beats, 14), (true, vec![], vec![]));
    }

    #[test]
    fn who_has_ended_is_waited_for_no_longer_and_nobody_is_no_failure() {
        let mut beats = Beats::default();
        assert!(look(&mut beats, 0).0);
        let node = beats.register("node 1".into(), at(0));
        assert!(!look(&mut beats, 3).0);
        beats.forget(node);
        assert!(look(&mut beats, 3).0);
        beats.beat(node, at(4));
        assert!(look(&mut beats, 99).0, "a late beat brings nobody back");
    }

    #[test]
    fn two_of_one_name_are_two() {
        let mut beats = Beats::default();
        let [first, second] = [(), ()].map(|()| beats.register("node 1".into(), at(0)));
        assert_ne!(first, second);
        beats.forget(first);
        assert!(!look(&mut beats, 3).0);
    }
}
