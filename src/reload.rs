//! Takes over a changed configuration while everything runs: all of it or nothing. Files of own place
//! names are taken over by themselves when they change.

mod places;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use actix::Addr;
use serde::Serialize;
use tokio::{
    sync::{Mutex, watch},
    task::spawn_blocking,
    time::timeout,
};
use utoipa::ToSchema;

use self::places::Stamps;
use crate::{
    balancer::{Balancer, Configure},
    config::{self, BadPlace, Config, Invalid, Sources},
    fleet::{Changes, Fleet, Update},
    journal::tell,
    metrics::{Metrics, Types},
    place::Files,
    systemd::Manager,
    ticket::Settings,
    tokens::Guard,
};

/// What a reload may change for requests.
#[derive(Clone, Debug)]
pub struct Live {
    /// `[server]`.
    pub server: config::Server,
    /// `[balancer]`, for dispatch.
    pub dispatch: config::Balancer,
    /// What tickets are made from.
    pub tickets: Settings,
    /// The time that each node has between SIGTERM and SIGKILL.
    pub stop_grace: Duration,
    /// Where those are counted that are made.
    pub counted: Types,
    /// The files of own place names as they were before they were read.
    places: Stamps,
}

impl Live {
    /// What a configuration says, with the files of places that it names.
    pub fn read(config: &Config, metrics: &Metrics) -> anyhow::Result<Self> {
        let (places, corrector) = places::read(&config.place)?;
        Ok(Self {
            server: config.server.clone(),
            dispatch: config.balancer.clone(),
            stop_grace: config.nodes.stop_grace,
            tickets: Settings::read(config.model.clone(), config.ticket.clone(), corrector)?,
            counted: metrics.tickets.types(&config.ticket.types),
            places,
        })
    }
}

/// How long reading the files, and the fleet, may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Reloads, one at a time. Clones are the same.
#[derive(Clone)]
pub struct Reloader(Arc<Mutex<Parts>>);

/// What a reload reads, and whom it tells.
pub struct Parts {
    /// What is read; none where there is no configuration to reload.
    pub sources: Option<Sources>,
    /// The configuration that holds.
    pub current: Config,
    /// Where requests find their settings.
    pub live: watch::Sender<Arc<Live>>,
    /// Where requests find who may call.
    pub guard: watch::Sender<Arc<Guard>>,
    /// Who routes calls.
    pub balancer: Addr<Balancer>,
    /// Who knows the nodes.
    pub fleet: Addr<Fleet>,
    /// Who is told of a reload.
    pub manager: Manager,
    /// Where tickets are counted.
    pub metrics: Arc<Metrics>,
}

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReloadReport)]
pub struct Report {
    /// What it began with the nodes.
    #[serde(flatten)]
    pub changes: Changes,
    /// Keys of the configuration whose values differ from those before.
    #[schema(examples("nodes.ports"))]
    pub changed: Vec<String>,
    /// Keys that differ, and hold only after a restart of ticketd.
    #[schema(examples("server.listen"))]
    pub needs_restart: Vec<&'static str>,
}

/// Why everything stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum NotReloaded {
    /// The new configuration cannot be used.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no file: `ticketd demo` runs.
    #[error("there is no configuration to reload")]
    NoSources,
    /// A part of the service did not answer.
    #[error("the configuration could not be taken over: {0}")]
    Failed(String),
}

/// What became of changed files of own place names.
enum Taken {
    /// They hold.
    Over,
    /// They are bad; only another change mends that.
    Refused,
    /// They could not be read now.
    Unread,
}

/// Why files of own place names do not hold.
enum NotTaken {
    Bad(BadPlace),
    Unread(&'static str),
}

impl Reloader {
    /// A reloader of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Mutex::new(parts)))
    }

    /// Takes over files of own place names when they change, until the runtime ends.
    pub async fn watch_places(self) {
        places::watch(self).await;
    }

    /// The files of own place names, and what they were like when they were read.
    async fn places(&self) -> (Files, Stamps) {
        let parts = self.0.lock().await;
        let read = parts.live.borrow().places.clone();
        (parts.current.place.files(), read)
    }

    /// Reads the files of own place names anew. How it went is in the log.
    async fn reload_places(&self) -> Taken {
        let (taken, reason) = match self.0.lock().await.reload_places().await {
            Ok(units) => {
                tell!(info: PlacesReloaded, units, "place names reloaded");
                return Taken::Over;
            }
            Err(NotTaken::Bad(bad)) => (Taken::Refused, bad.to_string().replace('\n', "; ")),
            Err(NotTaken::Unread(reason)) => (Taken::Unread, reason.to_owned()),
        };
        tell!(error: PlacesRefused, "place names not reloaded, the old ones stay: {reason}");
        taken
    }

    /// Reads the configuration anew and applies what differs. What it says is in the log too.
    pub async fn reload(&self) -> Result<Report, NotReloaded> {
        let mut parts = self.0.lock().await;
        let told = parts.manager.reloading();
        let result = parts.reload().await;
        drop(told);
        drop(parts);
        match &result {
            Ok(Report { changes, changed, needs_restart }) => {
                let Changes { added, removed, restarted, unchanged } = changes;
                tell!(
                    info: ConfigReloaded, ?changed, ?added, ?removed, ?restarted, unchanged,
                    "configuration reloaded"
                );
                if !needs_restart.is_empty() {
                    let keys = needs_restart.join(", ");
                    tell!(
                        warn: ConfigNeedsRestart, keys,
                        "these keys differ and hold only after a restart of ticketd"
                    );
                }
            }
            Err(reason) => {
                let reason = reason.to_string().replace('\n', "; ");
                tell!(error: ConfigRefused, "configuration not reloaded, the old one stays: {reason}");
            }
        }
        result
    }
}

impl Parts {
    /// Gives the number of units.
    async fn reload_places(&mut self) -> Result<usize, NotTaken> {
        let place = self.current.place.clone();
        let read = in_time(move || places::read(&place)).await;
        let (places, corrector) = read.map_err(NotTaken::Unread)?.map_err(NotTaken::Bad)?;
        let units = corrector.len();
        let mut live = Live::clone(&self.live.borrow());
        (live.tickets.corrector, live.places) = (corrector, places);
        self.live.send_replace(Arc::new(live));
        Ok(units)
    }

    async fn reload(&mut self) -> Result<Report, NotReloaded> {
        let sources = self.sources.clone().ok_or(NotReloaded::NoSources)?;
        let started = self.current.clone();
        let failed = |reason: &str| NotReloaded::Failed(reason.to_owned());
        let metrics = Arc::clone(&self.metrics);
        let read = in_time(move || read(&sources, &started, &metrics)).await;
        let New { config, needs_restart, live, guard } = read.map_err(failed)??;
        let update = Update { settings: config.nodes.clone(), model: config.model.clone() };
        let changes = timeout(LIMIT, self.fleet.send(update)).await;
        let changes =
            changes.ok().and_then(Result::ok).ok_or_else(|| failed("the fleet did not answer"))?;
        let other_model = config.model != self.current.model;
        self.balancer.do_send(Configure { settings: config.balancer.clone(), other_model });
        self.live.send_replace(Arc::new(live));
        self.guard.send_replace(Arc::new(guard));
        let before = std::mem::replace(&mut self.current, config);
        let changed = differing(&before, &self.current);
        Ok(Report { changes, changed, needs_restart })
    }
}

/// Reads files beside the runtime; the error says why they could not be read.
async fn in_time<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<T, &'static str> {
    let read = timeout(LIMIT, spawn_blocking(read)).await;
    let read = read.map_err(|_| "the files could not be read in time")?;
    read.map_err(|_| "reading the files failed")
}

/// What a reload takes over.
struct New {
    config: Config,
    needs_restart: Vec<&'static str>,
    live: Live,
    guard: Guard,
}

/// Reads everything that a configuration names. What holds only after a restart stays as it was when
/// ticketd `started`, and what is new has to go together with that.
fn read(sources: &Sources, started: &Config, metrics: &Metrics) -> Result<New, NotReloaded> {
    let mut config = sources.load()?.config;
    let needs_restart = needs_restart(started, &config);
    if !needs_restart.is_empty() {
        keep(&mut config, started);
        config.check("with what holds until a restart of ticketd")?;
    }
    let failed = |error: &dyn std::fmt::Display| NotReloaded::Failed(error.to_string());
    let live = Live::read(&config, metrics).map_err(|error| failed(&error))?;
    let [users, admins] = [&config.server.tokens_file, &config.server.admin_tokens_file];
    let guard = Guard::read(users.as_deref(), admins.as_deref()).map_err(|error| failed(&error))?;
    Ok(New { config, needs_restart, live, guard })
}

/// The keys whose values differ.
fn differing(old: &Config, new: &Config) -> Vec<String> {
    let [old, new] = [old.values(), new.values()].map(BTreeSet::from_iter);
    let keys: BTreeSet<_> = old.symmetric_difference(&new).map(|(key, _)| key.clone()).collect();
    keys.into_iter().collect()
}

/// The keys that are read only at the start, and differ.
fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let differs = [
        ("server.listen", old.server.listen != new.server.listen),
        ("server.workers", old.server.workers != new.server.workers),
        ("server.max_connections", old.server.max_connections != new.server.max_connections),
        ("server.header_timeout", old.server.header_timeout != new.server.header_timeout),
        ("server.send_timeout", old.server.send_timeout != new.server.send_timeout),
        ("server.control_socket", old.server.control_socket != new.server.control_socket),
        ("server.shutdown_grace", old.server.grace() != new.server.grace()),
        ("balancer.connect_timeout", old.balancer.connect_timeout != new.balancer.connect_timeout),
        ("log.format", old.log.format != new.log.format),
        ("log.level", old.log.level != new.log.level),
    ];
    differs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
}

/// Gives those keys the values that hold.
fn keep(config: &mut Config, started: &Config) {
    config.server.listen = started.server.listen;
    config.server.workers = started.server.workers;
    config.server.max_connections = started.server.max_connections;
    config.server.header_timeout = started.server.header_timeout;
    config.server.send_timeout = started.server.send_timeout;
    config.server.control_socket.clone_from(&started.server.control_socket);
    if config.server.grace() != started.server.grace() {
        config.server.shutdown_grace = Some(started.server.grace());
    }
    config.balancer.connect_timeout = started.balancer.connect_timeout;
    config.log = started.log.clone();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_restart_is_told_at_every_reload_until_it_comes() {
        let (mut old, mut new) = (Config::default(), Config::default());
        new.server.workers = 7;
        new.log.level = "debug".to_owned();
        new.nodes.slots = 3;
        assert_eq!(needs_restart(&old, &new), ["server.workers", "log.level"]);
        let started = std::mem::replace(&mut old, new.clone());
        keep(&mut old, &started);
        assert_eq!(old.nodes.slots, 3);
        assert_eq!(needs_restart(&old, &new), ["server.workers", "log.level"]);
        assert_eq!(needs_restart(&started, &started), [""; 0]);
        assert_eq!(differing(&started, &old), ["nodes.slots"]);
    }
}
