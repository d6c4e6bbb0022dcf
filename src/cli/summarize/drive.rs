//! The run: records in, as many at once as keep the nodes busy, and lines out as they end.
//!
//! One rule: whatever ends the run, what is in flight is waited for, unless a second signal says no.

use std::{rc::Rc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    select,
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{
    attend::{Call, End, Jobs, Shared, attend},
    book::Spot,
    feed::Item,
    input::Source,
    line::{self, Failure, Outcome},
    output::Output,
    progress::Progress,
    record::Id,
    server::Server,
    stop::{Signals, StopSignal, Stopped},
    tally::Tally,
};
use crate::config::duration;

/// How often the progress is shown.
const SHOW: Duration = Duration::from_millis(500);

/// How long nobody must listen before it is told.
const UNREACHABLE_FOR: Duration = Duration::from_secs(2);

/// What a run needs.
pub(super) struct Setup {
    pub(super) sources: Vec<Source>,
    pub(super) items: mpsc::Receiver<Item>,
    pub(super) output: Output,
    pub(super) server: Server,
    /// As many as the server's slots ask for, if not given.
    pub(super) jobs: Option<usize>,
    /// How long no record may get on.
    pub(super) wait: Duration,
    pub(super) progress: Progress,
    pub(super) tally: Tally,
}

/// What became of a run.
pub(super) struct Done {
    pub(super) tally: Tally,
    pub(super) took: Duration,
    pub(super) stopped: Option<Stopped>,
}

/// A run that is under way.
pub(super) struct Run {
    sources: Vec<Source>,
    items: mpsc::Receiver<Item>,
    is_exhausted: bool,
    output: Output,
    progress: Progress,
    tally: Tally,
    jobs: Jobs,
    shared: Rc<Shared>,
    wait: Duration,
    stopped: Option<Stopped>,
    told_unreachable: bool,
    told_untold: bool,
}

impl Run {
    pub(super) fn new(setup: Setup) -> Self {
        let Setup { sources, items, output, server, jobs, wait, progress, tally } = setup;
        Self {
            sources,
            items,
            is_exhausted: false,
            output,
            progress,
            tally,
            jobs: Jobs::new(jobs, server.clone()),
            shared: Rc::new(Shared::new(server, wait)),
            wait,
            stopped: None,
            told_unreachable: false,
            told_untold: false,
        }
    }

    /// Goes on until every record has its end, or something ends the run.
    pub(super) async fn drive(mut self, signals: &mut Signals) -> Done {
        let mut in_flight = FuturesUnordered::new();
        let mut ticks = interval(SHOW);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let takes = !self.is_exhausted && self.stopped.is_none();
            if !takes && in_flight.is_empty() {
                break;
            }
            select! {
                item = self.items.recv(), if takes && in_flight.len() < self.jobs.now() => {
                    if let Some(call) = self.take(item) {
                        in_flight.push(attend(Rc::clone(&self.shared), call));
                    }
                }
                Some((call, end)) = in_flight.next() => self.settle(&call, end),
                () = self.jobs.changed() => {}
                _ = ticks.tick() => self.show(),
                signal = signals.next() => {
                    if self.is_second(signal, in_flight.len()) {
                        break;
                    }
                }
            }
        }
        if let Err(error) = self.output.sync() {
            self.stop(Stopped::Unwritable(error));
        }
        self.progress.end();
        Done { took: self.shared.elapsed(), tally: self.tally, stopped: self.stopped }
    }

    /// Looks at what the input holds next; a record that can be sent is the answer.
    fn take(&mut self, item: Option<Item>) -> Option<Call> {
        match item {
            None => self.is_exhausted = true,
            Some(Item::Broken(error)) => self.stop(error.into()),
            Some(Item::Done) => {
                self.tally.read += 1;
                self.tally.skipped += 1;
            }
            Some(Item::Bad(id, spot, bad)) => {
                self.tally.read += 1;
                self.fail(&id, spot, &(&bad).into());
            }
            Some(Item::Call(id, spot, call)) => {
                self.tally.read += 1;
                return Some(Call { id, spot, body: call.into() });
            }
        }
        None
    }

    fn settle(&mut self, call: &Call, end: End) {
        match end {
            End::Ticket(ticket) => {
                let written = self.write(&call.id, call.spot, Outcome::Ticket(&ticket));
                self.tally.tickets += u64::from(written);
            }
            End::Failed(failure) => self.fail(&call.id, call.spot, &failure),
            End::Undone(Some(stopped)) => self.stop(stopped),
            End::Undone(None) => {}
        }
    }

    fn fail(&mut self, id: &Id, spot: Spot, failure: &Failure) {
        if self.write(id, spot, Outcome::Error(failure)) {
            self.tally.fail(failure);
        }
        let place = self.sources[spot.file as usize].shown(spot.number);
        self.progress.tell_failure(&place, failure);
    }

    /// Writes the line of a record that has its end; `false` if that failed, which ends the run.
    fn write(&mut self, id: &Id, spot: Spot, outcome: Outcome<'_>) -> bool {
        let source = self.sources[spot.file as usize].place(spot.number);
        let line = line::write(id, source, outcome);
        let output = &mut self.output;
        let written = match output {
            Output::Stdout => self.progress.aside(|| output.write(&line)),
            Output::File { .. } => output.write(&line),
        };
        written.map_err(|error| self.stop(Stopped::Unwritable(error))).is_ok()
    }

    /// Takes no further record; the first reason is the one that is told.
    fn stop(&mut self, stopped: Stopped) {
        self.shared.stopping.cancel();
        self.stopped.get_or_insert(stopped);
    }

    /// Stops in order at the first signal, and says whether this is another one.
    fn is_second(&mut self, signal: StopSignal, in_flight: usize) -> bool {
        let is_second = matches!(self.stopped, Some(Stopped::BySignal(_)));
        if is_second {
            self.stopped = Some(Stopped::BySignal(signal));
        } else {
            self.progress.tell(&format!(
                "stopping; {in_flight} in flight are waited for, a second signal ends at once"
            ));
            self.stop(Stopped::BySignal(signal));
        }
        is_second
    }

    fn show(&mut self) {
        self.tally.waiting = self.shared.waiting.get();
        self.tally.note(self.shared.elapsed());
        self.progress.show(&self.tally, self.shared.elapsed());
        let since = self.shared.unreachable.get();
        if since.is_some_and(|since| since.elapsed() >= UNREACHABLE_FOR) && !self.told_unreachable {
            self.told_unreachable = true;
            let wait = duration::display(self.wait);
            self.progress.tell(&format!("the server cannot be reached; tried again for {wait}"));
        } else if since.is_none() && self.told_unreachable {
            self.told_unreachable = false;
            self.progress.tell("the server is there again");
        }
        if self.jobs.are_untold() && !self.told_untold {
            self.told_untold = true;
            let text = "the server does not tell its slots: one record at a time; see --jobs";
            self.progress.tell(text);
        }
    }
}
