//! What a test can ask for: one object, taken from `FAKE_BEHAVIOUR` and by `POST /fake`.

use serde::{Deserialize, Serialize};

/// How calls are answered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Behaviour {
    pub(crate) fault: Fault,
    /// How many calls have the fault; all, if not given.
    pub(crate) times: Option<u64>,
    /// The time to the first token.
    pub(crate) delay_ms: u64,
    /// What each character of the instructions and the prompt adds to it.
    pub(crate) prompt_us_per_char: u64,
    /// The time between two tokens.
    pub(crate) token_ms: u64,
    /// The text of the answer, instead of a draft.
    pub(crate) answer: Option<String>,
    /// The model can think: with `think` true or omitted, an answer with a `format` comes as `thinking` [216].
    pub(crate) thinks: bool,
    /// Only requests whose `format` has this property have the fault and the answer.
    pub(crate) only_for: Option<String>,
    /// Calls that ask for one token have no fault.
    pub(crate) spare_canaries: bool,
    /// The time that loading the model takes, and how often it fails.
    pub(crate) load_ms: u64,
    pub(crate) load_failures: u64,
    /// A load starts a process as Ollama's runner is one.
    pub(crate) runner: bool,
    /// The model is unloaded when this is set; the next call or preload loads it again.
    pub(crate) lost_model: bool,
    /// The bytes that a loaded model takes, 10 GB if not given, and those of them on the GPU, all if
    /// not given.
    pub(crate) size: Option<u64>,
    pub(crate) size_vram: Option<u64>,
    /// The bytes of a whole pull, 1 MB if not given.
    pub(crate) pull_bytes: Option<u64>,
    /// The lines that tell the progress of a whole pull, 20 if not given.
    pub(crate) pull_lines: Option<u64>,
    /// The time that each of them takes, 5 ms if not given.
    pub(crate) pull_step_ms: Option<u64>,
    /// How many pulls break off halfway through what remains: in turn with an error line and with the
    /// end of the connection.
    pub(crate) pull_breaks: u64,
    /// The registry cannot be reached [165].
    pub(crate) pull_offline: bool,
    /// While set, no generate call and no preload is answered, but what asks how the node is.
    pub(crate) silent_generate: bool,
    /// While set, no GET of `/api` is answered, but calls are.
    pub(crate) silent_probes: bool,
    /// SIGTERM does nothing.
    pub(crate) ignore_sigterm: bool,
    /// The process ends at its start, with a fatal error's line.
    pub(crate) exit_code_at_start: Option<u8>,
    /// The process dies this long after its start.
    pub(crate) crash_after_ms: Option<u64>,
    /// So many lines are written on standard error, at once.
    pub(crate) log_lines: u64,
    /// For benchmarks: bodies are counted, but not kept, and what takes no time is not waited for.
    pub(crate) lean: bool,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    #[default]
    None,
    /// No byte ever comes.
    StallBefore,
    /// Some tokens come, then nothing.
    StallAmid,
    /// Some tokens come, then the connection ends without the last chunk.
    Cut,
    /// The connection ends before the head.
    Close,
    /// Status 500 as after the death of a runner [134].
    Status500,
    /// Status 503 as when too many wait for a load.
    Status503,
    /// Status 429.
    Status429,
    /// Status 404 as when a blob is missing [192].
    Status404,
    /// Status 400.
    Status400,
    /// Some tokens come, then an error line [130].
    ErrorLine,
    /// All tokens come, and a clean end without the closing line [196].
    NoDone,
    /// Lines that are no JSON.
    Garbage,
    /// A whole answer that is no ticket.
    NoTicket,
    /// The answer stands behind a think block.
    Think,
    /// A think block of the same words for ever.
    EndlessThink,
    /// A think block of ever new words.
    EndlessThinkWords,
    /// The same words for ever.
    Endless,
    /// Ever new words, so that only limits of bytes and time end them.
    EndlessWords,
    /// The process dies before the head.
    CrashBefore,
    /// The process dies amid the answer.
    CrashAmid,
}
