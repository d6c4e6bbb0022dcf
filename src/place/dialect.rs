//! Which sounds callers of one region do not tell apart; such sounds then count as nearly the same.

use super::syllable::{Initial, Rime, initial, rime};

/// The dialects with names, and the sounds that each does not tell apart.
const NAMED: [(&str, &str); 7] = [
    ("jianghuai", "n=l zh=z ch=c sh=s an=ang en=eng in=ing"),
    ("southwest", "n=l f=h zh=z ch=c sh=s en=eng in=ing"),
    ("xiang", "n=l f=h zh=z ch=c sh=s en=eng in=ing v=i"),
    ("wu", "zh=z ch=c sh=s en=eng in=ing r=l uang=ang"),
    ("min", "f=h n=l zh=z ch=c sh=s en=eng in=ing r=l v=i"),
    ("yue", "n=l zh=z ch=c sh=s zh=j ch=q sh=x v=i"),
    ("northeast", "zh=z ch=c sh=s r="),
];

/// The sounds that callers do not tell apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    initials: Vec<(Initial, Initial)>,
    rimes: Vec<(Rime, Rime)>,
}

/// A merger that names no two initials and no two rimes of Mandarin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a dialect (jianghuai, southwest, xiang, wu, min, yue, northeast) nor a pair of \
     initials or rimes such as \"n=l\" or \"an=ang\""
)]
pub struct BadMerger(String);

impl Dialect {
    /// A dialect by its name: jianghuai, southwest, xiang, wu, min, yue, northeast.
    fn named(name: &str) -> Option<Self> {
        let (_, mergers) = NAMED.iter().find(|(known, _)| *known == name)?;
        Self::parse(mergers).ok()
    }

    /// Reads the name of a dialect, or mergers.
    pub fn read(text: &str) -> Result<Self, BadMerger> {
        match Self::named(text) {
            Some(dialect) => Ok(dialect),
            None => Self::parse(text),
        }
    }

    /// Reads mergers such as `n=l an=ang`; what is nothing before or behind the sign is a missing
    /// initial.
    fn parse(text: &str) -> Result<Self, BadMerger> {
        let mut dialect = Self::default();
        for merger in text.split_whitespace() {
            let bad = || BadMerger(merger.to_owned());
            let (one, other) = merger.split_once('=').ok_or_else(bad)?;
            match (initial(one), initial(other), rime(one), rime(other)) {
                (Some(one), Some(other), ..) => dialect.initials.push((one, other)),
                (_, _, Some(one), Some(other)) => dialect.rimes.push((one, other)),
                _ => return Err(bad()),
            }
        }
        Ok(dialect)
    }

    /// Whether two initials sound the same.
    pub(super) fn merges_initials(&self, a: &Initial, b: &Initial) -> bool {
        self.initials.iter().any(|(x, y)| (x, y) == (a, b) || (x, y) == (b, a))
    }

    /// Whether two rimes sound the same; what holds for an and ang holds for ian and iang too.
    pub(super) fn merges_rimes(&self, a: &Rime, b: &Rime) -> bool {
        let same = |x: &Rime, y: &Rime| {
            let glide = x.medial == b' ' && y.medial == b' ' && a.medial == b.medial;
            let medial = if glide { a.medial } else { x.medial };
            let other = if glide { a.medial } else { y.medial };
            (Rime { medial, ..*x } == *a && Rime { medial: other, ..*y } == *b)
                || (x == a && y == b)
        };
        self.rimes.iter().any(|(x, y)| same(x, y) || same(y, x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_dialect_is_well_formed() {
        for (name, _) in NAMED {
            assert!(
                Dialect::named(name).is_some_and(|dialect| dialect != Dialect::default()),
                "{name}"
            );
        }
        assert_eq!(Dialect::named("klingon"), None);
    }

    #[test]
    fn a_merger_of_no_sounds_is_refused() {
        for text in ["n", "n=an", "q=hello", "=x=y"] {
            assert!(Dialect::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_merger_of_rimes_holds_behind_every_glide() {
        let dialect = Dialect::parse("an=ang").expect("a pair of rimes");
        let merged = |a: &str, b: &str| {
            dialect.merges_rimes(&rime(a).expect("a rime"), &rime(b).expect("a rime"))
        };
        assert!(merged("an", "ang") && merged("iang", "ian") && merged("uan", "uang"));
        assert!(!merged("en", "eng") && !merged("an", "iang"));
    }
}
