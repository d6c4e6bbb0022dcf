//! ticketd turns calls to a Chinese city's 12345 citizen hotline into work tickets (工单) with a
//! local LLM, on the hotline's own servers.
//!
//! The parts, in reading order:
//!
//! - [`config`]: layers, sections, and errors that name their place.
//! - [`app`]: starts balancer, server and nodes, and stops them in reverse.
//! - [`fleet`]: the actor that says which nodes there are.
//! - [`node`]: one actor a node; starts, watches and restarts its Ollama process.
//! - [`balancer`]: the actor that says who gets the next slot.
//! - [`backoff`]: the one rule of delays after failures.
//! - [`dispatch`]: one model call, retried elsewhere until it succeeds or its deadline comes.
//! - [`ollama`]: the only code that knows Ollama's URLs and bodies.
//! - [`ticket`]: transcript → prompt → answer → checked ticket.
//! - [`journal`]: systemd's journal, and the events that it names.
//! - [`place`]: which correction of a place name may be believed.
//! - [`tokens`]: who may call over TCP.
//! - [`reload`]: a changed configuration, taken over while everything runs.
//! - [`metrics`]: what Prometheus is told.
//! - [`http`]: the wire.
//! - [`liveness`]: every part beats while it works.
//! - [`systemd`]: what the service manager is told, and the socket that it keeps.
//! - [`demo_node`]: the embedded node of `ticketd demo`.
//!
//! ARCHITECTURE.md shows who tells whom what.

pub mod app;
pub mod backoff;
pub mod balancer;
pub mod cli;
pub mod config;
pub mod demo_node;
pub mod dispatch;
pub mod fleet;
pub mod http;
pub mod journal;
mod lines;
pub mod liveness;
pub mod logging;
pub mod metrics;
pub mod node;
pub mod ollama;
pub mod place;
pub mod reload;
pub mod systemd;
pub mod ticket;
pub mod tokens;
mod words;
