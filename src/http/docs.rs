//! The documents of the API: `/openapi.json`, made of the handlers' types, and `/docs`, where it is
//! read and tried in a browser. Nothing of either comes from another host.

mod errors;
mod openapi;
mod schemas;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
    web::{Bytes, Path, ServiceConfig},
};

use super::{error::ApiError, reading};

/// The operations that make and mend tickets.
pub(super) const TICKETS: &str = "Tickets";
/// The operations that tell how the service is.
pub(super) const SERVICE: &str = "Service";
/// The operations of operators.
pub(super) const ADMIN: &str = "Administration";
/// The operations that need no service and no token.
pub(super) const DOCUMENTS: &str = "Documents";

/// A stream of events, as an example.
pub(super) fn events() -> &'static str {
    "event: stage\ndata: {\"stage\":\"ticket\",\"attempt\":1}\n\n\
     event: queued\ndata: {\"position\":2,\"eta_ms\":17400}\n\n\
     event: started\ndata: {\"node\":\"11434\"}\n\n\
     event: token\ndata: {\"count\":117}\n\n\
     event: done\ndata: {\"ticket_type\":\"投诉\",\"ticket_zone\":\"六安市三十铺镇水韵东方小区\"}\n\n"
}

/// A stream of the state of nodes and load, as an example.
pub(super) fn live_events() -> &'static str {
    "event: nodes\ndata: {\"version\":\"0.1.0\",\"total_endpoints\":3,\"healthy_endpoints\":2}\n\n\
     event: load\ndata: {\"minutes\":[]}\n\n"
}

/// Lines of a node's log, as an example.
pub(super) fn lines() -> &'static str {
    "{\"seq\":1,\"at\":\"2026-11-23T00:01:26.002Z\",\"pid\":17918,\"level\":\"info\",\
     \"line\":\"Listening on 127.0.0.1:11434 (version 0.32.15)\"}\n"
}

/// What the page may load and ask, which is only where it came from. No script stands in the page; the
/// explorer writes styles of its own into it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(reading("/openapi.json", document))
        .service(reading("/docs", page))
        .service(reading("/docs/{file}", file));
}

/// This document
///
/// OpenAPI 3.1. It needs no token.
#[utoipa::path(get, path = "/openapi.json", tag = DOCUMENTS, operation_id = "openapi",
    responses((status = 200, description = "The document.", content_type = "application/json",
        body = Object)))]
async fn document() -> HttpResponse {
    // Made when somebody asks, and kept: it is the same as long as this program runs.
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi::document().into());
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-cache"))
        .content_type("application/json")
        .body(Bytes::clone(&DOCUMENT))
}

/// The explorer
///
/// A page to read this document and to try the API. It needs no token; the operations that it
/// calls do.
#[utoipa::path(get, path = "/docs", tag = DOCUMENTS, operation_id = "explorer",
    responses((status = 200, description = "The page.", content_type = "text/html; charset=utf-8",
        body = String, example = "<!doctype html>")))]
async fn page() -> HttpResponse {
    let page = include_bytes!("../../data/explorer/page.html");
    asset("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(Bytes::from_static(page))
}

/// A file of the explorer
///
/// The page names them.
#[utoipa::path(get, path = "/docs/{file}", tag = DOCUMENTS, operation_id = "explorerFile",
    responses((status = 200, description = "The file, perhaps with `Content-Encoding: gzip`.",
        content((String = "text/javascript; charset=utf-8"), (String = "text/css; charset=utf-8")))))]
async fn file(file: Path<(String,)>) -> Result<HttpResponse, ApiError> {
    match file.0.as_str() {
        "page.css" => {
            let style = include_bytes!("../../data/explorer/page.css");
            Ok(asset("text/css; charset=utf-8").body(Bytes::from_static(style)))
        }
        "openapi-explorer.js" => {
            let script = include_bytes!("../../data/explorer/openapi-explorer.min.js.gz");
            Ok(asset("text/javascript; charset=utf-8")
                .insert_header((CONTENT_ENCODING, "gzip"))
                .body(Bytes::from_static(script)))
        }
        _ => Err(ApiError::NotFound),
    }
}

/// The head of a file that is part of the program.
fn asset(content_type: &'static str) -> HttpResponseBuilder {
    let mut head = HttpResponse::Ok();
    head.content_type(content_type);
    head.insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    head.insert_header((REFERRER_POLICY, "no-referrer"));
    head.insert_header((CACHE_CONTROL, "no-cache"));
    head
}
