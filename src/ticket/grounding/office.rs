//! Offices and organisations in a ticket: 城管局, 村委会, 绿阳物业公司. The kind of an office must
//! have been said, in full, in a short form or by another name of it; of a firm all of its name.

mod alias;
mod region;
mod words;

use self::words::{
    BOUNDARIES, ENDINGS, ENDINGS_BY_FIRST, GENERIC, KINDS, NAMED, NO_OFFICES, PARTS, SHORT, SOME,
    TRADES,
};
use super::{Ear, Item, Kind, add, heard::Heard};

/// The most characters of a name in front of its ending.
const MOST_STEM: usize = 14;

/// The most characters of a department's name in front of its ending.
const MOST_PART: usize = 6;

/// Checks the organisations of a text.
pub(super) fn check<E: Ear>(text: &str, heard: &Heard<'_, E>, items: &mut Vec<Item>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut floor) = (0, 0);
    while at < chars.len() {
        let mut endings = ENDINGS_BY_FIRST.of(chars[at]).iter();
        let Some(ending) = endings.find(|ending| starts(&chars[at..], ending)) else {
            check_short(&chars, at, heard, items);
            at += 1;
            continue;
        };
        let end = at + ending.chars().count();
        if !is_other_word(&chars, at, end - at) {
            check_name(&chars, floor, at..end, heard, items);
            floor = end;
            if *ending == "局" {
                check_part(&chars, end, heard, items);
            }
        }
        at = end;
    }
}

/// Checks the name that has its ending at a place, and begins at the floor at the earliest.
fn check_name<E: Ear>(
    chars: &[char],
    floor: usize,
    ending: std::ops::Range<usize>,
    heard: &Heard<'_, E>,
    items: &mut Vec<Item>,
) {
    let (at, end) = (ending.start, ending.end);
    let from = stem(chars, at).max(floor);
    // 工业和信息化局 is one name, 物业和社区 are two.
    let joins = from
        .checked_sub(1)
        .filter(|before| *before > floor && matches!(chars[*before], '和' | '与' | '及'));
    let is_longer = || {
        let longer = joins.map(|before| stem(chars, before).max(floor));
        let longer = longer.filter(|longer| *longer + 1 < from);
        longer.is_some_and(|from| is_grounded(&chars[from..at], &chars[from..end], heard))
    };
    if !is_grounded(&chars[from..at], &chars[from..end], heard) && !is_longer() {
        let text: String = chars[from..end].iter().collect();
        add(items, Kind::Office, &text);
    }
}

/// Checks the department that is named right behind an office.
fn check_part<E: Ear>(chars: &[char], from: usize, heard: &Heard<'_, E>, items: &mut Vec<Item>) {
    let most = (from + 2..chars.len()).take(MOST_PART - 1);
    let mut found = most.filter(|at| PARTS.iter().any(|part| starts(&chars[*at..], part)));
    let Some(at) = found.next() else { return };
    let name = &chars[from..at];
    let is_name = name.iter().all(|c| c.is_alphabetic())
        && !(1..=name.len()).any(|end| BOUNDARIES.iter().any(|word| ends(&name[..end], word)))
        && !chars.get(at + 1).is_some_and(|c| "理罚置长在有谓以属学技员".contains(*c));
    if is_name && !is_covered(name, heard) && heard.places_of_form(&chars[from..=at]).is_empty() {
        let text: String = chars[from..=at].iter().collect();
        add(items, Kind::Office, &text);
    }
}

/// Checks an office that is named without any ending.
fn check_short<E: Ear>(chars: &[char], at: usize, heard: &Heard<'_, E>, items: &mut Vec<Item>) {
    let Some(word) = SHORT.iter().find(|word| starts(&chars[at..], word)) else { return };
    let word: Vec<char> = word.chars().collect();
    let behind = &chars[at + word.len()..];
    let is_longer = ENDINGS.iter().any(|ending| starts(behind, ending));
    let is_said = || alias::places(&word, heard).is_some_and(|places| !places.is_empty());
    if !is_longer && !is_said() && !heard.has(&word) {
        let text: String = word.iter().collect();
        add(items, Kind::Office, &text);
    }
}

fn starts(chars: &[char], word: &str) -> bool {
    word.chars().enumerate().all(|(index, c)| chars.get(index) == Some(&c))
}

fn ends(chars: &[char], word: &str) -> bool {
    let mut before = chars.iter().rev();
    word.chars().rev().all(|c| before.next() == Some(&c))
}

fn is_other_word(chars: &[char], at: usize, length: usize) -> bool {
    NO_OFFICES.iter().any(|word| {
        let before = word.chars().count().saturating_sub(length);
        let from = at.saturating_sub(before);
        (from..=at).any(|from| starts(&chars[from..], word))
    })
}

/// Where the name in front of an ending begins: behind the last word that is no part of a name.
fn stem(chars: &[char], at: usize) -> usize {
    let least = at.saturating_sub(MOST_STEM);
    let begins = |from: &usize| {
        let before = &chars[least..*from];
        before.last().is_none_or(|c| !c.is_alphabetic())
            || BOUNDARIES.iter().any(|word| ends(before, word))
    };
    (least..=at).rev().find(begins).unwrap_or(least)
}

/// Whether a name was said; `stem` is what stands in front of its ending.
fn is_grounded<E: Ear>(stem: &[char], whole: &[char], heard: &Heard<'_, E>) -> bool {
    if heard.has(whole) || SOME.iter().any(|word| ends(stem, word)) {
        return true;
    }
    let ending: String = whole[stem.len()..].iter().collect();
    let ending = ending.as_str();
    let core = without_generic(region::without(stem));
    if core.is_empty() {
        return !KINDS.contains(&ending) || ends(stem, "物业") || is_kind_said(ending, heard);
    }
    if NAMED.contains(&ending) {
        return is_named(stem, core, whole, heard);
    }
    if KINDS.contains(&ending) {
        let has_core = is_covered(core, heard) || is_covered(without_generic(stem), heard);
        return (has_core && is_kind_said(ending, heard))
            || (ending.ends_with(['队', '办']) && is_office_said(stem, whole, heard));
    }
    is_office_said(stem, whole, heard)
}

/// Whether the kind of office was said that an ending tells by itself.
fn is_kind_said<E: Ear>(ending: &str, heard: &Heard<'_, E>) -> bool {
    let ending: Vec<char> = ending.chars().collect();
    heard.has(&ending)
        || alias::places(&ending, heard).is_some_and(|places| !places.is_empty())
        || (ending.len() == 2 && ending[1] == '队' && heard.places_exactly("队").next().is_some())
}

/// Whether an office was said, and not that of another region.
fn is_office_said<E: Ear>(stem: &[char], whole: &[char], heard: &Heard<'_, E>) -> bool {
    let places = office_places(stem, whole, heard);
    !places.is_empty() && !region::is_other(stem, &places, heard)
}

/// Where the kind of an office was said.
fn office_places<E: Ear>(stem: &[char], whole: &[char], heard: &Heard<'_, E>) -> Vec<usize> {
    let kind = without_rank(region::without(stem));
    let local = &whole[stem.len() - kind.len()..];
    let mut places = heard.places_alike(local);
    places.extend(heard.places_of_form(local));
    match alias::places(kind, heard) {
        Some(others) => places.extend(others),
        None if kind.len() >= 2 && is_covered(kind, heard) => {
            places.extend(heard.places_alike(&kind[..2]));
        }
        None => {}
    }
    places
}

/// Whether the name of a firm was said.
fn is_named<E: Ear>(stem: &[char], core: &[char], whole: &[char], heard: &Heard<'_, E>) -> bool {
    let ending = &whole[stem.len()..];
    let local: Vec<char> = core.iter().chain(ending).copied().collect();
    let full = &whole[stem.len() - without_rank(region::without(stem)).len()..];
    if alias::begins(full) && alias::places(full, heard).is_some_and(|places| !places.is_empty()) {
        return true;
    }
    if core.len() < 2 {
        let with_ending: Vec<char> = core.iter().chain(&ending[..1]).copied().collect();
        return heard.has(&with_ending) || !heard.places_of_form(&local).is_empty();
    }
    is_covered(core, heard) || is_covered(stem, heard) || !heard.places_of_form(&local).is_empty()
}

/// Whether a name was said in parts of two characters or more, with nothing between them but what
/// a firm does: 解放路绿阳.
fn is_covered<E: Ear>(name: &[char], heard: &Heard<'_, E>) -> bool {
    // How much of what is covered up to each place was said.
    let mut said: Vec<Option<usize>> = vec![None; name.len() + 1];
    said[0] = Some(0);
    for from in 0..name.len() {
        let Some(before) = said[from] else { continue };
        for trade in TRADES.iter().chain(GENERIC).filter(|word| starts(&name[from..], word)) {
            let to = from + trade.chars().count();
            said[to] = said[to].max(Some(before));
        }
        for to in from + 2..=name.len() {
            let part = &name[from..to];
            if !heard.has(part) {
                break;
            }
            // Two characters sound like something else too easily.
            if to == from + 2 && !heard.has_exactly(part) {
                continue;
            }
            said[to] = said[to].max(Some(before + to - from));
        }
    }
    said[name.len()].is_some_and(|said| said >= 2)
}

/// A name of an office without the rank in front: 市住建局.
fn without_rank(kind: &[char]) -> &[char] {
    let is_rank = kind.len() > 2 && matches!(kind[0], '市' | '区' | '县' | '省' | '镇' | '乡');
    if is_rank && !starts(kind, "市场") && !starts(kind, "市政") && !starts(kind, "市容") {
        &kind[1..]
    } else {
        kind
    }
}

/// A name without the words at its ends that name nothing.
fn without_generic(mut stem: &[char]) -> &[char] {
    loop {
        let last = GENERIC.iter().find(|word| ends(stem, word)).map(|word| word.chars().count());
        let first = GENERIC.iter().find(|word| starts(stem, word)).map(|word| word.chars().count());
        stem = match (last, first) {
            (Some(length), _) => &stem[..stem.len() - length],
            (None, Some(length)) => &stem[length..],
            (None, None) => return stem,
        };
    }
}
