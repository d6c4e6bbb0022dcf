//! The steps of a path: which unit stands where in the zone, and in which form.

use super::{
    align::Fit,
    characters::Id,
    gazetteer::{Gazetteer, Index},
};

/// How a name is written in the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With its rank: 毛坦厂镇.
    Full,
    /// With the last character of a long rank: 延边州.
    Ranked,
    /// Without: 毛坦厂.
    Short,
    /// By another name that the list knows.
    Alias,
}

/// One unit of a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) unit: Index,
    /// Its first token.
    pub(super) from: usize,
    pub(super) form: Form,
    pub(super) fit: Fit,
    /// Whether it repeats the step before.
    pub(super) repeated: bool,
    /// Whether what follows is a road, a village, a building or another rank.
    pub(super) headed: bool,
}

impl Step {
    /// Whether the zone has the name letter by letter.
    pub(super) fn exact(&self) -> bool {
        self.fit.cost == 0
    }

    /// The characters that it puts into the zone.
    pub(super) fn written(&self, gazetteer: &Gazetteer) -> Vec<Id> {
        let name = gazetteer.name(self.unit);
        let stem = gazetteer.stem(self.unit);
        match self.form {
            Form::Full | Form::Alias => name.to_vec(),
            Form::Short => name[..stem].to_vec(),
            Form::Ranked => [&name[..stem], &name[name.len() - 1..]].concat(),
        }
    }
}
