// A call as somebody pastes it: JSON as the API takes it, or lines of text with their speakers. One rule: no
// words are lost or put into somebody else's mouth; what cannot be told is asked.

const CITIZEN = /^\s*(?:市民|来电人|来电者|群众|诉求人|用户|客户|居民|caller|citizen)\s*[:：]\s*/i;
const OPERATOR = /^\s*(?:话务员|接线员|坐席|座席|客服|工作人员|hot-?line|operator|agent)\s*[:：]\s*/i;

/** What is wrong with a call: the key of a sentence and what stands in it. */
export class Unreadable extends Error {
  constructor(key, values = {}) {
    super(key);
    Object.assign(this, { key, values });
  }
}

/** The members of a JSON object or array in its text, as they stand there: repeated keys, keys like numbers and all. */
function members(json) {
  const found = [];
  let depth = 0;
  let from = 0;
  let key;
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
  const end = (at) => {
    const value = json.slice(from, at).trim();
    if (value !== '') found.push({ key, value });
    [from, key] = [at + 1, undefined];
  };
  for (const { 0: sign, index } of json.matchAll(token)) {
    if ((sign === ',' && depth === 1) || (depth === 1 && (sign === '}' || sign === ']'))) end(index);
    if (sign === '{' || sign === '[') {
      depth += 1;
      if (depth === 1) from = index + 1;
    } else if (sign === '}' || sign === ']') {
      depth -= 1;
    } else if (sign === ':' && depth === 1) {
      key = JSON.parse(json.slice(from, index));
      from = index + 1;
    }
  }
  return found;
}

/** The turns of a session: for each its speakers with their words. Other keys are no speakers. */
function turns(json) {
  return members(json).map(({ value }) => {
    const spoken = value.startsWith('{') ? members(value) : [];
    return spoken.flatMap(({ key, value: text }) => {
      const known = key === 'citizen' || key === 'hot-line';
      return known && text.startsWith('"') ? [{ speaker: key, text: JSON.parse(text) }] : [];
    });
  });
}

function ofJson(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Unreadable('notJson', { why: error.message });
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Unreadable('notAnObject');
  // A record of an archive, as `ticketd summarize` reads them, has its call inside.
  const inner = members(text).find(({ key, value: call }) => key === 'call' && call.startsWith('{'));
  const json = inner ? inner.value : text.trim();
  return { json, sessions: members(json).map(({ key, value: session }) => ({ id: key, turns: turns(session) })) };
}

function ofLines(text) {
  const said = [];
  text.split(/\r\n?|\n/).forEach((line, index) => {
    if (line.trim() === '') return;
    for (const [speaker, mark] of [['citizen', CITIZEN], ['hot-line', OPERATOR]]) {
      if (mark.test(line)) {
        said.push({ speaker, text: line.replace(mark, '') });
        return;
      }
    }
    if (said.length === 0) throw new Unreadable('noSpeaker', { line: index + 1 });
    said.at(-1).text += `\n${line.trim()}`;
  });
  const call = { text: said.map(({ speaker, text: words }) => ({ [speaker]: words })) };
  return { json: JSON.stringify(call), sessions: [{ id: 'text', turns: said.map((words) => [words]) }] };
}

/** Reads a call: its JSON for the service, and its sessions for people. */
export function read(text) {
  const bare = text.replace(/^\ufeff/, '');
  if (bare.trim() === '') throw new Unreadable('noCall');
  return /^\s*(?:\{|\[\s*[[{"\]])/.test(bare) ? ofJson(bare) : ofLines(bare);
}

/** How much a call is. */
export function size(call) {
  const spoken = call.sessions.flatMap((session) => session.turns.flat());
  return {
    sessions: call.sessions.length,
    turns: call.sessions.reduce((sum, session) => sum + session.turns.length, 0),
    characters: spoken.reduce((sum, { text }) => sum + text.length, 0),
  };
}
