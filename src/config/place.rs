//! `[place]`: what is known of the city's place names.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::place::{Auto, BadList, Corrector, Dialect, Files, Gazetteer};

/// Settings of the place names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Place {
    /// The city whose hotline takes the calls, by its full name or its code. Default: the city of
    /// `location_file` if that holds one city, else none.
    pub home: String,
    /// What is corrected without a question. Default `normal`.
    pub auto: Auto,
    /// How the callers speak: the name of a dialect or the sounds that they do not tell apart, such as
    /// `n=l an=ang`. Default: no dialect is favoured.
    pub dialect: String,
    /// Whether 六安市六安市 becomes 六安市. Default true.
    pub collapse_duplicates: bool,
    /// The original's `location.json`: `{"六安市": {"金安区": ["三十铺镇", …]}}`. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_file: Option<PathBuf>,
    /// Own lists, CSV or JSON. Default: none.
    pub lists: Vec<PathBuf>,
    /// Villages, as evidence for their towns. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub villages_file: Option<PathBuf>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            home: String::new(),
            auto: Auto::Normal,
            dialect: String::new(),
            collapse_duplicates: true,
            location_file: None,
            lists: Vec::new(),
            villages_file: None,
        }
    }
}

/// Why no corrector can be made: each key whose value cannot be used, with what is wrong and the remedy.
#[derive(Debug)]
pub struct BadPlace(pub Vec<(&'static str, String)>);

impl fmt::Display for BadPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<_> =
            self.0.iter().map(|(key, message)| format!("{key}: {message}")).collect();
        f.write_str(&told.join("\n"))
    }
}

impl std::error::Error for BadPlace {}

impl Place {
    /// Reads the files and makes the corrector that these settings ask for; takes some 15 ms without
    /// files.
    pub fn corrector(&self) -> Result<Corrector, BadPlace> {
        let bad = |key, message| BadPlace(vec![(key, message)]);
        let gazetteer = Gazetteer::with(&self.files()).map_err(|error| self.bad_list(&error))?;
        let mut corrector =
            Corrector::new(gazetteer).collapsing(self.collapse_duplicates).trusting(self.auto);
        if !self.dialect.is_empty() {
            let dialect = Dialect::read(&self.dialect);
            let dialect = dialect.map_err(|error| bad("place.dialect", error.to_string()))?;
            corrector = corrector.hearing(&dialect);
        }
        if !self.home.is_empty() {
            let at = corrector.at(&self.home);
            corrector = at.map_err(|error| bad("place.home", error.to_string()))?;
        }
        Ok(corrector)
    }

    /// Problems of files, under the keys that name these.
    fn bad_list(&self, error: &BadList) -> BadPlace {
        let among = |file: &Option<PathBuf>, problem: &str| {
            file.as_ref().is_some_and(|file| problem.starts_with(&format!("{}:", file.display())))
        };
        let key = |problem: &String| match problem {
            problem if among(&self.location_file, problem) => "place.location_file",
            problem if among(&self.villages_file, problem) => "place.villages_file",
            _ => "place.lists",
        };
        BadPlace(error.problems().iter().map(|problem| (key(problem), problem.clone())).collect())
    }

    /// The files of own place names.
    pub fn files(&self) -> Files {
        Files {
            location_file: self.location_file.clone(),
            lists: self.lists.clone(),
            villages_file: self.villages_file.clone(),
        }
    }
}
