//! Transcript → checked ticket: the driver of the stages below, which are pure.

mod arbitrate;
mod check;
mod condense;
pub mod evaluate;
pub mod extractive;
pub mod grounding;
mod judge;
mod long;
pub mod numerals;
pub mod parse;
pub mod prompt;
mod quality;
mod transcript;
mod validate;
mod zone;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::debug;
use utoipa::ToSchema;

use self::judge::Judge;
pub use self::{
    check::{BadCheck, Check, Checked, MOST_CONTENT, MOST_TITLE, MOST_WORK, MOST_ZONE},
    prompt::Prompts,
    quality::Quality,
    transcript::{BadTranscript, Speaker, Transcript, Turn},
    zone::{Method, ZoneCorrection},
};
use crate::{
    balancer::queue::Stage,
    config::{self, BadPrompt, Correction, Fallback, Ungrounded},
    dispatch::{Dispatch, Failed},
    journal::tell,
    ollama::{Answer, GenerateRequest},
    place::{self, Alternative, Corrector, Named, Outcome},
};

/// The zone of a ticket when no address was said.
pub const NOT_MENTIONED: &str = "未提及";

/// A checked ticket; the names are those of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// One of the configured types: 咨询, 求助, 举报 or 投诉, unless `ticket.types` says otherwise.
    #[schema(examples("投诉"))]
    pub ticket_type: String,
    /// The address as said, its place names corrected, or 未提及 if none was said.
    #[schema(examples("六安市三十铺镇水韵东方小区"))]
    pub ticket_zone: String,
    /// The demand in one sentence of about 15 characters.
    #[schema(examples("水韵东方小区地下车库噪音扰民"))]
    pub ticket_title: String,
    /// What was said, in two parts and in the third person.
    #[schema(examples(
        "来电人咨询：小区地下车库噪音扰民，应该提供什么资料反映。 话务员解答内容：已记录并转办。"
    ))]
    pub ticket_content: String,
}

/// The answer of `POST /summarize`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Summary {
    /// The ticket, its zone corrected.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// What became of the zone.
    pub zone_correction: ZoneCorrection,
    /// How far the ticket can be trusted.
    pub quality: Quality,
    /// Whether it is a rule-made draft, because no model could make a ticket in time; else it is not
    /// there.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false, examples(true))]
    pub degraded: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
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
    /// Settings with the prompts that follow from them; reads the file of instructions, if there is one.
    pub fn read(
        model: config::Model,
        ticket: config::Ticket,
        corrector: Arc<Corrector>,
    ) -> Result<Self, BadPrompt> {
        let prompts = Prompts::new(&ticket.types, ticket.prompt()?.as_deref());
        Ok(Self { model, ticket, corrector, prompts })
    }
}

/// What rules make of a call that the hotline of `home` took, the corrector's own one if that is empty.
pub fn draft(call: &Transcript, types: &[String], corrector: &Corrector, home: &str) -> Summary {
    let mut ticket = extractive::draft(call, types, &corrector.finder(home));
    let quality = Quality::of(call, &ticket, corrector);
    let zone_correction = ZoneCorrection::without_model(corrector, &ticket.ticket_zone, home);
    ticket.ticket_zone.clone_from(&zone_correction.corrected);
    Summary { ticket, zone_correction, quality, degraded: true }
}

/// How long a ticket that is made waits for the choice of its zone at most; so long did the original.
const PATIENCE: Duration = Duration::from_secs(30);

/// When the models must be done: a draft, or a first ticket that a second attempt was to mend, still has
/// to reach a caller who leaves at the deadline.
fn before(deadline: Instant) -> Instant {
    const RESERVE: Duration = Duration::from_millis(500);
    let left = deadline.saturating_duration_since(Instant::now());
    deadline - RESERVE.min(left / 20)
}

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

    /// Makes a ticket of a call before the deadline: with two model calls at most, unless it is too long
    /// for the model's context.
    pub async fn summarize(&self, call: &Transcript, deadline: Instant) -> Result<Summary, Failed> {
        // Nobody waits for a batch call: it comes again, and gets a better one.
        let extractive =
            self.settings.ticket.fallback == Fallback::Extractive && !self.dispatch.is_batch();
        match self.by_model(call, before(deadline)).await {
            Err(failed) if extractive && failed.is_of_models() => {
                tell!(warn: TicketDegraded, reason = %failed, "no node made the ticket: it is a rule-made draft");
                Ok(draft(call, &self.settings.ticket.types, &self.settings.corrector, ""))
            }
            made => made,
        }
    }

    async fn by_model(&self, call: &Transcript, deadline: Instant) -> Result<Summary, Failed> {
        let (mut ticket, quality) = match self.ticket(call, call, Stage::First, deadline).await {
            Err(Failed::TooLong) => {
                let shorter = self.condensed(call, deadline).await?;
                let (ticket, quality) = self.ticket(&shorter, call, Stage::Begun, deadline).await?;
                (ticket, Quality { condensed: true, ..quality })
            }
            made => made?,
        };
        if !quality.grounded {
            let facts = quality.ungrounded.len();
            tell!(info: TicketUngrounded, facts, "the ticket says what nobody said");
        }
        if !quality.grounded && self.settings.ticket.ungrounded == Ungrounded::Reject {
            return Err(Failed::Ungrounded);
        }
        let zone_correction = self.correct(call, &ticket.ticket_zone, deadline).await;
        let reasons: Vec<_> = zone_correction.changes.iter().map(|change| change.reason).collect();
        debug!(method = ?zone_correction.method, ?reasons, "zone looked at");
        ticket.ticket_zone.clone_from(&zone_correction.corrected);
        Ok(Summary { ticket, zone_correction, quality, degraded: false })
    }

    /// The ticket that a model makes of a call, as far as that fits the context, compared with what was
    /// `said`. One that says more is asked for once more with that named; the better one of both counts.
    async fn ticket(
        &self,
        call: &Transcript,
        said: &Transcript,
        stage: Stage,
        deadline: Instant,
    ) -> Result<(Ticket, Quality), Failed> {
        let Settings { model, prompts, .. } = self.settings;
        let prompt = prompt::for_ticket(call);
        let context = u64::from(model.options.num_ctx);
        // Half of the most that it may need is what no tokeniser does with less.
        let least = condense::tokens(&prompts.ticket_system) + condense::tokens(&prompt);
        if least as u64 / 2 > context {
            return Err(Failed::TooLong);
        }
        let request =
            GenerateRequest::new(model, &prompts.ticket_system, &prompt, &prompts.ticket_format);
        let judge = Judge::new(self.settings, said);
        self.dispatch.stage("ticket");
        match self.dispatch.call(&request, stage, deadline, &judge).await {
            Err(failed) if !failed.is_shutdown() => judge.into_first().ok_or(failed),
            made => made,
        }
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
        self.dispatch.stage("zone");
        match self.dispatch.call(&request, Stage::Begun, deadline, &judge).await {
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
                tell!(warn: ZoneKept, "zone kept: the model's answer is no choice");
                ZoneCorrection::failed(zone, alternatives, "模型未给出有效选择，地名未校正")
            }
            Err(failed) => {
                tell!(warn: ZoneKept, reason = %failed, "zone kept: nobody could choose what it means");
                ZoneCorrection::failed(zone, alternatives, zone::reason(&failed))
            }
        }
    }
}
