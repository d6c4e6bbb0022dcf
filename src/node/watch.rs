//! What a Node asks of its Ollama: probes, loading the model, one token. Each answer is an event.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use tokio::{sync::oneshot, time::Instant};
use tracing::info;

use super::{
    Loaded, Node, Residence,
    lifecycle::{Event, Memory, Phase},
};
use crate::{
    balancer::AwaitIdle,
    journal::tell,
    ollama::{self, Budget, CanaryRequest, Held, LoadRequest, Pace, Probe, UpstreamError},
};

/// The time between two probes of a node that is starting.
const START_PROBE_INTERVAL: Duration = Duration::from_millis(100);

/// What the time for a canary is divided by, to be shared out among those of one doubt.
const CANARY_SHARES: u32 = 6;

impl Node {
    /// Probes the node, now and again after a while, as long as its process is the same.
    pub(super) fn probe(&mut self, context: &mut Context<Self>) {
        let (client, wait) = (self.client.clone(), self.settings.probe_timeout);
        let base = self.setup.endpoint.base().to_owned();
        let model = self.setup.model.name.clone();
        let generation = self.generation;
        let loaded = matches!(self.lifecycle.phase(), Phase::Ready { .. } | Phase::NoGpu);
        let asked = model.clone();
        let cgroup = self.look_at_cgroup();
        let probe = async move {
            let seen = ollama::probe(&client, &base, &model, wait).await;
            let mut held = None;
            if seen.probe == Probe::Ready && loaded {
                held = ollama::held(&client, &base, &model, wait).await;
            }
            (seen, held, cgroup.await)
        };
        let seen = probe.into_actor(self).map(move |(seen, held, cgroup), node, context| {
            if generation != node.generation || !node.lifecycle.wants_probes() {
                return;
            }
            node.log.tell_dropped();
            if let Some((usage, events)) = cgroup {
                node.uses(usage, events);
            }
            // What was seen of an earlier model says nothing about this one.
            if asked == node.setup.model.name {
                if seen.digest.is_some() {
                    node.digest = seen.digest;
                }
                node.step(Event::Probed(seen.probe), context);
                if let Some(memory) = held.and_then(|held| node.located(held)) {
                    node.step(Event::Located(memory), context);
                }
            }
            let starting = matches!(node.lifecycle.phase(), Phase::Starting { .. });
            let fast = starting && node.lifecycle.is_managed();
            let pause = if fast { START_PROBE_INTERVAL } else { node.settings.probe_interval };
            context.run_later(pause.min(node.settings.probe_interval), move |node, context| {
                if generation == node.generation && node.lifecycle.wants_probes() {
                    node.probe(context);
                }
            });
        });
        context.spawn(seen);
    }

    /// Takes note of where the model is.
    fn located(&mut self, held: Held) -> Option<Memory> {
        let before = self.warning();
        let memory = match held {
            Held::Loaded { bytes, vram_bytes } => {
                let memory = Residence { bytes, vram_bytes };
                self.memory = Some(memory);
                Some(if memory.is_on_gpu() { Memory::Gpu } else { Memory::Cpu })
            }
            Held::Nothing => {
                let was_there = self.memory.take().is_some();
                // One that may be unloaded when it is idle comes back with the next call, and a node
                // that gets none because of its memory has none to answer for.
                let lost = was_there && self.setup.model.keep_alive.is_for_ever();
                let out = self.lifecycle.phase() == Phase::NoGpu;
                (lost || out).then_some(Memory::Nowhere)
            }
        };
        if let Some(warning) = self.warning().filter(|warning| Some(warning) != before.as_ref()) {
            tell!(warn: NodeOffGpu, ticketd.node = %self.setup.id, "{warning}");
        }
        memory
    }

    /// Loads the model with the very options of the calls, because Ollama reloads it for others.
    pub(super) fn warm_up(&mut self, context: &mut Context<Self>) {
        let (client, limit) = (self.client.clone(), self.settings.load_timeout);
        let base = self.setup.endpoint.base().to_owned();
        let model = self.setup.model.name.clone();
        let body = LoadRequest::new(&self.setup.model).to_body();
        self.loaded = Some(Loaded::of(&self.setup.model));
        let generation = self.generation;
        let wait = self.settings.probe_timeout;
        let budget = Budget { first_token: limit, token: limit, call: limit };
        let load = async move {
            let result = ollama::generate(&client, &base, body, budget, &Pace::default()).await;
            let held = match result {
                Ok(_) => ollama::held(&client, &base, &model, wait).await,
                Err(_) => None,
            };
            (result, held)
        };
        let since = Instant::now();
        let loaded = load.into_actor(self).map(move |(result, held), node, context| {
            node.warming = None;
            if generation != node.generation {
                return;
            }
            let (id, duration_ms) = (node.setup.id.clone(), since.elapsed().as_millis());
            match &result {
                Ok(_) => info!(ticketd.node = %id, %duration_ms, "model loaded"),
                Err(error) => {
                    tell!(
                        warn: NodeLoadFailed, ticketd.node = %id, %duration_ms, %error,
                        "model could not be loaded: tried again"
                    );
                    node.remedy = Some(format!(
                        "the model could not be loaded ({error}), and is tried again: the node's log says why"
                    ));
                }
            }
            // First where it is: a node whose model must be on the GPU gets no call before that is known.
            if let Some(memory) = held.and_then(|held| node.located(held)) {
                node.step(Event::Located(memory), context);
            }
            node.step(Event::Warmed { loaded: result.is_ok() }, context);
            if matches!(result, Err(UpstreamError::ModelMissing)) {
                // Ollama lists a model whose weights are gone; a pull brings them back.
                node.pull.incomplete = true;
                node.step(Event::Incomplete, context);
            }
        });
        if let Some(earlier) = self.warming.replace(context.spawn(loaded)) {
            context.cancel_future(earlier);
        }
    }

    /// Asks for one token once no call runs there, and asks anew while none comes, because what
    /// came in while a node hung may stay lost there. Any answer is a sign of life; none in time is not,
    /// unless the model is not even loaded: then ours is loaded, and others' may take as long as that
    /// takes.
    pub(super) fn canary(&mut self, context: &mut Context<Self>) {
        let (client, limit) = (self.client.clone(), self.settings.canary_timeout);
        let wait = self.settings.probe_timeout;
        let base = self.setup.endpoint.base().to_owned();
        let model = self.setup.model.name.clone();
        let body = CanaryRequest::new(&self.setup.model).to_body();
        let (idle, over) = oneshot::channel();
        self.audience.idle.do_send(AwaitIdle { node: self.setup.id.clone(), idle });
        let (managed, load_limit) = (self.lifecycle.is_managed(), self.settings.load_timeout);
        let ask = async move {
            // One that is not told any more is as good as idle.
            let _ = over.await;
            let unloaded = ollama::held(&client, &base, &model, wait).await == Some(Held::Nothing);
            if unloaded && managed {
                return Event::Unloaded;
            }
            let limit = if unloaded { load_limit.max(limit) } else { limit };
            // A load that its asker leaves is given up, so there is one ask for it.
            let shares: &[u32] = if unloaded { &[CANARY_SHARES] } else { &[1, 2, 3] };
            for share in shares {
                let limit = limit * *share / CANARY_SHARES;
                let budget = Budget { first_token: limit, token: limit, call: limit };
                let body = body.clone();
                let answer = ollama::generate(&client, &base, body, budget, &Pace::default()).await;
                if !matches!(answer, Err(UpstreamError::Stalled(_))) {
                    return Event::Sang { alive: true };
                }
            }
            Event::Sang { alive: false }
        };
        let answered = ask.into_actor(self).map(|event, node, context| {
            node.canary = None;
            node.step(event, context);
        });
        if let Some(earlier) = self.canary.replace(context.spawn(answered)) {
            context.cancel_future(earlier);
        }
    }
}
