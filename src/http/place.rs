//! `POST /v1/place/correct`: what the gazetteer makes of a zone. No model is asked.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Deserialize;
use serde_json::error::Category;
use utoipa::ToSchema;

use super::{Service, body, docs, error::ApiError};
use crate::{place::UnknownHome, ticket::ZoneCorrection};

/// The most characters of a zone; an address has some dozens.
const MOST_ZONE_CHARS: usize = 1000;

/// A zone to be corrected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Zone)]
struct Body {
    /// The address as speech recognition wrote it, of 1,000 characters at most.
    #[schema(max_length = 1000, examples("刘安市三十铺镇水韵东方小区"))]
    zone: String,
    /// The city whose hotline took the call, by its full name or its code; `place.home` if it is
    /// missing, null or empty. An unknown one is a `bad_request`.
    #[schema(examples("六安市"))]
    home: Option<String>,
}

/// Correct the place names of an address
///
/// Without a model, at once. Where the gazetteer cannot tell what a zone means, `method` is
/// `unchanged` and `alternatives` has what it may mean. Any Content-Type will do.
#[utoipa::path(post, path = "/v1/place/correct", operation_id = "correctPlace", tag = docs::TICKETS, security(("user" = [])),
    request_body(content = Body, description = "The zone."),
    responses((status = 200, description = "What became of the zone.", body = ZoneCorrection)))]
pub(super) async fn correct(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let live = Arc::clone(&service.live.borrow());
    let body = body::read(&service, &live.server, &request, payload).await?;
    let Body { zone, home } = parse(&body.bytes).map_err(ApiError::BadRequest)?;
    if zone.chars().nth(MOST_ZONE_CHARS).is_some() {
        let sentence = format!("zone超过{MOST_ZONE_CHARS}个字符，请只发送地址");
        return Err(ApiError::BadRequest(sentence));
    }
    let (corrector, home) = (&live.tickets.corrector, home.unwrap_or_default());
    corrector.knows(&home).map_err(|UnknownHome(_)| {
        let sentence = "home不是已知的城市，请使用全称或行政区划代码，例如六安市或341500";
        ApiError::BadRequest(sentence.to_owned())
    })?;
    Ok(HttpResponse::Ok().json(ZoneCorrection::without_model(corrector, &zone, &home)))
}

/// The zone and the home of a body; the error is a sentence for people.
fn parse(body: &[u8]) -> Result<Body, String> {
    serde_json::from_slice(body).map_err(|error| {
        let at = format!("第{}行第{}列", error.line(), error.column());
        match error.classify() {
            Category::Data => format!("请求体必须是JSON对象，zone为字符串且必填，home为字符串可省略，没有其他字段（{at}有误）"),
            Category::Io | Category::Syntax | Category::Eof => format!("请求体不是有效的JSON（{at}），请发送一个JSON对象"),
        }
    })
}
