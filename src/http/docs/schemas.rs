//! What the document says where no type of a handler does: bodies that are read or made by hand, headers
//! and parts of paths.

use serde_json::{Value, json};

use crate::ticket::{MOST_CONTENT, MOST_TITLE, MOST_ZONE};

/// Schemas by name.
pub(super) fn schemas() -> [(&'static str, Value); 4] {
    [
        ("Call", call()),
        ("TicketCheck", ticket_check()),
        ("Problem", problem()),
        ("FailedEvent", failed()),
    ]
}

fn call() -> Value {
    let turn = json!({
        "type": "object",
        "description": "What one side says in one go. A turn with neither key is left out.",
        "properties": {
            "citizen": {"type": "string", "description": "The words of the caller.",
                        "examples": ["停车库太吵了，我应该提供什么资料反映呢？"]},
            "hot-line": {"type": "string", "description": "The words of the operator.",
                         "examples": ["您是哪个小区？"]},
        },
    });
    json!({
        "type": "object",
        "description": "A transcript: session ids with arrays of turns. At least one turn has a letter, \
                        a digit or a character.",
        "minProperties": 1,
        "additionalProperties": {"type": "array", "items": turn},
        "examples": [{"1759649515307_4b58f788": [
            {"citizen": "地下停车场出入口没有隔音，半夜太吵了。"},
            {"hot-line": "您是哪个小区？"},
            {"citizen": "六安市三十铺镇水韵东方小区。"},
        ]}],
    })
}

fn ticket_check() -> Value {
    let text = |most: usize, description: &str, example: &str| json!({"type": "string", "maxLength": most, "description": description, "examples": [example]});
    json!({
        "type": "object",
        "description": "A ticket and the call that it is of.",
        "required": ["call", "ticket"],
        "properties": {
            "call": {"$ref": "#/components/schemas/Call", "description": "The transcript."},
            "ticket": {
                "type": "object",
                "description": "The ticket. A whole answer of `/summarize` will do: what else it has is left alone.",
                "required": ["ticket_type", "ticket_zone", "ticket_title", "ticket_content"],
                "properties": {
                    "ticket_type": text(MOST_TITLE, "Its type, which is not looked at.", "投诉"),
                    "ticket_zone": text(MOST_ZONE, "The address, or 未提及.", "六安市三十铺镇水韵东方小区"),
                    "ticket_title": text(MOST_TITLE, "The title.", "水韵东方小区地下车库噪音扰民"),
                    "ticket_content": text(MOST_CONTENT, "The content.",
                        "来电人咨询：小区地下车库噪音扰民，应该提供什么资料反映。 话务员解答内容：已记录并转办。"),
                },
                "examples": [{"ticket_type": "投诉", "ticket_zone": "未提及", "ticket_title": "小区停水",
                              "ticket_content": "来电人咨询：3栋停水。 话务员解答内容：已记录。"}],
            },
        },
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Why there is no other answer.",
        "required": ["detail", "code"],
        "properties": {
            "detail": {"type": "string", "description": "A sentence in Chinese for people.",
                       "examples": ["请求体是空对象，至少需要一个会话"]},
            "code": {"type": "string", "description": "The stable name of the error, for programs.",
                     "examples": ["empty_object"]},
            "problems": {"type": "array", "items": {"type": "string"},
                         "description": "Every fault of a configuration with file, line and key; only \
                                         with the code `bad_config`.",
                         "examples": [["/etc/ticketd/config.toml:12: nodes.slots: 0 is too small"]]},
        },
    })
}

fn failed() -> Value {
    json!({
        "type": "object",
        "description": "Why a stream ends without a ticket: what would have been an error answer.",
        "required": ["status", "code", "detail"],
        "properties": {
            "status": {"type": "integer", "description": "The status of that answer.",
                       "examples": [504]},
            "code": {"type": "string", "description": "Its stable name of the error.",
                     "examples": ["timed_out"]},
            "detail": {"type": "string", "description": "Its sentence in Chinese for people.",
                       "examples": ["生成工单超时，请稍后重试"]},
            "retry_after": {"type": "integer", "minimum": 0,
                            "description": "Its `Retry-After`, in seconds; missing without one.",
                            "examples": [17]},
        },
    })
}

/// How callers and operators show who they are.
pub(super) fn security() -> Value {
    json!({
        "user": {"type": "http", "scheme": "bearer",
                 "description": "**User token.** A token of `server.tokens_file` or `server.admin_tokens_file`. Where \
                                 `server.tokens_file` is not set, none is needed."},
        "admin": {"type": "http", "scheme": "bearer",
                  "description": "**Admin token.** One of `server.admin_tokens_file`. Where that is not set, only the \
                                  control socket serves these operations."},
    })
}

/// The headers of a call.
pub(super) fn call_headers() -> [Value; 3] {
    [
        json!({"name": "X-Priority", "in": "header",
               "description": "`batch` if nobody waits for this ticket: calls with `interactive` go \
                               first. Case does not matter.",
               "schema": {"type": "string", "enum": ["interactive", "batch"],
                          "default": "interactive", "examples": ["batch"]}}),
        json!({"name": "X-Deadline-Ms", "in": "header",
               "description": "How long the caller waits, in milliseconds; `server.request_timeout` if \
                               it is missing.",
               "schema": {"type": "integer", "minimum": 1000, "maximum": 3_600_000,
                          "examples": [60000]}}),
        json!({"name": "Idempotency-Key", "in": "header",
               "description": "For `server.idempotency_ttl`, the same caller gets the same ticket for the \
                               same key and body.",
               "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$",
                          "examples": ["1759649515307_4b58f788"]}}),
    ]
}

/// The header of every request.
pub(super) fn request_id() -> Value {
    json!({"name": "X-Request-Id", "in": "header",
           "description": "An id of the caller's own for this request, of 128 letters, digits and \
                           `-_.:/` at most; any other one is replaced.",
           "schema": {"type": "string", "examples": ["0b2fd0a3c6f34d51b1d3c9a7c4a1b2e3"]}})
}

/// The part of a path that stands for something.
pub(super) fn path_part(name: &str) -> Value {
    let (description, example) = match name {
        "id" => ("The id of a node. A slash in it is percent-encoded.", "11434"),
        _ => ("The name of the file.", "style.css"),
    };
    json!({"name": name, "in": "path", "required": true, "description": description,
           "schema": {"type": "string", "minLength": 1, "examples": [example]}})
}

/// The headers of answers, by name.
pub(super) fn answer_headers() -> Value {
    json!({
        "X-Request-Id": {
            "description": "The id of the request: the caller's, or a new one. The log has it, too.",
            "required": true,
            "schema": {"type": "string", "examples": ["0b2fd0a3c6f34d51b1d3c9a7c4a1b2e3"]}},
        "Retry-After": {
            "description": "When to come back, in seconds.",
            "required": true,
            "schema": {"type": "integer", "minimum": 0, "examples": [17]}},
        "WWW-Authenticate": {
            "description": "How to show who one is.",
            "required": true,
            "schema": {"type": "string", "const": "Bearer", "examples": ["Bearer"]}},
        "Idempotent-Replayed": {
            "description": "Whether this ticket was given before under the `Idempotency-Key`; missing if not.",
            "schema": {"type": "string", "const": "true", "examples": ["true"]}},
    })
}
