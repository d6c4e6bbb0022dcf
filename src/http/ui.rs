//! The page at `/ui`: nodes, workbench and load for people. Its files are part of the program, and what it
//! shows comes from the API. One rule: nothing is loaded from, or sent to, any other host.

#[cfg(test)]
mod tests;

use actix_web::{
    HttpResponse,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
    web::{Bytes, Path, ServiceConfig},
};

use super::{docs, error::ApiError, reading};

/// What the page may load and ask, which is only where it came from; no script and no style stands in it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";
const DATA: &str = "application/json";

/// A file of the page.
struct File {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

/// Embeds files that lie beside each other.
macro_rules! files {
    ($($content_type:ident $name:literal in $folder:literal,)*) => {
        [$(File {
            name: $name,
            content_type: $content_type,
            bytes: include_bytes!(concat!($folder, $name)),
        }),*]
    };
}

const PAGE: File = File { name: "", content_type: HTML, bytes: include_bytes!("ui/index.html") };

const FILES: [File; 20] = files![
    STYLE "style.css" in "ui/",
    STYLE "views.css" in "ui/",
    IMAGE "icon.svg" in "ui/",
    SCRIPT "app.js" in "ui/",
    SCRIPT "call.js" in "ui/",
    SCRIPT "dialogs.js" in "ui/",
    SCRIPT "dom.js" in "ui/",
    SCRIPT "i18n.js" in "ui/",
    SCRIPT "live.js" in "ui/",
    SCRIPT "load.js" in "ui/",
    SCRIPT "log.js" in "ui/",
    SCRIPT "marks.js" in "ui/",
    SCRIPT "net.js" in "ui/",
    SCRIPT "node.js" in "ui/",
    SCRIPT "nodes.js" in "ui/",
    SCRIPT "ticket.js" in "ui/",
    SCRIPT "words.js" in "ui/",
    SCRIPT "workbench.js" in "ui/",
    SCRIPT "uPlot.iife.min.js" in "ui/vendor/",
    STYLE "uPlot.min.css" in "ui/vendor/",
];

/// The call that the workbench offers to try.
const EXAMPLE: File = File {
    name: "example.json",
    content_type: DATA,
    bytes: include_bytes!("../../data/example-call.json"),
};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(reading("/ui", page)).service(reading("/ui/{file}", file));
}

/// The web page
///
/// Nodes, workbench and load for people. It needs no token; the operations that it calls do.
#[utoipa::path(get, path = "/ui", tag = docs::DOCUMENTS, operation_id = "ui",
    responses((status = 200, description = "The page.", content_type = "text/html; charset=utf-8",
        body = String, example = "<!doctype html>")))]
pub(super) async fn page() -> HttpResponse {
    answer(&PAGE)
}

/// A file of the web page
///
/// The page names them.
#[utoipa::path(get, path = "/ui/{file}", tag = docs::DOCUMENTS, operation_id = "uiFile",
    responses((status = 200, description = "The file.",
        content((String = "text/javascript; charset=utf-8"), (String = "text/css; charset=utf-8"),
                (String = "image/svg+xml"), (Object = "application/json")))))]
pub(super) async fn file(file: Path<(String,)>) -> Result<HttpResponse, ApiError> {
    let mut files = FILES.iter().chain([&EXAMPLE]);
    files.find(|known| known.name == file.0).map(answer).ok_or(ApiError::NotFound)
}

/// A file as it lies in the program; it is not copied to be sent. An image may be opened by itself, so all
/// have the policy.
fn answer(file: &'static File) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(Bytes::from_static(file.bytes))
}
