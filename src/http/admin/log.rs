//! `GET /admin/nodes/{id}/log`: the last lines of a node, and with `?follow=true` those to come.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Path, Query},
};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{Service, find};
use crate::{
    http::{ask::ask_mortal, docs, error::ApiError, reader},
    node::ReadLog,
    ollama::NDJSON,
};

/// What a reader asks for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Whether lines to come are sent, too.
    #[serde(default)]
    #[param(required = false, default = false, example = false)]
    follow: bool,
}

/// The log of a node
///
/// The last 200 lines, oldest first: one JSON object a line. With `follow=true` the answer goes on with
/// the lines to come, until the service stops or a reload would not let the reader in any more.
#[utoipa::path(get, path = "/admin/nodes/{id}/log", operation_id = "nodeLog", tag = docs::ADMIN, security(("admin" = [])),
    params(Asked),
    responses((status = 200, description = "The lines, each an object of the form `LogEntry`.",
        content_type = "application/x-ndjson", body = String, example = docs::lines)))]
pub(super) async fn log(
    service: Data<Service>,
    request: HttpRequest,
    id: Path<(String,)>,
    asked: Option<Query<Asked>>,
) -> Result<HttpResponse, ApiError> {
    let asked = asked.ok_or_else(|| ApiError::BadRequest("follow必须是true或false".to_owned()))?;
    let node = find(&service, id.into_inner().0).await?;
    let read = ask_mortal(&node, ReadLog { follow: asked.follow }).await;
    let lines = read.ok().and_then(Result::ok).ok_or(ApiError::NoSuchNode)?;
    // The node's actor is not kept alive by who reads its log.
    drop(node);
    let follow = asked.follow.then(|| reader::over(&service, &request));
    let body = lines.entries(follow).map(|entry| Ok::<_, ApiError>(bytes(&entry)));
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(Box::pin(body)))
}

fn bytes(line: &impl Serialize) -> Bytes {
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    Bytes::from(text)
}
