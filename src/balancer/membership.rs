//! Who is in the pool, and under which settings: nodes come, drain and go at run time.

use actix::{Context, Handler};

use super::{AwaitIdle, Balancer, Blame, Configure, Pardon, Register, Unregister, treatment};

impl Handler<Register> for Balancer {
    type Result = ();

    fn handle(&mut self, new: Register, context: &mut Context<Self>) {
        self.scheduler.pool.add(new.node.clone(), new.base_url, new.slots);
        self.watchers.insert(new.node, new.watcher);
        self.serve(context);
    }
}

impl Handler<Unregister> for Balancer {
    type Result = ();

    fn handle(&mut self, gone: Unregister, context: &mut Context<Self>) {
        self.scheduler.pool.remove(&gone.node);
        self.watchers.remove(&gone.node);
        if let Some(leased) = self.leased.remove(&gone.node) {
            leased.revoked.cancel();
        }
        self.tell_idle();
        self.serve(context);
    }
}

impl Handler<AwaitIdle> for Balancer {
    type Result = ();

    fn handle(&mut self, ask: AwaitIdle, _: &mut Context<Self>) {
        self.draining.push((ask.node, ask.idle));
        self.tell_idle();
    }
}

impl Handler<Pardon> for Balancer {
    type Result = ();

    fn handle(&mut self, pardon: Pardon, context: &mut Context<Self>) {
        self.scheduler.pool.pardon(&pardon.node, pardon.call);
        self.serve(context);
    }
}

impl Handler<Blame> for Balancer {
    type Result = ();

    fn handle(&mut self, blame: Blame, context: &mut Context<Self>) {
        let now = self.now();
        self.scheduler.pool.blame(&blame.node, blame.call, now);
        // If every node rests by now, one may be tried sooner.
        self.serve(context);
    }
}

impl Handler<Configure> for Balancer {
    type Result = ();

    fn handle(&mut self, new: Configure, context: &mut Context<Self>) {
        let Configure { settings, other_model } = new;
        self.scheduler.pool.configure(settings.policy, treatment(&settings));
        self.scheduler.set_queue_limit(settings.queue_limit);
        self.hedge_percent = settings.hedge_percent;
        if other_model {
            self.scheduler.pool.forget();
            self.tell_prospects();
        }
        self.serve(context);
    }
}
