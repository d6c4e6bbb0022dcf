//! How unlike two Mandarin syllables sound to a recogniser, from the places where they are made.
//!
//! Nothing here knows a place name or a list of observed mistakes: initials are compared by place,
//! manner and aspiration, rimes by medial, nucleus and coda.

use super::{
    dialect::Dialect,
    syllable::{Initial, Manner, Place, Rime, Syllable},
};

/// The distance of two sounds that the dialect does not tell apart.
const MERGED: u8 = 1;

/// The distance above which two syllables have nothing in common.
pub(super) const UNLIKE: u8 = 62;

/// How unlike each syllable sounds to each, row by row: 0 for the same, at most [`UNLIKE`].
pub(super) fn distances(syllables: &[Syllable], dialect: &Dialect) -> Vec<u8> {
    let mut initials = Vec::new();
    let mut rimes = Vec::new();
    let parts: Vec<(usize, usize, usize)> = syllables
        .iter()
        .map(|syllable| {
            let plain = place(&mut rimes, syllable.rime);
            let rounded = place(&mut rimes, rounded(&syllable.rime));
            (place(&mut initials, syllable.initial), plain, rounded)
        })
        .collect();
    let initial = |a: usize, b: usize| match dialect.merges_initials(&initials[a], &initials[b]) {
        true => MERGED,
        false => between_initials(&initials[a], &initials[b]),
    };
    let rime = |a: usize, b: usize| match dialect.merges_rimes(&rimes[a], &rimes[b]) {
        true => MERGED,
        false => between_rimes(&rimes[a], &rimes[b]),
    };
    let between_initials = table(initials.len(), initial);
    let between_rimes = table(rimes.len(), rime);
    // 方 and 荒: the lips of an f are the u of a hu.
    let lips = |initial: usize| initials[initial].letters == "f";
    let open = |initial: usize| matches!(initials[initial].letters, "h" | "");
    let mut all = Vec::with_capacity(syllables.len() * syllables.len());
    for (a, plain_a, rounded_a) in &parts {
        for (b, plain_b, rounded_b) in &parts {
            let mut rime = between_rimes[plain_a * rimes.len() + plain_b];
            if lips(*a) && open(*b) {
                rime = rime.min(between_rimes[rounded_a * rimes.len() + plain_b]);
            } else if open(*a) && lips(*b) {
                rime = rime.min(between_rimes[plain_a * rimes.len() + rounded_b]);
            }
            all.push(between_initials[a * initials.len() + b].saturating_add(rime).min(UNLIKE));
        }
    }
    all
}

/// The place of a part in the list of parts, which it joins if it is new.
fn place<T: PartialEq>(parts: &mut Vec<T>, part: T) -> usize {
    parts.iter().position(|other| *other == part).unwrap_or_else(|| {
        parts.push(part);
        parts.len() - 1
    })
}

fn table(count: usize, between: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    (0..count * count).map(|at| between(at / count, at % count)).collect()
}

fn rounded(rime: &Rime) -> Rime {
    match rime.medial {
        b' ' => Rime { medial: b'u', ..*rime },
        _ => *rime,
    }
}

fn between_initials(a: &Initial, b: &Initial) -> u8 {
    if a == b {
        return 0;
    }
    let pair =
        |x: &str, y: &str| (a.letters == x && b.letters == y) || (a.letters == y && b.letters == x);
    // Mergers of whole dialects, and the neighbours of a missing initial.
    let known = [
        ("f", "h", 6),
        ("r", "l", 9),
        ("n", "r", 16),
        ("m", "n", 16),
        ("h", "", 14),
        ("r", "", 12),
        ("n", "", 16),
        ("m", "", 18),
        ("l", "", 20),
        ("f", "", 16),
        ("g", "", 22),
        ("k", "", 22),
        ("j", "", 22),
        ("q", "", 22),
        ("x", "", 20),
    ];
    if let Some((_, _, distance)) = known.iter().find(|(x, y, _)| pair(x, y)) {
        return *distance;
    }
    let breath = match (a.manner, b.manner) {
        (Manner::Stop | Manner::Affricate, Manner::Stop | Manner::Affricate) => {
            if a.aspirated == b.aspirated { 0 } else { 11 }
        }
        (Manner::Stop | Manner::Affricate, Manner::Fricative) => 3 * u8::from(!a.aspirated),
        (Manner::Fricative, Manner::Stop | Manner::Affricate) => 3 * u8::from(!b.aspirated),
        _ => 0,
    };
    between_places(a.place, b.place) + between_manners(a.manner, b.manner) + breath
}

fn between_places(a: Place, b: Place) -> u8 {
    use Place as P;
    match (a, b) {
        _ if a == b => 0,
        (P::Dental, P::Retroflex) | (P::Retroflex, P::Dental) => 5,
        (P::Dental | P::Retroflex, P::Palatal) | (P::Palatal, P::Dental | P::Retroflex) => 12,
        (P::Palatal, P::Velar) | (P::Velar, P::Palatal) => 14,
        (P::Alveolar, P::Dental) | (P::Dental, P::Alveolar) => 14,
        (P::Alveolar, P::Retroflex | P::Palatal) | (P::Retroflex | P::Palatal, P::Alveolar) => 16,
        (P::Alveolar, P::Velar | P::Labial) | (P::Velar | P::Labial, P::Alveolar) => 20,
        (P::Labial, P::Velar) | (P::Velar, P::Labial) => 20,
        (P::Nowhere, _) | (_, P::Nowhere) => 28,
        _ => 24,
    }
}

fn between_manners(a: Manner, b: Manner) -> u8 {
    use Manner as M;
    match (a, b) {
        _ if a == b => 0,
        (M::Nasal, M::Lateral) | (M::Lateral, M::Nasal) => 5,
        (M::Stop, M::Affricate) | (M::Affricate, M::Stop) => 8,
        (M::Affricate, M::Fricative) | (M::Fricative, M::Affricate) => 12,
        (M::Stop, M::Fricative) | (M::Fricative, M::Stop) => 14,
        (M::Fricative, M::Approximant) | (M::Approximant, M::Fricative) => 12,
        (M::Stop, M::Nasal | M::Lateral) | (M::Nasal | M::Lateral, M::Stop) => 16,
        _ => 18,
    }
}

fn between_rimes(a: &Rime, b: &Rime) -> u8 {
    if a == b {
        return 0;
    }
    let either = |x: [u8; 3], y: [u8; 3]| {
        let (a, b) = ([a.medial, a.nucleus, a.coda], [b.medial, b.nucleus, b.coda]);
        (a == x && b == y) || (a == y && b == x)
    };
    // Neighbours that the sum below would put too far apart.
    let known: [([u8; 3], [u8; 3], u8); 10] = [
        (*b"uu ", *b" ou", 14),
        (*b"uu ", *b"uo ", 14),
        (*b"uo ", *b" e ", 12),
        (*b"vvn", *b"iin", 8),
        (*b"vv ", *b"ii ", 8),
        (*b" y ", *b"ii ", 10),
        (*b"uu ", *b"vv ", 16),
        (*b" y ", *b" e ", 14),
        (*b"uog", *b" eg", 10),
        (*b"iou", *b"uu ", 14),
    ];
    if let Some((_, _, distance)) = known.iter().find(|(x, y, _)| either(*x, *y)) {
        return *distance;
    }
    between_medials(a.medial, b.medial)
        + between_nuclei(a.nucleus, b.nucleus)
        + between_codas(a.coda, b.coda)
}

fn between_medials(a: u8, b: u8) -> u8 {
    match (a, b) {
        _ if a == b => 0,
        (b'i', b'v') | (b'v', b'i') => 8,
        (b' ', b'u') | (b'u', b' ') => 10,
        (b'u', b'v') | (b'v', b'u') => 14,
        (b' ', b'i') | (b'i', b' ') => 14,
        _ => 18,
    }
}

fn between_nuclei(a: u8, b: u8) -> u8 {
    match (a, b) {
        _ if a == b => 0,
        (b'e', b'o') | (b'o', b'e') => 6,
        (b'e', b'i') | (b'i', b'e') => 8,
        (b'e', b'r') | (b'r', b'e') => 8,
        (b'i', b'v') | (b'v', b'i') => 6,
        (b'e', b'v') | (b'v', b'e') => 10,
        (b'o', b'u') | (b'u', b'o') => 10,
        (b'a', b'e') | (b'e', b'a') => 14,
        (b'a', b'o') | (b'o', b'a') => 14,
        (b'a', b'i') | (b'i', b'a') => 18,
        (b'r', b'a') | (b'a', b'r') => 16,
        _ => 22,
    }
}

fn between_codas(a: u8, b: u8) -> u8 {
    match (a, b) {
        _ if a == b => 0,
        (b'n', b'g') | (b'g', b'n') => 5,
        (b' ', _) | (_, b' ') => 18,
        _ => 24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: &str, b: &str) -> u8 {
        distances(&[Syllable::parse(a), Syllable::parse(b)], &Dialect::default())[1]
    }

    #[test]
    fn what_whole_dialects_merge_is_nearer_than_what_one_slip_confuses() {
        let merged = [
            ("nan", "lan"),
            ("zhang", "zang"),
            ("chen", "cen"),
            ("shan", "san"),
            ("an", "ang"),
            ("sen", "seng"),
            ("xin", "xing"),
            ("fu", "hu"),
            ("fang", "huang"),
            ("ren", "len"),
            ("lv", "li"),
        ];
        let slips =
            [("ba", "pa"), ("ge", "ke"), ("qiao", "xiao"), ("chuan", "chan"), ("tou", "tao")];
        let far = [("zhang", "wang"), ("li", "bao"), ("tian", "hu")];
        for (a, b) in merged {
            assert!((1..=10).contains(&distance(a, b)), "{a} {b} {}", distance(a, b));
        }
        for (a, b) in slips {
            assert!((10..=20).contains(&distance(a, b)), "{a} {b} {}", distance(a, b));
        }
        for (a, b) in far {
            assert!(distance(a, b) > 35, "{a} {b} {}", distance(a, b));
        }
    }

    #[test]
    fn a_syllable_written_with_y_or_w_is_one_without_an_initial() {
        for (a, b) in [("yan", "wan"), ("yu", "yi"), ("wang", "huang"), ("yong", "xiong")] {
            assert!(distance(a, b) < 25, "{a} {b} {}", distance(a, b));
        }
        assert_eq!(distance("yue", "yue"), 0);
    }

    #[test]
    fn every_distance_is_the_same_both_ways() {
        let all = ["a", "yi", "wu", "yu", "zhi", "ci", "er", "fang", "huang", "lve", "jiong", "hm"];
        for a in all {
            for b in all {
                assert_eq!(distance(a, b), distance(b, a), "{a} {b}");
                assert_eq!(distance(a, b) == 0, a == b, "{a} {b}");
            }
        }
    }
}
