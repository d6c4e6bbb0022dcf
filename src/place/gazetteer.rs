//! The administrative units of the whole country, their codes, and the questions the search asks.

mod draft;
mod tree;

use std::ops::Range;

use self::draft::Draft;
pub(super) use self::{draft::begins, tree::Tree};
use super::{
    characters::{Characters, Id},
    former::Former,
    name::Level,
    villages::{Evidence, Villages},
    zone::Token,
};

/// How many first characters are compared at once.
const LANES: usize = 32;

/// A unit's place in the list; the list is in preorder.
pub(super) type Index = u32;

/// The national list with the tables that compare names.
pub struct Gazetteer {
    pub(super) characters: Characters,
    pub(super) units: Vec<Unit>,
    /// The first characters of all names, so that most are passed over without a look at the rest.
    firsts: Vec<Id>,
    letters: Vec<Id>,
    aliases: Vec<Alias>,
    /// Provinces and cities.
    tops: Vec<(Index, Id)>,
    /// For each province its cities and counties; empty elsewhere.
    seats: Vec<(Index, Vec<(Index, Id)>)>,
    by_name: Vec<(u32, Index)>,
    by_stem: Vec<(u32, Index)>,
    /// The two characters that several names proper begin with, in order.
    beginnings: Vec<[Id; 2]>,
    /// The city of a location file that names only one.
    pub(super) only_city: Option<Index>,
    /// Names that units bore once.
    former: Former,
    /// Which towns have which villages.
    pub(super) villages: Villages,
}

/// One administrative unit.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) level: Level,
    /// Six digits, nine for towns; a unit of an own list may have none.
    pub(super) code: Option<u32>,
    /// The unit above; its own place for a province.
    pub(super) parent: Index,
    /// Where the units below it end.
    pub(super) end: Index,
    name: (u32, u8),
    stem: u8,
}

/// Another name of a unit: an older one, or a usual spelling of a rare character.
struct Alias {
    unit: Index,
    name: (u32, u8),
}

impl Gazetteer {
    /// The list of 民政部 as of 2025-12-31, as it is compiled into the program.
    pub fn embedded() -> Self {
        let (draft, characters) = national();
        draft.assemble(characters)
    }

    /// How many units the list holds.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether the list holds nothing.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// A unit's level.
    pub(super) fn level(&self, unit: Index) -> Level {
        self.units[unit as usize].level
    }

    /// A unit's name.
    pub(super) fn name(&self, unit: Index) -> &[Id] {
        self.slice(self.units[unit as usize].name)
    }

    /// How many characters of a unit's name are the name proper.
    pub(super) fn stem(&self, unit: Index) -> usize {
        usize::from(self.units[unit as usize].stem)
    }

    /// A unit's name as text.
    pub(super) fn text(&self, unit: Index) -> String {
        self.spell(self.name(unit))
    }

    /// Numbers of characters as text.
    pub(super) fn spell(&self, name: &[Id]) -> String {
        name.iter().map(|id| self.characters.letter(*id)).collect()
    }

    /// Whether `above` is the unit or holds it.
    pub(super) fn holds(&self, above: Index, unit: Index) -> bool {
        (above..self.units[above as usize].end).contains(&unit)
    }

    /// A unit and all below it.
    pub(super) fn within(&self, unit: Index) -> Range<Index> {
        unit..self.units[unit as usize].end
    }

    /// All units below one.
    pub(super) fn below(&self, unit: Index) -> Range<Index> {
        unit + 1..self.units[unit as usize].end
    }

    /// Visits the units that a zone of a city may name below a unit, or first, each with the first
    /// character of its name.
    pub(super) fn candidates(
        &self,
        above: Option<Index>,
        home: Option<Index>,
        mut visit: impl FnMut(Index, Id),
    ) {
        let (seats, whole) = self.reach(above, home);
        seats.iter().for_each(|(unit, first)| visit(*unit, *first));
        let firsts = &self.firsts[whole.start as usize..whole.end as usize];
        whole.zip(firsts).for_each(|(unit, first)| visit(unit, *first));
    }

    /// Visits those of them whose names begin with a character; returns how many were looked at.
    pub(super) fn beginning(
        &self,
        first: Id,
        above: Option<Index>,
        home: Option<Index>,
        mut visit: impl FnMut(Index),
    ) -> usize {
        let (seats, whole) = self.reach(above, home);
        seats.iter().filter(|(_, id)| *id == first).for_each(|(unit, _)| visit(*unit));
        let firsts = &self.firsts[whole.start as usize..whole.end as usize];
        for (units, ids) in whole.step_by(LANES).zip(firsts.chunks(LANES)) {
            // Without a way out the comparisons are made side by side.
            if ids.iter().fold(false, |found, id| found | (*id == first)) {
                let same = (units..).zip(ids).filter(|(_, id)| **id == first);
                same.for_each(|(unit, _)| visit(unit));
            }
        }
        seats.len() + firsts.len()
    }

    /// What a zone of a city may name below a unit, or first: all of home, and of other provinces the
    /// cities and counties.
    fn reach(&self, above: Option<Index>, home: Option<Index>) -> (&[(Index, Id)], Range<Index>) {
        let Some(above) = above else {
            let whole = home.map(|home| match self.level(home) {
                Level::Province | Level::City => self.below(home),
                Level::County | Level::Town => self.within(home),
            });
            return (&self.tops, whole.unwrap_or(0..0));
        };
        let near = home.is_some_and(|home| self.holds(home, above));
        if near || self.level(above) != Level::Province {
            return (&[], self.below(above));
        }
        let seats = self.seats.binary_search_by_key(&above, |(unit, _)| *unit);
        (seats.map_or(&[], |at| &self.seats[at].1[..]), 0..0)
    }

    /// The other names of the units of a range.
    pub(super) fn aliases(&self, units: Range<Index>) -> impl Iterator<Item = (Index, &[Id])> {
        let from = self.aliases.partition_point(|alias| alias.unit < units.start);
        let aliases = self.aliases[from..].iter().take_while(move |a| a.unit < units.end);
        aliases.map(|alias| (alias.unit, self.slice(alias.name)))
    }

    /// The units with this name or alias.
    pub(super) fn named(&self, name: &[Id]) -> impl Iterator<Item = Index> {
        let hash = hash(name.iter().copied());
        let from = self.by_name.partition_point(|(other, _)| *other < hash);
        let same = self.by_name[from..].iter().take_while(move |(other, _)| *other == hash);
        same.map(|(_, unit)| *unit)
    }

    /// The units whose name proper this is.
    pub(super) fn stemmed(&self, stem: &[Id]) -> impl Iterator<Item = Index> {
        let hash = hash(stem.iter().copied());
        let from = self.by_stem.partition_point(|(other, _)| *other < hash);
        let same = self.by_stem[from..].iter().take_while(move |(other, _)| *other == hash);
        same.map(|(_, unit)| *unit)
    }

    /// Whether a city or county once bore what was heard, in the province of `near`, or anywhere.
    pub(super) fn was_named(&self, near: Option<Index>, heard: &[Token]) -> bool {
        let province = near.map(|unit| self.province(unit).unwrap_or_default() / 10_000);
        self.former.bore(self.letters(heard), province)
    }

    /// The code of the province that a unit lies in.
    fn province(&self, unit: Index) -> Option<u32> {
        let mut top = &self.units[unit as usize];
        while self.units[top.parent as usize].level < top.level {
            top = &self.units[top.parent as usize];
        }
        top.code
    }

    /// Whether what was heard is a village of the county that a town lies in.
    pub(super) fn has_village(&self, town: Index, heard: &[Token]) -> bool {
        let county = self.county_with_villages(town);
        county.is_some_and(|county| self.villages.hold(hash(self.letters(heard)), &county))
    }

    /// What the text behind a town's name says of the town.
    pub(super) fn village(&self, town: Index, behind: &[Token]) -> Evidence {
        let Some(county) = self.county_with_villages(town) else { return Evidence::None };
        self.villages.evidence(&self.characters, town, county, behind)
    }

    /// The units of a town's county; none of what is no town, or where no village is known.
    fn county_with_villages(&self, town: Index) -> Option<Range<Index>> {
        let known = !self.villages.is_empty() && self.level(town) == Level::Town;
        known.then(|| self.within(self.units[town as usize].parent))
    }

    /// What was heard, as characters.
    fn letters(&self, heard: &[Token]) -> impl Iterator<Item = char> {
        heard.iter().map(|token| self.characters.letter(token.id))
    }

    /// Whether several names proper begin with two characters.
    pub(super) fn begins(&self, pair: [Id; 2]) -> bool {
        self.beginnings.binary_search(&pair).is_ok()
    }

    /// The unit that a configuration calls the hotline's home, by its full name or its code; of
    /// several the highest, if that is one alone.
    pub(super) fn home(&self, home: &str) -> Option<Index> {
        if let Ok(code) = home.parse::<u32>() {
            let seats = self.seats.iter().flat_map(|(province, seats)| {
                std::iter::once(*province).chain(seats.iter().map(|(seat, _)| *seat))
            });
            return seats.into_iter().find(|seat| self.units[*seat as usize].code == Some(code));
        }
        let name: Vec<Id> = home.chars().map(|letter| self.characters.find(letter)).collect();
        let fits = |unit: &Index| self.level(*unit) < Level::Town && self.name(*unit) == name;
        let mut units: Vec<Index> = self.named(&name).filter(fits).collect();
        units.sort_by_key(|unit| self.level(*unit));
        units.dedup();
        match units[..] {
            [one, other, ..] if self.level(one) == self.level(other) => None,
            [one, ..] => Some(one),
            [] => None,
        }
    }

    fn slice(&self, (start, length): (u32, u8)) -> &[Id] {
        &self.letters[start as usize..start as usize + usize::from(length)]
    }
}

/// The list and the characters that are compiled into the program.
fn national() -> (Draft, Characters) {
    let characters = Characters::read(include_bytes!("../../data/place/characters.bin"));
    (Draft::read(include_bytes!("../../data/place/places.bin")), characters)
}

/// A hash of characters or of their numbers (FNV-1a, by whole characters).
pub(super) fn hash<T>(name: impl IntoIterator<Item = T>) -> u32
where
    u32: From<T>,
{
    let mix = |hash: u32, letter| (hash ^ u32::from(letter)).wrapping_mul(0x0100_0193);
    name.into_iter().fold(0x811c_9dc5, mix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_list_holds_every_unit_with_its_path() {
        let gazetteer = Gazetteer::embedded();
        assert_eq!(gazetteer.len(), 41_934);
        let path = |code: u32| {
            let at =
                gazetteer.units.iter().position(|unit| unit.code == Some(code)).expect("listed");
            let mut at = at as Index;
            let mut path = vec![gazetteer.text(at)];
            while gazetteer.units[at as usize].parent != at {
                at = gazetteer.units[at as usize].parent;
                path.insert(0, gazetteer.text(at));
            }
            path.join("/")
        };
        assert_eq!(path(341_524_113), "安徽省/六安市/金寨县/流波䃥镇");
        assert_eq!(path(120_111), "天津市/西青区");
        assert_eq!(path(429_004), "湖北省/仙桃市");
        assert_eq!(path(441_900_003), "广东省/东莞市/东城街道");
        let home = gazetteer.home("六安市").expect("listed");
        assert_eq!(gazetteer.below(home).count(), 147);
        assert_eq!(gazetteer.home("341500"), Some(home));
        assert_eq!(gazetteer.home("刘安市"), None);
    }

    #[test]
    fn another_name_leads_to_its_unit() {
        let gazetteer = Gazetteer::embedded();
        let find = |name: &str| -> Vec<String> {
            let name: Vec<Id> = name.chars().map(|c| gazetteer.characters.find(c)).collect();
            gazetteer.named(&name).map(|unit| gazetteer.text(unit)).collect()
        };
        assert_eq!(find("流波疃镇"), ["流波䃥镇"]);
        assert_eq!(find("郫县"), ["郫都区"]);
    }
}
