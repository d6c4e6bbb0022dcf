//! Transcript → checked ticket: the driver of the stages below, which are pure.

pub mod extractive;
mod parse;
mod prompt;
mod transcript;
mod validate;
mod zone;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

pub use self::{
    prompt::Prompts,
    transcript::{BadTranscript, Speaker, Transcript, Turn},
    zone::ZoneCorrection,
};
use crate::{
    balancer::queue::Stage,
    config::{self, Correction},
    dispatch::{Dispatch, Failed},
    ollama::{Answer, GenerateRequest},
    place::Locations,
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
    /// The places that zones are corrected to.
    pub locations: Option<Locations>,
    prompts: Prompts,
}

impl Settings {
    /// Settings with the prompts that follow from them.
    pub fn new(model: config::Model, ticket: config::Ticket, locations: Option<Locations>) -> Self {
        let prompts = Prompts::new(&ticket.types);
        Self { model, ticket, locations, prompts }
    }
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
        let judge = |answer: &Answer| validate::ticket(&answer.text, types);
        let mut ticket = self.dispatch.call(&request, Stage::First, deadline, judge).await?;
        let zone_correction = self.correct(&ticket.ticket_zone, deadline).await;
        ticket.ticket_zone.clone_from(&zone_correction.corrected);
        Ok(Summary { ticket, zone_correction })
    }

    /// Corrects the zone where places are known; whatever goes wrong, the zone stays as it was.
    async fn correct(&self, zone: &str, deadline: Instant) -> ZoneCorrection {
        if zone == NOT_MENTIONED {
            return ZoneCorrection::no_input();
        }
        let wanted = self.settings.ticket.correction != Correction::Never;
        let Some(locations) = self.settings.locations.as_ref().filter(|_| wanted) else {
            return ZoneCorrection::unchanged(zone);
        };
        let entries = locations.meant_by(zone);
        if entries.is_empty() {
            return ZoneCorrection::unchanged(zone);
        }
        let Prompts { zone_system, zone_format, .. } = &self.settings.prompts;
        let prompt = prompt::for_zone(&entries, zone);
        let request = GenerateRequest::new(&self.settings.model, zone_system, &prompt, zone_format);
        let judge = |answer: &Answer| zone::answered(&answer.text);
        match self.dispatch.call(&request, Stage::Begun, deadline, judge).await {
            Ok(answer) => ZoneCorrection::by_model(zone, &answer, &entries),
            Err(failed) => {
                tracing::warn!(reason = %failed, "zone kept: its correction failed");
                ZoneCorrection::failed(zone, &failed)
            }
        }
    }
}
