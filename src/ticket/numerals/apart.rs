//! Numerals with pauses between them, each by itself: 买了四 四盒 may be four boxes as well as 44.

use super::{
    cardinal::{self, Piece},
    glyph::Text,
    scan::{self, Raw},
    unit,
};

/// The fewest digits of a telephone number.
const LEAST_OF_PHONE: usize = 7;

/// Holidays whose names are numerals: 五一三晚 are three nights.
const HOLIDAYS: [&str; 4] = ["五一", "十一", "六一", "八一"];

/// What is left of a run whose start is the name of a day, and the price in front of what it is
/// for: 五一三晚, 初三一次, 三百一节课.
fn split(text: &Text, from: usize, last: usize, raws: &mut Vec<Raw>) {
    let first = raws.len();
    let day = match text.previous(from) {
        Some('初') => Some(1),
        _ => text.word_at(from, &HOLIDAYS),
    };
    let mut within =
        |end| raws.extend(cardinal::run_within(text, from, end).into_iter().map(Raw::new));
    if let Some(rest) = day.map(|length| from + length).filter(|rest| *rest <= last) {
        within(rest);
        one(text, rest, raws);
    } else if text.get(last) == Some('一')
        && last > from + 1
        && unit::is_each(text, last + 1)
        && (from..last).any(|at| text.magnitude(at).is_some())
    {
        within(last);
    }
    let digits: Vec<u8> = (from..=last).map_while(|at| text.digit(at)).collect();
    // 四五车 are four or five.
    if digits.len() == last + 1 - from
        && let [low, high] = digits[..]
        && cardinal::is_pair(low, high)
    {
        raws.extend(
            (from..=last).flat_map(|at| cardinal::run_within(text, at, at + 1)).map(Raw::new),
        );
    }
    raws[first..].iter_mut().for_each(|raw| raw.doubtful = true);
    // 一三五七九 are odd doors, 一三五 days of the week.
    let steps = digits.windows(2).all(|pair| pair[1] == pair[0] + 2);
    if (3..6).contains(&digits.len()) && digits.len() == last + 1 - from && steps {
        let single = |at| cardinal::run_within(text, at, at + 1);
        let singles = (from..=last).flat_map(single).map(Raw::new);
        raws.extend(singles.map(|raw| Raw { certain: true, ..raw }));
    }
}

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
        split(text, at, last, &mut raws);
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
