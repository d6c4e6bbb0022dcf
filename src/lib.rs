//! ticketd: calls to a citizen hotline in, checked work tickets out.
pub mod balancer;
pub mod config;
pub mod dispatch;
pub mod node;
pub mod ollama;
pub mod place;
pub mod ticket;
