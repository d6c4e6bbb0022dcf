//! Waiting until a node has become what was asked for.

use std::time::Duration;

use anyhow::bail;
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use crate::{
    cli::{answers::Node, control::Control, plain::plain, say, table},
    config::duration,
};

/// The time between two looks at the node.
const POLL: Duration = Duration::from_millis(200);

/// What a node shall become.
#[derive(Debug)]
pub(super) enum Goal {
    /// In service.
    Ready,
    /// In service, and not as it was before.
    ReadyAnew { before: Stretch },
    /// Stopped.
    Stopped,
    /// No more listed.
    Gone,
}

/// The time of one process in one state.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    state: String,
    since: String,
    pid: Option<u32>,
    restarts: u64,
}

impl From<&Node> for Stretch {
    fn from(node: &Node) -> Self {
        let Node { state, since, pid, restarts, .. } = node;
        Self { state: state.clone(), since: since.clone(), pid: *pid, restarts: *restarts }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Wait,
    Done,
    /// It will not come about without a person.
    Failed,
}

impl Goal {
    /// What a node's state means for the goal. A state that is not known may still change.
    fn judge(&self, node: &Node) -> Verdict {
        match self {
            Self::ReadyAnew { before } if *before == Stretch::from(node) => Verdict::Wait,
            Self::Ready | Self::ReadyAnew { .. } => match node.state.as_str() {
                "ready" => Verdict::Done,
                "crash-looping" | "model-missing" | "no-gpu" => Verdict::Failed,
                _ => Verdict::Wait,
            },
            Self::Stopped if node.state == "stopped" => Verdict::Done,
            // Somebody has resumed it.
            Self::Stopped if node.state == "ready" => Verdict::Failed,
            Self::Stopped | Self::Gone => Verdict::Wait,
        }
    }
}

/// Looks at a node until the goal is reached, and prints each change of its state.
pub(super) async fn settle(
    control: &Control,
    mut node: Node,
    goal: &Goal,
    limit: Duration,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + limit;
    let mut polls = interval(POLL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        match goal.judge(&node) {
            Verdict::Done => return Ok(()),
            Verdict::Failed => {
                let standing = || table::standing(&node);
                bail!(table::note(&node, Timestamp::now()).unwrap_or_else(standing));
            }
            Verdict::Wait => {}
        }
        let look = async {
            polls.tick().await;
            control.get(&["admin", "nodes", &node.id]).await
        };
        let looked = match timeout_at(deadline, look).await {
            Ok(looked) => looked,
            Err(_) => {
                let note = table::note(&node, Timestamp::now());
                bail!(
                    "{} is still {} after {}; it goes on without this command, see `ticketd node list`{}",
                    plain(&node.id),
                    plain(&node.state),
                    duration::display(limit),
                    note.map(|note| format!("\n{note}")).unwrap_or_default()
                )
            }
        };
        let now: Node = match looked {
            Err(error) if error.is_no_such_node() && matches!(goal, Goal::Gone) => {
                say(&format!("{}: removed\n", plain(&node.id)))?;
                return Ok(());
            }
            looked => control.understand(&looked?)?,
        };
        if now.state != node.state {
            say(&format!("{}\n", table::standing(&now)))?;
        }
        node = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(state: &str, since: &str) -> Node {
        Node { state: state.to_owned(), since: since.to_owned(), ..Node::default() }
    }

    #[test]
    fn each_goal_knows_its_end_and_what_prevents_it() {
        use {Goal as G, Verdict as V};
        let table = [
            (G::Ready, "starting", V::Wait),
            (G::Ready, "ready", V::Done),
            (G::Ready, "backing-off", V::Wait),
            (G::Ready, "crash-looping", V::Failed),
            (G::Ready, "model-missing", V::Failed),
            (G::Ready, "a word of a later version", V::Wait),
            (G::Stopped, "ready", V::Failed),
            (G::Stopped, "draining", V::Wait),
            (G::Stopped, "stopped", V::Done),
            (G::Stopped, "crash-looping", V::Wait),
            (G::Gone, "stopped", V::Wait),
        ];
        for (goal, state, expected) in table {
            assert_eq!(goal.judge(&node(state, "")), expected, "{goal:?} {state}");
        }
    }

    #[test]
    fn what_stood_before_a_restart_is_not_its_outcome() {
        for (state, expected) in [("ready", Verdict::Done), ("crash-looping", Verdict::Failed)] {
            let goal = Goal::ReadyAnew { before: (&node(state, "10:00")).into() };
            assert_eq!(goal.judge(&node(state, "10:00")), Verdict::Wait);
            assert_eq!(goal.judge(&node("starting", "10:01")), Verdict::Wait);
            assert_eq!(goal.judge(&node(state, "10:02")), expected);
            let replaced = Node { pid: Some(7), ..node(state, "10:00") };
            assert_eq!(goal.judge(&replaced), expected);
        }
    }
}
