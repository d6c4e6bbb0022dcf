//! The API's whole error contract: what went wrong → status, code, sentence.
//!
//! The code is stable and English, the sentence Chinese. Neither repeats what a caller sent.

use std::time::Duration;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde_json::{Value, json};
use tracing::{error, warn};

use crate::{
    balancer::Unserved, config::Invalid, dispatch::Failed, journal::tell, reload::NotReloaded,
    ticket::BadTranscript,
};

/// Why a request gets no answer of status 200.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("the body is no transcript")]
    BadTranscript(BadTranscript),
    #[error("X-Priority is none that is known")]
    BadPriority,
    #[error("X-Deadline-Ms is no number within its bounds")]
    BadDeadline,
    #[error("Idempotency-Key is no key")]
    BadIdempotencyKey,
    #[error("Idempotency-Key stands for another body")]
    IdempotencyKeyReused,
    #[error("the body is too large")]
    BodyTooLarge { limit: usize },
    #[error("the body did not come whole")]
    BodyBroken,
    #[error("the body did not come in time")]
    BodyTimedOut,
    #[error("too much was sent ahead")]
    Overfull,
    #[error("no node took the call")]
    Busy { retry_after: Duration },
    #[error("large bodies take all of server.max_bodies_bytes")]
    BodiesFull { retry_after: Duration },
    #[error("as many as may be are served like this already")]
    TooMany { retry_after: Duration },
    #[error("the service is shutting down")]
    ShuttingDown,
    #[error("{attempts} attempts failed, the last one: {last}")]
    UpstreamFailed { attempts: u32, last: String },
    #[error("the call is too long for the model")]
    CallTooLong,
    #[error("the ticket says what nobody said")]
    Ungrounded,
    #[error("the deadline came before the ticket")]
    TimedOut,
    #[error("no node is ready")]
    NotReady,
    #[error("a part of the service did not answer")]
    Internal,
    #[error("no such node")]
    NoSuchNode,
    #[error("there is such a node already")]
    NodeExists,
    #[error("the node's process is run by somebody else")]
    NotManaged,
    #[error("the body asks for no node")]
    BadRequest(String),
    #[error("the configuration was not reloaded")]
    NotReloaded(NotReloaded),
    #[error("no such path")]
    NotFound,
    #[error("no valid token")]
    Unauthorized,
    #[error("a user's token is none of an admin")]
    NotAdmin,
    #[error("no admin calls over TCP without tokens for them")]
    AdminOverTcp,
    #[error("no such method")]
    MethodNotAllowed { allow: (HeaderName, HeaderValue) },
}

impl ApiError {
    /// Status and stable code.
    pub(super) fn contract(&self) -> (StatusCode, &'static str) {
        use {BadTranscript as B, StatusCode as S};
        match self {
            Self::BadTranscript(bad) => {
                let code = match bad {
                    B::NotJson { .. } => "not_json",
                    B::NotAnObject => "not_an_object",
                    B::NoSession => "empty_object",
                    B::SessionNotAnArray { .. } => "session_not_an_array",
                    B::TurnNotAnObject { .. } => "turn_not_an_object",
                    B::WordsNotAString { .. } => "turn_value_not_a_string",
                    B::NoWords { .. } => "no_words",
                };
                (S::BAD_REQUEST, code)
            }
            Self::BadPriority => (S::BAD_REQUEST, "bad_priority"),
            Self::BadDeadline => (S::BAD_REQUEST, "bad_deadline"),
            Self::BadIdempotencyKey => (S::BAD_REQUEST, "bad_idempotency_key"),
            Self::IdempotencyKeyReused => (S::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Self::BodyTooLarge { .. } => (S::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::BodyBroken => (S::BAD_REQUEST, "body_incomplete"),
            Self::BodyTimedOut => (S::REQUEST_TIMEOUT, "body_timed_out"),
            Self::Overfull => (S::TOO_MANY_REQUESTS, "overfull"),
            Self::Busy { .. } | Self::BodiesFull { .. } | Self::TooMany { .. } => {
                (S::SERVICE_UNAVAILABLE, "busy")
            }
            Self::ShuttingDown => (S::SERVICE_UNAVAILABLE, "shutting_down"),
            Self::UpstreamFailed { .. } => (S::BAD_GATEWAY, "upstream_failed"),
            Self::CallTooLong => (S::UNPROCESSABLE_ENTITY, "call_too_long"),
            Self::Ungrounded => (S::BAD_GATEWAY, "ungrounded"),
            Self::TimedOut => (S::GATEWAY_TIMEOUT, "timed_out"),
            Self::NotReady => (S::SERVICE_UNAVAILABLE, "not_ready"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal"),
            Self::NoSuchNode => (S::NOT_FOUND, "no_such_node"),
            Self::NodeExists => (S::CONFLICT, "node_exists"),
            Self::NotManaged => (S::CONFLICT, "not_managed"),
            Self::BadRequest(_) => (S::BAD_REQUEST, "bad_request"),
            Self::NotReloaded(reason) => match reason {
                NotReloaded::Invalid(_) => (S::UNPROCESSABLE_ENTITY, "bad_config"),
                NotReloaded::NoSources => (S::CONFLICT, "not_reloadable"),
                NotReloaded::Failed(_) => (S::INTERNAL_SERVER_ERROR, "not_reloaded"),
            },
            Self::NotFound => (S::NOT_FOUND, "not_found"),
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized"),
            Self::NotAdmin | Self::AdminOverTcp => (S::FORBIDDEN, "forbidden"),
            Self::MethodNotAllowed { .. } => (S::METHOD_NOT_ALLOWED, "method_not_allowed"),
        }
    }

    /// The sentence for the caller.
    fn detail(&self) -> String {
        use BadTranscript as B;
        match self {
            Self::BadTranscript(bad) => match bad {
                B::NotJson { line, column } => {
                    format!("请求体不是有效的JSON（第{line}行第{column}列），请发送一个JSON对象")
                }
                B::NotAnObject => "请求体必须是JSON对象，键为会话编号，值为对话数组".to_owned(),
                B::NoSession => "请求体是空对象，至少需要一个会话".to_owned(),
                B::SessionNotAnArray { session } => {
                    format!("第{session}个会话的值必须是数组，每个元素为一轮对话")
                }
                B::TurnNotAnObject { session, turn } => {
                    format!("第{session}个会话的第{turn}轮必须是对象，键为citizen或hot-line")
                }
                B::WordsNotAString { session, turn, key } => {
                    format!("第{session}个会话的第{turn}轮的{key}必须是字符串")
                }
                B::NoWords { unknown_turns: 0 } => "对话中没有任何文字，无法生成工单".to_owned(),
                B::NoWords { unknown_turns } => format!(
                    "对话中没有任何文字，无法生成工单：有{unknown_turns}轮对话既没有citizen也没有hot-line，请检查字段名"
                ),
            },
            Self::BadPriority => {
                "请求头X-Priority只能是interactive或batch，请改正，或去掉该请求头（默认interactive）"
                    .to_owned()
            }
            Self::BadDeadline => {
                "请求头X-Deadline-Ms必须是1000到3600000之间的整数（毫秒），请改正，或去掉该请求头"
                    .to_owned()
            }
            Self::BadIdempotencyKey => {
                "请求头Idempotency-Key必须是1到255个可见的ASCII字符，请改正，或去掉该请求头"
                    .to_owned()
            }
            Self::IdempotencyKeyReused => {
                "请求头Idempotency-Key的值已用于另一个请求体，请为不同的请求体换用新的值".to_owned()
            }
            Self::BodyTooLarge { limit } => {
                format!(
                    "请求体超过{limit}字节的上限，请缩短通话记录，或请管理员调大server.max_body_bytes"
                )
            }
            Self::BodyBroken => "请求体没有完整送达，请重新发送".to_owned(),
            Self::BodyTimedOut => "请求体没有及时送达，请重新发送".to_owned(),
            // Nobody hears it: the connection is cut off. The log has its status.
            Self::Overfull => "请等待答复后再发送后续请求".to_owned(),
            Self::Busy { retry_after }
            | Self::BodiesFull { retry_after }
            | Self::TooMany { retry_after } => {
                format!("服务繁忙，请在{}秒后重试", retry_after.as_secs())
            }
            Self::ShuttingDown => "服务正在停止，请稍后重试".to_owned(),
            Self::UpstreamFailed { attempts, .. } => {
                format!("模型连续{attempts}次未能生成有效工单，请稍后重试")
            }
            Self::CallTooLong => {
                "通话太长，压缩后仍超出模型的上下文，请管理员调大model.options.num_ctx".to_owned()
            }
            Self::Ungrounded => {
                "模型两次写入了通话中没有说过的内容，工单按设置被拒绝，请人工填写或稍后重试".to_owned()
            }
            Self::TimedOut => "生成工单超时，请稍后重试".to_owned(),
            Self::NotReady => "没有可用的模型节点".to_owned(),
            Self::Internal => "服务内部错误".to_owned(),
            Self::NoSuchNode => "没有这个节点，请用GET /admin/nodes查看节点编号".to_owned(),
            Self::NodeExists => "该端口或地址已有节点，请换一个，或先删除原节点".to_owned(),
            Self::NotManaged => {
                "该节点的进程不由ticketd管理，不能重启，请在其所在主机上操作".to_owned()
            }
            Self::BadRequest(sentence) => sentence.clone(),
            Self::NotReloaded(reason) => match reason {
                NotReloaded::Invalid(_) => "配置有误，仍使用原配置；请改正后重新加载".to_owned(),
                NotReloaded::NoSources => "演示模式没有配置文件，不能重新加载".to_owned(),
                NotReloaded::Failed(_) => "配置未能重新加载，仍使用原配置；原因见日志".to_owned(),
            },
            Self::NotFound => "没有这个接口，请检查路径".to_owned(),
            Self::Unauthorized => {
                "缺少有效的令牌，请在请求头Authorization: Bearer 中提供有效的令牌".to_owned()
            }
            Self::NotAdmin => {
                "此接口需要管理员令牌，请使用server.admin_tokens_file中的令牌".to_owned()
            }
            Self::AdminOverTcp => {
                "管理接口未对网络开放，请通过控制套接字（server.control_socket）调用，\
                 或请管理员设置server.admin_tokens_file"
                    .to_owned()
            }
            Self::MethodNotAllowed { allow: (_, methods) } => {
                format!("此接口只支持{}方法", methods.to_str().unwrap_or_default())
            }
        }
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({"detail": self.detail(), "code": self.contract().1});
        if let Self::NotReloaded(NotReloaded::Invalid(Invalid(problems))) = self {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            body["problems"] = problems.into();
        }
        body
    }

    /// What the answer has beside the usual headers.
    pub(super) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Busy { retry_after }
            | Self::BodiesFull { retry_after }
            | Self::TooMany { retry_after } => Some((RETRY_AFTER, retry_after.as_secs().into())),
            Self::ShuttingDown | Self::NotReady => {
                Some((RETRY_AFTER, HeaderValue::from_static("5")))
            }
            Self::MethodNotAllowed { allow } => Some(allow.clone()),
            Self::Unauthorized => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::BadTranscript(_)
            | Self::BadPriority
            | Self::BadDeadline
            | Self::BadIdempotencyKey
            | Self::IdempotencyKeyReused
            | Self::BodyTooLarge { .. }
            | Self::BodyBroken
            | Self::BodyTimedOut
            | Self::Overfull
            | Self::UpstreamFailed { .. }
            | Self::CallTooLong
            | Self::Ungrounded
            | Self::TimedOut
            | Self::Internal
            | Self::NotAdmin
            | Self::AdminOverTcp
            | Self::NoSuchNode
            | Self::NodeExists
            | Self::NotManaged
            | Self::BadRequest(_)
            | Self::NotReloaded(_)
            | Self::NotFound => None,
        }
    }
}

impl ApiError {
    /// Takes note of it in the log, which is done once for each.
    fn log(&self) {
        let (status, code) = self.contract();
        if matches!(self, Self::UpstreamFailed { .. }) {
            tell!(error: CallFailed, code, "request failed: {self}");
        } else if matches!(self, Self::Internal) {
            error!(code, "request failed: {self}");
        } else if matches!(self, Self::Busy { .. }) {
            tell!(warn: QueueFull, code, "request failed: {self}");
        } else if matches!(self, Self::BodiesFull { .. }) {
            tell!(warn: BodiesFull, code, "request failed: {self}");
        } else if matches!(self, Self::TimedOut) {
            tell!(warn: CallTimedOut, code, "request failed: {self}");
        } else if status.is_server_error() && !matches!(self, Self::NotReady) {
            warn!(code, "request failed: {self}");
        }
    }

    /// What a caller is told whose answer has begun: the status that it would have had, and the seconds
    /// of `Retry-After`, where there are any.
    pub(super) fn told_late(&self) -> Value {
        self.log();
        let (status, code) = self.contract();
        let mut told = json!({"status": status.as_u16(), "code": code, "detail": self.detail()});
        let after = self.header().filter(|(name, _)| name == RETRY_AFTER);
        let seconds = after.and_then(|(_, value)| value.to_str().ok()?.parse::<u64>().ok());
        if let Some(seconds) = seconds {
            told["retry_after"] = seconds.into();
        }
        told
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.contract().0
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut response = HttpResponse::build(self.status_code());
        if let Some(header) = self.header() {
            response.insert_header(header);
        }
        response.json(self.body())
    }
}

impl From<Failed> for ApiError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unserved(
                Unserved::QueueFull { retry_after } | Unserved::NoNode { retry_after },
            ) => Self::Busy { retry_after },
            Failed::Unserved(Unserved::ShuttingDown) => Self::ShuttingDown,
            Failed::Exhausted { attempts, last } => Self::UpstreamFailed { attempts, last },
            Failed::TooLong => Self::CallTooLong,
            Failed::Ungrounded => Self::Ungrounded,
            Failed::TimedOut => Self::TimedOut,
        }
    }
}
