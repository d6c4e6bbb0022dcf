// Requests to this host, with the tokens of this tab. One rule: a token goes into a header and the tab's own
// storage, and nowhere else.

const KEYS = { user: 'ticketd.user-token', admin: 'ticketd.admin-token' };

const kept = {};

/** The token of a kind; empty if there is none. */
export function token(kind) {
  try {
    return sessionStorage.getItem(KEYS[kind]) ?? '';
  } catch {
    return kept[kind] ?? '';
  }
}

/** Keeps a token for this tab, or for this page where the browser stores nothing; an empty one is forgotten. */
export function keepToken(kind, value) {
  kept[kind] = value;
  try {
    if (value) sessionStorage.setItem(KEYS[kind], value);
    else sessionStorage.removeItem(KEYS[kind]);
  } catch {
    // It holds until the page is left.
  }
}

/** An answer that is none of the 200s. */
export class Refused extends Error {
  constructor(status, { code, detail, retry_after: retryAfter } = {}) {
    super(detail ?? `HTTP ${status}`);
    Object.assign(this, { status, code: code ?? String(status), detail: detail ?? `HTTP ${status}`, retryAfter });
  }
}

/** Sends a request; the answer is one of the 200s. `admin` takes the admin's token. */
export async function ask(path, { method = 'GET', body, admin = false, accept, signal } = {}) {
  const headers = {};
  const bearer = admin ? token('admin') : token('user') || token('admin');
  // A header takes visible ASCII alone; the server refuses what this leaves out of a token.
  if (bearer) headers.Authorization = `Bearer ${bearer.replace(/[^!-~]/g, '')}`;
  if (accept) headers.Accept = accept;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const reply = await fetch(path, { method, headers, body, signal, cache: 'no-store', credentials: 'omit', redirect: 'error' });
  if (reply.ok) return reply;
  const problem = await reply.json().catch(() => ({}));
  const retryAfter = Number(reply.headers.get('Retry-After')) || undefined;
  throw new Refused(reply.status, { ...problem, retry_after: retryAfter });
}

/** The lines of an answer as they come; `heard` is called whenever something does. */
export async function* lines(reply, heard = () => {}) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const parts = (rest + value).split('\n');
      rest = parts.pop();
      yield* parts;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The server-sent events of an answer: their names with their data. */
export async function* events(reply, heard) {
  let name = '';
  let data = [];
  for await (const line of lines(reply, heard)) {
    if (line === '') {
      if (data.length > 0) yield { name, data: JSON.parse(data.join('\n')) };
      [name, data] = ['', []];
    } else if (line.startsWith('event: ')) {
      name = line.slice(7);
    } else if (line.startsWith('data: ')) {
      data.push(line.slice(6));
    }
  }
}
