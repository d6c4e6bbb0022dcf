//! Runs of numerals without anything between them, split into the numbers that they say (rules 1 to
//! 3, 8): 两万五, 七八百, 十二零三, 幺三八零零, 1万二.

mod part;
mod sum;

use self::{part::Part, sum::Sum};
use super::{decimal::Decimal, glyph::Text, unit};

/// How a number is said or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One digit in characters.
    Digit,
    /// Several digits, one by one, in characters or mixed.
    Spelled,
    /// With magnitudes: 三百五.
    Magnitudes,
    /// In Arabic digits alone.
    Arabic,
}

/// One number of a run.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The first character.
    pub(super) from: usize,
    /// Behind the last character.
    pub(super) to: usize,
    /// How it is said.
    pub(super) shape: Shape,
    /// Its quantity.
    pub(super) value: Option<Decimal>,
    /// Its digits when said or written one by one, without point.
    pub(super) digits: Option<String>,
}

/// The numbers of the run at a place, and where it ends.
pub(super) fn run(text: &Text, from: usize) -> (Vec<Piece>, usize) {
    let (parts, end) = part::all(text, from, true);
    (Reader { text, parts: &parts }.pieces(), end)
}

/// The same up to the next blank.
pub(super) fn run_to_blank(text: &Text, from: usize) -> (Vec<Piece>, usize) {
    let (parts, end) = part::all(text, from, false);
    (Reader { text, parts: &parts }.pieces(), end)
}

/// The numbers of the run at a place as if it ended at another one.
pub(super) fn run_within(text: &Text, from: usize, end: usize) -> Vec<Piece> {
    let (mut parts, _) = part::all(text, from, true);
    parts.retain_mut(|part| match part {
        Part::Digits { digits, to, .. } => {
            digits.retain(|(_, at)| *at < end);
            *to = end.min(*to);
            !digits.is_empty()
        }
        Part::Magnitude { at, .. } => *at < end,
    });
    Reader { text, parts: &parts }.pieces()
}

struct Reader<'a> {
    text: &'a Text,
    parts: &'a [Part],
}

/// Where a reader is: a part, and how many of its digits were read.
type Place = (usize, usize);

impl Reader<'_> {
    fn pieces(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut place = (0, 0);
        while let Some(part) = self.parts.get(place.0) {
            let Part::Digits { digits, behind, arabic, to } = part else {
                place = self.cardinals(place, &mut pieces).unwrap_or((place.0 + 1, 0));
                continue;
            };
            let left = &digits[place.1..];
            let before_magnitude =
                matches!(self.parts.get(place.0 + 1), Some(Part::Magnitude { .. }));
            if before_magnitude && let Some(next) = self.cardinals(place, &mut pieces) {
                place = next;
                continue;
            }
            // The last of many digits belongs to the magnitude behind them.
            let own = if before_magnitude && left.len() > 1 { left.len() - 1 } else { left.len() };
            place = if own < left.len() { (place.0, place.1 + own) } else { (place.0 + 1, 0) };
            let end = left.get(own).map_or(*to, |(_, at)| *at);
            self.spelled(&left[..own], behind, *arabic, end, &mut pieces);
        }
        pieces
    }

    /// Digits one by one. Two that go up by one are two numbers as well: 三四 (天).
    fn spelled(
        &self,
        digits: &[(u8, usize)],
        behind: &[u8],
        arabic: bool,
        to: usize,
        pieces: &mut Vec<Piece>,
    ) {
        let Some((first, from)) = digits.first().copied() else { return };
        let values: Vec<u8> = digits.iter().map(|(digit, _)| *digit).collect();
        let written: String = values.iter().map(u8::to_string).collect();
        // 十二零三 is room 1203.
        if let Some(last) = pieces.last_mut()
            && last.to == from
            && last.shape == Shape::Magnitudes
            && first == 0
            && let Some(floor) = last.value.and_then(Decimal::small).filter(|floor| *floor < 100)
        {
            last.digits = Some(format!("{floor}{written}"));
            (last.value, last.to, last.shape) = (None, to, Shape::Spelled);
            return;
        }
        let shape = match values.len() {
            _ if arabic => Shape::Arabic,
            1 => Shape::Digit,
            _ => Shape::Spelled,
        };
        let digits = behind.is_empty().then_some(written);
        let value = Decimal::of_digits(&values, behind);
        pieces.push(Piece { from, to, shape, value, digits });
    }

    /// The number with magnitudes at a place, or the two numbers of 七八百; where it ends.
    fn cardinals(&self, place: Place, pieces: &mut Vec<Piece>) -> Option<Place> {
        let (low, next, is_pair) = self.cardinal(place, 0)?;
        let from = match &self.parts[place.0] {
            Part::Digits { digits, .. } => digits.get(place.1)?.1,
            Part::Magnitude { at, .. } => *at,
        };
        let to = self.end_of(next);
        let high = if is_pair { Some(self.cardinal(place, 1)?.0) } else { None };
        pieces.extend([Some(low), high].into_iter().flatten().map(|value| Piece {
            from,
            to,
            shape: Shape::Magnitudes,
            value: Some(value),
            digits: None,
        }));
        Some(next)
    }

    /// Where the characters read before a place end.
    fn end_of(&self, (part, digit): Place) -> usize {
        match (self.parts.get(part), digit) {
            (Some(Part::Digits { digits, .. }), 1..) => digits[digit - 1].1 + 1,
            _ => match &self.parts[part - 1] {
                Part::Digits { to, .. } => *to,
                Part::Magnitude { at, .. } => at + 1,
            },
        }
    }

    /// Reads a number with magnitudes; of two alternatives (七八百) the first or the second.
    fn cardinal(&self, (start, read): Place, choice: usize) -> Option<(Decimal, Place, bool)> {
        let mut sum = Sum::default();
        let mut is_pair = false;
        let mut at = start;
        if let Part::Magnitude { exponent, .. } = &self.parts[start] {
            // 十二 needs no 一 in front, 百姓 is no number.
            if *exponent != 1 {
                return None;
            }
            sum.add(Decimal::whole(1), 1)?;
            at += 1;
        } else {
            let (factor, pair) = self.factor(start, read, choice, false)?;
            sum.add(factor, self.magnitude(start + 1)?)?;
            is_pair |= pair;
            at += 2;
        }
        loop {
            match (self.parts.get(at), self.magnitude(at + 1)) {
                (Some(Part::Magnitude { exponent, .. }), _) => {
                    if sum.scale_up(*exponent).is_none() {
                        break;
                    }
                    at += 1;
                }
                (Some(Part::Digits { .. }), Some(exponent)) => {
                    let Some((factor, pair)) = self.factor(at, 0, choice, true) else {
                        return self.tail(sum, at, choice, is_pair);
                    };
                    if sum.add(factor, exponent).is_none() {
                        break;
                    }
                    is_pair |= pair;
                    at += 2;
                }
                (Some(Part::Digits { .. }), None) => return self.tail(sum, at, choice, is_pair),
                (None, _) => break,
            }
        }
        Some((sum.total()?, (at, 0), is_pair))
    }

    fn magnitude(&self, at: usize) -> Option<u32> {
        match self.parts.get(at) {
            Some(Part::Magnitude { exponent, .. }) => Some(*exponent),
            Some(Part::Digits { .. }) | None => None,
        }
    }

    /// What a magnitude is multiplied by, and whether it is one of two.
    fn factor(
        &self,
        at: usize,
        read: usize,
        choice: usize,
        inside: bool,
    ) -> Option<(Decimal, bool)> {
        let Part::Digits { digits, behind, arabic, .. } = &self.parts[at] else { return None };
        let digits: Vec<u8> = digits[read..].iter().map(|(digit, _)| *digit).collect();
        match digits[..] {
            _ if *arabic => Some((Decimal::of_digits(&digits, behind)?, false)),
            [digit] if digit > 0 => Some((Decimal::whole(digit), false)),
            [0, digit] if inside && digit > 0 => Some((Decimal::whole(digit), false)),
            [low, high] if is_pair(low, high) => Some((Decimal::whole([low, high][choice]), true)),
            _ => None,
        }
    }

    /// The digits at the end: a unit (一百零五, 十五) or the next magnitude left out (两万五).
    fn tail(
        &self,
        mut sum: Sum,
        at: usize,
        choice: usize,
        pair: bool,
    ) -> Option<(Decimal, Place, bool)> {
        let stay = |sum: Sum| Some((sum.total()?, (at, 0), pair));
        let Part::Digits { digits, behind, arabic, to } = &self.parts[at] else { return stay(sum) };
        let values: Vec<u8> = digits.iter().map(|(digit, _)| *digit).collect();
        let step = sum.last - 1;
        // The magnitude behind them takes the last digit of many.
        if self.magnitude(at + 1).is_some() && values.len() < 3 || !behind.is_empty() {
            return stay(sum);
        }
        let all = (at + 1, 0);
        let one = if values.len() == 1 { all } else { (at, 1) };
        if *arabic && values.len() > 1 {
            let fits = u32::try_from(values.len()).is_ok_and(|length| length <= sum.last);
            if !fits || values[0] == 0 {
                return stay(sum);
            }
            sum.units(Decimal::of_digits(&values, &[])?)?;
            return Some((sum.total()?, all, pair));
        }
        match values[..] {
            [0] => return stay(sum),
            [0, digit] => {
                sum.units(Decimal::whole(digit))?;
                return Some((sum.total()?, all, pair));
            }
            [low, high] if is_pair(low, high) => {
                sum.units(Decimal::whole([low, high][choice]).times_ten(step)?)?;
                return Some((sum.total()?, all, true));
            }
            // 一百二八 leaves the ten out; 三百五一个 is a price.
            [tens, ones] if sum.last == 2 && !(ones == 1 && unit::is_each(self.text, *to)) => {
                sum.units(Decimal::of_digits(&[tens, ones], &[])?)?;
                return Some((sum.total()?, all, pair));
            }
            [0, ..] => return stay(sum),
            [_, _, _, ..] if sum.last > 1 => return stay(sum),
            [digit, ..] => sum.units(Decimal::whole(digit).times_ten(step)?)?,
            [] => return stay(sum),
        }
        Some((sum.total()?, one, pair))
    }
}

/// Whether two digits name a range: 七八百, 三五天.
pub(super) fn is_pair(low: u8, high: u8) -> bool {
    low > 0 && (high == low + 1 || (low, high) == (3, 5))
}
