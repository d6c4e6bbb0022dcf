//! The driver of a long call: stage by stage its parts are condensed, until the whole fits.

use futures_util::{StreamExt, TryStreamExt, stream::iter};
use tokio::time::Instant;
use tracing::warn;

use super::{Tickets, Transcript, condense, prompt};
use crate::{
    balancer::queue::Stage,
    dispatch::{Failed, Unfit},
    journal::tell,
    ollama::{Answer, GenerateRequest},
};

/// The most rounds; each one saves at least a tenth of a call, or it is given up.
const MOST_ROUNDS: usize = 4;

/// How many parts of a call may be with nodes at once: other callers wait, too.
const AT_ONCE: usize = 2;

impl Tickets<'_> {
    /// The call as short as the context needs it; of its facts the numbers are kept as far as there is
    /// room, and all others as far as the model does what it is told. A part that no model condenses is
    /// condensed by rules.
    pub(super) async fn condensed(
        &self,
        call: &Transcript,
        deadline: Instant,
    ) -> Result<Transcript, Failed> {
        let (model, prompts) = (&self.settings.model, &self.settings.prompts);
        let context = usize::try_from(model.options.num_ctx).unwrap_or(usize::MAX);
        let others = condense::tokens(&prompts.ticket_system)
            .max(condense::tokens(&prompts.condense_system));
        let format = condense::format();
        let condense = async |part: &Transcript, stage: Stage| {
            let prompt = prompt::for_part(part);
            let request = GenerateRequest::new(model, &prompts.condense_system, &prompt, &format);
            let judge = |answer: &Answer| {
                let repair = Some(prompt::repair("没有按要求压缩成更短的turns"));
                condense::answered(&answer.text, part)
                    .ok_or(Unfit { repair, ..Unfit::new("the part of the call is not condensed") })
            };
            if condense::is_short(part) {
                return Ok(part.clone());
            }
            match self.dispatch.call(&request, stage, deadline, &judge).await {
                Err(Failed::Exhausted { attempts, last }) => {
                    warn!(attempts, reason = last, "a part of a long call is condensed by rules");
                    Ok(condense::by_rules(part))
                }
                condensed => condensed,
            }
        };
        let mut call = call.clone();
        let mut stage = Stage::First;
        for round in 1..=MOST_ROUNDS {
            let parts = condense::parts(&call, context, others);
            let [first, rest @ ..] = parts.as_slice() else { break };
            if round > 1 && rest.is_empty() {
                return Ok(call);
            }
            self.dispatch.stage("condense");
            tell!(info: TicketCondensed, round, parts = parts.len(), "a call too long for the context is condensed");
            // The first one waits like any other new call; with its answer the ticket is begun.
            let mut shorter = vec![condense(first, stage).await?];
            stage = Stage::Begun;
            let rest = rest.iter().map(|part| condense(part, stage));
            shorter.extend(iter(rest).buffered(AT_ONCE).try_collect::<Vec<_>>().await?);
            let before = condense::size(&call);
            call = condense::joined(shorter);
            if condense::size(&call) * 10 > before * 9 {
                break;
            }
        }
        match condense::parts(&call, context, others).len() {
            1 => Ok(call),
            _ => Err(Failed::TooLong),
        }
    }
}
