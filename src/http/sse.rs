//! Server-sent events: who wants them, and what they look like on the wire.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{Accept, CACHE_CONTROL, Header, HeaderName, Quality, QualityItem},
    mime::Mime,
    web::Bytes,
};
use serde::Serialize;

/// The Content-Type of a stream of events.
const EVENT_STREAM: &str = "text/event-stream";

/// Tells a proxy to pass each event on at once.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What is sent while nothing happens, so that proxies keep the connection.
pub(super) const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Whether the caller names the type of event streams among those that it accepts; wildcards are no
/// such wish.
pub(super) fn is_wanted(request: &HttpRequest) -> bool {
    let Ok(Accept(types)) = Accept::parse(request) else { return false };
    let is_wanted = |accepted: &QualityItem<Mime>| {
        accepted.quality > Quality::ZERO && accepted.item.essence_str() == EVENT_STREAM
    };
    types.iter().any(is_wanted)
}

/// An event as bytes; JSON has no line feed outside of its strings, and none inside.
pub(super) fn event(name: &str, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_vec(data).expect("what is told is plain JSON");
    raw(name, &data)
}

/// An event of data that is JSON already.
pub(super) fn raw(name: &str, json: &[u8]) -> Bytes {
    [b"event: ", name.as_bytes(), b"\ndata: ", json, b"\n\n"].concat().into()
}

/// The head of a stream of events.
pub(super) fn head() -> HttpResponseBuilder {
    let mut head = HttpResponse::Ok();
    head.content_type(EVENT_STREAM);
    head.insert_header((CACHE_CONTROL, "no-store"));
    head.insert_header((BUFFERING, "no"));
    head
}

/// The event of a ticket that is there.
pub(super) fn done_event(ticket: &[u8]) -> Bytes {
    raw("done", ticket)
}

/// An answer with nothing but a ticket that was there before.
pub(super) fn done(ticket: &[u8]) -> HttpResponse {
    head().body(done_event(ticket))
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::ACCEPT, test::TestRequest};
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_wanted_by_who_names_them() {
        let table: [(&[&str], bool); 18] = [
            (&[], false),
            (&[""], false),
            (&["*/*"], false),
            (&["text/*"], false),
            (&["application/json"], false),
            (&["text/event-stream"], true),
            (&["Text/Event-Stream"], true),
            (&["text/event-stream;charset=utf-8"], true),
            (&["text/event-stream; q=0.1"], true),
            (&["text/event-stream;q=0"], false),
            (&["text/event-stream;q=0.0, */*"], false),
            (&["application/json, text/event-stream"], true),
            (&["application/json;q=0.9 , text/event-stream;q=0.5,*/*;q=0.1"], true),
            (&["application/json", "text/event-stream"], true),
            (&["nonsense;, text/event-stream"], true),
            (&["text/event-stream;q=nonsense"], false),
            (&["text/event-streams, x-text/event-stream"], false),
            (&["text/html, application/xhtml+xml, */*;q=0.8"], false),
        ];
        for (values, wanted) in table {
            let mut request = TestRequest::default();
            for value in values {
                request = request.append_header((ACCEPT, *value));
            }
            assert_eq!(is_wanted(&request.to_http_request()), wanted, "{values:?}");
        }
    }

    #[test]
    fn an_event_is_a_name_a_line_of_json_and_an_empty_line() {
        let table = [
            ("started", json!({"node": "11434"}), "event: started\ndata: {\"node\":\"11434\"}\n\n"),
            ("token", json!({"count": 7}), "event: token\ndata: {\"count\":7}\n\n"),
            (
                "failed",
                json!({"detail": "一\n二\r\n\nevent: x"}),
                "event: failed\ndata: {\"detail\":\"一\\n二\\r\\n\\nevent: x\"}\n\n",
            ),
        ];
        for (name, data, expected) in table {
            assert_eq!(event(name, &data), expected.as_bytes());
        }
        assert_eq!(done_event(b"{}"), &b"event: done\ndata: {}\n\n"[..]);
    }
}
