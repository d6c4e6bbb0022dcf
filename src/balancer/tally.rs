//! What became of the calls of one node since it came. Pure.

use std::collections::HashMap;

use super::{Measured, Outcome};

/// Counts that only grow, apart from the rules: nobody decides by them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    ended: HashMap<Outcome, u64>,
    /// The tokens of the prompts of answered calls, as the node counted them.
    pub prompt_tokens: u64,
    /// The tokens of their answers.
    pub answer_tokens: u64,
}

impl Tally {
    /// Takes note of a call that ended, with what it showed if it was answered.
    pub fn count(&mut self, outcome: Outcome, measured: Option<&Measured>) {
        *self.ended.entry(outcome).or_default() += 1;
        if let Some(Measured { prompt_tokens, tokens, .. }) = measured {
            self.prompt_tokens += prompt_tokens.unwrap_or_default();
            self.answer_tokens += tokens.unwrap_or_default();
        }
    }

    /// How many calls ended like this.
    pub fn ended(&self, outcome: Outcome) -> u64 {
        self.ended.get(&outcome).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_counted_and_only_what_a_node_counted_itself_are_tokens() {
        let measured =
            Measured { prompt_tokens: Some(900), tokens: Some(80), ..Measured::default() };
        let mut tally = Tally::default();
        tally.count(Outcome::Answered, Some(&measured));
        tally.count(Outcome::Answered, Some(&Measured { prompt_tokens: None, ..measured }));
        tally.count(Outcome::Stalled, None);
        let ended: Vec<_> = Outcome::ALL.map(|outcome| tally.ended(outcome)).into();
        assert_eq!(ended, [2, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!((tally.prompt_tokens, tally.answer_tokens), (900, 160));
    }
}
