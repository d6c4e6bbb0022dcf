//! Which operation may answer with which errors. Status, code, sentence and headers are those of the
//! errors themselves, so that the document cannot say anything else.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{ResponseError, http::header::RETRY_AFTER};
use serde_json::{Map, Value, json};

use crate::{
    config::{Invalid, Problem},
    http::error::ApiError as E,
    reload::NotReloaded,
    ticket::BadTranscript as B,
};

/// The errors that an operation may answer with; none for one that nobody has thought of. `Overfull` is
/// none of them: nobody hears it.
pub(super) fn of(operation: &str) -> Option<Vec<E>> {
    let user = vec![E::Unauthorized, E::Internal];
    let admin = vec![E::Unauthorized, E::NotAdmin, E::AdminOverTcp, E::Internal];
    let more = |mut errors: Vec<E>, more: Vec<E>| {
        errors.extend(more);
        errors
    };
    Some(match operation {
        "root" | "health" | "healthz" | "openapi" | "explorer" | "ui" => vec![],
        "explorerFile" | "uiFile" => vec![E::NotFound],
        "readyz" => vec![E::NotReady, E::Internal],
        "lbStats" | "metrics" => user,
        "live" => more(user, vec![E::TooMany { retry_after: LATER }]),
        "summarize" => more(more(user, body()), call()),
        "correctPlace" => more(more(user, body()), vec![bad("zone超过1000个字符，请只发送地址")]),
        "checkTicket" => {
            let bad = [
                bad("ticket的ticket_title必填，且必须是字符串"),
                E::TooMany { retry_after: LATER },
            ];
            more(more(more(user, body()), transcript()), bad.into())
        }
        "status" | "listNodes" => admin,
        "showNode" | "removeNode" | "drainNode" | "resumeNode" => more(admin, vec![E::NoSuchNode]),
        "restartNode" => more(admin, vec![E::NoSuchNode, E::NotManaged]),
        "nodeLog" => more(admin, vec![E::NoSuchNode, bad("follow必须是true或false")]),
        "addNode" => {
            more(more(admin, body()), vec![bad("必须且只能给出port或endpoint之一"), E::NodeExists])
        }
        "reload" => more(more(admin, vec![E::ShuttingDown]), reload()),
        _ => return None,
    })
}

/// When to come again, as an example.
const LATER: Duration = Duration::from_secs(10);

fn bad(sentence: &str) -> E {
    E::BadRequest(sentence.to_owned())
}

/// What is wrong with a body before it is looked at.
fn body() -> Vec<E> {
    vec![
        E::BodyBroken,
        E::BodyTooLarge { limit: 1_048_576 },
        E::BodyTimedOut,
        E::Busy { retry_after: Duration::from_secs(5) },
        E::BodiesFull { retry_after: Duration::from_secs(1) },
        E::ShuttingDown,
    ]
}

/// What is wrong with a call.
fn transcript() -> Vec<E> {
    let bad = [
        B::NotJson { line: 3, column: 17 },
        B::NotAnObject,
        B::NoSession,
        B::SessionNotAnArray { session: 1 },
        B::TurnNotAnObject { session: 1, turn: 2 },
        B::WordsNotAString { session: 1, turn: 2, key: "citizen" },
        B::NoWords { unknown_turns: 0 },
    ];
    bad.into_iter().map(E::BadTranscript).collect()
}

/// What keeps a call from its ticket.
fn call() -> Vec<E> {
    let mut errors = transcript();
    errors.extend([
        E::BadPriority,
        E::BadDeadline,
        E::BadIdempotencyKey,
        E::IdempotencyKeyReused,
        E::CallTooLong,
        E::UpstreamFailed { attempts: 3, last: String::new() },
        E::Ungrounded,
        E::TimedOut,
    ]);
    errors
}

/// Why the configuration stays as it was.
fn reload() -> Vec<E> {
    let problem = Problem {
        origin: "/etc/ticketd/config.toml:12".to_owned(),
        key: "nodes.slots".to_owned(),
        message: "0 is out of range; use 1 to 1024".to_owned(),
    };
    let why = [
        NotReloaded::Invalid(Invalid(vec![problem])),
        NotReloaded::NoSources,
        NotReloaded::Failed(String::new()),
    ];
    why.map(E::NotReloaded).into()
}

/// The answers of these errors, by status.
pub(super) fn answers(errors: &[E]) -> Map<String, Value> {
    let mut statuses: BTreeMap<u16, Vec<&E>> = BTreeMap::new();
    for error in errors {
        statuses.entry(error.status_code().as_u16()).or_default().push(error);
    }
    statuses.into_iter().map(|(status, errors)| (status.to_string(), answer(&errors))).collect()
}

/// The answer of errors that have one status.
fn answer(errors: &[&E]) -> Value {
    let (mut codes, mut examples, mut headers) = (Vec::new(), Map::new(), Map::new());
    for error in errors {
        let body = error.body();
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        let several = examples.contains_key(&code);
        let name = if several { format!("{code}_{}", examples.len()) } else { code.clone() };
        examples.insert(name, json!({"value": body}));
        if !several {
            codes.push(code);
        }
        if let Some((name, _)) = error.header() {
            let name = if name == RETRY_AFTER { "Retry-After" } else { "WWW-Authenticate" };
            headers
                .insert(name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
        }
    }
    let schema = json!({"allOf": [{"$ref": "#/components/schemas/Problem"},
                                  {"properties": {"code": {"enum": codes}}}]});
    json!({
        "description": format!("`{}`", codes.join("`, `")),
        "headers": headers,
        "content": {"application/json": {"schema": schema, "examples": examples}},
    })
}
