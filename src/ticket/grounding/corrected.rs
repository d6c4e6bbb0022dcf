//! Telephone numbers that were corrected: 后头不是二零，是零二. What was taken back was not said, and
//! the correction may be a part of the number alone.

use std::collections::HashMap;

use super::spoken::Voice;
use crate::ticket::{Speaker, Transcript};

/// What people say when they correct themselves or each other.
#[rustfmt::skip]
const CORRECTIONS: &[&str] = &[
    "不对", "说错", "错了", "应该是", "哦不", "啊不", "更正", "记错", "搞错", "弄错", "纠正", "报错", "念错",
];

/// How many numbers behind one may correct it.
const MOST_LATER: usize = 8;

/// The most digits that are corrected in a number that is said once more.
const MOST_CORRECTED: usize = 4;

/// The numbers that were taken back, and those that follow from a correction of their end.
#[derive(Default)]
pub(super) struct Corrected {
    /// What was said in place of them, by what was taken back.
    pub(super) withdrawn: HashMap<String, String>,
    pub(super) composed: Vec<String>,
}

/// Digits that somebody said, in the order of the call.
struct Said<'a> {
    digits: &'a str,
    /// Whether somebody was corrected since the digits before.
    is_corrected: bool,
}

impl Corrected {
    /// Looks through all digits of a call.
    pub(super) fn new(transcript: &Transcript, citizen: &Voice, operator: &Voice) -> Self {
        let mut found = Self::default();
        let corrects = |words: &str| CORRECTIONS.iter().any(|cue| words.contains(cue));
        if !transcript.turns.iter().any(|turn| corrects(&turn.words)) {
            return found;
        }
        let all = in_order(transcript, citizen, operator, corrects);
        let mut last: HashMap<&str, usize> = HashMap::new();
        last.extend(all.iter().enumerate().map(|(index, said)| (said.digits, index)));
        let last = |digits: &str| last.get(digits).copied().unwrap_or(0);
        for (index, one) in all.iter().enumerate().filter(|(_, one)| is_long(one.digits)) {
            let mut is_corrected = false;
            for later in all[index + 1..].iter().take(MOST_LATER) {
                is_corrected |= later.is_corrected;
                let (one, later) = (one.digits, later.digits);
                // 不对不对 may be followed by the same number once more.
                let is_newer = last(one) < last(later);
                if is_corrected && is_long(later) && is_variant(one, later) && is_newer {
                    found.withdrawn.insert(one.to_owned(), later.to_owned());
                } else if is_corrected && (2..7).contains(&later.len()) {
                    let (head, _) = one.split_at(one.len() - later.len());
                    found.composed.push(format!("{head}{later}"));
                }
            }
        }
        found
    }
}

/// All digits without a unit, turn by turn.
fn in_order<'a>(
    transcript: &Transcript,
    citizen: &'a Voice,
    operator: &'a Voice,
    corrects: impl Fn(&str) -> bool,
) -> Vec<Said<'a>> {
    let mut places = [(citizen, 0, 0), (operator, 0, 0)];
    let (mut all, mut is_corrected) = (Vec::new(), false);
    for turn in &transcript.turns {
        let (voice, from, next) = match turn.speaker {
            Speaker::Citizen => &mut places[0],
            Speaker::Operator => &mut places[1],
        };
        let end = *from + turn.words.len();
        let mut at = *from;
        while let Some(number) = voice.numbers.get(*next).filter(|number| number.span.start < end) {
            *next += 1;
            let digits = number.readings.first().map_or("", String::as_str);
            let is_digits = digits.len() > 1 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if number.unit.is_some() || !number.certain || !is_digits || number.span.start < at {
                continue;
            }
            is_corrected |= corrects(&voice.text[at..number.span.start]);
            at = number.span.end;
            all.push(Said { digits, is_corrected });
            is_corrected = false;
        }
        is_corrected |= voice.text.get(at..end).is_some_and(&corrects);
        *from = end + 1;
    }
    all
}

fn is_long(digits: &str) -> bool {
    digits.len() >= 7
}

/// Whether two numbers are one, said with a few digits otherwise.
fn is_variant(one: &str, other: &str) -> bool {
    let different = one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count();
    one.len() == other.len() && (1..=MOST_CORRECTED).contains(&different)
}
