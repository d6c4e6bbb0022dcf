//! One layer of the configuration: a table, and where each of its keys was written.
//!
//! Each layer is checked alone against the sections' types, because only here the place of a fault
//! is known: the merge keeps no lines.

use std::{collections::BTreeMap, ops::Range};

use serde::Serialize;
use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{Config, invalid::Invalid};

/// A checked layer.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// What the layer sets.
    pub(super) table: Table,
    /// The origin of each dotted key that it sets.
    pub(super) origins: BTreeMap<String, String>,
}

impl Layer {
    /// Reads a TOML file's text; `name` is how messages call the file.
    pub(super) fn from_toml(name: &str, text: &str) -> Result<Self, Invalid> {
        let at = |offset: usize| format!("{name}:{}", line_of(text, offset));
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let origin = at(error.span().map_or(0, |span| span.start));
                let key = key_before(text, error.span().map_or(0, |span| span.start));
                let message = format!(
                    "not valid TOML ({}); correct this line: every key stands once, text in quotes, \
                     lists in brackets",
                    error.message().replace('\n', " ")
                );
                return Err(Invalid::one(origin, &key, message));
            }
        };
        let mut keys = Vec::new();
        collect(document.get_ref(), "", &mut keys);
        let table = match toml::from_str::<Config>(text) {
            Ok(_) => toml::from_str::<Table>(text).expect("it was parsed as a table just now"),
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let key = Key::at(&keys, start);
                return Err(Invalid::one(at(start), &key, explain(&key, error.message())));
            }
        };
        let origins = keys.into_iter().map(|key| (key.path, at(key.name.start))).collect();
        Ok(Self { table, origins })
    }

    /// Sets one key from outside a file. A text that is no TOML value stands for itself, so that
    /// variables need no quotes; where a list is wanted, commas part its items.
    pub(super) fn set_text(&mut self, key: &str, text: &str, origin: &str) -> Result<(), Invalid> {
        let parsed = toml::from_str::<Table>(&format!("value = {text}"))
            .ok()
            .and_then(|mut table| table.remove("value"));
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let readings = [
            parsed,
            Some(Value::String(text.to_owned())),
            Some(Value::Array(items.clone().map(Value::from).collect())),
            items
                .map(|item| item.parse().map(Value::Integer).ok())
                .collect::<Option<_>>()
                .map(Value::Array),
        ];
        let mut first_error = None;
        for value in readings.into_iter().flatten() {
            match nested(key, value.clone()).try_into::<Config>() {
                Ok(_) => return self.set(key, value, origin),
                Err(error) => first_error.get_or_insert(error),
            };
        }
        let message = first_error.map_or_else(String::new, |error| error.message().to_owned());
        Err(Invalid::one(origin, key, explain(key, &message)))
    }

    /// Sets one key to a value of the right type.
    pub(super) fn set(
        &mut self,
        key: &str,
        value: impl Serialize,
        origin: &str,
    ) -> Result<(), Invalid> {
        let value =
            Value::try_from(value).map_err(|error| Invalid::one(origin, key, error.to_string()))?;
        let (path, name) = key.rsplit_once('.').unwrap_or(("", key));
        let mut table = &mut self.table;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let entry = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = entry else {
                return Err(Invalid::one(origin, key, format!("`{part}` is no section")));
            };
            table = inner;
        }
        table.insert(name.to_owned(), value);
        self.origins.insert(key.to_owned(), origin.to_owned());
        Ok(())
    }
}

/// A key as it stands in a file.
struct Key {
    path: String,
    name: Range<usize>,
    value: Range<usize>,
}

impl Key {
    /// The dotted path of what stands at an offset: a key's name, else the innermost value.
    fn at(keys: &[Self], offset: usize) -> String {
        let named = keys.iter().find(|key| key.name.contains(&offset));
        let inside = || keys.iter().rfind(|key| key.value.contains(&offset));
        named.or_else(inside).map_or_else(String::new, |key| key.path.clone())
    }
}

/// Lists every key below a table, outer before inner.
fn collect(table: &DeTable, prefix: &str, keys: &mut Vec<Key>) {
    for (name, value) in table {
        let dot = if prefix.is_empty() { "" } else { "." };
        let path = format!("{prefix}{dot}{}", name.get_ref());
        collect_value(path, name.span(), value, keys);
    }
}

fn collect_value(path: String, name: Range<usize>, value: &Spanned<DeValue>, keys: &mut Vec<Key>) {
    keys.push(Key { path: path.clone(), name, value: value.span() });
    match value.get_ref() {
        DeValue::Table(inner) => collect(inner, &path, keys),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_value(format!("{path}[{index}]"), item.span(), item, keys);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

/// A table that holds one value under a dotted key.
fn nested(key: &str, value: Value) -> Table {
    let (mut value, mut table) = (value, Table::new());
    for part in key.rsplit('.') {
        table = Table::from_iter([(part.to_owned(), value)]);
        value = Value::Table(table.clone());
    }
    table
}

/// The 1-based line of an offset.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The key that the line of a syntax error begins with, as far as one can be read.
fn key_before(text: &str, offset: usize) -> String {
    let line = text.lines().nth(line_of(text, offset) - 1).unwrap_or_default();
    let name = line.split('=').next().unwrap_or_default().trim();
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let section = text[..offset.min(text.len())]
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix('[')?.trim_start_matches('[').split(']').next());
    match (section, plain) {
        (Some(section), true) => format!("{section}.{name}"),
        (None, true) => name.to_owned(),
        (Some(section), false) => section.to_owned(),
        (None, false) => String::new(),
    }
}

/// Puts a deserialiser's words into a message with a remedy: the known keys, or the default as an
/// example of the right form.
fn explain(key: &str, message: &str) -> String {
    let message = message.replace('\n', " ");
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let known = rest.split_once(", expected ").map_or("", |(_, known)| known);
        let known = known.trim_start_matches("one of ");
        return format!("unknown key; remove it or use one of {known}");
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("{field} is missing; add it");
    }
    if key.starts_with("nodes.endpoints") && !message.starts_with("invalid") {
        return message;
    }
    let defaults = Table::try_from(Config::default()).expect("the defaults are a table");
    let plain = key.split('[').next().unwrap_or(key);
    let default =
        plain.split('.').try_fold(&Value::Table(defaults), |value, part| value.get(part)).cloned();
    match default {
        Some(Value::Table(_)) | None => {
            format!("{message}; see the key in the shipped config.toml")
        }
        Some(value) => {
            let name = plain.rsplit('.').next().unwrap_or(plain);
            format!("{message}; write it like the default, {name} = {value}")
        }
    }
}
