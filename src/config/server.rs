//! `[server]`: the HTTP face.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::duration;

/// Settings of the HTTP server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on. Default `127.0.0.1:8001`, the original's port.
    pub listen: SocketAddr,
    /// HTTP worker threads; 0 means one for each core. Default 0.
    pub workers: usize,
    /// The most connections over TCP at once; further ones wait to be taken. Default 4096.
    pub max_connections: usize,
    /// How long the head of a request may take to come whole. Default 10 s.
    #[serde(with = "duration")]
    pub header_timeout: Duration,
    /// How long a caller over TCP may take nothing of its answer. Default 30 s.
    #[serde(with = "duration")]
    pub send_timeout: Duration,
    /// The largest request body in bytes; a larger one is answered with 413. Default 1 MiB.
    pub max_body_bytes: usize,
    /// The most bytes of request bodies over TCP at once, those of waiting calls too; of each the
    /// first 64 KiB do not count. One that needs more is answered with 503. Default 256 MiB.
    pub max_bodies_bytes: usize,
    /// How long a request body may take to come whole. Default 30 s; at a stop it is 1 s.
    #[serde(with = "duration")]
    pub body_timeout: Duration,
    /// How long a caller waits for a ticket at most, queueing included. Default 180 s.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
    /// How long a stop waits for calls in flight and queued. Default: `request_timeout`.
    #[serde(with = "duration::optional", skip_serializing_if = "Option::is_none")]
    pub shutdown_grace: Option<Duration>,
    /// How long a ticket is kept for callers who repeat its `Idempotency-Key`; 0 keeps none.
    /// Default 10 min.
    #[serde(with = "duration::or_zero")]
    pub idempotency_ttl: Duration,
    /// The most bytes of tickets that are kept so; the oldest go first. Default 16 MiB.
    pub idempotency_bytes: usize,
    /// A Unix socket that serves the same API without tokens, to its owner and group. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_socket: Option<PathBuf>,
    /// The tokens of which user calls over TCP need one. Default: none, they need no token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_file: Option<PathBuf>,
    /// The tokens of which admin calls over TCP need one. Default: none, they are refused there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_tokens_file: Option<PathBuf>,
    /// Allows a `listen` address that other hosts can reach without `tokens_file`.
    pub allow_anonymous: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8001)),
            workers: 0,
            max_connections: 4096,
            header_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(30),
            max_body_bytes: 1024 * 1024,
            max_bodies_bytes: 256 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(180),
            shutdown_grace: None,
            idempotency_ttl: Duration::from_secs(10 * 60),
            idempotency_bytes: 16 * 1024 * 1024,
            control_socket: None,
            tokens_file: None,
            admin_tokens_file: None,
            allow_anonymous: false,
        }
    }
}

impl Server {
    /// The time that a stop gives to calls in flight and queued.
    pub fn grace(&self) -> Duration {
        self.shutdown_grace.unwrap_or(self.request_timeout)
    }
}
