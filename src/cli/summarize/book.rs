//! Which records are done, and who has which id. Pure.
//!
//! Of ids only hashes of 128 bits are kept, so that millions of them fit into memory.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::{BuildHasher, RandomState},
};

use super::record::Id;

/// A record's place in the input: which of the files, and which line or record of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) file: u32,
    pub(super) number: u64,
}

/// All ids of a run.
#[derive(Debug, Default)]
pub(super) struct Book {
    secret: [RandomState; 2],
    done: HashSet<u128>,
    claimed: HashMap<u128, Spot>,
}

impl Book {
    /// Notes that a record has its ticket; `false` if that was known.
    pub(super) fn finish(&mut self, id: &Id) -> bool {
        self.done.insert(self.name(id))
    }

    /// Whether a record has its ticket from an earlier run.
    pub(super) fn is_done(&self, id: &Id) -> bool {
        self.done.contains(&self.name(id))
    }

    /// Gives an id to the record at a spot, as often as that is read; an id that another one has is
    /// refused with the spot of that one.
    pub(super) fn claim(&mut self, id: &Id, spot: Spot) -> Result<(), Spot> {
        match self.claimed.entry(self.name(id)) {
            Entry::Vacant(vacant) => {
                vacant.insert(spot);
                Ok(())
            }
            Entry::Occupied(holder) if *holder.get() == spot => Ok(()),
            Entry::Occupied(holder) => Err(*holder.get()),
        }
    }

    fn name(&self, id: &Id) -> u128 {
        let [high, low] = self.secret.each_ref().map(|half| u128::from(half.hash_one(id)));
        high << 64 | low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(id: &str) -> Id {
        Id::Text(id.to_owned())
    }

    #[test]
    fn an_id_belongs_to_one_spot_however_often_that_is_read() {
        let mut book = Book::default();
        let [first, second] = [3, 9].map(|number| Spot { file: 0, number });
        for _ in 0..2 {
            assert_eq!(book.claim(&text("7"), first), Ok(()));
        }
        assert_eq!(book.claim(&text("7"), second), Err(first));
        assert_eq!(book.claim(&text("7"), Spot { file: 1, ..first }), Err(first));
        assert_eq!(book.claim(&Id::Number(7.into()), second), Ok(()), "7 is not \"7\"");
    }

    #[test]
    fn what_is_done_is_done_once() {
        let mut book = Book::default();
        assert!(!book.is_done(&text("a")));
        assert!(book.finish(&text("a")));
        assert!(!book.finish(&text("a")));
        assert!(book.is_done(&text("a")) && !book.is_done(&text("b")));
    }
}
