//! The HTTP face: server settings and the routes. One resource a file; nothing here decides.

mod access;
mod admin;
mod ask;
mod auth;
mod body;
mod check;
mod connection;
pub mod control;
mod docs;
mod error;
mod events;
mod flight;
mod health;
mod idempotency;
mod lb_stats;
mod live;
mod loss;
mod metrics;
mod place;
mod reader;
mod sse;
mod stop;
mod summarize;
mod ui;
mod urgency;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::available_parallelism,
    time::Duration,
};

use actix::Addr;
use actix_web::{
    App, HttpServer, Resource,
    http::header::{self, HeaderValue},
    middleware::{NormalizePath, from_fn},
    web::{self, Data, ServiceConfig},
};
use awc::Client;
use futures_util::future::LocalBoxFuture;
use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use self::{
    body::Bodies,
    control::{BadSocket, SocketFile},
    error::ApiError,
    idempotency::Answers,
    stop::{Count, Listening, Stoppable, Stopper, Taking},
};
use crate::{
    balancer::Balancer,
    config,
    fleet::Fleet,
    liveness::Heart,
    metrics::Metrics,
    ollama,
    reload::{Live, Reloader},
    systemd::{self, Manager},
    tokens::Guard,
};

/// The most connections over the control socket at once.
const CONTROL_CONNECTIONS: usize = 64;

/// What is refused when the grace is over still has to be written.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What the HTTP face is made from.
#[derive(Clone)]
pub struct Setup {
    /// What a reload may change; every request looks at what is there then.
    pub live: watch::Receiver<Arc<Live>>,
    /// The balancer.
    pub balancer: Addr<Balancer>,
    /// The nodes.
    pub fleet: Addr<Fleet>,
    /// Who reads the configuration anew.
    pub reloader: Reloader,
    /// Where tickets and calls are counted.
    pub metrics: Arc<Metrics>,
    /// Who may call over TCP; every request looks at what is there then.
    pub guard: watch::Receiver<Arc<Guard>>,
    /// Cancelled when no further connection shall be taken.
    pub stopping: CancellationToken,
    /// Cancelled when calls that are still waiting shall be refused.
    pub grace_over: CancellationToken,
    /// Who waits for the beats of the workers.
    pub heart: Heart,
}

/// What a worker's handlers share.
struct Service {
    live: watch::Receiver<Arc<Live>>,
    client: Client,
    balancer: Addr<Balancer>,
    fleet: Addr<Fleet>,
    reloader: Reloader,
    metrics: Arc<Metrics>,
    started: Instant,
    watched: live::Watched,
    checks: check::Checks,
    making: summarize::BeingMade,
    answers: Answers,
    bodies: Bodies,
    stopping: CancellationToken,
    /// Cancelled when nobody is served over TCP any more, and the control socket closes, too.
    closing: CancellationToken,
    grace_over: CancellationToken,
}

/// The server, bound.
pub struct Bound {
    /// It is to be awaited: it serves, and ends when the stop is over.
    pub server: LocalBoxFuture<'static, io::Result<()>>,
    /// The addresses that were bound, with the port that a 0 became.
    pub addresses: Vec<SocketAddr>,
    /// The control socket's file, to be dropped when the server has ended.
    pub control: Option<SocketFile>,
}

/// Why nothing was bound.
#[derive(Debug, thiserror::Error)]
pub enum Unbound {
    /// The address cannot be had.
    #[error(
        "cannot listen on {0}; choose another address with server.listen or --listen; \
         `ss -ltnp 'sport = :{port}'` as root names who has it", port = .0.port()
    )]
    Address(SocketAddr, #[source] io::Error),
    /// The control socket cannot be had.
    #[error(transparent)]
    Control(#[from] BadSocket),
}

/// The sockets that are served.
pub struct Sockets {
    tcp: TcpListener,
    control: Option<(UnixListener, SocketFile)>,
}

/// Binds the address, or takes over the socket that systemd kept, and makes the control socket.
pub async fn open(server: &config::Server, manager: &Manager) -> Result<Sockets, Unbound> {
    let unbound = |error| Unbound::Address(server.listen, error);
    let tcp = systemd::socket::open(server.listen, manager).await.map_err(unbound)?;
    let control = match &server.control_socket {
        Some(path) => Some(control::open(path).await?),
        None => None,
    };
    Ok(Sockets { tcp, control })
}

/// Serves both sockets. The control socket has a worker and a limit of its own, so that operators get in
/// however many connections there are over TCP.
pub fn server(setup: Setup, sockets: Sockets) -> io::Result<Bound> {
    let live = Arc::clone(&setup.live.borrow());
    let config::Server { workers, .. } = live.server;
    let (stopping, grace_over) = (setup.stopping.clone(), setup.grace_over.clone());
    let (closing, heart) = (CancellationToken::new(), setup.heart.clone());
    let started = Instant::now();
    let shutdown_timeout = live.server.grace() + LAST_ANSWERS;
    let connect_timeout = live.dispatch.connect_timeout;
    let limits =
        connection::Limits { head: live.server.header_timeout, untaken: live.server.send_timeout };
    let workers =
        if workers > 0 { workers } else { available_parallelism().map_or(1, usize::from).min(512) };
    let (making, answers) = (summarize::BeingMade::default(), Answers::default());
    let checks = check::Checks::default();
    let (bodies, closed, watched) = (Bodies::default(), closing.clone(), live::Watched::default());
    let (balancer, metrics) = (setup.balancer.clone(), Arc::clone(&setup.metrics));
    actix::spawn(watched.clone().keep(balancer, metrics, closing.clone()));
    let factory = move || {
        let service = Service {
            live: setup.live.clone(),
            client: ollama::client(connect_timeout),
            balancer: setup.balancer.clone(),
            fleet: setup.fleet.clone(),
            reloader: setup.reloader.clone(),
            metrics: Arc::clone(&setup.metrics),
            started,
            watched: watched.clone(),
            checks: checks.clone(),
            making: making.clone(),
            answers: answers.clone(),
            bodies: bodies.clone(),
            stopping: setup.stopping.clone(),
            closing: closed.clone(),
            grace_over: setup.grace_over.clone(),
        };
        App::new()
            .app_data(Data::new(service))
            .app_data(Data::new(setup.guard.clone()))
            .wrap(from_fn(auth::check))
            .wrap(from_fn(access::log))
            .wrap(NormalizePath::trim())
            .wrap(from_fn(connection::mark))
            .configure(routes)
    };
    let serve = |name: &'static str, workers: usize, most: usize| {
        let (unasked, taking) = (Count::default(), Taking::default());
        let stopper = Stopper { taking: taking.clone(), unasked: unasked.clone() };
        let (factory, heart) = (factory.clone(), heart.clone());
        let number = Arc::new(AtomicUsize::new(1));
        // It is called by each worker in its thread.
        let factory = move || {
            let name = format!("{name} {}", number.fetch_add(1, Ordering::Relaxed));
            if let Some(pulse) = heart.register(name) {
                actix::spawn(pulse.keep());
            }
            actix::spawn(taking.worker());
            factory()
        };
        let server = HttpServer::new(factory)
            .disable_signals()
            .on_connect(move |connection, data| {
                auth::note_control_socket(connection, data);
                connection::limit(connection, data, limits, &unasked);
            })
            .client_request_timeout(limits.head)
            .keep_alive(connection::KEEP_ALIVE)
            .client_disconnect_timeout(connection::LINGER)
            .shutdown_timeout(shutdown_timeout.as_secs())
            // A caller who closes its side has left: its call must not go on.
            .h1_allow_half_closed(false)
            .workers(workers)
            .max_connections((most / workers).max(1));
        (server, stopper)
    };
    let (tcp, stopper) =
        serve("HTTP worker", workers, connection::affordable(live.server.max_connections));
    let listening = Listening::on(&sockets.tcp);
    let tcp = tcp.listen(sockets.tcp)?;
    let addresses = tcp.addrs();
    let tcp = stopper.of(tcp.run(), listening);
    let (mut control, mut file) = (None, None);
    if let Some((listener, made)) = sockets.control {
        let (server, stopper) = serve("control worker", 1, CONTROL_CONNECTIONS);
        let listening = Listening::on(&listener);
        // `bind_uds` would know neither the mode nor `on_connect`.
        control = Some(stopper.of(server.listen_uds(listener)?.run(), listening));
        file = Some(made);
    }
    let server = run(tcp, control, stopping, closing, grace_over);
    Ok(Bound { server: Box::pin(server), addresses, control: file })
}

/// Runs until both servers have ended: that of the control socket last, so that operators see how a stop
/// gets on, and can act on the nodes that it waits for.
async fn run(
    tcp: Stoppable,
    control: Option<Stoppable>,
    stopping: CancellationToken,
    closing: CancellationToken,
    grace_over: CancellationToken,
) -> io::Result<()> {
    let tcp = async {
        tcp.run(stopping.cancelled()).await?;
        closing.cancel();
        Ok(())
    };
    let control = async {
        let Some(control) = control else { return Ok(()) };
        let late = async {
            tokio::join!(grace_over.cancelled(), closing.cancelled());
            sleep(LAST_ANSWERS).await;
        };
        select! {
            ended = control.run(closing.cancelled()) => ended,
            // Who takes no answer there holds up no stop.
            () = late => Ok(()),
        }
    };
    tokio::try_join!(tcp, control).map(drop)
}

fn routes(config: &mut ServiceConfig) {
    config
        .service(reading("/", health::root))
        .service(reading("/health", health::health))
        .service(reading("/healthz", health::healthz))
        .service(reading("/readyz", health::readyz))
        .service(reading("/lb-stats", lb_stats::lb_stats))
        .service(reading("/live", live::live))
        .service(reading("/metrics", metrics::metrics))
        .service(posted("/summarize", summarize::summarize))
        .service(posted("/v1/place/correct", place::correct))
        .service(posted("/v1/ticket/check", check::check))
        .configure(docs::routes)
        .configure(ui::routes)
        .configure(admin::routes)
        .default_service(web::to(not_found));
}

/// A resource that is only read.
fn reading<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(|| wrong_method("GET, HEAD")))
}

/// A resource that is only posted to.
fn posted<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|| wrong_method("POST")))
}

async fn not_found() -> Result<web::Bytes, ApiError> {
    Err(ApiError::NotFound)
}

async fn wrong_method(allow: &'static str) -> Result<web::Bytes, ApiError> {
    Err(ApiError::MethodNotAllowed { allow: (header::ALLOW, HeaderValue::from_static(allow)) })
}
