//! `POST /v1/ticket/check`: a ticket that somebody has corrected, compared with its call. No model is asked.
//!
//! A long call takes longer than an HTTP worker may be held, so comparing runs beside it, on half of
//! the cores at most.

use std::{sync::Arc, thread::available_parallelism, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{self, Data, Payload},
};
use tokio::{sync::Semaphore, time::timeout};

use super::{Service, body, docs, error::ApiError};
use crate::ticket::{BadCheck, Check, Checked};

/// How long a caller waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// When who had no turn may come again.
const LATER: Duration = Duration::from_secs(5);

/// The turns of those who compare. Clones are the same.
#[derive(Clone)]
pub(super) struct Checks(Arc<Semaphore>);

impl Default for Checks {
    fn default() -> Self {
        let half = available_parallelism().map_or(1, |cores| cores.get() / 2).max(1);
        Self(Arc::new(Semaphore::new(half)))
    }
}

/// Compare a ticket with its call
///
/// Without a model, at once: for an editor, after each correction by hand. `quality` is judged as in the answer
/// of `/summarize`, of the zone as it is now; `spans` says where each value stands in the ticket, and where it was
/// said. The longer the call, the fewer characters the ticket may have: 700 with a call of 1 MB. Any Content-Type
/// will do.
#[utoipa::path(post, path = "/v1/ticket/check", operation_id = "checkTicket", tag = docs::TICKETS, security(("user" = [])),
    request_body(content = ref("#/components/schemas/TicketCheck"), description = "The call and the ticket.",
        content_type = "application/json"),
    responses((status = 200, description = "What is in doubt, and where the values are.", body = Checked)))]
pub(super) async fn check(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let live = Arc::clone(&service.live.borrow());
    let body = body::read(&service, &live.server, &request, payload).await?;
    let turn = timeout(PATIENCE, Arc::clone(&service.checks.0).acquire_owned()).await;
    let turn = turn.map_err(|_| ApiError::TooMany { retry_after: LATER })?;
    let corrector = Arc::clone(&live.tickets.corrector);
    let compare = move || {
        // Kept to the end, also if the caller leaves.
        let (_turn, body) = (turn, body);
        let checked = Check::parse(&body.bytes).map_err(ApiError::from)?.compare(&corrector);
        Ok::<_, ApiError>(serde_json::to_vec(&checked).expect("it is plain JSON"))
    };
    let json = web::block(compare).await.map_err(|_| ApiError::Internal)??;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(json))
}

impl From<BadCheck> for ApiError {
    fn from(bad: BadCheck) -> Self {
        Self::BadRequest(match bad {
            BadCheck::Call(bad) => return Self::BadTranscript(bad),
            BadCheck::NotBoth => {
                "请求体必须是JSON对象，call为通话记录，ticket为工单对象，两者必填".to_owned()
            }
            BadCheck::Field(field) => format!("ticket的{field}必填，且必须是字符串"),
            BadCheck::TooMuch => {
                "通话和工单合起来太长，无法核对，请缩短工单，或只提交相关的会话".to_owned()
            }
            BadCheck::TooLong(field, most) => format!("ticket的{field}超过{most}个字符，请缩短"),
        })
    }
}
