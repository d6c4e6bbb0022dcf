//! The HTTP face: server settings and the routes. One resource a file; nothing here decides.

mod access;
mod admin;
mod ask;
mod auth;
mod body;
mod connection;
pub mod control;
mod error;
mod flight;
mod health;
mod idempotency;
mod lb_stats;
mod summarize;
mod urgency;

use std::{io, net::SocketAddr, sync::Arc, thread::available_parallelism, time::Duration};

use actix::Addr;
use actix_web::{
    App, HttpServer, Resource,
    dev::Server,
    http::header::{self, HeaderValue},
    middleware::{NormalizePath, from_fn},
    web::{self, Data, ServiceConfig},
};
use awc::Client;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use self::{
    control::{BadSocket, SocketFile},
    error::ApiError,
    idempotency::Answers,
};
use crate::{
    balancer::Balancer,
    config,
    fleet::Fleet,
    ollama,
    reload::{Live, Reloader},
    tokens::Guard,
};

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
    /// Who may call over TCP; every request looks at what is there then.
    pub guard: watch::Receiver<Arc<Guard>>,
    /// Cancelled when no further connection shall be taken.
    pub stopping: CancellationToken,
    /// Cancelled when calls that are still waiting shall be refused.
    pub grace_over: CancellationToken,
}

/// What a worker's handlers share.
struct Service {
    live: watch::Receiver<Arc<Live>>,
    client: Client,
    balancer: Addr<Balancer>,
    fleet: Addr<Fleet>,
    reloader: Reloader,
    started: Instant,
    making: summarize::Making,
    answers: Answers,
    stopping: CancellationToken,
    grace_over: CancellationToken,
}

/// The server, bound.
pub struct Bound {
    /// It runs when it is awaited.
    pub server: Server,
    /// The addresses that were bound, with the port that a 0 became.
    pub addresses: Vec<SocketAddr>,
    /// The control socket's file, to be dropped when the server has ended.
    pub control: Option<SocketFile>,
}

/// Why nothing was bound.
#[derive(Debug, thiserror::Error)]
pub enum Unbound {
    /// The address cannot be had.
    #[error("cannot listen on {0}; choose another address with server.listen or --listen")]
    Address(SocketAddr, #[source] io::Error),
    /// The control socket cannot be had.
    #[error(transparent)]
    Control(#[from] BadSocket),
}

/// Binds the address and the control socket, and makes the server.
pub async fn server(setup: Setup) -> Result<Bound, Unbound> {
    let live = Arc::clone(&setup.live.borrow());
    let config::Server { listen, workers, ref control_socket, .. } = live.server;
    let control_socket = control_socket.clone();
    let stopping = setup.stopping.clone();
    let started = Instant::now();
    // What is refused when the grace is over still has to be written.
    let shutdown_timeout = live.server.grace() + Duration::from_secs(5);
    let connect_timeout = live.dispatch.connect_timeout;
    let limits =
        connection::Limits { head: live.server.header_timeout, untaken: live.server.send_timeout };
    let workers =
        if workers > 0 { workers } else { available_parallelism().map_or(1, usize::from).min(512) };
    let (making, answers) = (summarize::Making::default(), Answers::default());
    let factory = move || {
        let service = Service {
            live: setup.live.clone(),
            client: ollama::client(connect_timeout),
            balancer: setup.balancer.clone(),
            fleet: setup.fleet.clone(),
            reloader: setup.reloader.clone(),
            started,
            making: making.clone(),
            answers: answers.clone(),
            stopping: setup.stopping.clone(),
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
    let server = HttpServer::new(factory)
        .disable_signals()
        .on_connect(move |connection, data| {
            auth::note_control_socket(connection, data);
            connection::limit(connection, data, limits);
        })
        .client_request_timeout(limits.head)
        .keep_alive(connection::KEEP_ALIVE)
        .client_disconnect_timeout(connection::LINGER)
        .shutdown_signal(stopping.cancelled_owned())
        .shutdown_timeout(shutdown_timeout.as_secs())
        // A caller who closes its side has left: its call must not go on.
        .h1_allow_half_closed(false)
        .workers(workers)
        .max_connections((live.server.max_connections / workers).max(1));
    let unbound = |error| Unbound::Address(listen, error);
    let mut server = server.bind(listen).map_err(unbound)?;
    let addresses = server.addrs();
    let mut control = None;
    if let Some(path) = control_socket {
        let (listener, file) = control::open(&path).await?;
        // `bind_uds` would know neither the mode nor `on_connect`.
        server = server.listen_uds(listener).map_err(|error| BadSocket::Refused(path, error))?;
        control = Some(file);
    }
    Ok(Bound { server: server.run(), addresses, control })
}

fn routes(config: &mut ServiceConfig) {
    config
        .service(reading("/", health::root))
        .service(reading("/health", health::health))
        .service(reading("/healthz", health::healthz))
        .service(reading("/readyz", health::readyz))
        .service(reading("/lb-stats", lb_stats::lb_stats))
        .service(
            web::resource("/summarize")
                .route(web::post().to(summarize::summarize))
                .default_service(web::to(|| wrong_method("POST"))),
        )
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

async fn not_found() -> Result<web::Bytes, ApiError> {
    Err(ApiError::NotFound)
}

async fn wrong_method(allow: &'static str) -> Result<web::Bytes, ApiError> {
    Err(ApiError::MethodNotAllowed { allow: (header::ALLOW, HeaderValue::from_static(allow)) })
}
