//! The real binary against `fake_ollama`, over real sockets, processes and signals.

mod auth;
mod cancel;
mod check;
mod contract;
mod control;
mod demo;
mod endpoints;
mod failover;
mod fake;
mod faults;
mod flight;
mod harness;
mod hostile;
mod idempotency;
mod nodes;
mod operate;
mod overload;
mod priority;
mod pull;
mod raw;
mod reload;
mod rows;
mod shutdown;
mod socket;
mod urgency;
mod zone;
