//! Mandarin syllables as their parts: initial, medial, nucleus and coda.

/// Where an initial is made; nowhere if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Labial,
    Alveolar,
    Dental,
    Retroflex,
    Palatal,
    Velar,
    Nowhere,
}

/// How an initial is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Stop,
    Affricate,
    Fricative,
    Nasal,
    Lateral,
    Approximant,
    Silent,
}

/// An initial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Initial {
    pub(super) letters: &'static str,
    pub(super) place: Place,
    pub(super) manner: Manner,
    pub(super) aspirated: bool,
}

/// A rime: the glide before the vowel, the vowel, and what ends the syllable; `v` is ü, `y` the
/// vowel of 子 and 之, `r` the one of 二, a blank is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rime {
    pub(super) medial: u8,
    pub(super) nucleus: u8,
    pub(super) coda: u8,
}

/// One syllable without its tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syllable {
    pub(super) initial: Initial,
    pub(super) rime: Rime,
}

const fn made(letters: &'static str, place: Place, manner: Manner, aspirated: bool) -> Initial {
    Initial { letters, place, manner, aspirated }
}

const INITIALS: [Initial; 21] = {
    use {Manner as M, Place as P};
    [
        made("zh", P::Retroflex, M::Affricate, false),
        made("ch", P::Retroflex, M::Affricate, true),
        made("sh", P::Retroflex, M::Fricative, false),
        made("b", P::Labial, M::Stop, false),
        made("p", P::Labial, M::Stop, true),
        made("m", P::Labial, M::Nasal, false),
        made("f", P::Labial, M::Fricative, false),
        made("d", P::Alveolar, M::Stop, false),
        made("t", P::Alveolar, M::Stop, true),
        made("n", P::Alveolar, M::Nasal, false),
        made("l", P::Alveolar, M::Lateral, false),
        made("g", P::Velar, M::Stop, false),
        made("k", P::Velar, M::Stop, true),
        made("h", P::Velar, M::Fricative, false),
        made("j", P::Palatal, M::Affricate, false),
        made("q", P::Palatal, M::Affricate, true),
        made("x", P::Palatal, M::Fricative, false),
        made("r", P::Retroflex, M::Approximant, false),
        made("z", P::Dental, M::Affricate, false),
        made("c", P::Dental, M::Affricate, true),
        made("s", P::Dental, M::Fricative, false),
    ]
};

const SILENT: Initial = made("", Place::Nowhere, Manner::Silent, false);

/// Rimes as they are written, each with medial, nucleus and coda (`g` is ng).
const RIMES: [(&str, &[u8; 3]); 35] = [
    ("a", b" a "),
    ("o", b"uo "),
    ("e", b" e "),
    ("ai", b" ai"),
    ("ei", b" ei"),
    ("ao", b" au"),
    ("ou", b" ou"),
    ("an", b" an"),
    ("en", b" en"),
    ("ang", b" ag"),
    ("eng", b" eg"),
    ("ong", b"uog"),
    ("i", b"ii "),
    ("ia", b"ia "),
    ("ie", b"ie "),
    ("iao", b"iau"),
    ("iu", b"iou"),
    ("ian", b"ian"),
    ("in", b"iin"),
    ("iang", b"iag"),
    ("ing", b"iig"),
    ("iong", b"vog"),
    ("u", b"uu "),
    ("ua", b"ua "),
    ("uo", b"uo "),
    ("uai", b"uai"),
    ("ui", b"uei"),
    ("uan", b"uan"),
    ("un", b"uen"),
    ("uang", b"uag"),
    ("v", b"vv "),
    ("ve", b"ve "),
    ("van", b"van"),
    ("vn", b"vvn"),
    ("er", b" r "),
];

impl Syllable {
    /// Reads a syllable in pinyin without tone, ü as `v`; what is none gets a rime like no other.
    pub(super) fn parse(text: &str) -> Self {
        let (initial, rest) = match text.as_bytes() {
            [b'y', ..] => (SILENT, after_y(text)),
            [b'w', ..] => (SILENT, after_w(text)),
            _ => {
                let initial = INITIALS.into_iter().find(|i| text.starts_with(i.letters));
                let initial = initial.unwrap_or(SILENT);
                (initial, text[initial.letters.len()..].to_owned())
            }
        };
        let rest = match (initial.place, rest.as_str()) {
            (Place::Palatal, rest) if rest.starts_with('u') => rest.replacen('u', "v", 1),
            (_, rest) => rest.to_owned(),
        };
        if rest == "i" && matches!(initial.place, Place::Dental | Place::Retroflex) {
            return Self { initial, rime: Rime { medial: b' ', nucleus: b'y', coda: b' ' } };
        }
        let none = Rime { medial: b'?', nucleus: b'?', coda: b'?' };
        Self { initial, rime: rime(&rest).unwrap_or(none) }
    }
}

/// An initial by its letters; none by no letters.
pub(super) fn initial(letters: &str) -> Option<Initial> {
    match letters {
        "" => Some(SILENT),
        _ => INITIALS.into_iter().find(|initial| initial.letters == letters),
    }
}

/// A rime by its letters.
pub(super) fn rime(letters: &str) -> Option<Rime> {
    let written = RIMES.iter().find(|(written, _)| *written == letters);
    let [medial, nucleus, coda] = *written?.1;
    Some(Rime { medial, nucleus, coda })
}

/// The rime of a syllable written with y.
fn after_y(text: &str) -> String {
    let rest = &text[1..];
    match rest {
        "u" | "ue" | "uan" | "un" => rest.replacen('u', "v", 1),
        "ou" => "iu".to_owned(),
        "i" | "in" | "ing" => rest.to_owned(),
        _ => format!("i{rest}"),
    }
}

/// The rime of a syllable written with w.
fn after_w(text: &str) -> String {
    match &text[1..] {
        "u" => "u".to_owned(),
        "ei" => "ui".to_owned(),
        "en" => "un".to_owned(),
        "eng" => "ong".to_owned(),
        rest => format!("u{rest}"),
    }
}
