//! The original's `location.json`: the places of a city, and which of them a zone could mean.

use std::{collections::BTreeSet, path::Path};

use serde_json::{Map, Value};

use super::{resembles, stem};

/// The most counties that one correction call is given, so that the prompt stays short.
const MOST_COUNTIES: usize = 8;

/// The places of `location.json`, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locations {
    counties: Vec<Entry>,
}

/// One county with its towns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The city.
    pub city: String,
    /// The county or district.
    pub county: String,
    /// Its towns and streets.
    pub towns: Vec<String>,
}

/// Why a file is no `location.json`.
#[derive(Debug, thiserror::Error)]
pub enum BadLocations {
    /// The file cannot be read.
    #[error("{0:?} cannot be read; check the path and the permissions")]
    Unreadable(String, #[source] std::io::Error),
    /// The text is no JSON.
    #[error("{file}:{line}: no valid JSON ({problem}); correct that line")]
    Json {
        /// The file.
        file: String,
        /// The line of the fault.
        line: usize,
        /// The parser's words.
        problem: String,
    },
    /// JSON of another form.
    #[error("{file}: {at} {problem}; the form is {{\"市\": {{\"区县\": [\"乡镇\", …]}}}}")]
    Form {
        /// The file.
        file: String,
        /// The place in the file's tree.
        at: String,
        /// What is wrong there.
        problem: &'static str,
    },
}

impl Locations {
    /// Reads a file.
    pub fn read(file: &Path) -> Result<Self, BadLocations> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .map_err(|error| BadLocations::Unreadable(name.clone(), error))?;
        Self::parse(&name, &text)
    }

    /// Reads a text; `file` is how messages call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, BadLocations> {
        let text = text.trim_start_matches('\u{feff}');
        let tree: Value = serde_json::from_str(text).map_err(|error| BadLocations::Json {
            file: file.to_owned(),
            line: error.line(),
            problem: error.to_string(),
        })?;
        let form = |at: &str, problem| {
            let at = if at.is_empty() { "the file" } else { at }.to_owned();
            BadLocations::Form { file: file.to_owned(), at, problem }
        };
        let mut counties = Vec::new();
        let cities = tree.as_object().ok_or_else(|| form("", "is no object"))?;
        for (city, tree) in cities {
            let tree = tree.as_object().ok_or_else(|| form(city, "is no object of counties"))?;
            for (county, towns) in tree {
                let towns = towns.as_array().ok_or_else(|| form(county, "is no list of towns"))?;
                let towns = towns
                    .iter()
                    .map(|town| town.as_str().map(str::trim).filter(|town| !town.is_empty()))
                    .map(|town| town.map(str::to_owned))
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| form(county, "holds a town that is no name"))?;
                counties.push(Entry { city: city.clone(), county: county.clone(), towns });
            }
        }
        if counties.is_empty() {
            return Err(form("", "names no place"));
        }
        Ok(Self { counties })
    }

    /// The counties that a zone could mean, the likeliest first, at most eight.
    ///
    /// A county counts by its own name and by its towns', exact or misheard. A zone that names no
    /// county but a city gets that city without its counties.
    pub fn meant_by(&self, zone: &str) -> Vec<Entry> {
        let zone: Vec<char> = zone.chars().collect();
        let mut scored: Vec<(u32, &Entry)> = self
            .counties
            .iter()
            .map(|entry| {
                let towns = entry.towns.iter().map(|town| likeness(town, &zone));
                (2 * likeness(&entry.county, &zone) + towns.max().unwrap_or(0), entry)
            })
            .filter(|(score, _)| *score > 0)
            .collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let counties = scored.into_iter().take(MOST_COUNTIES).map(|(_, entry)| entry.clone());
        let counties: Vec<Entry> = counties.collect();
        if !counties.is_empty() {
            return counties;
        }
        let cities: BTreeSet<&String> = self.counties.iter().map(|entry| &entry.city).collect();
        let named = cities.into_iter().filter(|city| likeness(city, &zone) > 0);
        let alone =
            |city: &String| Entry { city: city.clone(), county: String::new(), towns: Vec::new() };
        named.take(MOST_COUNTIES).map(alone).collect()
    }
}

impl Entry {
    /// Every name of the entry: city, county, towns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = [self.city.as_str(), self.county.as_str()];
        own.into_iter().chain(self.towns.iter().map(String::as_str)).filter(|name| !name.is_empty())
    }

    /// The entries in the form of the file, for a prompt.
    pub fn to_json(entries: &[Self]) -> Value {
        let mut cities = Map::new();
        for entry in entries {
            let city = cities.entry(&entry.city).or_insert_with(|| Value::Object(Map::new()));
            if let (Value::Object(counties), false) = (city, entry.county.is_empty()) {
                counties.insert(entry.county.clone(), Value::from(entry.towns.clone()));
            }
        }
        Value::Object(cities)
    }
}

/// How surely a zone holds a name: 3 in full, 2 without its ending, 1 misheard, 0 not at all.
fn likeness(name: &str, zone: &[char]) -> u32 {
    let name: Vec<char> = name.chars().collect();
    if name.is_empty() {
        return 0;
    }
    let stem = stem(&name);
    let holds = |part: &[char]| zone.windows(part.len()).any(|window| window == part);
    if holds(&name) {
        3
    } else if stem.len() > 1 && holds(stem) {
        2
    } else {
        u32::from(zone.windows(name.len()).any(|window| resembles(window, &name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"六安市": {"金安区": ["三十铺镇", "毛坦厂镇"], "裕安区": ["苏埠镇"],
        "舒城县": ["山七镇"], "庐江": []}, "合肥市": {"庐阳区": ["大杨镇"]}}"#;

    fn meant_by(zone: &str) -> Vec<String> {
        let locations = Locations::parse("location.json", FILE).expect("the form is right");
        locations.meant_by(zone).into_iter().map(|entry| entry.city + &entry.county).collect()
    }

    #[test]
    fn a_zone_means_the_counties_whose_names_it_holds_or_mishears() {
        let table: [(&str, &[&str]); 7] = [
            // 金安区 is named; it may be 裕安区 misheard, which is less likely.
            ("六安市金安区三十铺镇水韵东方小区", &["六安市金安区", "六安市裕安区"]),
            ("六安市三十铺镇水韵东方小区", &["六安市金安区"]),
            ("六安市茅坦厂镇", &["六安市金安区"]),
            ("山西镇", &["六安市舒城县"]),
            ("三十铺水韵东方", &["六安市金安区"]),
            ("刘安市水韵东方", &["六安市"]),
            ("水韵东方小区", &[]),
        ];
        for (zone, expected) in table {
            assert_eq!(meant_by(zone), expected, "{zone}");
        }
    }

    #[test]
    fn a_file_of_another_form_is_refused_with_its_place() {
        let table = [
            ("[]", "the file is no object"),
            ("{\"六安市\": []}", "六安市 is no object of counties"),
            ("{\"六安市\": {\"金安区\": {}}}", "金安区 is no list of towns"),
            ("{\"六安市\": {\"金安区\": [7]}}", "金安区 holds a town that is no name"),
            ("{}", "names no place"),
            ("{\n\"六安市\"\n}", "location.json:3:"),
        ];
        for (text, part) in table {
            let message = Locations::parse("location.json", text).expect_err(text).to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn a_prompt_gets_the_entries_in_the_form_of_the_file() {
        let locations = Locations::parse("location.json", FILE).expect("the form is right");
        let entries = locations.meant_by("三十铺镇");
        let json = Entry::to_json(&entries).to_string();
        assert_eq!(json, r#"{"六安市":{"金安区":["三十铺镇","毛坦厂镇"]}}"#);
    }
}
