//! Own lists: units that are added to the country's, and amendments of those that it has.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use super::{
    super::{
        gazetteer::{Index, Tree, begins},
        name::Level,
    },
    bad::Faults,
    resolve::{self, Unresolved},
    row::{Form, Row, Rows, read, word},
    source::Source,
};

/// One file with its entries.
pub(super) struct List {
    source: Source,
    rows: Rows,
}

/// The most units of all lists. A county of tens of thousands would be none, and correction would tire
/// of comparing their names.
const MOST_ROWS: usize = 20_000;

/// Reads a file; `None` after a fault that lets nothing of it be read.
pub(super) fn list(path: &Path, faults: &mut Faults) -> Option<List> {
    let Some(form) = Form::of(path) else {
        let problem = "a list is a .csv or a .json file; rename it, or save it as one of these";
        faults.add(&path.display().to_string(), 0, problem);
        return None;
    };
    let source = Source::read(path, faults)?;
    let rows = read(&source, form, faults);
    Some(List { source, rows })
}

/// Puts the entries of all files into the list, the highest levels first, so that a file may name
/// a unit before the one above it.
pub(super) fn apply(tree: &mut Tree, lists: &[List], faults: &mut Faults) {
    let mut rows: Vec<(usize, &Row)> = Vec::new();
    for (file, list) in lists.iter().enumerate() {
        rows.extend(list.rows.good.iter().map(|row| (file, row)));
    }
    if let Some((file, row)) = rows.get(MOST_ROWS) {
        let source = &lists[*file].source;
        let problem =
            format!("there are more than {MOST_ROWS} units; keep to those of the own city");
        faults.add(&source.file, source.line(row.at), problem);
        return;
    }
    rows.sort_by_key(|(_, row)| row.level);
    let mut refused: HashSet<&str> = HashSet::new();
    let mut seen: HashMap<(usize, Index), usize> = HashMap::new();
    for (file, row) in rows {
        let source = &lists[file].source;
        let line = source.line(row.at);
        let known = |text: &str| {
            let last = text.rsplit('/').next().unwrap_or(text);
            let refused = refused.contains(last);
            refused || lists.iter().any(|list| list.rows.refused.contains(last))
        };
        let problem = match enter(tree, row, &known) {
            Ok(unit) => seen.insert((file, unit), line).map(|first| {
                let path = tree.path(unit);
                format!("{path} is listed twice, first in line {first}; remove one")
            }),
            Err(problem) => {
                refused.insert(&row.name);
                problem
            }
        };
        if let Some(problem) = problem {
            faults.add(&source.file, line, problem);
        }
    }
}

/// The unit of an entry, added or amended; else the problem, none if it was told elsewhere.
fn enter(
    tree: &mut Tree,
    row: &Row,
    refused: &impl Fn(&str) -> bool,
) -> Result<Index, Option<String>> {
    let coded = row.code.and_then(|code| tree.coded(code));
    let above = match (row.level, coded) {
        (Level::Province, _) => None,
        (_, Some(unit)) if row.parent.is_empty() => tree.above(unit),
        _ => Some(parent(tree, row, refused)?),
    };
    let named = tree.child(above, &row.name);
    let unit = match (coded, named) {
        // The statistics number towns in another way: the code alone may be that of any town.
        (Some(coded), None) if !row.aliases.iter().any(|old| tree.is_called(coded, old)) => {
            return wrong(format!(
                "the code is that of {}; if that is its old name, list it as an alias, else \
                 correct or remove the code",
                tree.path(coded)
            ));
        }
        (Some(coded), _) if tree.above(coded) != above => {
            let path = tree.path(coded);
            return wrong(format!("the code is that of {path}; correct the code or the parent"));
        }
        (Some(coded), Some(named)) if coded != named => {
            let (one, other) = (tree.path(coded), tree.path(named));
            return wrong(format!(
                "the code is that of {one}, the name that of {other}; correct one"
            ));
        }
        (Some(unit), _) | (None, Some(unit)) => unit,
        (None, None) => {
            fits(tree, row, above)?;
            tree.add(row.level, row.code, above, &row.name)
        }
    };
    if tree.level(unit) != row.level {
        let (path, level) = (tree.path(unit), word(tree.level(unit)));
        return wrong(format!("{path} is a {level}; correct the level, the code or the name"));
    }
    match (tree.code(unit), row.code) {
        (Some(known), Some(code)) if known != code => {
            return wrong(format!("{} has another code; remove the own one", tree.path(unit)));
        }
        (None, Some(code)) => {
            fits(tree, row, above)?;
            tree.encode(unit, code);
        }
        _ => {}
    }
    tree.rename(unit, &row.name);
    for alias in &row.aliases {
        if let Some(other) = tree.child(above, alias).filter(|other| *other != unit) {
            let path = tree.path(other);
            return wrong(format!("the other name {alias:?} is that of {path}; remove it"));
        }
        tree.also(unit, alias);
    }
    Ok(unit)
}

/// The unit that an entry calls its parent.
fn parent(
    tree: &Tree,
    row: &Row,
    refused: &impl Fn(&str) -> bool,
) -> Result<Index, Option<String>> {
    let name = &row.parent;
    if name.is_empty() {
        let problem = "the parent is missing, and no list has the code; write the unit above";
        return wrong(problem.to_owned());
    }
    let above = |unit: Index| tree.level(unit) < row.level;
    match resolve::unit(tree, name, above) {
        Ok(unit) if above(unit) => Ok(unit),
        Ok(unit) => {
            let (path, level) = (tree.path(unit), word(tree.level(unit)));
            let own = word(row.level);
            wrong(format!(
                "a {own} cannot lie below {path}, a {level}; correct the level or parent"
            ))
        }
        Err(_) if refused(name) => Err(None),
        Err(Unresolved::Several(units)) => {
            wrong(format!("the parent {name:?} may be {units}; write its code instead"))
        }
        Err(Unresolved::Unknown) => wrong(format!(
            "the parent {name:?} is unknown; write its code, its full name, or names from the top \
             such as \"安徽省/六安市\", or list it too"
        )),
    }
}

/// Whether the code of a new unit continues that of the nearest unit above that has one.
fn fits(tree: &Tree, row: &Row, above: Option<Index>) -> Result<(), Option<String>> {
    let Some(code) = row.code else { return Ok(()) };
    let mut above = above;
    while let Some(unit) = above {
        if let Some(begin) = tree.code(unit) {
            return match begins(tree.level(unit), begin, code) {
                true => Ok(()),
                false => wrong(format!(
                    "the code {code} does not continue that of {}; correct the code or the parent",
                    tree.path(unit)
                )),
            };
        }
        above = tree.above(unit);
    }
    Ok(())
}

fn wrong<T>(problem: String) -> Result<T, Option<String>> {
    Err(Some(problem))
}
