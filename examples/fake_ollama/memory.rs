//! The model in memory: loaded, lost, or with a runner that died, as Ollama's scheduler sees it.

use std::{
    io,
    process::Stdio,
    sync::{Mutex, atomic::Ordering},
    time::Duration,
};

use actix_web::{HttpResponse, rt, web::Data};
use rustix::process::{Pid, Signal, kill_process};
use ticketd::demo_node::wire;
use tokio::{process::Command, sync::watch, time::sleep};

use crate::fake::{Fake, locked};

/// The argument with which this program is a runner.
pub(crate) const RUNNER: &str = "runner";

/// What calls in work are told when their runner dies [130, 133].
pub(crate) const BROKEN: &str = "an error was encountered while running the model: unexpected EOF";

/// What a call that comes to a runner that is dead is told [134].
pub(crate) const GONE: &str = "llama-server process no longer running: unknown ";

#[derive(Debug, Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
    /// One load at a time; who waits finds the model loaded.
    loading: tokio::sync::Mutex<()>,
    /// How many runners died.
    deaths: watch::Sender<u64>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Loaded {
        runner: Option<Pid>,
    },
    /// It is listed until the next request [131]. With `owed`, the next call is told of the death.
    Dead {
        owed: bool,
    },
}

impl Memory {
    /// Whether `/api/ps` lists the model.
    pub(crate) fn is_listed(&self) -> bool {
        !matches!(*locked(&self.state), State::Empty)
    }

    /// The runner that lives.
    pub(crate) fn runner(&self) -> Option<Pid> {
        match *locked(&self.state) {
            State::Loaded { runner } => runner,
            State::Empty | State::Dead { .. } => None,
        }
    }

    /// Sees each death of a runner from now on.
    pub(crate) fn deaths(&self) -> watch::Receiver<u64> {
        self.deaths.subscribe()
    }

    /// Unloads the model, and kills its runner, which is given.
    pub(crate) fn unload(&self) -> Option<Pid> {
        let runner = self.runner();
        *locked(&self.state) = State::Empty;
        if let Some(runner) = runner {
            // It may have died by itself.
            let _ = kill_process(runner, Signal::KILL);
        }
        runner
    }

    /// A call in the queue was told that the runner is dead: nobody else need be.
    pub(crate) fn told(&self) {
        if let State::Dead { owed } = &mut *locked(&self.state) {
            *owed = false;
        }
    }
}

/// Loads the model for a call, unless it is loaded; gives the error that the call gets.
pub(crate) async fn ensure(fake: &Data<Fake>) -> Result<(), HttpResponse> {
    let _turn = fake.memory.loading.lock().await;
    match &mut *locked(&fake.memory.state) {
        State::Loaded { .. } => return Ok(()),
        State::Dead { owed: owed @ true } => {
            *owed = false;
            return Err(wire::error(500, GONE));
        }
        State::Empty | State::Dead { owed: false } => {}
    }
    load(fake).await
}

/// Loads the model [021], or fails to as with a truncated blob [190].
pub(crate) async fn preload(fake: &Data<Fake>, model: &str) -> HttpResponse {
    let _turn = fake.memory.loading.lock().await;
    match load(fake).await {
        Ok(()) => wire::json(&wire::loaded(model)),
        Err(error) => error,
    }
}

async fn load(fake: &Data<Fake>) -> Result<(), HttpResponse> {
    if matches!(*locked(&fake.memory.state), State::Dead { .. }) {
        fake.memory.unload();
    }
    let mut fails = false;
    fake.behaviour.send_modify(|behaviour| {
        fails = behaviour.load_failures > 0;
        behaviour.load_failures = behaviour.load_failures.saturating_sub(1);
    });
    let load_ms = fake.behaviour.borrow().load_ms;
    sleep(Duration::from_millis(load_ms)).await;
    if fails {
        let text = "tensor 'blk.0.attn_q.weight' data is not within the file bounds";
        return Err(wire::error(500, text));
    }
    let runner = match fake.memory.runner() {
        None if fake.behaviour.borrow().runner => {
            Some(spawn(fake).map_err(|error| wire::error(500, &error.to_string()))?)
        }
        runner => runner,
    };
    *locked(&fake.memory.state) = State::Loaded { runner };
    Ok(())
}

/// Starts a runner. Like llama-server it stays in this process's group, and outlives its SIGKILL.
fn spawn(fake: &Data<Fake>) -> io::Result<Pid> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(RUNNER).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut runner = command.spawn()?;
    let pid = runner.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    let pid = pid.expect("it has not been waited for");
    let fake = fake.clone();
    rt::spawn(async move {
        // However it ended, it is gone.
        let _ = runner.wait().await;
        died(&fake, pid);
    });
    Ok(pid)
}

fn died(fake: &Fake, pid: Pid) {
    let mut state = locked(&fake.memory.state);
    if matches!(*state, State::Loaded { runner: Some(runner) } if runner == pid) {
        // Amid work somebody is told: who waits, else who comes next [134]. Nobody when idle [135].
        let busy = fake.running.load(Ordering::SeqCst) > 0;
        *state = State::Dead { owed: busy && fake.waiting.load(Ordering::SeqCst) == 0 };
        fake.memory.deaths.send_modify(|count| *count += 1);
    }
}
