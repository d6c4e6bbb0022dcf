// What the service tells of itself, as it happens. One rule: what is shown is marked as old as soon as nothing
// is heard any more, and the connection is tried again by itself.

import { ask, events } from './net.js';

/** The longest wait between two tries, and the first one, in milliseconds. */
const LONGEST = 15_000;
const SHORTEST = 1_000;
/** The server sends something every 10 s; who hears nothing for so long is cut off. */
const SILENCE = 40_000;
/** A tab that nobody sees gives its stream back after a while: browsers and server have few. */
const UNSEEN = 30_000;

/** The state is `connecting`, `open`, `lost`, `locked` (a token is needed) or `resting` (nobody looks). */
export const live = { state: 'connecting', nodes: null, load: null, heardAt: null, retryAt: null, problem: null };

const listeners = new Set();
let running = null;
let delay = SHORTEST;
let unseen = 0;

/** Calls back with the kind of each change: `state`, `nodes` or `load`. */
export function listen(listener) {
  listeners.add(listener);
}

function tell(kind, change) {
  Object.assign(live, change);
  for (const listener of listeners) listener(kind);
}

/** Connects, at once. */
export function connect() {
  running?.abort();
  const attempt = new AbortController();
  running = attempt;
  tell('state', { state: live.state === 'lost' ? 'lost' : 'connecting', retryAt: null });
  hear(attempt);
}

/** Tries again without waiting, with a delay that begins anew. */
export function retryNow() {
  delay = SHORTEST;
  connect();
}

async function hear(attempt) {
  let silence;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => attempt.abort(), SILENCE);
    live.heardAt = Date.now();
  };
  let problem = null;
  try {
    heard();
    const reply = await ask('/live', { accept: 'text/event-stream', signal: attempt.signal });
    for await (const { name, data } of events(reply, heard)) {
      if (attempt !== running) return;
      delay = SHORTEST;
      if (live.state !== 'open') tell('state', { state: 'open', retryAt: null, problem: null });
      if (name === 'nodes' || name === 'load') tell(name, { [name]: data });
    }
  } catch (error) {
    problem = error;
  } finally {
    clearTimeout(silence);
  }
  if (attempt === running) lost(attempt, problem);
}

function lost(attempt, problem) {
  if (problem?.status === 401) {
    tell('state', { state: 'locked', retryAt: null, problem });
    return;
  }
  const wait = Math.max(delay, (problem?.retryAfter ?? 0) * 1000);
  delay = Math.min(delay * 2, LONGEST);
  tell('state', { state: 'lost', retryAt: Date.now() + wait, problem: problem?.status ? problem : null });
  const timer = setTimeout(() => attempt === running && connect(), wait);
  attempt.signal.addEventListener('abort', () => clearTimeout(timer));
}

function seen() {
  clearTimeout(unseen);
  if (!document.hidden) {
    if (live.state === 'resting' || live.state === 'lost') retryNow();
    return;
  }
  unseen = setTimeout(() => {
    if (live.state === 'locked') return;
    running?.abort();
    running = null;
    tell('state', { state: 'resting' });
  }, UNSEEN);
}

document.addEventListener('visibilitychange', seen);
if (document.hidden) seen();
addEventListener('online', () => live.state === 'lost' && retryNow());
