//! Until when the reader of a stream without an end may read on.

use actix_web::HttpRequest;
use futures_util::future::LocalBoxFuture;
use tokio::select;

use super::{
    Service,
    auth::{self, Caller},
};

/// Ends when the service stops, or when the reader would not be let in any more.
pub(super) fn over(service: &Service, request: &HttpRequest) -> LocalBoxFuture<'static, ()> {
    let end = match Caller::of(request) {
        // Operators read until the nodes have ended, too.
        Caller::OverControlSocket => &service.closing,
        Caller::Anonymous | Caller::Token(_) => &service.stopping,
    };
    let (end, turned_away) = (end.clone(), auth::turned_away(request));
    Box::pin(async move {
        select! {
            () = end.cancelled_owned() => {}
            () = turned_away => {}
        }
    })
}
