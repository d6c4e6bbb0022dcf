//! The entries of own lists, as CSV or JSON, checked one by one.

use std::{collections::BTreeSet, path::Path};

use super::{
    super::name::Level,
    bad::Faults,
    json,
    resolve::{bad_name, code},
    source::Source,
    table::{Next, Table},
};

/// The fields of an entry.
const FIELDS: [&str; 5] = ["level", "code", "parent", "name", "aliases"];

/// Those that an entry may lack.
const OPTIONAL: [&str; 2] = ["code", "aliases"];

/// One entry that is right by itself.
pub(super) struct Row {
    /// The byte where it begins.
    pub(super) at: usize,
    pub(super) level: Level,
    pub(super) code: Option<u32>,
    pub(super) parent: String,
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
}

const JSON: &str = "the form is [{\"level\": \"town\", \"code\": \"\", \"parent\": \"…\", \
    \"name\": \"…\", \"aliases\": []}, …]";

/// The entries of one file.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) good: Vec<Row>,
    /// Names and codes of entries that are refused: whoever refers to one is not told that too.
    pub(super) refused: BTreeSet<String>,
}

/// A field as it stands, with the byte where it begins.
#[derive(Clone, Default)]
struct Field {
    at: usize,
    text: String,
    /// Whether it is wrong, and that has been told.
    told: bool,
}

/// An entry as it stands.
#[derive(Default)]
struct Raw {
    at: usize,
    level: Field,
    code: Field,
    parent: Field,
    name: Field,
    aliases: Vec<Field>,
}

/// The form of a file by its extension.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Csv,
    Json,
}

impl Form {
    /// `None` for another extension.
    pub(super) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Reads the entries of a file.
pub(super) fn read(source: &Source, form: Form, faults: &mut Faults) -> Rows {
    let raws = match form {
        Form::Csv => read_csv(source, faults),
        Form::Json => read_json(source, faults),
    };
    let mut rows = Rows::default();
    for raw in raws {
        let problems = raw.problems();
        let told = [&raw.level, &raw.code, &raw.parent, &raw.name].iter().any(|field| field.told);
        match raw.row() {
            Some(row) if problems.is_empty() && !told => rows.good.push(row),
            _ => rows.refused.extend([raw.code.text, raw.name.text]),
        }
        for (at, problem) in problems {
            faults.add(&source.file, source.line(at), problem);
        }
    }
    rows
}

fn read_csv(source: &Source, faults: &mut Faults) -> Vec<Raw> {
    let mut table = match Table::new(source.text.as_bytes(), &FIELDS, &OPTIONAL) {
        Ok(table) => table,
        Err(problem) => {
            faults.add(&source.file, source.line(0), problem);
            return Vec::new();
        }
    };
    let mut raws = Vec::new();
    while let Some((at, next)) = table.next() {
        match next {
            Next::Bad(problem) => faults.add(&source.file, source.line(at), problem),
            Next::Fields(fields) => {
                let field = |text: &str| Field { at, text: text.to_owned(), told: false };
                let aliases = fields[4].split(['|', ';', '｜', '；']).map(str::trim);
                let aliases = aliases.filter(|alias| !alias.is_empty()).map(field).collect();
                let [level, code, parent, name] = [0, 1, 2, 3].map(|at| field(fields[at]));
                raws.push(Raw { at, level, code, parent, name, aliases });
            }
        }
    }
    raws
}

fn read_json(source: &Source, faults: &mut Faults) -> Vec<Raw> {
    let Some(root) = json::parse(source, faults) else { return Vec::new() };
    let mut fault = |at: usize, problem: String| faults.add(&source.file, source.line(at), problem);
    let Some(items) = root.items() else {
        fault(root.at, format!("the file is no array; {JSON}"));
        return Vec::new();
    };
    let mut raws = Vec::new();
    for item in items {
        let Some(members) = item.members() else {
            fault(item.at, format!("an entry is no object; {JSON}"));
            continue;
        };
        let mut raw = Raw { at: item.at, ..Raw::default() };
        for field in [&mut raw.level, &mut raw.code, &mut raw.parent, &mut raw.name] {
            field.at = item.at;
        }
        let mut seen = BTreeSet::new();
        for member in members {
            let key = member.key.as_str();
            if !seen.insert(key.to_owned()) {
                fault(member.at, format!("{key:?} stands twice in an entry; remove one"));
            }
            let at = member.value.at;
            let text = || member.value.string().or_else(|| member.value.digits());
            let text = text().map(|text| Field { at, text: text.trim().to_owned(), told: false });
            let no_text = format!("{key:?} is no string; {JSON}");
            let field = match key {
                "level" => &mut raw.level,
                "code" => &mut raw.code,
                "parent" => &mut raw.parent,
                "name" => &mut raw.name,
                "aliases" => {
                    match member.value.items().and_then(aliases) {
                        Some(aliases) => raw.aliases = aliases,
                        None => fault(at, format!("\"aliases\" is no array of strings; {JSON}")),
                    }
                    continue;
                }
                _ => {
                    fault(member.at, format!("there is no field {key:?}; {JSON}"));
                    continue;
                }
            };
            match text {
                Some(text) => *field = text,
                None if member.value.text == "null" => {}
                None => {
                    fault(at, no_text);
                    field.told = true;
                }
            }
        }
        raws.push(raw);
    }
    raws
}

fn aliases(items: Vec<json::Value<'_>>) -> Option<Vec<Field>> {
    let field = |item: json::Value<'_>| {
        let text = item.string()?.trim().to_owned();
        Some(Field { at: item.at, text, told: false })
    };
    items.into_iter().map(field).collect()
}

impl Raw {
    /// What is wrong with the entry by itself, with the places.
    fn problems(&self) -> Vec<(usize, String)> {
        let mut problems = Vec::new();
        let level = level(&self.level.text);
        if level.is_none() && !self.level.told {
            let problem = match self.level.text.as_str() {
                "" => "the level is missing".to_owned(),
                other => format!("{other:?} is no level"),
            };
            problems
                .push((self.level.at, format!("{problem}; use province, city, county or town")));
        }
        let digits = &self.code.text;
        match (code(digits), level) {
            (None, _) if !digits.is_empty() => problems.push((
                self.code.at,
                format!(
                    "{digits:?} is no code; write 6 digits, 9 for a town, or the 12 of a \
                     statistical code that end with 000, or leave it empty"
                ),
            )),
            (Some(code), Some(level)) if !is_of(code, level) => problems.push((
                self.code.at,
                format!(
                    "{digits:?} is no code of a {}; correct the code or the level",
                    word(level)
                ),
            )),
            _ => {}
        }
        let names = std::iter::once(&self.name).chain(&self.aliases);
        let names = names.filter(|name| !name.told);
        problems.extend(names.filter_map(|name| Some((name.at, bad_name(&name.text)?))));
        match (level, self.parent.text.is_empty()) {
            (Some(Level::Province), false) => problems.push((
                self.parent.at,
                format!("a province has no parent; remove {:?}", self.parent.text),
            )),
            (Some(Level::City | Level::County | Level::Town), true)
                if digits.is_empty() && !self.parent.told =>
            {
                let problem =
                    "the parent is missing; write the full name or the code of the unit above";
                problems.push((self.parent.at, problem.to_owned()));
            }
            _ => {}
        }
        problems
    }

    /// The entry, if its level is one.
    fn row(&self) -> Option<Row> {
        Some(Row {
            at: self.at,
            level: level(&self.level.text)?,
            code: code(&self.code.text),
            parent: self.parent.text.clone(),
            name: self.name.text.clone(),
            aliases: self.aliases.iter().map(|alias| alias.text.clone()).collect(),
        })
    }
}

fn level(text: &str) -> Option<Level> {
    match text {
        "province" | "1" | "省级" | "省" => Some(Level::Province),
        "city" | "2" | "地级" | "市" => Some(Level::City),
        "county" | "3" | "县级" | "县" => Some(Level::County),
        "town" | "4" | "乡级" | "乡" => Some(Level::Town),
        _ => None,
    }
}

/// How messages call a level.
pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::Province => "province",
        Level::City => "city",
        Level::County => "county",
        Level::Town => "town",
    }
}

/// Whether a code has the form of a level's: a town's has nine digits, a province's ends with four
/// zeros and a city's with two.
fn is_of(code: u32, level: Level) -> bool {
    match level {
        Level::Province => code < 1_000_000 && code.is_multiple_of(10_000),
        Level::City => code < 1_000_000 && code.is_multiple_of(100) && !code.is_multiple_of(10_000),
        Level::County => code < 1_000_000 && !code.is_multiple_of(100),
        Level::Town => code > 999_999,
    }
}
