//! What a caller was shown of its ticket's progress, and what is new to it. Time comes in as a value.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::{
    balancer::{NodeId, Place},
    dispatch::{Now, Progress, Step},
    http::sse,
};

/// The shortest time between two counts of tokens.
const COUNTS: Duration = Duration::from_millis(250);

/// `queued`: the call waits for a slot.
#[derive(Serialize, ToSchema)]
#[schema(as = QueuedEvent)]
pub(in crate::http) struct Queued {
    /// Its place in the queue; 1 is served next.
    #[schema(examples(2))]
    position: usize,
    /// How long it is until a node takes the call, in milliseconds; null if that is not known.
    #[schema(required = true, examples(17400))]
    eta_ms: Option<u64>,
}

/// `stage`: a model call, or its next attempt.
#[derive(Serialize, ToSchema)]
#[schema(as = StageEvent)]
pub(in crate::http) struct Stage {
    /// `ticket`, `condense` for the parts of a long call, or `zone` where a model chooses what the
    /// zone means.
    #[schema(examples("ticket"))]
    stage: &'static str,
    /// Which attempt of the call, from 1.
    #[schema(examples(1))]
    attempt: u32,
}

/// `started`: a node has the call.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedEvent)]
pub(in crate::http) struct Started<'a> {
    /// The id of the node.
    #[schema(value_type = String, examples("11434"))]
    node: &'a NodeId,
}

/// `token`: so many have come in this attempt.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenEvent)]
pub(in crate::http) struct Token {
    /// The tokens of this attempt so far.
    #[schema(examples(117))]
    count: u64,
}

/// What a caller was shown.
pub(super) struct Shown {
    /// The number of the first step that it was not.
    step: u64,
    now: Now,
    /// When it was last told a count.
    counted: Option<Instant>,
}

impl Shown {
    /// Nothing yet, and nothing that was over before the attempt that goes on.
    pub(super) fn new(progress: &Progress) -> Self {
        Self { step: progress.current(), now: Now::Nothing, counted: None }
    }

    /// The events that are new by now, and when there will be some although nothing changes.
    pub(super) fn news(&mut self, progress: &Progress, now: Instant) -> (Vec<u8>, Option<Instant>) {
        let mut events = self.steps(progress);
        let next = self.counted.map(|counted| counted + COUNTS).filter(|next| *next > now);
        let is_count = matches!(progress.now, Now::Tokens(_));
        if progress.now == self.now {
            return (events, None);
        }
        if is_count && next.is_some() {
            return (events, next);
        }
        self.counted = is_count.then_some(now).or(self.counted);
        events.extend(self.state(progress));
        (events, None)
    }

    /// The events that are left when the flight has ended.
    pub(super) fn rest(&mut self, progress: &Progress) -> Vec<u8> {
        let mut events = self.steps(progress);
        if progress.now != self.now {
            events.extend(self.state(progress));
        }
        events
    }

    /// The steps that are new.
    fn steps(&mut self, progress: &Progress) -> Vec<u8> {
        let mut events = Vec::new();
        for step in progress.steps_from(self.step) {
            // What went on before it is over.
            self.now = Now::Nothing;
            events.extend(match step {
                Step::Attempt { stage, attempt } => {
                    sse::event("stage", &Stage { stage, attempt: *attempt })
                }
                Step::Started { node } => sse::event("started", &Started { node }),
            });
        }
        self.step = progress.next_step();
        events
    }

    /// What goes on now, as something new.
    fn state(&mut self, progress: &Progress) -> Vec<u8> {
        self.now = progress.now;
        match progress.now {
            Now::Nothing => Vec::new(),
            Now::Queued(Place { position, wait }) => {
                let ms = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                sse::event("queued", &Queued { position, eta_ms: wait.map(ms) }).into()
            }
            Now::Tokens(count) => sse::event("token", &Token { count }).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{balancer::Watcher, dispatch::Reporter};

    /// Events in short: `name data`.
    fn short(events: &[u8]) -> Vec<String> {
        let text = std::str::from_utf8(events).expect("UTF-8");
        let events = text.split_terminator("\n\n");
        events.map(|event| event.replace("event: ", "").replace("\ndata: ", " ")).collect()
    }

    fn node(name: &str) -> NodeId {
        NodeId::from(name.to_owned())
    }

    /// What a caller sees at each moment of a ticket.
    struct Seen {
        reporter: Reporter,
        began: Instant,
        shown: Shown,
    }

    impl Seen {
        fn of(reporter: &Reporter) -> Self {
            let shown = Shown::new(&reporter.watch().borrow());
            Self { reporter: reporter.clone(), began: Instant::now(), shown }
        }

        /// At this millisecond, with the one at which to look again.
        fn at(&mut self, ms: u64) -> (Vec<String>, Option<u128>) {
            let now = self.began + Duration::from_millis(ms);
            let (events, next) = self.shown.news(&self.reporter.watch().borrow(), now);
            (short(&events), next.map(|next| (next - self.began).as_millis()))
        }
    }

    fn place(position: usize, seconds: Option<u64>) -> Place {
        Place { position, wait: seconds.map(Duration::from_secs) }
    }

    #[test]
    fn a_caller_sees_each_step_and_what_goes_on_when_it_changes() {
        let reporter = Reporter::default();
        let mut seen = Seen::of(&reporter);
        assert_eq!(seen.at(0), (vec![], None));
        reporter.stage("ticket");
        reporter.attempt(1);
        reporter.stands(place(2, None));
        let events =
            [r#"stage {"stage":"ticket","attempt":1}"#, r#"queued {"position":2,"eta_ms":null}"#];
        assert_eq!(seen.at(10), (events.map(str::to_owned).to_vec(), None));
        assert_eq!(seen.at(11), (vec![], None), "nothing has changed");
        reporter.stands(place(1, Some(9)));
        assert_eq!(seen.at(12).0, [r#"queued {"position":1,"eta_ms":9000}"#]);
        reporter.started(&node("a"));
        assert_eq!(seen.at(13).0, [r#"started {"node":"a"}"#]);
        reporter.attempt(2);
        reporter.started(&node("b"));
        let events = [r#"stage {"stage":"ticket","attempt":2}"#, r#"started {"node":"b"}"#];
        assert_eq!(seen.at(14).0, events);
        reporter.stands(place(1, Some(9)));
        assert_eq!(seen.at(15).0.len(), 1, "the same place as long before is new");
    }

    #[test]
    fn tokens_are_told_four_times_a_second_at_most_and_the_last_count_always() {
        let reporter = Reporter::default();
        let mut seen = Seen::of(&reporter);
        reporter.attempt(1);
        reporter.started(&node("a"));
        seen.at(0);
        let mut told = Vec::new();
        for ms in 1..=1000 {
            reporter.tokens(ms);
            told.extend(seen.at(ms).0);
        }
        let expected = [1, 251, 501, 751].map(|count| format!("token {{\"count\":{count}}}"));
        assert_eq!(told, expected);
        assert_eq!(seen.at(1000), (vec![], Some(1001)), "look again then");
        assert_eq!(seen.at(1001).0, [r#"token {"count":1000}"#]);
        reporter.tokens(1001);
        reporter.started(&node("b"));
        assert_eq!(seen.at(1002).0, [r#"started {"node":"b"}"#], "steps do not wait");
        reporter.tokens(5);
        assert_eq!(seen.at(1003), (vec![], Some(1251)));
        let rest = seen.shown.rest(&reporter.watch().borrow());
        assert_eq!(short(&rest), [r#"token {"count":5}"#]);
        assert_eq!(seen.shown.rest(&reporter.watch().borrow()), b"");
    }

    #[test]
    fn who_comes_late_is_told_the_attempt_that_goes_on() {
        let reporter = Reporter::default();
        reporter.stage("ticket");
        reporter.attempt(1);
        reporter.started(&node("a"));
        reporter.attempt(2);
        reporter.started(&node("b"));
        reporter.tokens(17);
        let events = [
            r#"stage {"stage":"ticket","attempt":2}"#,
            r#"started {"node":"b"}"#,
            r#"token {"count":17}"#,
        ];
        assert_eq!(Seen::of(&reporter).at(0).0, events);
    }
}
