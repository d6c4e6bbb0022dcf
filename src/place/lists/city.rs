//! The original's `location.json`: `{city: {county: [towns]}}` in place of what the national list
//! says of these cities.

use std::collections::BTreeMap;

use super::{
    super::{
        gazetteer::{Index, Tree},
        name::{self, Level},
    },
    bad::Faults,
    json::{self, Value},
    resolve::{self, Unresolved},
    source::Source,
};

const FORM: &str = "the form is {\"市\": {\"区县\": [\"乡镇\", …]}}";

/// What says that towns stand directly below the city, as the city's own name does.
const DIRECT: &str = "市辖区";

/// One city of the file.
pub(super) struct City {
    name: String,
    at: usize,
    counties: Vec<County>,
}

/// One county with the names of its towns.
struct County {
    name: String,
    at: usize,
    towns: Vec<String>,
}

/// A unit that the national list had below the city.
struct Old {
    unit: Index,
    above: Option<Index>,
    level: Level,
    code: Option<u32>,
    names: Vec<String>,
    taken: bool,
}

/// Replaces the cities of a file; gives their units.
pub(super) fn replace(tree: &mut Tree, source: &Source, faults: &mut Faults) -> Vec<Index> {
    let mut cities: Vec<Index> = Vec::new();
    for city in read(source, faults) {
        let line = source.line(city.at);
        match find(tree, &city.name) {
            Ok(unit) if cities.contains(&unit) => {
                let problem = format!("{:?} is listed twice; merge the two", city.name);
                faults.add(&source.file, line, problem);
            }
            Ok(unit) => {
                refill(tree, unit, city, source, faults);
                cities.push(unit);
            }
            Err(problem) => faults.add(&source.file, line, problem),
        }
    }
    cities
}

/// The city of a key: a prefecture, a municipality, or a county with a hotline of its own.
fn find(tree: &Tree, name: &str) -> Result<Index, String> {
    let municipality =
        |unit| tree.level(unit) == Level::Province && tree.name(unit).ends_with('市');
    let is_city = |unit| tree.level(unit) == Level::City || municipality(unit);
    let may_be = |unit| is_city(unit) || tree.level(unit) == Level::County;
    let cities = |unit| if resolve::code(name).is_some() { may_be(unit) } else { is_city(unit) };
    let counties = |found| match found {
        Err(Unresolved::Several(_)) => resolve::unit(tree, name, may_be),
        other => other,
    };
    match counties(resolve::unit(tree, name, cities)) {
        Ok(unit) if may_be(unit) => Ok(unit),
        Ok(unit) => Err(format!("{name:?} is {}, no city; name its cities", tree.path(unit))),
        Err(Unresolved::Several(units)) => {
            Err(format!("{name:?} may be {units}; write the code instead of the name"))
        }
        Err(Unresolved::Unknown) => Err(format!(
            "the national list has no city {name:?}; write its full name, such as \"六安市\", or its code"
        )),
    }
}

/// Puts what the file says below a city, with the codes of the units that were there.
fn refill(tree: &mut Tree, city: Index, file: City, source: &Source, faults: &mut Faults) {
    let is_county = tree.level(city) == Level::County;
    let direct = |tree: &Tree, name: &str| name == DIRECT || tree.is_called(city, name);
    let mut old = olds(tree, city);
    let mut counties: Vec<(Option<usize>, County)> = Vec::new();
    for county in file.counties {
        if is_county && !county.towns.is_empty() && !direct(tree, &county.name) {
            let problem = format!(
                "{} is a county and holds no county {:?}; list its towns under {DIRECT:?}",
                tree.path(city),
                county.name
            );
            faults.add(&source.file, source.line(county.at), problem);
        }
        let shares = |other: &County| other.towns.iter().any(|town| county.towns.contains(town));
        let other = counties.iter().map(|(_, other): &(_, County)| other);
        let other = other.filter(|other| direct(tree, &other.name)).find(|other| shares(other));
        if let Some(other) = other.filter(|_| direct(tree, &county.name)) {
            let problem = format!(
                "{:?} and {:?} mean the same and share a town; merge them",
                other.name, county.name
            );
            faults.add(&source.file, source.line(county.at), problem);
        }
        let known = match direct(tree, &county.name) {
            true => None,
            false => take(&mut old, &county.name, |old| old.above == Some(city)),
        };
        counties.push((known, county));
    }
    // Towns are first looked for where they were, then where the whole city has only one.
    let mut towns: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for anywhere in [false, true] {
        for (at, (known, county)) in counties.iter().enumerate() {
            let above = known.map_or(city, |known| old[known].unit);
            for (nth, town) in county.towns.iter().enumerate() {
                let fits =
                    |old: &Old| old.level == Level::Town && (anywhere || old.above == Some(above));
                if !towns.contains_key(&(at, nth))
                    && let Some(known) = take(&mut old, town, fits)
                {
                    towns.insert((at, nth), known);
                }
            }
        }
    }
    for unit in tree.below(city).to_vec() {
        tree.remove(unit);
    }
    for (at, (known, county)) in counties.iter().enumerate() {
        let above = if direct(tree, &county.name) {
            city
        } else {
            let known = known.map(|known| &old[known]);
            let town = is_county || known.is_some_and(|old| old.level == Level::Town);
            let level = if town && county.towns.is_empty() { Level::Town } else { Level::County };
            put(tree, city, level, known.filter(|old| old.level == level), &county.name)
        };
        for (nth, town) in county.towns.iter().enumerate() {
            let known = towns.get(&(at, nth)).map(|known| &old[*known]);
            put(tree, above, Level::Town, known, town);
        }
    }
}

/// Adds a unit; one that was known keeps its code and its other names.
fn put(tree: &mut Tree, above: Index, level: Level, known: Option<&Old>, name: &str) -> Index {
    let bare = known.is_some_and(|old| !old.names.iter().any(|own| own == name));
    let full = known.filter(|_| bare).map_or(name, |old| &old.names[0]);
    let unit = tree.add(level, known.and_then(|old| old.code), Some(above), full);
    for other in known.iter().flat_map(|old| &old.names) {
        tree.also(unit, other);
    }
    unit
}

/// All units below a city.
fn olds(tree: &Tree, city: Index) -> Vec<Old> {
    let mut all = Vec::new();
    let mut next = tree.below(city).to_vec();
    while let Some(unit) = next.pop() {
        next.extend(tree.below(unit));
        let names =
            std::iter::once(tree.name(unit)).chain(tree.aliases(unit).iter().map(String::as_str));
        let names = names.map(str::to_owned).collect();
        let (level, code, above) = (tree.level(unit), tree.code(unit), tree.above(unit));
        all.push(Old { unit, above, level, code, names, taken: false });
    }
    all
}

/// The unit that a name of the file means, by its full name, by another one, or without its rank;
/// of several none.
fn take(olds: &mut [Old], name: &str, fits: impl Fn(&Old) -> bool) -> Option<usize> {
    let full = |old: &Old| old.names[0] == name;
    let other = |old: &Old| old.names.iter().any(|other| other == name);
    let bare = |old: &Old| is_bare(&old.names[0], name);
    let ways: [&dyn Fn(&Old) -> bool; 3] = [&full, &other, &bare];
    for way in ways {
        let found = olds.iter().enumerate().filter(|(_, old)| !old.taken && fits(old) && way(old));
        let found: Vec<usize> = found.map(|(at, _)| at).collect();
        if let [at] = found[..] {
            olds[at].taken = true;
            return Some(at);
        } else if !found.is_empty() {
            return None;
        }
    }
    None
}

/// Whether a name is another one without its rank: 金安 of 金安区.
fn is_bare(full: &str, name: &str) -> bool {
    let letters: Vec<char> = full.chars().collect();
    let stem = name::stem(&letters);
    stem > 1 && stem < letters.len() && letters[..stem].iter().copied().eq(name.chars())
}

/// The cities of the file as they stand.
pub(super) fn read(source: &Source, faults: &mut Faults) -> Vec<City> {
    let Some(root) = json::parse(source, faults) else { return Vec::new() };
    let mut cities = Vec::new();
    for (name, at, value) in members(root, "the file", bad_city, source, faults) {
        let mut counties = Vec::new();
        for (county, at, value) in
            members(value, &format!("{name:?}"), resolve::bad_name, source, faults)
        {
            let towns = towns(&county, value, source, faults);
            counties.push(County { name: county, at, towns });
        }
        cities.push(City { name, at, counties });
    }
    cities
}

/// The members of an object: at least one, each once and with a name.
fn members<'a>(
    value: Value<'a>,
    what: &str,
    bad: fn(&str) -> Option<String>,
    source: &Source,
    faults: &mut Faults,
) -> Vec<(String, usize, Value<'a>)> {
    let Some(members) = value.members() else {
        faults.add(&source.file, source.line(value.at), format!("{what} is no object; {FORM}"));
        return Vec::new();
    };
    if members.is_empty() {
        faults.add(&source.file, source.line(value.at), format!("{what} names no place; {FORM}"));
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut named = Vec::new();
    for member in members {
        let name = member.key.trim().to_owned();
        if accept(&name, member.at, bad, &mut seen, source, faults) {
            named.push((name, member.at, member.value));
        }
    }
    named
}

fn towns(county: &str, value: Value<'_>, source: &Source, faults: &mut Faults) -> Vec<String> {
    let Some(items) = value.items() else {
        let problem = format!("{county:?} is no list of towns; {FORM}");
        faults.add(&source.file, source.line(value.at), problem);
        return Vec::new();
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut named = Vec::new();
    for item in items {
        match item.string() {
            None => {
                let problem = format!("{county:?} holds a town that is no string; {FORM}");
                faults.add(&source.file, source.line(item.at), problem);
            }
            Some(town) => {
                let town = town.trim().to_owned();
                if accept(&town, item.at, resolve::bad_name, &mut seen, source, faults) {
                    named.push(town);
                }
            }
        }
    }
    named
}

/// What keeps a text from being a city's name, path or code.
fn bad_city(name: &str) -> Option<String> {
    match resolve::code(name) {
        Some(_) => None,
        None => name.split('/').find_map(resolve::bad_name),
    }
}

/// Whether a text is a name that was not there before; else a fault is noted.
fn accept(
    name: &str,
    at: usize,
    bad: fn(&str) -> Option<String>,
    seen: &mut BTreeMap<String, usize>,
    source: &Source,
    faults: &mut Faults,
) -> bool {
    let line = source.line(at);
    let problem = match seen.get(name) {
        Some(first) => Some(format!("{name:?} is listed twice, first in line {first}; remove one")),
        None => bad(name),
    };
    seen.entry(name.to_owned()).or_insert(line);
    match problem {
        Some(problem) => {
            faults.add(&source.file, line, problem);
            false
        }
        None => true,
    }
}

#[cfg(test)]
mod tests;
