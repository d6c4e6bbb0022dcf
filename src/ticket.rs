//! Transcript → checked ticket: the driver of the stages below, which are pure.

mod arbitrate;
pub mod extractive;
mod parse;
mod prompt;
mod transcript;
mod validate;
mod zone;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::{debug, warn};

pub use self::{
    prompt::Prompts,
    transcript::{BadTranscript, Speaker, Transcript, Turn},
    zone::{Method, ZoneCorrection},
};
use crate::{
    balancer::queue::Stage,
    config::{self, Correction},
    dispatch::{Dispatch, Failed, Unfit},
    ollama::{Answer, GenerateRequest},
    place::{self, Alternative, Corrector, Named, Outcome},
};

/// The zone of a ticket when no address was said.
pub const NOT_MENTIONED: &str = "未提及";

/// A checked ticket; the names are those of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// One of the configured types.
    pub ticket_type: String,
    /// The address as said, or 未提及.
    pub ticket_zone: String,
    /// The demand in one sentence.
    pub ticket_title: String,
    /// What was said, in two parts and in the third person.
    pub ticket_content: String,
}

/// The answer of `POST /summarize`.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The ticket, its zone corrected.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// What became of the zone.
    pub zone_correction: ZoneCorrection,
}

/// What all threads share to make tickets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The model and its options.
    pub model: config::Model,
    /// Types and correction.
    pub ticket: config::Ticket,
    /// What corrects the zones.
    pub corrector: Arc<Corrector>,
    prompts: Prompts,
}

impl Settings {
    /// Settings with the prompts that follow from them.
    pub fn new(model: config::Model, ticket: config::Ticket, corrector: Arc<Corrector>) -> Self {
        let prompts = Prompts::new(&ticket.types);
        Self { model, ticket, corrector, prompts }
    }
}

/// How long a ticket that is made waits for the choice of its zone at most; so long did the original.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a model is asked about a zone.
struct Question<'a> {
    zone: &'a str,
    alternatives: Vec<Alternative>,
    /// What the zone lies in if it stays.
    path: Vec<Named>,
    /// How the answer comes about.
    method: Method,
}

/// Makes tickets for one call.
pub struct Tickets<'a> {
    dispatch: &'a Dispatch,
    settings: &'a Settings,
}

impl<'a> Tickets<'a> {
    /// A maker of tickets that calls models through `dispatch`.
    pub fn new(dispatch: &'a Dispatch, settings: &'a Settings) -> Self {
        Self { dispatch, settings }
    }

    /// Makes a ticket of a call, with two model calls at most, before the deadline.
    pub async fn summarize(&self, call: &Transcript, deadline: Instant) -> Result<Summary, Failed> {
        let Prompts { ticket_system, ticket_format, .. } = &self.settings.prompts;
        let prompt = prompt::for_ticket(call);
        let request =
            GenerateRequest::new(&self.settings.model, ticket_system, &prompt, ticket_format);
        let types = &self.settings.ticket.types;
        let judge = |answer: &Answer| {
            validate::ticket(&answer.text, types).map_err(|fault| Unfit {
                repair: Some(prompt::repair(fault.repair())),
                ..Unfit::new(fault.reason())
            })
        };
        let mut ticket = self.dispatch.call(&request, Stage::First, deadline, judge).await?;
        let zone_correction = self.correct(call, &ticket.ticket_zone, deadline).await;
        let reasons: Vec<_> = zone_correction.changes.iter().map(|change| change.reason).collect();
        debug!(method = ?zone_correction.method, ?reasons, "zone looked at");
        ticket.ticket_zone.clone_from(&zone_correction.corrected);
        Ok(Summary { ticket, zone_correction })
    }

    /// Corrects the zone; whatever goes wrong, it stays as it was.
    async fn correct(&self, call: &Transcript, zone: &str, deadline: Instant) -> ZoneCorrection {
        let corrector = &self.settings.corrector;
        let correction = self.settings.ticket.correction;
        if zone::is_none(zone) {
            return ZoneCorrection::no_input(zone);
        }
        if correction == Correction::Never {
            return ZoneCorrection::unchanged(zone);
        }
        let answer = corrector.correct(zone, "");
        let (method, alternatives, path) = match (correction, &answer.outcome) {
            (Correction::Always, _) => {
                let path = if answer.outcome == Outcome::Kept { answer.path } else { Vec::new() };
                (Method::LlmCorrection, corrector.alternatives(zone, ""), path)
            }
            (_, Outcome::Ask { alternatives }) => {
                (Method::Arbitrated, alternatives.clone(), Vec::new())
            }
            (_, Outcome::Kept | Outcome::Corrected { .. }) => {
                return ZoneCorrection::by_gazetteer(zone, answer);
            }
        };
        self.arbitrate(call, Question { zone, alternatives, path, method }, deadline).await
    }

    /// Lets a model choose what a zone means.
    async fn arbitrate(
        &self,
        call: &Transcript,
        question: Question<'_>,
        deadline: Instant,
    ) -> ZoneCorrection {
        let Question { zone, alternatives, path, method } = question;
        let Settings { model, corrector, prompts, .. } = self.settings;
        let home = corrector.home();
        let prompt = arbitrate::prompt(call, home.as_deref(), zone, &alternatives);
        let format = prompt::zone_format(alternatives.len());
        let request = GenerateRequest::new(model, &prompts.zone_system, &prompt, &format);
        // An answer that is no choice means: keep. It is not worth another call.
        let judge = |answer: &Answer| Ok(arbitrate::choice(&answer.text, alternatives.len()));
        let deadline = deadline.min(Instant::now() + PATIENCE);
        match self.dispatch.call(&request, Stage::Begun, deadline, judge).await {
            // Of nothing, anything said chooses nothing.
            Ok(choice) if alternatives.is_empty() || choice == Some(0) => {
                let kept = place::Answer { outcome: Outcome::Kept, path };
                ZoneCorrection::told(zone, kept, method)
            }
            Ok(Some(choice)) => {
                let chosen = corrector.choose(alternatives[choice - 1].clone(), "");
                ZoneCorrection::told(zone, chosen, method)
            }
            Ok(None) => {
                warn!("zone kept: the model's answer is no choice");
                ZoneCorrection::failed(zone, alternatives, "模型未给出有效选择，地名未校正")
            }
            Err(failed) => {
                warn!(reason = %failed, "zone kept: nobody could choose what it means");
                ZoneCorrection::failed(zone, alternatives, zone::reason(&failed))
            }
        }
    }
}
