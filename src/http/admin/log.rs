//! `GET /admin/nodes/{id}/log`: the last lines of a node, and with `?follow=true` those to come.

use std::collections::VecDeque;

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Path, Query},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{select, sync::broadcast};
use tokio_util::sync::CancellationToken;

use super::{Service, find};
use crate::{
    http::{ask::ask_mortal, error::ApiError},
    node::{LogLine, ReadLog},
    ollama::NDJSON,
};

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    follow: bool,
}

pub(super) async fn log(
    service: Data<Service>,
    id: Path<(String,)>,
    asked: Option<Query<Asked>>,
) -> Result<HttpResponse, ApiError> {
    let asked = asked.ok_or_else(|| ApiError::BadRequest("follow必须是true或false".to_owned()))?;
    let node = find(&service, id.into_inner().0).await?;
    let read = ask_mortal(&node, ReadLog).await;
    let (lines, coming) = read.ok().and_then(Result::ok).ok_or(ApiError::NoSuchNode)?;
    // The node's actor is not kept alive by who reads its log.
    drop(node);
    let follow = Follow {
        lines: lines.into(),
        coming: asked.follow.then_some(coming),
        stopping: service.stopping.clone(),
    };
    let body = stream::unfold(follow, |mut follow| async {
        let line = follow.next().await?;
        Some((Ok::<_, ApiError>(line), follow))
    });
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(Box::pin(body)))
}

/// The lines that are left to send.
struct Follow {
    lines: VecDeque<LogLine>,
    coming: Option<broadcast::Receiver<LogLine>>,
    stopping: CancellationToken,
}

impl Follow {
    /// The next line; none when there is none, the node is gone, or the service stops.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(line) = self.lines.pop_front() {
            return Some(bytes(&line));
        }
        let coming = self.coming.as_mut()?;
        let next = select! {
            next = coming.recv() => next,
            () = self.stopping.cancelled() => return None,
        };
        match next {
            Ok(line) => Some(bytes(&line)),
            Err(broadcast::error::RecvError::Lagged(dropped)) => {
                Some(bytes(&json!({"dropped": dropped})))
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

fn bytes(line: &impl Serialize) -> Bytes {
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    Bytes::from(text)
}
