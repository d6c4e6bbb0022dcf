//! The city, district or county in front of an office: 六安市城管局 is the 城管局, 历下区公安局 not
//! the one of 槐荫区.

use super::super::{Ear, heard::Heard};

/// The most characters that a region in front of an office has.
const MOST: usize = 9;

/// Words in front of a rank that name no region: 我们区.
const NO_NAMES: &str = "我们咱本该这那个小某当全各转社城老新市辖郊学片园街";

fn mark(stem: &[char]) -> Option<usize> {
    let is_mark = |at: &usize| {
        let is_word = matches!(stem.get(at + 1), Some('场' | '政' | '容' | '监' | '民'));
        let behind = stem.get(at + 1);
        match stem[*at] {
            '省' | '区' | '县' => true,
            '镇' | '乡' => *at > 0 && behind != Some(&'建') && stem[at - 1] != '城',
            '市' => !is_word && (*at == 0 || stem[at - 1] != '城'),
            _ => false,
        }
    };
    let mark = (0..stem.len().min(MOST)).rev().find(is_mark);
    mark.filter(|mark| *mark + 1 < stem.len())
}

/// What follows the region in front of an office.
pub(super) fn without(stem: &[char]) -> &[char] {
    // 水韵小区物业 is named by what stands in front of 小区.
    match mark(stem) {
        Some(mark) if !stem[..=mark].ends_with(&['小', '区']) => &stem[mark + 1..],
        _ => stem,
    }
}

/// Whether the office was said to be that of another region of the same rank; `places` are where the
/// office was said.
pub(super) fn is_other<E: Ear>(stem: &[char], places: &[usize], heard: &Heard<'_, E>) -> bool {
    let Some(mark) = mark(stem) else { return false };
    let from = mark.saturating_sub(2);
    let region = &stem[from..=mark];
    if region.len() < 2 || heard.has(region) || (region.len() == 3 && heard.has(&region[1..])) {
        return false;
    }
    places.iter().any(|at| {
        let before: Vec<char> = heard.before(*at).take(3).collect();
        let names = before.iter().skip(1).all(|c| c.is_alphabetic() && !NO_NAMES.contains(*c));
        before.len() == 3 && before[0] == stem[mark] && names
    })
}
