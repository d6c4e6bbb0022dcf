//! One name against the characters heard at one place of the zone.

use super::{
    characters::{ALIEN, Characters, Ear, Id},
    zone::Token,
};

/// What a numeral costs that stands for its character: 6 for 六.
const NUMERAL: u16 = 4;

/// What a character of the name costs that was not heard.
const LOST: u16 = 34;

/// What the first character costs if it was not heard.
const LOST_FIRST: u16 = 60;

/// What a character costs that has nothing in common with the one of the name.
pub(super) const ODD: u16 = 62;

/// What it costs if that character stands in a long rank: 自减州 for 自治州.
const ODD_RANK: u16 = 24;

/// The zone's characters, and what each may be taken for, found out when it is first asked.
pub(super) struct Ears<'a> {
    characters: &'a Characters,
    tokens: &'a [Token],
    ears: Vec<Option<Box<Ear>>>,
}

impl<'a> Ears<'a> {
    pub(super) fn new(characters: &'a Characters, tokens: &'a [Token]) -> Self {
        Self { characters, tokens, ears: Vec::new() }
    }

    /// What it costs to take a token for a character.
    pub(super) fn cost(&mut self, at: usize, meant: Id) -> u8 {
        let characters = self.characters;
        self.ear(at).cost(characters, meant)
    }

    /// What a token may be taken for.
    pub(super) fn ear(&mut self, at: usize) -> &Ear {
        if self.ears.len() <= at {
            self.ears.resize_with(self.tokens.len(), || None);
        }
        let heard = self.tokens[at].id;
        self.ears[at].get_or_insert_with(|| Box::new(self.characters.ear(heard)))
    }
}

/// How a name fits what was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// The token after the last one of the name.
    pub(super) to: usize,
    /// The sum over the characters.
    pub(super) cost: u16,
    /// The worst character.
    pub(super) worst: u16,
    /// How many characters of the stem differ.
    pub(super) changed: u8,
    /// The cost of what stands behind the stem.
    pub(super) rank: u16,
    /// Whether a character of the name was not heard.
    pub(super) lost: bool,
    /// Whether one character has nothing in common with the one of the name.
    pub(super) odd: bool,
}

impl Fit {
    /// A name that stands there letter by letter.
    pub(super) fn exact(to: usize) -> Self {
        Self { to, cost: 0, worst: 0, changed: 0, rank: 0, lost: false, odd: false }
    }

    /// The fit with one more character of the name; `None` if that has nothing in common.
    fn and(mut self, ears: &mut Ears<'_>, meant: Id, of_rank: bool) -> Option<Self> {
        let token = ears.tokens.get(self.to)?;
        let cost = match ears.cost(self.to, meant) {
            0 if token.numeral => NUMERAL,
            ALIEN => return None,
            cost => u16::from(cost),
        };
        self.to += 1;
        self.cost += cost;
        self.worst = self.worst.max(cost);
        match of_rank {
            true => self.rank += cost,
            false => self.changed += u8::from(cost > 0),
        }
        Some(self)
    }

    /// The fit of a stem with the characters of its rank.
    pub(super) fn ranked(self, ears: &mut Ears<'_>, rank: &[Id]) -> Option<Self> {
        let mut rank = rank.iter();
        rank.try_fold(self, |fit, meant| fit.and(ears, *meant, true))
    }

    /// The fit, unless it ends within a numeral.
    pub(super) fn whole(self, ears: &Ears<'_>) -> Option<Self> {
        ears.tokens.get(self.to).is_none_or(|token| !token.joined).then_some(self)
    }
}

/// Fits a name proper to the tokens from `at` on; `None` if that costs more than `most`.
pub(super) fn stem(ears: &mut Ears<'_>, at: usize, stem: &[Id], most: u16) -> Option<Fit> {
    let mut stem = stem.iter();
    stem.try_fold(Fit::exact(at), |fit, meant| {
        fit.and(ears, *meant, false).filter(|fit| fit.cost <= most)
    })
}

/// Fits a name that stands there with its rank but for one character.
pub(super) fn odd(ears: &Ears<'_>, at: usize, name: &[Id], stem: usize) -> Option<Fit> {
    let heard = ears.tokens[at..].get(..name.len())?;
    let differs = |(token, meant): (&Token, &Id)| token.id != *meant || token.numeral;
    let wrong = heard.iter().zip(name).position(differs)?;
    let (rest, meant) = (&heard[wrong + 1..], &name[wrong + 1..]);
    // 赫哲族人民医院 is not 赫哲族乡.
    let inside = name.len() - stem > 2 && wrong + 1 < name.len();
    if (wrong >= stem && !inside) || heard[wrong].id == 0 || rest.iter().zip(meant).any(differs) {
        return None;
    }
    let fit = Fit::exact(at + name.len());
    let fit = match wrong < stem {
        true => Fit { cost: ODD, worst: ODD, changed: 1, odd: true, ..fit },
        false => Fit { cost: ODD_RANK, worst: ODD_RANK, rank: ODD_RANK, ..fit },
    };
    fit.whole(ears)
}

/// Fits a name of which one character of the stem was not heard, and all others well.
pub(super) fn lost(
    ears: &mut Ears<'_>,
    at: usize,
    name: &[Id],
    stem: usize,
    most: u16,
) -> Option<Fit> {
    let heard = &ears.tokens[at..];
    if stem < 3 || heard.len() + 1 < name.len() || most <= LOST {
        return None;
    }
    let same = |(token, meant): &(&Token, &Id)| token.id == **meant;
    let before = heard.iter().zip(name).take_while(same).count();
    if before >= stem || (before == 0 && heard[0].id != name[1]) {
        return None;
    }
    let cost = if before == 0 { LOST_FIRST } else { LOST };
    let fit = Fit { cost, worst: cost, changed: 1, lost: true, ..Fit::exact(at + before) };
    let mut rest = name[before + 1..stem].iter();
    let fit = rest
        .try_fold(fit, |fit, meant| fit.and(ears, *meant, false).filter(|fit| fit.cost <= most))?;
    fit.ranked(ears, &name[stem..])?.whole(ears)
}
