//! What a Node is told.

use actix::Message;
use tokio::sync::oneshot;

/// Ends the node in order: SIGTERM, the grace, SIGKILL. `done` fires when its process has ended and
/// the rest of its group is killed; it is dropped unfired if the node had ended already.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Stop {
    /// Where the end is reported.
    pub done: oneshot::Sender<()>,
}

/// Kills the node's process group at once. The reply comes when the signal is out.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Kill;
