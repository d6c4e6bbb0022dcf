//! `POST /v1/place/correct`: what the gazetteer makes of a zone. No model is asked.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Deserialize;
use serde_json::error::Category;

use super::{Service, body, error::ApiError};
use crate::{place::UnknownHome, ticket::ZoneCorrection};

/// The most characters of a zone; an address has some dozens.
const MOST_ZONE_CHARS: usize = 1000;

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    zone: String,
    /// The city whose hotline took the call; the configured one if it is missing.
    home: Option<String>,
}

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
