//! The list while own names are put into it: names as text, units in any order.

use std::collections::HashMap;

use super::{
    super::{
        characters::Characters,
        name::Level,
        zone::{Numerals, written_out},
    },
    Alias, Gazetteer, Index,
    draft::{Draft, Drafted},
    national,
};

/// The national list as a tree that can be changed.
pub(in crate::place) struct Tree {
    characters: Characters,
    nodes: Vec<Node>,
    tops: Vec<Index>,
    by_name: HashMap<String, Vec<Index>>,
    by_code: HashMap<u32, Index>,
}

/// One unit.
struct Node {
    level: Level,
    code: Option<u32>,
    above: Option<Index>,
    name: String,
    aliases: Vec<String>,
    below: Vec<Index>,
    gone: bool,
}

impl Tree {
    /// The list that is compiled into the program.
    pub(in crate::place) fn national() -> Self {
        let (draft, characters) = national();
        let count = draft.units.len();
        let mut tree = Self {
            characters,
            nodes: Vec::with_capacity(count),
            tops: Vec::new(),
            by_name: HashMap::with_capacity(count),
            by_code: HashMap::with_capacity(count),
        };
        for unit in &draft.units {
            let name = tree.spell(&draft, unit.name);
            tree.add(unit.level, unit.code, unit.above, &name);
        }
        for alias in &draft.aliases {
            let name = tree.spell(&draft, alias.name);
            tree.also(alias.unit, &name);
        }
        tree
    }

    fn spell(&self, draft: &Draft, (start, length): (u32, u8)) -> String {
        let ids = &draft.letters[start as usize..start as usize + usize::from(length)];
        ids.iter().map(|id| self.characters.letter(*id)).collect()
    }

    /// Adds a unit below another one.
    pub(in crate::place) fn add(
        &mut self,
        level: Level,
        code: Option<u32>,
        above: Option<Index>,
        name: &str,
    ) -> Index {
        let at = self.nodes.len() as Index;
        let (name, aliases, below) = (name.to_owned(), Vec::new(), Vec::new());
        self.by_name.entry(name.clone()).or_default().push(at);
        self.nodes.push(Node { level, code: None, above, name, aliases, below, gone: false });
        self.siblings(above).push(at);
        if let Some(code) = code {
            self.encode(at, code);
        }
        at
    }

    /// Gives a unit its code.
    pub(in crate::place) fn encode(&mut self, unit: Index, code: u32) {
        self.nodes[unit as usize].code = Some(code);
        self.by_code.insert(code, unit);
    }

    /// Gives a unit one more name.
    pub(in crate::place) fn also(&mut self, unit: Index, name: &str) {
        if !self.is_called(unit, name) {
            self.nodes[unit as usize].aliases.push(name.to_owned());
            self.by_name.entry(name.to_owned()).or_default().push(unit);
        }
    }

    /// Gives a unit another name; the one it had stays as one of the others.
    pub(in crate::place) fn rename(&mut self, unit: Index, name: &str) {
        self.also(unit, name);
        let node = &mut self.nodes[unit as usize];
        if node.name != name {
            node.aliases.retain(|alias| alias != name);
            let old = std::mem::replace(&mut node.name, name.to_owned());
            node.aliases.push(old);
        }
    }

    /// Takes a unit out with all below it.
    pub(in crate::place) fn remove(&mut self, unit: Index) {
        for below in std::mem::take(&mut self.nodes[unit as usize].below) {
            self.remove(below);
        }
        let node = &mut self.nodes[unit as usize];
        node.gone = true;
        let above = node.above;
        if let Some(code) = node.code.filter(|code| self.by_code.get(code) == Some(&unit)) {
            self.by_code.remove(&code);
        }
        self.siblings(above).retain(|other| *other != unit);
    }

    /// The units directly below one.
    pub(in crate::place) fn below(&self, unit: Index) -> &[Index] {
        &self.nodes[unit as usize].below
    }

    /// The unit of a name, also another one, directly below one or at the top.
    pub(in crate::place) fn child(&self, above: Option<Index>, name: &str) -> Option<Index> {
        let units = self.by_name.get(name)?.iter().copied();
        let mut units = units.filter(|unit| {
            let node = &self.nodes[*unit as usize];
            !node.gone && node.above == above
        });
        let first = units.clone().next();
        units.find(|unit| self.name(*unit) == name).or(first)
    }

    /// A unit's level.
    pub(in crate::place) fn level(&self, unit: Index) -> Level {
        self.nodes[unit as usize].level
    }

    /// A unit's code.
    pub(in crate::place) fn code(&self, unit: Index) -> Option<u32> {
        self.nodes[unit as usize].code
    }

    /// The unit above.
    pub(in crate::place) fn above(&self, unit: Index) -> Option<Index> {
        self.nodes[unit as usize].above
    }

    /// A unit's name.
    pub(in crate::place) fn name(&self, unit: Index) -> &str {
        &self.nodes[unit as usize].name
    }

    /// A unit's other names.
    pub(in crate::place) fn aliases(&self, unit: Index) -> &[String] {
        &self.nodes[unit as usize].aliases
    }

    /// Whether this is a unit's name or one of its others.
    pub(in crate::place) fn is_called(&self, unit: Index, name: &str) -> bool {
        self.name(unit) == name || self.aliases(unit).iter().any(|alias| alias == name)
    }

    /// The unit with a code.
    pub(in crate::place) fn coded(&self, code: u32) -> Option<Index> {
        self.by_code.get(&code).copied()
    }

    /// The units with a full name; if there are none, those with it as another name.
    pub(in crate::place) fn called(&self, name: &str) -> Vec<Index> {
        let units = self.by_name.get(name).into_iter().flatten().copied();
        let units: Vec<Index> = units.filter(|unit| !self.nodes[*unit as usize].gone).collect();
        let full: Vec<Index> =
            units.iter().copied().filter(|unit| self.name(*unit) == name).collect();
        if full.is_empty() { units } else { full }
    }

    /// The names from the top down to a unit, with its code: 安徽省/六安市 (341500).
    pub(in crate::place) fn path(&self, unit: Index) -> String {
        let mut names = vec![self.name(unit)];
        let mut at = unit;
        while let Some(above) = self.above(at) {
            names.push(self.name(above));
            at = above;
        }
        names.reverse();
        let code = self.code(unit).map(|code| format!(" ({code})")).unwrap_or_default();
        names.join("/") + &code
    }

    /// Puts the list in order; the second value tells where the units are in it.
    pub(in crate::place) fn assemble(mut self) -> (Gazetteer, Vec<Index>) {
        let mut draft = Draft::default();
        let mut places = vec![Index::MAX; self.nodes.len()];
        let mut next: Vec<Index> = self.tops.iter().rev().copied().collect();
        while let Some(unit) = next.pop() {
            let at = draft.units.len() as Index;
            places[unit as usize] = at;
            let node = &self.nodes[unit as usize];
            next.extend(node.below.iter().rev());
            let above = node.above.map(|above| places[above as usize]);
            let name = enter(&mut self.characters, &mut draft, &node.name);
            draft.units.push(Drafted { level: node.level, code: node.code, above, name });
            // Zones are read with their digits written out.
            let names = std::iter::once(&node.name).chain(&node.aliases);
            let said = names.flat_map(|name| {
                let ways = [Numerals::Counted, Numerals::Spelled];
                ways.into_iter().filter_map(|way| written_out(name, way))
            });
            for alias in node.aliases.iter().cloned().chain(said) {
                let name = enter(&mut self.characters, &mut draft, &alias);
                draft.aliases.push(Alias { unit: at, name });
            }
        }
        (draft.assemble(self.characters), places)
    }

    fn siblings(&mut self, above: Option<Index>) -> &mut Vec<Index> {
        match above {
            Some(above) => &mut self.nodes[above as usize].below,
            None => &mut self.tops,
        }
    }
}

/// Writes a name with the numbers of its characters.
fn enter(characters: &mut Characters, draft: &mut Draft, name: &str) -> (u32, u8) {
    let start = draft.letters.len();
    draft.letters.extend(name.chars().map(|letter| characters.number(letter)));
    (start as u32, (draft.letters.len() - start) as u8)
}
