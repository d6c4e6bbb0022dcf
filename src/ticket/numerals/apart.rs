//! Numerals with pauses between them, each by itself: 买了四 四盒 may be four boxes as well as 44.

use super::{
    cardinal::{self, Piece},
    glyph::Text,
    scan::{self, Raw},
};

/// The fewest digits of a telephone number.
const LEAST_OF_PHONE: usize = 7;

/// The numbers of runs with blanks in them, each by itself. Telephone numbers are not parted.
pub(super) fn all(text: &Text) -> Vec<Raw> {
    let mut raws = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if !text.is_numeral(at) {
            at += 1;
            continue;
        }
        let goes_on = |at: &usize| text.is_numeral(*at) || text.get(*at) == Some(' ');
        let last = (at..text.len()).take_while(goes_on).filter(|at| text.is_numeral(*at)).last();
        let last = last.unwrap_or(at);
        if !(at..last).any(|at| text.get(at) == Some(' ')) {
            at = last + 1;
            continue;
        }
        let (pieces, end) = cardinal::run(text, at);
        let is_long = |piece: &Piece| {
            piece.digits.as_ref().is_some_and(|digits| digits.len() >= LEAST_OF_PHONE)
        };
        let mut blanks = (at..end).filter(|at| text.get(*at) == Some(' ')).peekable();
        if blanks.peek().is_some() && !pieces.iter().any(is_long) {
            let starts = [at].into_iter().chain(blanks.map(|blank| blank + 1));
            for start in starts {
                one(text, start, &mut raws);
            }
        }
        at = end.max(at + 1);
    }
    raws
}

fn one(text: &Text, at: usize, raws: &mut Vec<Raw>) {
    let first = raws.len();
    let (pieces, _) = cardinal::run_to_blank(text, at);
    let percent = text.ends_at(at, "百分之");
    for piece in pieces {
        let mut raw = Raw::new(piece);
        if percent && raw.from == at {
            scan::sign_with(&mut raw, "%");
            (raw.from, raw.end) = (at - 3, raw.to);
            raws.push(raw);
        } else {
            scan::with_context(text, raw, raws);
        }
    }
    raws[first..].iter_mut().for_each(|raw| raw.doubtful = true);
}
