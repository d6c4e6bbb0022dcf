//! The file of villages, which may be long: it is read record by record.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use super::{
    super::{
        gazetteer::{Index, Tree},
        name::{self, Level},
        villages::key,
    },
    bad::{Faults, MOST},
    resolve::{self, Unresolved},
    source::{MARK, unreadable},
    table::{Next, Table},
};

/// The two forms: a town by name or code with a village, or the lines of the statistics, which
/// number towns in another way than the ministry: a village's line follows its town's.
const COLUMNS: [&str; 3] = ["town", "code", "name"];

/// The problems of the file, with the bytes where they are.
#[derive(Default)]
struct Problems {
    told: Vec<(usize, String)>,
    more: usize,
}

impl Problems {
    fn add(&mut self, at: usize, problem: impl Into<String>) {
        match self.told.len() < MOST {
            true => self.told.push((at, problem.into())),
            false => self.more += 1,
        }
    }
}

/// The hashes of the villages' names proper with their towns in the tree.
pub(super) fn read(tree: &Tree, path: &Path, faults: &mut Faults) -> Vec<(u32, Index)> {
    let file = path.display().to_string();
    let (reader, start) = match open(path) {
        Ok(opened) => opened,
        Err(error) => {
            faults.add(&file, 0, unreadable(&error));
            return Vec::new();
        }
    };
    let mut problems = Problems::default();
    let villages = Table::new(reader, &COLUMNS, &COLUMNS[..2])
        .and_then(|table| records(tree, table, start, &mut problems));
    // Lines are counted only if somebody asks for them.
    let lines = lines(path, problems.told.iter().map(|(at, _)| *at)).unwrap_or_default();
    for (nth, (_, problem)) in problems.told.into_iter().enumerate() {
        faults.add(&file, lines.get(nth).copied().unwrap_or(0), problem);
    }
    faults.more(&file, problems.more);
    villages.unwrap_or_else(|problem| {
        faults.add(&file, 1, problem);
        Vec::new()
    })
}

fn records(
    tree: &Tree,
    mut table: Table<BufReader<File>>,
    start: usize,
    problems: &mut Problems,
) -> Result<Vec<(u32, Index)>, String> {
    let coded = table.has(1);
    if coded == table.has(0) {
        return Err("there must be one of town and code; write the header town,name or code,name"
            .to_owned());
    }
    let mut villages = Villages { tree, towns: HashMap::new(), found: Vec::new() };
    while let Some((at, next)) = table.next() {
        let taken = match next {
            Next::Bad(problem) => Err(problem),
            Next::Fields(fields) if fields[2].is_empty() => {
                Err("a village has no name; write it, or remove the line".to_owned())
            }
            Next::Fields(fields) if coded => villages.coded(fields[1], fields[2]),
            Next::Fields(fields) => villages.named(fields[0], fields[2]),
        };
        if let Err(problem) = taken {
            problems.add(start + at, problem);
        }
    }
    Ok(villages.found)
}

/// The villages read so far, with their towns by name or code.
struct Villages<'a> {
    tree: &'a Tree,
    /// `None` for a town that the list has not.
    towns: HashMap<String, Option<Index>>,
    found: Vec<(u32, Index)>,
}

impl Villages<'_> {
    /// Takes a village of a town that is named; an unknown town is a problem once.
    fn named(&mut self, town: &str, village: &str) -> Result<(), String> {
        if !self.towns.contains_key(town) {
            let found = find(self.tree, town);
            self.towns.insert(town.to_owned(), found.as_ref().ok().copied());
            found?;
        }
        self.add(town, village);
        Ok(())
    }

    /// Takes a line of the statistics: a town, or a village of a town that was there.
    fn coded(&mut self, code: &str, name: &str) -> Result<(), String> {
        let digits = code.bytes().all(|digit| digit.is_ascii_digit());
        let (town, village) = match code.len() {
            9 if digits => (code, "000"),
            12 if digits => code.split_at(9),
            _ => return Err(format!("{code:?} is no code of a village; write its 12 digits")),
        };
        if village == "000" {
            self.towns.insert(town.to_owned(), statistical(self.tree, town, name));
        } else if self.towns.contains_key(town) {
            self.add(town, name);
        } else {
            return Err(format!(
                "there is no line of the town {town} before its villages; put one there, such as \
                 \"{town}000,毛坦厂镇\", since the statistics number towns in their own way"
            ));
        }
        Ok(())
    }

    fn add(&mut self, town: &str, village: &str) {
        if let (Some(Some(town)), Some(key)) = (self.towns.get(town), key(village)) {
            self.found.push((key, *town));
        }
    }
}

/// The town of the statistics, by its county's code and its name; they know parks and farms too
/// that are no towns.
fn statistical(tree: &Tree, code: &str, name: &str) -> Option<Index> {
    let county = tree.coded(code[..6].parse().ok()?)?;
    let name = name.strip_suffix("办事处").unwrap_or(name);
    let is_town = |unit: &Index| tree.level(*unit) == Level::Town;
    if let Some(town) = tree.child(Some(county), name).filter(is_town) {
        return Some(town);
    }
    let proper = |name: &str| -> Vec<char> {
        let letters: Vec<char> = name.chars().collect();
        letters[..name::stem(&letters)].to_vec()
    };
    let own = proper(name);
    let same = |town: &&Index| is_town(town) && proper(tree.name(**town)) == own;
    let mut towns = tree.below(county).iter().filter(same);
    towns.next().copied().filter(|_| towns.next().is_none())
}

fn find(tree: &Tree, text: &str) -> Result<Index, String> {
    let is_town = |unit| tree.level(unit) == Level::Town;
    match resolve::unit(tree, text, is_town) {
        Ok(unit) if is_town(unit) => Ok(unit),
        Ok(unit) => Err(format!("{} is no town; name the village's town", tree.path(unit))),
        Err(Unresolved::Several(units)) => {
            Err(format!("the town {text:?} may be {units}; write its code instead"))
        }
        Err(Unresolved::Unknown) => Err(format!(
            "the town {text:?} is unknown; write its code, or names from the top such as \
             \"安徽省/六安市/金安区/毛坦厂镇\", or list it in an own list"
        )),
    }
}

/// The file behind its byte order mark, and where that is.
fn open(path: &Path) -> std::io::Result<(BufReader<File>, usize)> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut mark = [0; MARK.len_utf8()];
    MARK.encode_utf8(&mut mark);
    let start = if reader.fill_buf()?.starts_with(&mark) { mark.len() } else { 0 };
    reader.consume(start);
    Ok((reader, start))
}

/// The lines of bytes of a file, which come in order.
fn lines(path: &Path, places: impl Iterator<Item = usize>) -> std::io::Result<Vec<usize>> {
    let mut places = places.peekable();
    let mut lines = Vec::new();
    if places.peek().is_none() {
        return Ok(lines);
    }
    let mut reader = BufReader::new(File::open(path)?);
    let (mut end, mut text) = (0, Vec::new());
    for line in 1.. {
        text.clear();
        let length = reader.read_until(b'\n', &mut text)?;
        // A place may be that of line ends before what is meant.
        let content = text.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1);
        let ends = end + content;
        end += length;
        while places.next_if(|at| length == 0 || content > 0 && *at < ends).is_some() {
            lines.push(line);
        }
        if length == 0 || places.peek().is_none() {
            break;
        }
    }
    Ok(lines)
}
