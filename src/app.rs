//! Starts balancer, server and nodes, and stops them in reverse.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use actix::{Actor, Addr};
use anyhow::{Context as _, anyhow, bail};
use futures_util::FutureExt;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    balancer::{Balancer, Close},
    config::{self, Config, Endpoint, Sources},
    fleet::{self, Closed, Fleet},
    http::{self, control::SocketFile},
    journal::{Journal, tell},
    metrics::Metrics,
    node::{Kill, Stop, cgroup::Cgroups, orphans},
    ollama,
    place::Corrector,
    reload::{Live, Parts, Reloader},
    systemd::{Manager, Pings, Watchdog},
    tokens::Guard,
};

/// The whole service, started.
pub struct App {
    /// The addresses that it listens on.
    pub addresses: Vec<SocketAddr>,
    /// Every node's URL of the generate call.
    pub node_urls: Vec<String>,
    balancer: Addr<Balancer>,
    fleet: Addr<Fleet>,
    /// None where there is no configuration to reload.
    reloader: Option<Reloader>,
    server: JoinHandle<std::io::Result<()>>,
    control: Option<SocketFile>,
    /// What a reload may have changed.
    live: watch::Receiver<Arc<Live>>,
    stopping: CancellationToken,
    grace_over: CancellationToken,
    failed: CancellationToken,
    signals: Signals,
    manager: Manager,
    /// None where there is no watchdog. They go on through a stop.
    _pings: Option<Pings>,
}

/// What a stop takes beside the graces of the calls and the nodes, at most.
const LAST_STEPS: Duration = Duration::from_secs(20);

const HANGUP: &str = "SIGHUP";

/// SIGTERM and SIGINT, which mean: stop; and SIGHUP, which means: reload.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        let [term, int, hup] = kinds.map(signal);
        Ok(Self([term?, int?, hup?]))
    }

    async fn next(&mut self) -> &'static str {
        let [term, int, hup] = &mut self.0;
        select! {
            _ = term.recv() => "SIGTERM",
            _ = int.recv() => "SIGINT",
            _ = hup.recv() => HANGUP,
        }
    }

    /// The next signal that means: stop. For a daemon, SIGHUP means something else.
    async fn next_stop(&mut self, is_daemon: bool) -> &'static str {
        loop {
            let signal = self.next().await;
            if signal != HANGUP || !is_daemon {
                return signal;
            }
            info!(signal, "not reloaded: the service is stopping");
        }
    }
}

impl App {
    /// Binds the address, ends what an earlier ticketd left behind, then starts everything. Nodes may
    /// still be loading when it returns. `sources` are what a reload reads.
    pub async fn start(config: &Config, sources: Option<Sources>) -> anyhow::Result<Self> {
        let (stopping, grace_over) = (CancellationToken::new(), CancellationToken::new());
        let failed = CancellationToken::new();
        let manager = Manager::of_this_process()?;
        let config::Server { tokens_file, admin_tokens_file, .. } = &config.server;
        let guard = Guard::read(tokens_file.as_deref(), admin_tokens_file.as_deref())?;
        let (guard, guarded) = watch::channel(Arc::new(guard));
        let metrics = Arc::new(Metrics::default());
        let live = Live::read(config, &metrics)?;
        let corrector = Arc::clone(&live.tickets.corrector);
        let (live, lived) = watch::channel(Arc::new(live));
        // Whatever can fail comes before the first actor: one whose runtime ends while it starts panics.
        let sockets = http::open(&config.server, &manager).await?;
        // Until here there is nothing to stop in order.
        let signals = Signals::listen().context("signals cannot be received")?;
        let watchdog = Watchdog::of_this_process();
        let heart = watchdog.heart();
        let balancer = Balancer::new(&config.balancer, heart.clone(), failed.clone()).start();
        #[cfg(feature = "fault-injection")]
        crate::balancer::faults::on_signal(balancer.clone())?;
        raise_file_limit();
        let journal = Journal::of(&config.log);
        let config::Config { nodes, model, .. } = config;
        let (beats, lost) = (heart.clone(), failed.clone());
        let fleet = Fleet::new(nodes, model, balancer.clone(), beats, lost, journal);
        let fleet = fleet.start();
        let is_reloadable = sources.is_some();
        let reloader = Reloader::new(Parts {
            sources,
            current: config.clone(),
            live,
            guard,
            balancer: balancer.clone(),
            fleet: fleet.clone(),
            manager: manager.clone(),
            metrics: Arc::clone(&metrics),
        });
        let setup = http::Setup {
            live: lived.clone(),
            balancer: balancer.clone(),
            fleet: fleet.clone(),
            reloader: reloader.clone(),
            metrics,
            guard: guarded,
            stopping: stopping.clone(),
            grace_over: grace_over.clone(),
            heart: heart.clone(),
        };
        actix::spawn(reloader.clone().watch_places());
        let http::Bound { mut server, addresses, control } = http::server(setup, sockets)?;
        orphans::end_all().await;
        // Whoever has waited in the socket's backlog calls at once, and finds nodes that start.
        fleet.send(fleet::Begin { cgroups: Cgroups::claim().await }).await?;
        let node_urls = node_urls(&config.nodes);
        announce(config, &addresses, &node_urls, &corrector);
        // The workers start when it is looked at for the first time.
        if let Some(ended) = (&mut server).now_or_never() {
            kill_nodes(&fleet).await;
            bail!("the HTTP server did not start: {ended:?}");
        }
        let pings = watchdog.start(heart)?;
        manager.ready(balancer.clone(), stopping.clone());
        Ok(Self {
            addresses,
            node_urls,
            balancer,
            fleet,
            reloader: is_reloadable.then_some(reloader),
            server: actix::spawn(server),
            control,
            live: lived,
            stopping,
            grace_over,
            failed,
            signals,
            manager,
            _pings: pings,
        })
    }

    /// Runs until a signal, then stops in order: no new calls, the calls in flight and queued, the
    /// nodes. A second signal kills the nodes at once. SIGHUP reloads the configuration.
    pub async fn run_until_stopped(mut self) -> anyhow::Result<ExitCode> {
        let ended = loop {
            let signal = select! {
                signal = self.signals.next() => signal,
                () = self.failed.cancelled() => break Err(anyhow!("a part of the service failed")),
                result = &mut self.server => {
                    break Err(anyhow!("the HTTP server ended: {result:?}"));
                }
            };
            match &self.reloader {
                Some(reloader) if signal == HANGUP => {
                    let reloader = reloader.clone();
                    // It says itself how it went.
                    actix::spawn(async move { reloader.reload().await });
                }
                Some(_) | None => break Ok(signal),
            }
        };
        let (grace, most) = longest_stop(&self.live.borrow());
        match ended {
            Ok(signal) => {
                let at_most_s = most.as_secs();
                tell!(
                    info: DrainStarted, signal, at_most_s,
                    "stopping: no new calls, those that came are served"
                );
            }
            Err(error) => {
                kill_nodes(&self.fleet).await;
                return Err(error);
            }
        }
        self.manager.stopping(most);
        self.stopping.cancel();
        let (balancer, grace_over) = (self.balancer.clone(), self.grace_over.clone());
        actix::spawn(async move {
            sleep(grace).await;
            tell!(warn: DrainOverdue, "grace over: calls that still wait are refused");
            balancer.do_send(Close);
            grace_over.cancel();
        });
        let fleet = self.fleet.clone();
        let (server, control) = (&mut self.server, &mut self.control);
        let is_daemon = self.reloader.is_some();
        let stop = async {
            server.await??;
            drop(control.take());
            info!("all calls are answered: stopping the nodes");
            stop_nodes(close(&fleet).await).await
        };
        let stopped = select! {
            result = stop => result,
            signal = self.signals.next_stop(is_daemon) => {
                Err(anyhow!("second signal, {signal}: ending at once"))
            }
            () = self.failed.cancelled() => Err(anyhow!("a part of the service failed")),
        };
        if let Err(error) = stopped {
            kill_nodes(&self.fleet).await;
            return Err(error);
        }
        tell!(info: Stopped, "stopped");
        Ok(ExitCode::SUCCESS)
    }
}

/// The time that calls have at a stop, and how long systemd is asked to wait for all of it.
fn longest_stop(live: &Live) -> (Duration, Duration) {
    let grace = live.server.grace();
    (grace, grace + live.stop_grace + LAST_STEPS)
}

async fn kill_nodes(fleet: &Addr<Fleet>) {
    for node in close(fleet).await.nodes {
        // A node actor that is gone has killed its group by its guard.
        let _ = timeout(Duration::from_secs(1), node.send(Kill)).await;
    }
}

/// Every node; from now on no other one starts.
async fn close(fleet: &Addr<Fleet>) -> Closed {
    let closed = timeout(Duration::from_secs(1), fleet.send(fleet::Close)).await;
    // A fleet that is gone has taken its nodes along.
    closed.ok().and_then(Result::ok).unwrap_or_default()
}

/// Takes as many open files as the process may: every caller and every call needs one.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        warn!(%error, "the limit on open files stays as it is");
    }
}

/// Ends every node in order, all at once.
async fn stop_nodes(Closed { nodes, grace }: Closed) -> anyhow::Result<()> {
    let ends: Vec<_> = nodes
        .iter()
        .map(|node| {
            let (done, end) = oneshot::channel();
            node.do_send(Stop { done });
            end
        })
        .collect();
    // The kernel ends a killed process within moments.
    let limit = grace + Duration::from_secs(5);
    for end in ends {
        match timeout(limit, end).await {
            Ok(Ok(()) | Err(_)) => {}
            Err(_) => bail!("a node did not end"),
        }
    }
    Ok(())
}

/// Every node's URL of the generate call.
fn node_urls(nodes: &config::Nodes) -> Vec<String> {
    let ports = nodes.ports.iter().map(|port| Endpoint::loopback(*port));
    let all = ports.chain(nodes.endpoints.iter().cloned());
    all.map(|endpoint| ollama::generate_url(endpoint.base())).collect()
}

/// Says what was started, as the original did.
fn announce(
    config: &Config,
    addresses: &[SocketAddr],
    node_urls: &[String],
    corrector: &Corrector,
) {
    tell!(
        info: Started,
        version = env!("CARGO_PKG_VERSION"),
        model.name = config.model.name,
        nodes = node_urls.len(),
        "ticketd starts"
    );
    for (number, url) in (1..).zip(node_urls) {
        info!("node {number}: {url}");
    }
    for address in addresses {
        info!("listening on http://{address}");
    }
    match corrector.home() {
        Some(home) => info!(units = corrector.len(), "place names: {home}"),
        None => warn!(
            "place.home is not set, so fewer place names are corrected; set it to the hotline's city, \
             such as \"六安市\""
        ),
    }
    if let Some(path) = &config.server.control_socket {
        info!("control socket: {}", path.display());
    }
    info!("export DEEPSEEK_ENDPOINTS=\"{}\"", node_urls.join(","));
    if config.server.tokens_file.is_none() && !config.server.listen.ip().is_loopback() {
        tell!(
            error: AccessOpen,
            "server.allow_anonymous: every host that reaches this address can use the service"
        );
    }
}
