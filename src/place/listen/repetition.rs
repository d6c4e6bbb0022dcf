//! Names that stand twice: 六安市六安市, 石店镇是店镇.

use super::{
    super::{
        align::{self, Fit},
        step::{Form, Step},
    },
    Listener, allowed,
};

/// What a repeated name may cost at most: so much for each character of its stem, and once.
const MOST: (u16, u16) = (18, 4);

/// How a name may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Letter by letter.
    Exact,
    /// Misheard, too.
    Near,
}

impl Listener<'_> {
    /// The unit of the last step once more, in full.
    pub(super) fn repetition(
        &mut self,
        above: Option<Step>,
        at: usize,
        heard: Heard,
        found: &mut Vec<Step>,
    ) {
        let Some(above) = above.filter(|step| !step.repeated && step.form != Form::Alias) else {
            return;
        };
        let name = self.gazetteer.name(above.unit);
        let (stem, rank) = name.split_at(self.gazetteer.stem(above.unit));
        let most = match heard {
            Heard::Near if above.exact() => allowed(MOST, stem.len()),
            Heard::Near | Heard::Exact => 0,
        };
        let fit = align::stem(&mut self.ears, at, stem, most)
            .and_then(|fit| fit.ranked(&mut self.ears, rank))
            .filter(|fit| fit.cost <= most && self.same_rank(fit, rank));
        // 高店镇高店镇社区 is a community in its town.
        let below = |fit: &Fit| {
            ["村", "社区", "居委", "街", "路"]
                .iter()
                .any(|head| self.rest(fit.to).starts_with(head))
        };
        if let Some(fit) = fit.filter(|fit| !below(fit)) {
            let (unit, form) = (above.unit, Form::Full);
            found.push(Step { unit, from: at, form, fit, repeated: true, headed: false });
        }
    }
}
