//! One name against the characters heard at one place of the zone.

use super::{
    characters::{ALIEN, Characters, Ear, Id},
    zone::Token,
};

/// What a numeral costs that stands for its character: 6 for 六.
const NUMERAL: u16 = 4;

/// What a character of the name costs that was not heard.
const LOST: u16 = 34;

/// What a character costs that has nothing in common with the one of the name.
pub(super) const ODD: u16 = 62;

/// The zone's characters, and what each may be taken for, found out when it is first asked.
pub(super) struct Ears<'a> {
    characters: &'a Characters,
    pub(super) tokens: &'a [Token],
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
    pub(super) worst: u8,
    /// How many characters of the stem differ.
    pub(super) changed: u8,
    /// The cost of what stands behind the stem.
    pub(super) rank: u16,
    /// Whether a character of the name was not heard.
    pub(super) lost: bool,
    /// Whether one character has nothing in common with the one of the name.
    pub(super) odd: bool,
    /// Whether digits stand for characters.
    pub(super) numeral: bool,
}

/// Fits `name`, whose first `stem` characters are the name proper, to the tokens from `at` on;
/// `None` if that costs more than `most`.
pub(super) fn fit(
    ears: &mut Ears<'_>,
    at: usize,
    name: &[Id],
    stem: usize,
    most: u16,
) -> Option<Fit> {
    let mut fit = Fit {
        to: at,
        cost: 0,
        worst: 0,
        changed: 0,
        rank: 0,
        lost: false,
        odd: false,
        numeral: false,
    };
    let to = at + name.len();
    let fits = to <= ears.tokens.len() && add(ears, at, name, stem, most, &mut fit);
    (fits && ends_whole(ears.tokens, to)).then_some(Fit { to, ..fit })
}

/// Adds up the costs of `name` against as many tokens; false as soon as they are too many.
fn add(ears: &mut Ears<'_>, at: usize, name: &[Id], stem: usize, most: u16, fit: &mut Fit) -> bool {
    for (index, meant) in name.iter().enumerate() {
        let cost = match ears.cost(at + index, *meant) {
            0 if ears.tokens[at + index].numeral => {
                fit.numeral = true;
                NUMERAL
            }
            ALIEN => return false,
            cost => u16::from(cost),
        };
        fit.cost += cost;
        if fit.cost > most {
            return false;
        }
        if index >= stem {
            fit.rank += cost;
        } else if cost > 0 {
            fit.changed += 1;
        }
        fit.worst = fit.worst.max(cost as u8);
    }
    true
}

/// What it costs if that character stands in a long rank: 自减州 for 自治州.
const ODD_RANK: u16 = 24;

/// Fits a name that stands there with its rank but for one character.
pub(super) fn odd(tokens: &[Token], at: usize, name: &[Id], stem: usize) -> Option<Fit> {
    let heard = tokens[at..].get(..name.len())?;
    let differs = |(token, meant): (&Token, &Id)| token.id != *meant || token.numeral;
    let wrong = heard.iter().zip(name).position(differs)?;
    let (rest, meant) = (&heard[wrong + 1..], &name[wrong + 1..]);
    let fits = if wrong < stem { stem > 1 } else { name.len() - stem > 2 };
    if !fits || heard[wrong].id == 0 || rest.iter().zip(meant).any(differs) {
        return None;
    }
    let to = at + name.len();
    let (cost, changed, rank) = if wrong < stem { (ODD, 1, 0) } else { (ODD_RANK, 0, ODD_RANK) };
    let (worst, odd) = (cost as u8, wrong < stem);
    let fit = Fit { to, cost, worst, changed, rank, lost: false, odd, numeral: false };
    ends_whole(tokens, to).then_some(fit)
}

/// Fits a name of which one character of the stem was not heard, and all others well.
pub(super) fn lost(
    ears: &mut Ears<'_>,
    at: usize,
    name: &[Id],
    stem: usize,
    most: u16,
) -> Option<Fit> {
    let tokens = ears.tokens;
    let heard = &tokens[at..];
    if stem < 3 || heard.len() + 1 < name.len() || most <= LOST {
        return None;
    }
    let same = |(token, meant): &(&Token, &Id)| token.id == **meant;
    let before = heard.iter().zip(name).take_while(same).count();
    if before >= stem {
        return None;
    }
    let mut fit = Fit {
        to: at,
        cost: LOST,
        worst: 0,
        changed: 1,
        rank: 0,
        lost: true,
        odd: false,
        numeral: false,
    };
    let rest = &name[before + 1..];
    let to = at + name.len() - 1;
    let fits = add(ears, at + before, rest, stem - before - 1, most, &mut fit);
    (fits && ends_whole(tokens, to)).then_some(Fit { to, ..fit })
}

/// Whether a name may end before a token: not within a numeral.
fn ends_whole(tokens: &[Token], to: usize) -> bool {
    tokens.get(to).is_none_or(|token| !token.joined)
}
