//! How handlers ask actors: never longer than a moment.

use std::time::Duration;

use actix::{Actor, Addr, Context, Handler, MailboxError, Message};
use tokio::time::timeout;

use super::error::ApiError;

/// How long an actor may take; it answers in microseconds unless it is wedged.
const WAIT: Duration = Duration::from_secs(2);

/// Asks an actor that lives as long as the service.
pub(super) async fn ask<A, M>(actor: &Addr<A>, message: M) -> Result<M::Result, ApiError>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    ask_mortal(actor, message).await?.map_err(|_| ApiError::Internal)
}

/// Asks an actor that may have ended meanwhile.
pub(super) async fn ask_mortal<A, M>(
    actor: &Addr<A>,
    message: M,
) -> Result<Result<M::Result, MailboxError>, ApiError>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    timeout(WAIT, actor.send(message)).await.map_err(|_| ApiError::Internal)
}
