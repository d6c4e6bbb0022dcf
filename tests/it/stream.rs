//! Server-sent events, read one by one.

use std::pin::Pin;

use awc::{ClientRequest, http::header::HeaderMap};
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{LIMIT, Ticketd};

/// What asks for events.
pub(crate) const ACCEPT: (&str, &str) = ("accept", "text/event-stream");

/// An answer that is read event by event; dropping it closes its connection.
pub(crate) struct Events {
    pub(crate) headers: HeaderMap,
    body: Pin<Box<dyn Stream<Item = Vec<u8>>>>,
    text: String,
}

impl Events {
    /// The events on the way to a ticket.
    pub(crate) async fn of(
        ticketd: &Ticketd,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Self {
        let mut request = ticketd.client.post(format!("{}/summarize", ticketd.url));
        for header in headers {
            request = request.insert_header(*header);
        }
        Self::answering(request, body).await
    }

    /// How nodes and load are.
    pub(crate) async fn live(ticketd: &Ticketd) -> Self {
        Self::answering(ticketd.client.get(format!("{}/live", ticketd.url)), "").await
    }

    async fn answering(request: ClientRequest, body: &str) -> Self {
        let sent = request.insert_header(ACCEPT).send_body(body.to_owned());
        let answer = sent.await.expect("it answers");
        assert_eq!(answer.status(), 200);
        let headers = answer.headers().clone();
        let body = answer.map(|piece| piece.expect("it is not broken").to_vec());
        Self { headers, body: Box::pin(body), text: String::new() }
    }

    /// The next event or comment as it stands on the wire; none at the end.
    pub(crate) async fn raw(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                return Some(event);
            }
            let piece = timeout(LIMIT, self.body.next()).await.expect("something comes");
            let Some(piece) = piece else {
                assert_eq!(self.text, "", "the last event is whole");
                return None;
            };
            self.text += &String::from_utf8(piece).expect("characters are whole");
        }
    }

    /// The next event; none at the end.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        let event = self.raw().await?;
        let (name, data) = event.split_once('\n').expect("two lines");
        let name = name.strip_prefix("event: ").expect("a name").to_owned();
        let data = data.strip_prefix("data: ").expect("data");
        Some((name, serde_json::from_str(data).expect("JSON")))
    }

    /// The data of the next event of this name; those before it are skipped.
    pub(crate) async fn wait_for(&mut self, name: &str) -> Value {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("no {name}"));
            if event.0 == name {
                return event.1;
            }
        }
    }

    /// All events that are left, without the numbers of tokens and the repetitions of a place.
    pub(crate) async fn names(&mut self) -> (Vec<String>, Value) {
        let (mut names, mut last) = (Vec::new(), Value::Null);
        while let Some((name, data)) = self.next().await {
            let name = match &*name {
                "stage" => {
                    format!("stage {} {}", data["stage"].as_str().expect("text"), data["attempt"])
                }
                _ => name,
            };
            if names.last() != Some(&name) {
                names.push(name);
            }
            last = data;
        }
        (names, last)
    }
}
