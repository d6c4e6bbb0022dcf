//! The driver of a long call: stage by stage its parts are condensed, until the whole fits.

use futures_util::future::try_join_all;
use tokio::time::Instant;
use tracing::info;

use super::{Tickets, Transcript, condense, prompt};
use crate::{
    balancer::queue::Stage,
    dispatch::{Failed, Unfit},
    ollama::{Answer, GenerateRequest},
};

/// The most stages; each one at least halves a call, or it is given up.
const MOST_STAGES: usize = 4;

impl Tickets<'_> {
    /// The call as short as the context needs it; all of its facts are kept, as far as the model does
    /// what it is told.
    pub(super) async fn condensed(
        &self,
        call: &Transcript,
        deadline: Instant,
    ) -> Result<Transcript, Failed> {
        let (model, prompts) = (&self.settings.model, &self.settings.prompts);
        let context = usize::try_from(model.options.num_ctx).unwrap_or(usize::MAX);
        let others = condense::tokens(&prompts.ticket_system)
            .max(condense::tokens(&prompts.condense_system));
        let mut call = call.clone();
        for stage in 1..=MOST_STAGES {
            let parts = condense::parts(&call, context, others);
            if stage > 1 && parts.len() == 1 {
                return Ok(call);
            }
            self.dispatch.stage("condense");
            info!(stage, parts = parts.len(), "a call too long for the context is condensed");
            let format = condense::format();
            let shorter = parts.iter().map(async |part| {
                let prompt = prompt::for_part(part);
                let request =
                    GenerateRequest::new(model, &prompts.condense_system, &prompt, &format);
                let judge = |answer: &Answer| {
                    let repair = Some(prompt::repair("没有按要求压缩成更短的turns"));
                    condense::answered(&answer.text, part).ok_or(Unfit {
                        repair,
                        ..Unfit::new("the part of the call is not condensed")
                    })
                };
                self.dispatch.call(&request, Stage::Begun, deadline, judge).await
            });
            let before = condense::size(&call);
            call = condense::joined(try_join_all(shorter).await?);
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
