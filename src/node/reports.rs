//! What a Node says: to the balancer, to people, and to the log.

use std::sync::Arc;

use actix::{AsyncContext, Context};
use jiff::Timestamp;

use super::{
    Kind, Node, Status,
    lifecycle::{Goal, Phase},
};
use crate::{balancer::NodeReport, config, journal::tell};

impl Node {
    /// Tells how things stand.
    pub(super) fn report(&self) {
        let state = self.lifecycle.state(self.now());
        let (node, lost) = (self.setup.id.clone(), self.lifecycle.is_lost());
        let slots = self.running.as_ref().map_or(self.setup.slots, |(_, slots)| *slots);
        let heard = self.heard;
        self.audience.balancer.do_send(NodeReport { node, state, lost, slots, heard });
        self.audience.status.do_send(self.status());
    }

    pub(super) fn status(&self) -> Status {
        let kind = match (&self.setup.command, self.lifecycle.is_adopted()) {
            (None, _) => Kind::Endpoint,
            (Some(_), true) => Kind::Adopted,
            (Some(_), false) => Kind::Managed,
        };
        Status {
            id: self.setup.id.clone(),
            url: self.setup.endpoint.base().to_owned(),
            kind,
            state: self.lifecycle.name(),
            since: self.since,
            remedy: self.remedy.clone(),
            pid: self.group.as_ref().map(super::Group::id),
            restarts: self.starts.saturating_sub(1),
            last_failure: self.last_failure.clone(),
            model: self.setup.model.name.clone(),
            digest: self.digest.clone(),
            pull_percent: self.pull.percent(),
            memory: self.memory,
            resources: self.usage,
            warning: self.out_of_memory.clone().or_else(|| self.warning()),
            off_gpu: self.warning().is_some(),
            running: self.running.as_ref().map(|(command, _)| Arc::clone(command)),
        }
    }

    /// What is not as it should be, although the node works.
    pub(super) fn warning(&self) -> Option<String> {
        let memory = self.memory?;
        let wanted = self.setup.expects_gpu || self.settings.require_gpu || memory.vram_bytes > 0;
        if !wanted || memory.is_on_gpu() {
            return None;
        }
        let share = 100 - memory.vram_bytes.saturating_mul(100) / memory.bytes.max(1);
        Some(format!(
            "{share} % of the model is on the CPU, which is slow: free GPU memory and restart the \
             node, or choose a smaller model or model.options.num_ctx"
        ))
    }

    /// The phase has changed: what belonged to the old one is over.
    pub(super) fn changed(&mut self, before: Phase, after: Phase, context: &mut Context<Self>) {
        if before.name() != after.name() {
            self.since = Timestamp::now();
        }
        if !matches!(after, Phase::ModelMissing | Phase::Pulling) {
            self.pull.end(context);
        }
        if !matches!(after, Phase::Draining { .. }) {
            for timer in self.drain.drain(..) {
                context.cancel_future(timer);
            }
        }
        if !matches!(after, Phase::Checking { .. })
            && let Some(canary) = self.canary.take()
        {
            context.cancel_future(canary);
        }
        let told_of_silence = matches!(before, Phase::Unhealthy { .. });
        if told_of_silence
            || matches!(after, Phase::Ready { .. } | Phase::Starting { .. } | Phase::Stopped)
        {
            self.remedy = None;
        }
        let waits_for_model = self.lifecycle.name() == Phase::Pulling.name();
        if !waits_for_model
            && !matches!(
                after,
                Phase::Looking
                    | Phase::Starting { .. }
                    | Phase::Loading
                    | Phase::Draining { .. }
                    | Phase::Stopping { .. }
            )
        {
            // That it was parked or removed is no fault of the configuration.
            let serves = matches!(after, Phase::Ready { .. } | Phase::Stopped | Phase::Finished);
            for settled in self.settled.drain(..) {
                // Who no longer waits need not be told.
                let _ = settled.send(serves);
            }
        }
        self.tell(after);
    }

    fn tell(&mut self, phase: Phase) {
        let (id, url) = (self.setup.id.clone(), self.setup.endpoint.base().to_owned());
        match phase {
            Phase::Ready { .. } => {
                tell!(info: NodeReady, ticketd.node = %id, node.url = url, "node ready");
            }
            Phase::Loading => {
                tell!(info: NodeLoading, ticketd.node = %id, node.url = url, "node loads its model");
            }
            Phase::Pulling => {
                tell!(info: PullStarted, ticketd.node = %id, node.url = url, "node pulls the model");
                self.remedy = None;
            }
            Phase::ModelMissing => {
                let name = &self.setup.model.name;
                // What others run is never made to pull.
                let pulls = self.setup.model.pull == config::Pull::Missing;
                let remedy = if pulls && self.lifecycle.is_managed() {
                    format!("{name} is pulled by one node for all")
                } else {
                    format!("get the model with OLLAMA_HOST={url} ollama pull {name}")
                };
                tell!(
                    warn: NodeModelMissing, ticketd.node = %id, node.url = url, model.name = name,
                    "node answers but does not have the model: {remedy}"
                );
                self.remedy = Some(remedy);
            }
            Phase::Checking { .. } => {
                tell!(warn: NodeDoubted, ticketd.node = %id, "calls made no progress on this node: one token is asked for");
            }
            Phase::Hung => {
                tell!(
                    error: NodeHung, ticketd.node = %id,
                    "node hangs: it answers probes but generates nothing"
                );
            }
            Phase::NoGpu => {
                self.remedy = Some(
                    "the model is not wholly on the GPU, and nodes.require_gpu = true: free GPU \
                     memory, then restart the node"
                        .to_owned(),
                );
                tell!(
                    error: NodeOffGpu, ticketd.node = %id,
                    "node gets no calls: its model is not wholly on the GPU"
                );
            }
            Phase::Unhealthy { .. } => {
                tell!(
                    warn: NodeLost, ticketd.node = %id, node.url = url, "node lost: it does not answer"
                );
                self.remedy = Some(match self.status().kind {
                    Kind::Managed => format!(
                        "it does not answer; killed and started anew after {}",
                        config::duration::display(self.settings.hang_timeout)
                    ),
                    Kind::Adopted => format!(
                        "the Ollama on the port does not answer; when it is gone for {}, ticketd starts \
                         its own",
                        config::duration::display(self.settings.adopted_gone_timeout)
                    ),
                    Kind::Endpoint => "it does not answer; look at that server".to_owned(),
                });
            }
            Phase::CrashLooping { .. } => {
                // What keeps it from starting says more than how often.
                let remedy = self.remedy.get_or_insert_with(|| {
                    format!(
                        "it ended {} times or more soon after its start; its own lines say why; tried \
                         again at most every {}",
                        self.settings.crash_loop_failures,
                        config::duration::display(self.settings.backoff_ceiling)
                    )
                });
                if self.lifecycle.begins_to_loop() {
                    tell!(error: NodeCrashLoop, ticketd.node = %id, "node crash-looping: {remedy}");
                }
            }
            Phase::Draining { goal } => {
                let goal = match goal {
                    Goal::Recover | Goal::Restart => "restart",
                    Goal::Park => "stay out of service",
                    Goal::Finish => "be removed",
                };
                tell!(
                    info: NodeDraining, ticketd.node = %id, goal,
                    "node drains: it gets no new calls"
                );
            }
            Phase::Stopped => {
                tell!(
                    info: NodeParked, ticketd.node = %id, "node out of service until it is resumed"
                );
                self.remedy = Some(format!("drained; `ticketd node resume {id}` takes it back"));
            }
            Phase::Looking
            | Phase::Starting { .. }
            | Phase::BackingOff { .. }
            | Phase::Stopping { .. }
            | Phase::Finished => {}
        }
    }

    /// Says once when a node that hangs may not be killed any more this hour.
    pub(super) fn look_for_excess(&mut self, now: std::time::Duration) {
        let phase = self.lifecycle.phase();
        if matches!(phase, Phase::Checking { .. }) {
            // It is not judged yet.
            return;
        }
        let down = matches!(phase, Phase::Hung | Phase::Unhealthy { .. });
        let excess = down && self.lifecycle.is_out_of_kills(now);
        if excess && !self.excess {
            let message = format!(
                "it was killed {} times within an hour because it hung (nodes.kills_per_hour), and is \
                 left alone now; look at its log, then restart it",
                self.settings.kills_per_hour
            );
            tell!(
                error: NodeKillsSpent, ticketd.node = %self.setup.id, "node hangs again: {message}"
            );
            self.remedy = Some(message);
        }
        self.excess = excess;
    }
}
