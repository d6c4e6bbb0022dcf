//! Place names: which places a zone could mean, and which correction of it may be believed.
//!
//! One rule: a zone changes only by characters of a listed name, never by a name that was not said.
//!
//! [`Corrector`] knows the units of the whole country. In reading order: `gazetteer` is the list;
//! `syllable`, `sound`, `dialect` and `characters` say what a heard character may have been;
//! `zone`, `align` and `listen` find the names that may stand at a place of the text; `search` walks
//! down the levels; `decide` and `rivals` say what may be believed; `correct` chooses the answer and
//! `write` writes it; `choose` is for who answers a question. `lists` reads the users' own names;
//! `villages` and `former` are what decides beside names; `find` hears names in running text.

mod align;
mod answer;
mod characters;
mod choose;
mod correct;
mod decide;
mod dialect;
mod evaluate;
mod find;
mod former;
mod gazetteer;
mod listen;
mod lists;
mod name;
mod numbered;
mod rivals;
mod said;
mod search;
mod sound;
mod step;
mod syllable;
mod villages;
mod write;
mod zone;

pub use self::{
    answer::{Alternative, Answer, Change, Named, Outcome, Reason},
    correct::{Auto, Corrector, UnknownHome},
    dialect::{BadMerger, Dialect},
    evaluate::{Case, Evaluation, Figures, Tally},
    find::{Finder, Mention},
    gazetteer::Gazetteer,
    lists::{BadList, Files},
    name::Level,
    said::Said,
};
