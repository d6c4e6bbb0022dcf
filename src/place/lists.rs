//! The users' own place names: what their files change in the national list.
//!
//! One rule: a file is taken as a whole or refused with all its problems; nothing half-read is used.

mod bad;
mod city;
mod json;
mod own;
mod resolve;
mod row;
mod source;
mod table;
mod villages;

use std::path::PathBuf;

pub use self::bad::BadList;
use self::{bad::Faults, source::Source};
use super::{
    gazetteer::{Gazetteer, Tree},
    villages::Villages,
};

/// The files of own place names; all may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The original's `location.json`: what it says of a city replaces what the country's list says.
    pub location_file: Option<PathBuf>,
    /// Lists of units, as CSV or JSON, that are added to the country's list.
    pub lists: Vec<PathBuf>,
    /// Villages with their towns: evidence for a town, never a name to correct to.
    pub villages_file: Option<PathBuf>,
}

impl Files {
    /// All of them.
    pub fn all(&self) -> Vec<PathBuf> {
        let Self { location_file, lists, villages_file } = self;
        location_file.iter().chain(lists).chain(villages_file).cloned().collect()
    }
}

impl Gazetteer {
    /// The national list with the users' own names.
    pub fn with(files: &Files) -> Result<Self, BadList> {
        if *files == Files::default() {
            return Ok(Self::embedded());
        }
        let mut faults = Faults::default();
        let mut tree = Tree::national();
        let mut cities = Vec::new();
        if let Some(file) = &files.location_file
            && let Some(source) = Source::read(file, &mut faults)
        {
            cities = city::replace(&mut tree, &source, &mut faults);
        }
        // What would only follow from a fault is not told with it.
        let sound = faults.is_empty();
        let lists: Vec<_> =
            files.lists.iter().filter_map(|file| own::list(file, &mut faults)).collect();
        if sound {
            own::apply(&mut tree, &lists, &mut faults);
        }
        let mut villages = Vec::new();
        if let Some(file) = &files.villages_file
            && faults.is_empty()
        {
            villages = villages::read(&tree, file, &mut faults);
        }
        faults.none()?;
        let (mut gazetteer, places) = tree.assemble();
        gazetteer.villages = Villages::new(villages, &places);
        if let [city] = cities[..] {
            gazetteer.only_city = Some(places[city as usize]);
        }
        Ok(gazetteer)
    }
}

#[cfg(test)]
mod tests;
