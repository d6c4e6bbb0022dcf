//! Digits that belong together although something stands between them (rules 1, 3, 9): telephone
//! and identity numbers in groups, 四个零, masked digits.

use super::{
    cardinal::Shape,
    glyph::{Text, is_stop},
    scan::Raw,
};

/// The most characters between two groups of digits.
const MOST_BETWEEN: usize = 3;

/// The most digits of one number.
const MOST_DIGITS: usize = 18;

/// What may stand between two groups when a number is said.
pub(super) const SAID_BETWEEN: &str = " ,，、-。.\n嗯呃啊哦然后再杠";

/// What may stand between two groups when a number is written.
const WRITTEN_BETWEEN: &str = " -";

/// Whether digits look like a telephone number: mobile, with an area code, or a service number.
pub fn is_phone(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    match (bytes.len(), bytes) {
        (_, bytes) if !bytes.iter().all(u8::is_ascii_digit) => false,
        (11, [b'1', b'3'..=b'9', ..]) => true,
        (10, [b'4' | b'8', b'0', b'0', ..]) => true,
        (10, [b'0', b'1' | b'2', ..]) | (11..=12, [b'0', b'1'..=b'9', ..]) => true,
        _ => false,
    }
}

/// Whether digits look like an identity number.
pub fn is_identity(digits: &str) -> bool {
    let (body, last) = digits.split_at_checked(17).unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    body.len() == 17
        && is_digits(body)
        && (last == "X" || last.len() == 1 && is_digits(last))
        && (body[6..8] == *"19" || body[6..8] == *"20")
}

/// Joins groups. `said`: as in speech, where fillers may part them and the groups count as well.
pub(super) fn all(text: &Text, raws: Vec<Raw>, said: bool) -> Vec<Raw> {
    let raws = repeated(text, raws);
    let mut joined: Vec<Raw> = Vec::with_capacity(raws.len());
    let mut at = 0;
    while at < raws.len() {
        let (mut raw, used) = masked(text, &raws[at..])
            .or_else(|| group(text, &raws[at..], said))
            .unwrap_or_else(|| (raws[at].clone(), 1));
        check_letter(text, &mut raw);
        if used > 1 && said {
            let parts = raws[at..at + used].iter().cloned();
            joined.extend(parts.map(|part| Raw { doubtful: true, ..part }));
        }
        joined.push(raw);
        at += used;
    }
    joined
}

/// The digits of a number that stands between others without a unit of its own.
fn loose(raw: &Raw) -> Option<&str> {
    let digits = raw.digits.as_deref().or_else(|| {
        // Said in twos: 幺三八 五十六.
        let written = raw.readings.first().filter(|_| raw.shape == Shape::Magnitudes)?;
        (raw.to - raw.from > 1 && written.len() == 2).then_some(written.as_str())
    });
    digits.filter(|_| !raw.hedged)
}

/// The groups at the start that make one telephone or identity number, and how many they are.
fn group(text: &Text, raws: &[Raw], said: bool) -> Option<(Raw, usize)> {
    let first = raws.first()?;
    let between = if said { SAID_BETWEEN } else { WRITTEN_BETWEEN };
    let mut all = loose(first)?.to_owned();
    let mut best = None;
    // 一单元一六零一 is a room.
    let is_room = text.previous(first.from).is_some_and(|c| "栋幢座元楼室门".contains(c));
    if is_room || is_phone(&all) || is_identity(&all) || all.len() >= MOST_DIGITS {
        return None;
    }
    let local = text.clause_before(first.from, 8);
    let is_local = ["电话", "座机", "号码", "固话"].iter().any(|word| local.contains(word));
    for (index, pair) in raws.windows(2).enumerate() {
        let (before, next) = (&pair[0], &pair[1]);
        let gap = before.to..next.from;
        let is_gap = gap.len() <= MOST_BETWEEN && gap.start == before.end && !gap.is_empty();
        if !is_gap || !gap.clone().all(|at| text.get(at).is_some_and(|c| between.contains(c))) {
            break;
        }
        // A whole number behind the gap is no group of this one.
        let Some(digits) = loose(next).filter(|digits| !is_phone(digits)) else { break };
        all.push_str(digits);
        if all.len() > MOST_DIGITS {
            break;
        }
        let end = match text.get(next.to) {
            Some('X' | 'x' | '叉') if all.len() == 17 => next.to,
            _ if is_phone(&all) || is_identity(&all) => next.to,
            _ if is_local && (7..=8).contains(&all.len()) && !all.starts_with(['0', '1']) => {
                next.to
            }
            _ => continue,
        };
        best = Some((index + 2, end, all.clone(), next));
    }
    let (used, end, digits, last) = best?;
    let mut raw = Raw { to: end, end: last.end.max(end), unit: last.unit, ..first.clone() };
    (raw.shape, raw.value, raw.certain) = (Shape::Spelled, None, true);
    (raw.readings, raw.digits) = (vec![digits.clone()], Some(digits));
    Some((raw, used))
}

/// The X at the end of an identity number.
fn check_letter(text: &Text, raw: &mut Raw) {
    let Some(digits) = raw.digits.as_mut() else { return };
    if !matches!(text.get(raw.to), Some('X' | 'x' | '×' | '叉')) {
        return;
    }
    let is_known = || {
        let before = text.clause_before(raw.from, 12);
        before.contains("身份证") || before.contains("证号")
    };
    // 零幺二叉 answers the question for the last four.
    let is_alone = |at: Option<char>| at.is_none_or(|c| !c.is_ascii_alphanumeric());
    let is_cross = match text.get(raw.to) {
        Some('叉') => digits.len() >= 3,
        _ => {
            digits.len() == 3 && is_alone(text.previous(raw.from)) && is_alone(text.get(raw.to + 1))
        }
    };
    if digits.len() == 17 || is_cross || (digits.len() < 17 && is_known()) {
        digits.push('X');
        raw.readings = vec![digits.clone()];
        raw.certain = true;
        (raw.to, raw.end) = (raw.to + 1, raw.to + 1);
    }
}

/// 138****5678, also without digits behind the stars.
fn masked(text: &Text, raws: &[Raw]) -> Option<(Raw, usize)> {
    let first = raws.first()?;
    let digits = first.digits.as_deref().filter(|digits| digits.len() >= 2)?;
    let is_mask = |at: &usize| matches!(text.get(*at), Some('*' | 'x' | 'X' | '●' | '×'));
    let stars = (first.to..).take_while(is_mask).count();
    if stars < 2 {
        return None;
    }
    let end = first.to + stars;
    let last = raws.get(1).filter(|last| last.from == end);
    let suffix = last.and_then(|last| last.digits.as_deref()).unwrap_or("");
    let reading = format!("{digits}*{suffix}");
    let used = 1 + usize::from(!suffix.is_empty());
    let to = raws[used - 1].to.max(end);
    let mut raw = Raw { to, end: to, unit: None, value: None, ..first.clone() };
    (raw.readings, raw.digits, raw.certain) = (vec![reading], None, true);
    Some((raw, used))
}

/// 三个八 is 888, and so within a telephone number: 幺五五四个零幺二三四.
fn repeated(text: &Text, raws: Vec<Raw>) -> Vec<Raw> {
    let mut result: Vec<Raw> = Vec::with_capacity(raws.len());
    for next in raws {
        let joined = result.last().and_then(|count| repetition(text, count, &next));
        match joined {
            Some(joined) => {
                if let Some(count) = result.last_mut() {
                    count.doubtful = true;
                }
                result.push(joined);
            }
            None => result.push(next),
        }
    }
    result
}

fn repetition(text: &Text, count: &Raw, next: &Raw) -> Option<Raw> {
    let is_count = count.unit.is_some_and(|unit| unit.name == "个") && count.end == count.to + 1;
    let (before, digits) = (count.digits.as_deref()?, next.digits.as_deref()?);
    if !is_count || next.from != count.end || next.unit.is_some() {
        return None;
    }
    let (head, times) = before.split_at_checked(before.len() - 1)?;
    let times: usize = times.parse().ok().filter(|times| (2..=6).contains(times))?;
    let (digit, rest) = digits.split_at_checked(1)?;
    let all = format!("{head}{}{rest}", digit.repeat(times));
    let ends = text.get(next.to).is_none_or(|c| is_stop(c) || "的啊吧呢吗嘛呀".contains(c));
    if !(is_phone(&all) || (head.is_empty() && rest.is_empty() && ends)) {
        return None;
    }
    let mut raw =
        Raw { from: count.from, readings: vec![all.clone()], value: None, ..next.clone() };
    (raw.digits, raw.shape, raw.certain) = (Some(all), Shape::Spelled, true);
    Some(raw)
}
