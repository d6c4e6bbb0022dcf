//! What others want of a Node: to end, to drain, to change; and what they tell it of its calls.

use actix::{Context, Handler, MessageResult};

use super::{
    AwaitEnd, Kill, Loaded, Node, NotOurs, Order, ReadLog, Reconfigure, Status, Stop,
    lifecycle::{Event, Goal, Phase},
    timing,
};
use crate::balancer::{CallEnded, Outcome};

impl Handler<Stop> for Node {
    type Result = ();

    fn handle(&mut self, stop: Stop, context: &mut Context<Self>) {
        self.done.push(stop.done);
        self.step(Event::StopAsked, context);
    }
}

impl Handler<AwaitEnd> for Node {
    type Result = ();

    fn handle(&mut self, ask: AwaitEnd, _: &mut Context<Self>) {
        self.done.push(ask.done);
    }
}

impl Handler<Kill> for Node {
    type Result = ();

    fn handle(&mut self, _: Kill, _: &mut Context<Self>) {
        self.kill("asked to end at once");
    }
}

impl Handler<Order> for Node {
    type Result = Result<Status, NotOurs>;

    fn handle(&mut self, order: Order, context: &mut Context<Self>) -> Self::Result {
        let foreign = self.setup.command.is_none() || self.lifecycle.is_adopted();
        let event = match order {
            Order::Restart if foreign => return Err(NotOurs),
            Order::Drain => Event::DrainAsked(Goal::Park),
            Order::Restart => Event::DrainAsked(Goal::Restart),
            Order::Remove => Event::DrainAsked(Goal::Finish),
            // Calling the drain off would leave a process that the configuration has not any more.
            Order::Resume
                if self.is_outdated()
                    && self.lifecycle.phase() == (Phase::Draining { goal: Goal::Park }) =>
            {
                Event::DrainAsked(Goal::Restart)
            }
            Order::Resume => Event::ResumeAsked,
        };
        self.step(event, context);
        Ok(self.status())
    }
}

impl Handler<Reconfigure> for Node {
    type Result = ();

    fn handle(&mut self, new: Reconfigure, context: &mut Context<Self>) {
        let (old, wanted) = (Loaded::of(&self.setup.model), Loaded::of(&new.setup.model));
        self.lifecycle.set_timing(timing(&new.settings, &new.setup.model));
        self.log.set_rate(new.settings.log_lines_per_second);
        let other_limit = self.settings.memory_max != new.settings.memory_max;
        (self.setup, self.settings) = (new.setup, new.settings);
        if other_limit {
            self.limit_memory(context);
        }
        // A process that is to be restarted loads it then.
        let other = old != wanted || self.loaded.as_ref().is_some_and(|loaded| *loaded != wanted);
        if other && !self.is_outdated() {
            (self.digest, self.memory) = (None, None);
            self.step(Event::ModelChanged, context);
        }
        let Some(settled) = new.restart else { return };
        let parked = matches!(
            self.lifecycle.phase(),
            Phase::Stopped
                | Phase::Finished
                | Phase::Draining { goal: Goal::Park | Goal::Finish }
                | Phase::Stopping { goal: Goal::Park | Goal::Finish }
        );
        let parked = parked || self.lifecycle.is_adopted();
        if parked {
            // It starts with the new setup when it is resumed; an adopted one is none of ours.
            let _ = settled.send(true);
        } else {
            self.settled.push(settled);
            self.step(Event::DrainAsked(Goal::Restart), context);
        }
    }
}

impl Node {
    /// Whether the process is none that the setup would start.
    fn is_outdated(&self) -> bool {
        self.running.as_ref().is_some_and(|(running, _)| self.setup.outdates(running))
    }
}

impl Handler<CallEnded> for Node {
    type Result = ();

    fn handle(&mut self, call: CallEnded, context: &mut Context<Self>) {
        self.heard = call.doubt.unwrap_or(self.heard);
        match call.outcome {
            Outcome::Failed => self.step(Event::Faulted, context),
            Outcome::Stalled if call.doubt.is_some() => self.step(Event::Stalled, context),
            Outcome::Abandoned if call.suspect && call.held >= self.settings.canary_after => {
                self.step(Event::Doubted, context);
            }
            Outcome::Stalled
            | Outcome::Abandoned
            | Outcome::Answered
            | Outcome::Refused
            | Outcome::Busy
            | Outcome::BadAnswer
            | Outcome::Rejected => {}
        }
    }
}

impl Handler<ReadLog> for Node {
    type Result = MessageResult<ReadLog>;

    fn handle(&mut self, read: ReadLog, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.lines(read.follow))
    }
}
