//! One node pulls the model for all: under the directory's lock, with progress in the log.

use std::{path::PathBuf, time::Duration};

use actix::{ActorFutureExt, AsyncContext, Context, SpawnHandle, WrapFuture};
use tokio::{sync::watch, task::spawn_blocking, time::Instant};

use super::{
    Node,
    directory::{self, PullLock},
    lifecycle::{Event, Phase, Pulled},
};
use crate::{
    balancer::NodeId,
    journal::tell,
    ollama::{self, Probe, Progress, PullFailed},
};

/// The longest time between two lines about a pull.
const TELL_EVERY: Duration = Duration::from_secs(30);

/// The pull of a node, while it is the one that pulls. The lock stays over all tries.
#[derive(Debug, Default)]
pub(super) struct Pull {
    lock: Option<PullLock>,
    running: Option<SpawnHandle>,
    percent: Option<watch::Receiver<u8>>,
    /// Whether the model is listed although a part of it is not there.
    pub(super) incomplete: bool,
}

impl Pull {
    /// How far it is.
    pub(super) fn percent(&self) -> Option<u8> {
        self.percent.as_ref().map(|percent| *percent.borrow())
    }

    /// Cancels it, and lets others pull.
    pub(super) fn end(&mut self, context: &mut Context<Node>) {
        if let Some(running) = std::mem::take(self).running {
            context.cancel_future(running);
        }
    }
}

impl Node {
    /// Pulls the model, going on where an earlier try stopped, unless somebody else pulls it.
    pub(super) fn pull(&mut self, context: &mut Context<Self>) {
        if self.pull.lock.is_some() {
            return self.fetch(context);
        }
        let Some(directory) = self.setup.models_dir.clone() else { return };
        let shown = directory.display().to_string();
        let (client, wait) = (self.client.clone(), self.settings.probe_timeout);
        let base = self.setup.endpoint.base().to_owned();
        let model = self.setup.model.name.clone();
        let incomplete = self.pull.incomplete;
        let lock = async move {
            let lock = spawn_blocking(move || PullLock::take(&directory)).await;
            let lock = lock.unwrap_or_else(|error| Err(std::io::Error::other(error)))?;
            // Who had the lock may have brought the model since it was missed.
            let there = lock.is_some()
                && !incomplete
                && ollama::probe(&client, &base, &model, wait).await.probe == Probe::Ready;
            Ok(lock.filter(|_| !there))
        };
        let taken = lock.into_actor(self).map(move |lock: std::io::Result<_>, node, context| {
            match lock {
                Ok(Some(lock)) => {
                    node.pull.lock = Some(lock);
                    node.step(Event::Pulled(Pulled::Begun), context);
                    if node.lifecycle.phase() == Phase::Pulling {
                        node.fetch(context);
                    }
                }
                Ok(None) => node.step(Event::Pulled(Pulled::Elsewhere), context),
                Err(error) => {
                    let reason = format!(
                        "the model cannot be pulled into {shown} ({error}): make it writable for the \
                         user that ticketd runs as, or set model.pull = \"never\""
                    );
                    tell!(warn: PullFailed, ticketd.node = %node.setup.id, "{reason}");
                    node.remedy = Some(reason);
                    node.step(Event::Pulled(Pulled::Broken), context);
                }
            }
        });
        self.pull.running = Some(context.spawn(taken));
    }

    /// One try, under the lock.
    fn fetch(&mut self, context: &mut Context<Self>) {
        let Some(directory) = self.setup.models_dir.clone() else { return };
        let (told, percent) = watch::channel(self.pull.percent().unwrap_or(0));
        let job = Job {
            client: self.client.clone(),
            base_url: self.setup.endpoint.base().to_owned(),
            model: self.setup.model.name.clone(),
            idle: self.setup.model.pull_idle_timeout,
            node: self.setup.id.clone(),
            directory,
        };
        let ended = job.run(told).into_actor(self).map(|result, node, context| {
            node.pull.running = None;
            let pulled = if result.is_ok() { Pulled::Whole } else { Pulled::Broken };
            node.remedy = result.err();
            node.step(Event::Pulled(pulled), context);
        });
        self.pull.running = Some(context.spawn(ended));
        self.pull.percent = Some(percent);
    }
}

/// What one try needs.
struct Job {
    client: awc::Client,
    base_url: String,
    model: String,
    idle: Duration,
    node: NodeId,
    directory: PathBuf,
}

impl Job {
    /// The error is what people are told.
    async fn run(self, told: watch::Sender<u8>) -> Result<(), String> {
        let Err(failed) = self.fetch(&told).await else {
            tell!(
                info: PullFinished, ticketd.node = %self.node, model.name = self.model,
                "model pulled"
            );
            return Ok(());
        };
        let error = ollama::chain(&failed);
        // What Ollama says of a name that its registry does not know.
        let hint = if error.contains("file does not exist") { "; check model.name" } else { "" };
        let reason =
            format!("the pull of {} failed, and goes on by itself: {error}{hint}", self.model);
        tell!(
            warn: PullFailed, ticketd.node = %self.node, percent = *told.borrow(), "{reason}"
        );
        Err(reason)
    }

    async fn fetch(&self, told: &watch::Sender<u8>) -> Result<(), PullFailed> {
        let directory = self.directory.clone();
        // Of a disk that does not tell nothing is expected.
        let free = spawn_blocking(move || directory::free_bytes(&directory)).await;
        let free = free.ok().and_then(Result::ok).unwrap_or(u64::MAX);
        let (mut last, mut said) = (None, Instant::now());
        let note = |progress: &Progress| {
            if progress.total() == 0 {
                // Nothing is known yet, and what an earlier try told still holds.
                return Ok(());
            }
            self.check_room(progress.asked(), free)?;
            let percent = progress.percent();
            told.send_replace(percent);
            let tenth = percent / 10;
            if last.is_none_or(|last| tenth > last) || said.elapsed() >= TELL_EVERY {
                (last, said) = (Some(tenth), Instant::now());
                let (bytes, total) = (progress.completed(), progress.total());
                tell!(
                    info: PullProgress, ticketd.node = %self.node, model.name = self.model, percent,
                    bytes, total, "model is being pulled"
                );
            }
            Ok(())
        };
        ollama::pull(&self.client, &self.base_url, &self.model, self.idle, note).await
    }

    /// What was to come must have fitted on the disk when the try began.
    fn check_room(&self, needed: u64, free: u64) -> Result<(), PullFailed> {
        if needed <= free {
            return Ok(());
        }
        Err(PullFailed::NoRoom(format!(
            "{needed} more bytes are needed in {}, and {free} are free: make room, or move \
             nodes.models_dir",
            self.directory.display()
        )))
    }
}
