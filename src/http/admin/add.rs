//! `POST /admin/nodes`: a node more. Never a program, arguments or free environment: who may add a
//! node may not run what he likes.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{NodeBody, Service};
use crate::{
    balancer::Snapshot,
    config::Endpoint,
    fleet::{Add, Place, Refused, Wanted},
    http::{ask::ask, body, docs, error::ApiError},
};

/// A node to be added: either a port on which ticketd runs one, or the URL of one that others run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNode)]
struct Body {
    /// The port of a node that ticketd runs on this host.
    #[schema(minimum = 1, maximum = 65535, examples(11437))]
    port: Option<u16>,
    /// The URL of a node that others run; exactly one of `port` and `endpoint` is given.
    #[schema(examples("http://gpu-2:11434"))]
    endpoint: Option<String>,
    /// How many calls it may serve at once; `nodes.slots` if it is missing.
    #[schema(minimum = 1, maximum = 1024, examples(1))]
    slots: Option<u32>,
    /// The numbers or UUIDs of its GPUs, parted by commas, only with `port`; all if it is missing.
    #[schema(min_length = 1, max_length = 256, pattern = "^[0-9A-Za-z,-]+$", examples("0,1"))]
    gpu: Option<String>,
}

/// Add a node
///
/// It lasts until ticketd stops: nothing is written to the configuration.
#[utoipa::path(post, path = "/admin/nodes", operation_id = "addNode", tag = docs::ADMIN, security(("admin" = [])),
    request_body(content = Body, description = "The node."),
    responses((status = 201, description = "The node as it begins.", body = NodeBody)))]
pub(super) async fn add(
    service: Data<Service>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let server = service.live.borrow().server.clone();
    let own = server.listen.port();
    let body = body::read(&service, &server, &request, payload).await?;
    let wanted = parse(&body.bytes, own).map_err(ApiError::BadRequest)?;
    let view = ask(&service.fleet, Add { wanted }).await?.map_err(|refused| match refused {
        Refused::Exists => ApiError::NodeExists,
        Refused::ShuttingDown => ApiError::ShuttingDown,
    })?;
    let nodes = ask(&service.balancer, Snapshot).await?.nodes;
    Ok(HttpResponse::Created().json(NodeBody::new(view, &nodes)))
}

/// The node that a body asks for; the error is a sentence for people. `own` is ticketd's port.
fn parse(body: &[u8], own: u16) -> Result<Wanted, String> {
    let body: Body = serde_json::from_slice(body).map_err(|error| {
        format!(
            "请求体必须是JSON对象，只能包含port、endpoint、slots、gpu（第{}行第{}列有误）",
            error.line(),
            error.column()
        )
    })?;
    let place = match (body.port, body.endpoint) {
        (Some(0), None) => return Err("port必须在1到65535之间".to_owned()),
        (Some(port), None) if port == own => {
            return Err("port是ticketd自己的端口，请换一个".to_owned());
        }
        (Some(port), None) => Place::Port(port),
        (None, Some(url)) => {
            let endpoint: Endpoint = url.parse().map_err(|_| {
                "endpoint必须是http开头的URL，例如http://127.0.0.1:11434，不含用户名和密码"
                    .to_owned()
            })?;
            if endpoint.loopback_port() == Some(own) {
                return Err("endpoint是ticketd自己的地址，请换一个".to_owned());
            }
            Place::Endpoint(endpoint)
        }
        _ => return Err("必须且只能给出port或endpoint之一".to_owned()),
    };
    if body.slots.is_some_and(|slots| !(1..=1024).contains(&slots)) {
        return Err("slots必须在1到1024之间".to_owned());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ',' | '-');
    match (&body.gpu, &place) {
        (Some(_), Place::Endpoint(_)) => Err("gpu只能用于port节点".to_owned()),
        (Some(gpu), _) if gpu.is_empty() || gpu.len() > 256 || !gpu.chars().all(plain) => {
            Err("gpu必须是GPU编号或UUID，用逗号分隔，例如0或0,1".to_owned())
        }
        _ => Ok(Wanted { place, slots: body.slots, gpu: body.gpu, runtime: true }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_one_place_and_what_is_wrong_is_named() {
        let table = [
            (r#"{"port": 11437}"#, None),
            (r#"{"port": 11437, "slots": 2, "gpu": "0,1"}"#, None),
            (r#"{"endpoint": "http://gpu-2:11434", "slots": 4}"#, None),
            ("[]", Some("JSON")),
            (r#"{"port": 1, "program": "/bin/sh"}"#, Some("JSON")),
            (r#"{"port": 1, "env": {"A": "b"}}"#, Some("JSON")),
            ("{}", Some("port或endpoint")),
            (r#"{"port": 1, "endpoint": "http://a:1"}"#, Some("port或endpoint")),
            (r#"{"port": 0}"#, Some("port")),
            (r#"{"port": 8001}"#, Some("自己的端口")),
            (r#"{"port": 1, "slots": 0}"#, Some("slots")),
            (r#"{"port": 1, "gpu": "0;rm"}"#, Some("gpu")),
            (r#"{"endpoint": "http://a:1", "gpu": "0"}"#, Some("gpu")),
            (r#"{"endpoint": "ftp://a"}"#, Some("endpoint")),
            (r#"{"endpoint": "http://localhost:8001"}"#, Some("自己的地址")),
        ];
        for (body, fault) in table {
            match (parse(body.as_bytes(), 8001), fault) {
                (Ok(wanted), None) => assert!(wanted.runtime),
                (Err(message), Some(part)) => assert!(message.contains(part), "{body}: {message}"),
                (result, _) => panic!("{body}: {result:?}"),
            }
        }
    }
}
