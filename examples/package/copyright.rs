//! The package's copyright file, machine-readable (DEP 5): ticketd, its data, and every crate that is
//! linked into the program, by `cargo metadata`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// ticketd itself and its data.
const HEAD: &str = include_str!("../../packaging/deb/copyright");

/// The licences that a part is taken under, the first one that its authors offer; with the text, or where
/// Debian has it.
const TEXTS: [(&str, &str); 6] = [
    ("Apache-2.0", "On Debian systems the text is in /usr/share/common-licenses/Apache-2.0."),
    ("MIT", include_str!("../../packaging/deb/licences/MIT")),
    ("BSD-3-Clause", include_str!("../../packaging/deb/licences/BSD-3-Clause")),
    ("Unicode-3.0", include_str!("../../packaging/deb/licences/Unicode-3.0")),
    ("Unicode-DFS-2016", include_str!("../../packaging/deb/licences/Unicode-DFS-2016")),
    ("Zlib", include_str!("../../packaging/deb/licences/Zlib")),
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    authors: Vec<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    root: String,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

/// The whole file.
pub(crate) fn of(metadata: &str) -> anyhow::Result<String> {
    let metadata = serde_json::from_str(metadata).context("standard input is no cargo metadata")?;
    let mut text = HEAD.to_owned();
    for package in linked(&metadata) {
        let licence = taken(package.license.as_deref().unwrap_or_default())
            .with_context(|| format!("the licence of {} {}", package.name, package.version))?;
        let holders = holders(package)?.into_iter().collect::<Vec<_>>().join("\n           ");
        let Package { name, version, .. } = package;
        text += &format!(
            "\nFiles: crates/{name}-{version}/*\nCopyright: {holders}\nLicense: {licence}\n"
        );
    }
    for (name, licence) in TEXTS {
        text += &format!("\nLicense: {name}\n");
        for line in licence.trim().lines() {
            let line = line.trim_end();
            text += &format!(" {}\n", if line.is_empty() { "." } else { line });
        }
    }
    Ok(text)
}

/// All crates but this one that end up in the program, by name; no macros and no build scripts.
fn linked(metadata: &Metadata) -> Vec<&Package> {
    let packages: BTreeMap<_, _> = metadata.packages.iter().map(|own| (&own.id, own)).collect();
    let nodes: BTreeMap<_, _> =
        metadata.resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut found = BTreeMap::new();
    let mut open = vec![&metadata.resolve.root];
    while let Some(id) = open.pop() {
        let (Some(package), Some(node)) = (packages.get(id), nodes.get(id)) else { continue };
        let is_macro = |target: &Target| target.kind.iter().any(|kind| kind == "proc-macro");
        if package.targets.iter().any(is_macro)
            || found.insert((&package.name, &package.version), *package).is_some()
        {
            continue;
        }
        let needed = |kind: &DependencyKind| kind.kind.is_none();
        open.extend(
            node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(needed)).map(|dep| &dep.pkg),
        );
    }
    found.into_values().filter(|package| package.id != metadata.resolve.root).collect()
}

/// The licence that is taken of an expression: of alternatives the first one in `TEXTS`.
fn taken(expression: &str) -> anyhow::Result<String> {
    let expression = expression.replace('/', " OR ");
    let mut all = Vec::new();
    for part in expression.split(" AND ") {
        let part = part.trim().trim_matches(['(', ')']);
        let offered: Vec<_> = part.split(" OR ").map(str::trim).collect();
        match TEXTS.iter().find(|(name, _)| offered.contains(name)) {
            Some((name, _)) => all.push(*name),
            None => bail!("{part:?} has no text in packaging/deb/licences"),
        }
    }
    Ok(all.join(" and "))
}

/// Who holds the rights: as the crate's licence files say, else its authors.
fn holders(package: &Package) -> anyhow::Result<BTreeSet<String>> {
    let folder = package.manifest_path.parent().unwrap_or(Path::new("/"));
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if !["LICEN", "COPYING", "COPYRIGHT"].iter().any(|start| name.starts_with(start))
            || !path.is_file()
        {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        found.extend(text.lines().filter_map(holder));
    }
    if found.is_empty() {
        found.extend(package.authors.iter().cloned());
    }
    if found.is_empty() {
        found.insert(format!("the developers of {}", package.name));
    }
    Ok(found)
}

/// The holder that a line of a licence names.
fn holder(line: &str) -> Option<String> {
    let line = line.trim();
    let rest =
        line.strip_prefix("Copyright").or_else(|| line.strip_prefix("copyright"))?.trim_start();
    let sign = ["(c)", "(C)", "©"].iter().find_map(|sign| rest.strip_prefix(sign));
    let rest = sign.unwrap_or(rest).trim().trim_end_matches("All rights reserved.").trim();
    // "Copyright notice", "Copyright [yyyy] [name of copyright owner]" and the like name nobody.
    let names = sign.is_some() || rest.starts_with(|first: char| first.is_ascii_digit());
    (names && !rest.contains("YOUR NAME") && !rest.is_empty()).then(|| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_alternatives_one_is_taken_and_of_conditions_all() {
        let table = [
            ("MIT OR Apache-2.0", "Apache-2.0"),
            ("Unlicense/MIT", "MIT"),
            ("(Apache-2.0 OR MIT) AND BSD-3-Clause", "Apache-2.0 and BSD-3-Clause"),
        ];
        for (expression, expected) in table {
            assert_eq!(taken(expression).expect(expression), expected);
        }
        assert!(taken("GPL-3.0-only").is_err() && taken("").is_err());
    }

    #[test]
    fn lines_of_licences_name_their_holders() {
        let table = [
            ("Copyright (c) 2019 Tokio Contributors", Some("2019 Tokio Contributors")),
            ("  Copyright 2017-NOW Actix Team", Some("2017-NOW Actix Team")),
            ("Copyright © 2020-2024 Unicode, Inc.", Some("2020-2024 Unicode, Inc.")),
            ("Copyright [yyyy] [name of copyright owner]", None),
            ("copyright notice that is included in or attached to the work", None),
            ("The above copyright notice", None),
        ];
        for (line, expected) in table {
            assert_eq!(holder(line).as_deref(), expected, "{line}");
        }
    }
}
