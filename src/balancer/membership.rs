//! Who is in the pool, and under which settings: nodes come, drain and go at run time.

use actix::{Context, Handler};

use super::{AwaitIdle, Balancer, Configure, Pardon, Register, Unregister, penalty};

impl Handler<Register> for Balancer {
    type Result = ();

    fn handle(&mut self, new: Register, context: &mut Context<Self>) {
        self.pool.add(new.node.clone(), new.base_url, new.slots);
        self.watchers.insert(new.node, new.watcher);
        self.serve(context);
    }
}

impl Handler<Unregister> for Balancer {
    type Result = ();

    fn handle(&mut self, gone: Unregister, context: &mut Context<Self>) {
        self.pool.remove(&gone.node);
        self.watchers.remove(&gone.node);
        if let Some(leased) = self.leased.remove(&gone.node) {
            leased.cancel();
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
        self.pool.pardon(&pardon.node);
        self.serve(context);
    }
}

impl Handler<Configure> for Balancer {
    type Result = ();

    fn handle(&mut self, Configure(settings): Configure, context: &mut Context<Self>) {
        self.pool.configure(settings.policy, penalty(&settings));
        self.waiting.set_limit(settings.queue_limit);
        self.serve(context);
    }
}
