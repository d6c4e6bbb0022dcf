//! The document: what the handlers and their types say, with the errors and headers of each operation.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::{ADMIN, DOCUMENTS, SERVICE, TICKETS, errors, schemas};
use crate::{
    http::{admin, check, events::shown, health, lb_stats, live, metrics, place, summarize, ui},
    node::Entry,
};

/// What all operations have in common.
const ABOUT: &str = "\
ticketd turns the transcripts of calls to a Chinese city's 12345 hotline into work tickets (工单).

**Errors** are `{\"detail\": \"…\", \"code\": \"…\"}`: a sentence in Chinese for people, and a stable code for \
programs. Each operation lists its own. Beside them, an unknown path is a 404 (`not_found`), an unknown \
method a 405 (`method_not_allowed`) whose `Allow` has the known ones, and a request that is no HTTP, or whose head \
is too large or too slow, a 400, 431 or 408 without a body. `GET` operations answer `HEAD` as well.

**Who may call.** Operations with the security scheme `user` need a token if `server.tokens_file` is set; those with \
`admin` always need a token of `server.admin_tokens_file` over TCP. The control socket needs none.

**Times** are in milliseconds where a name ends in `_ms`, in seconds where it ends in `_s`. Fields may be \
added, and are never renamed or removed.";

#[derive(OpenApi)]
#[openapi(
    info(title = "ticketd", description = ABOUT, license(name = "Apache-2.0", identifier = "Apache-2.0")),
    tags(
        (name = TICKETS, description = "Tickets of calls, and place names."),
        (name = SERVICE, description = "How the service is."),
        (name = ADMIN, description = "The nodes and the configuration, for operators."),
        (name = DOCUMENTS, description = "This document, where to read it, and the web page."),
    ),
    paths(
        summarize::summarize,
        place::correct,
        check::check,
        health::root,
        health::health,
        health::healthz,
        health::readyz,
        lb_stats::lb_stats,
        live::live,
        metrics::metrics,
        admin::status,
        admin::list,
        admin::add::add,
        admin::show,
        admin::remove,
        admin::drain,
        admin::resume,
        admin::restart,
        admin::log::log,
        admin::reload,
        super::document,
        super::page,
        super::file,
        ui::page,
        ui::file,
    ),
    components(schemas(
        shown::Stage,
        shown::Queued,
        shown::Started<'static>,
        shown::Token,
        Entry,
        live::NodesNow,
        live::LoadNow,
    )),
)]
struct Handlers;

/// The document as JSON text.
pub(super) fn document() -> String {
    whole().to_string()
}

fn whole() -> Value {
    let mut document = serde_json::to_value(Handlers::openapi()).expect("it is plain JSON");
    // Cargo's authors are for the package; nobody answers there.
    document["info"].as_object_mut().and_then(|info| info.remove("contact"));
    let components = &mut document["components"];
    for (name, schema) in schemas::schemas() {
        components["schemas"][name] = schema;
    }
    components["securitySchemes"] = schemas::security();
    components["headers"] = schemas::answer_headers();
    components["parameters"] = json!({"X-Request-Id": schemas::request_id()});
    let paths = document["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            complete(path, operation);
        }
    }
    document
}

/// Adds to an operation what its handler's types do not say.
fn complete(path: &str, operation: &mut Value) {
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    parameters.extend(parts(path).map(schemas::path_part));
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let is_call = id == "summarize";
    if is_call {
        parameters.extend(schemas::call_headers());
    }
    parameters.push(json!({"$ref": "#/components/parameters/X-Request-Id"}));
    operation["parameters"] = parameters.into();
    if let Some(body) = operation.get_mut("requestBody") {
        body["required"] = true.into();
    }
    let answers = operation["responses"].as_object_mut();
    if let Some(answers) = answers {
        if is_call && let Some(ticket) = answers.get_mut("200") {
            let name = "Idempotent-Replayed";
            ticket["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
        answers.extend(errors::answers(&errors::of(&id).unwrap_or_default()));
        for answer in answers.values_mut() {
            answer["headers"]["X-Request-Id"] =
                json!({"$ref": "#/components/headers/X-Request-Id"});
        }
    }
}

/// The names that stand for something in a path: `id` of `/admin/nodes/{id}`.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}
