//! What makes a model's answer a ticket of its call.

use std::cell::{OnceCell, RefCell};

use super::{
    Quality, Settings, Ticket, Transcript, prompt,
    quality::Evidence,
    validate::{self, Fault, SaidLetters},
};
use crate::{
    dispatch::{self, Unfit},
    ollama::{Answer, Stats},
};

/// Judges the answers that are to be a ticket of what was said. One that says more is refused once, with that
/// named; then the better one of both counts.
pub(super) struct Judge<'a> {
    settings: &'a Settings,
    call: &'a Transcript,
    known: OnceCell<Known<'a>>,
    first: RefCell<Option<(Ticket, Quality)>>,
}

/// What all tickets of the call are compared with.
struct Known<'a> {
    evidence: Evidence<'a>,
    letters: SaidLetters,
}

impl<'a> Judge<'a> {
    /// A judge of the tickets of what was said.
    pub(super) fn new(settings: &'a Settings, call: &'a Transcript) -> Self {
        Self { settings, call, known: OnceCell::new(), first: RefCell::default() }
    }

    /// The ticket that was refused, if no other one came in its place.
    pub(super) fn into_first(self) -> Option<(Ticket, Quality)> {
        self.first.into_inner()
    }

    fn known(&self) -> &Known<'a> {
        self.known.get_or_init(|| Known {
            evidence: Evidence::new(self.call, &self.settings.corrector),
            letters: SaidLetters::new(self.call),
        })
    }

    fn ticket(&self, text: &str) -> Result<Ticket, Fault> {
        let ticket = validate::ticket(text, &self.settings.ticket.types)?;
        let copied = self.settings.prompts.guarded.are_in(&ticket, &self.known().letters);
        if copied { Err(Fault::Instructions) } else { Ok(ticket) }
    }
}

impl dispatch::Judge<(Ticket, Quality)> for Judge<'_> {
    fn prepare(&self) {
        self.known();
    }

    fn judge(&self, answer: &Answer) -> Result<(Ticket, Quality), Unfit> {
        let Stats { prompt_tokens, tokens, .. } = answer.stats;
        let context = u64::from(self.settings.model.options.num_ctx);
        if prompt_tokens.unwrap_or_default() + tokens.unwrap_or_default() > context {
            // Ollama then forgets the beginning of the prompt while it writes.
            let reason = "the prompt left no room for the answer";
            return Err(Unfit { too_long: true, blameless: true, ..Unfit::new(reason) });
        }
        let ticket = self.ticket(&answer.text).map_err(|fault| Unfit {
            repair: Some(prompt::repair(fault.repair())),
            ..Unfit::new(fault.reason())
        })?;
        let quality = self.known().evidence.quality(&ticket);
        match self.first.take() {
            None if !quality.grounded => {
                let repair = Some(prompt::repair(&quality.faults()));
                self.first.replace(Some((ticket, quality)));
                let reason = "the ticket says what nobody said";
                Err(Unfit { repair, blameless: true, ..Unfit::new(reason) })
            }
            Some(first) if first.1.ungrounded.len() <= quality.ungrounded.len() => Ok(first),
            _ => Ok((ticket, quality)),
        }
    }
}
