//! What a Node takes of the host, and what it may take.

use actix::{AsyncContext, Context, WrapFuture};
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tracing::warn;

use super::{
    Failure, Group, Node, Usage,
    cgroup::{Cgroup, Events},
    output::LAST_LINES,
};
use crate::{config::Size, journal::tell};

impl Node {
    /// The cgroup of the process that is about to start; none where that cannot be had.
    pub(super) fn cgroup(&self) -> Option<Cgroup> {
        let dir = self.setup.cgroup.as_ref()?;
        match Cgroup::make(dir, self.settings.memory_max) {
            Ok(cgroup) => Some(cgroup),
            Err(error) => {
                let cgroup = dir.display();
                warn!(ticketd.node = %self.setup.id, %cgroup, %error, "node starts without a cgroup of its own");
                None
            }
        }
    }

    /// What the process takes, and what the kernel did to it for that.
    pub(super) fn look_at_cgroup(&self) -> impl Future<Output = Option<(Usage, Events)>> + use<> {
        let cgroup = self.group.as_ref().and_then(Group::cgroup).cloned();
        async move {
            let cgroup = cgroup?;
            spawn_blocking(move || (cgroup.usage(), cgroup.events())).await.ok()
        }
    }

    /// Takes note of that.
    pub(super) fn uses(&mut self, usage: Usage, events: Events) {
        self.usage = Some(usage);
        if let Some(pid) = self.group.as_ref().map(Group::id)
            && let Some(reason) = self.ran_out(events)
        {
            let output = Some(self.log.last_of(pid, LAST_LINES));
            self.last_failure = Some(Failure { at: Timestamp::now(), reason, output });
        }
    }

    /// How a node lost processes to the kernel for want of memory, if it did since the last look.
    pub(super) fn ran_out(&mut self, events: Events) -> Option<String> {
        let before = std::mem::replace(&mut self.oom_kills, events.kills);
        let (reason, remedy) = verdict(before, events, self.settings.memory_max)?;
        tell!(
            warn: NodeOutOfMemory, ticketd.node = %self.setup.id,
            "node {reason}: {remedy}"
        );
        self.out_of_memory = Some(format!("{reason}: {remedy}"));
        Some(reason)
    }

    /// Applies the limit to the process that runs.
    pub(super) fn limit_memory(&mut self, context: &mut Context<Self>) {
        self.out_of_memory = None;
        let Some(cgroup) = self.group.as_ref().and_then(Group::cgroup).cloned() else { return };
        let most = self.settings.memory_max;
        // The kernel may take a while to make room.
        let limit = spawn_blocking(move || cgroup.limit(most));
        context.spawn(async move { drop(limit.await) }.into_actor(self));
    }
}

/// Why the kernel killed processes of a node since `before` of them were dead, and what to do.
fn verdict(before: u64, events: Events, most: Option<Size>) -> Option<(String, &'static str)> {
    if events.kills <= before {
        return None;
    }
    let (limit, remedy) = match most.filter(|_| events.limit_hits > 0) {
        Some(most) => (
            format!("nodes.memory_max = {most}"),
            "raise it, or choose a smaller model, model.options.num_ctx or nodes.slots",
        ),
        None => (
            "of the host, or MemoryMax= of the unit".to_owned(),
            "run fewer nodes, choose a smaller model, model.options.num_ctx or nodes.slots, or limit each \
             node with nodes.memory_max",
        ),
    };
    Some((format!("killed by the kernel: out of memory ({limit})"), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_deaths_are_told_and_with_the_limit_that_caused_them() {
        let most = Some(Size(12 << 30));
        let table = [
            (0, 0, 0, most, None),
            (0, 0, 3, most, None),
            (2, 2, 1, most, None),
            (0, 2, 1, most, Some("nodes.memory_max = 12G")),
            (2, 4, 2, most, Some("nodes.memory_max = 12G")),
            (0, 1, 0, most, Some("of the host")),
            (0, 1, 1, None, Some("of the host")),
        ];
        for (before, kills, limit_hits, most, expected) in table {
            let told = verdict(before, Events { limit_hits, kills }, most);
            let reason = told.as_ref().map(|(reason, _)| reason.as_str());
            match expected {
                Some(part) => assert!(reason.is_some_and(|text| text.contains(part)), "{told:?}"),
                None => assert_eq!(reason, None),
            }
        }
    }
}
