// The workbench: a call goes in, its way is watched, and the ticket stands beside it. One rule: what is typed or
// pasted stays where it is, whatever becomes of the ticket.

import { $, fill, h, milliseconds, number, span } from './dom.js';
import { askTokens } from './dialogs.js';
import { onLanguage, t } from './i18n.js';
import { read, size } from './call.js';
import { ask, events, Refused } from './net.js';
import { TicketView } from './ticket.js';
import { problem } from './words.js';

/** Reading a long call waits until nobody types, so many milliseconds. */
const PAUSE = 200;

/** The most steps that are shown: of a long call with many parts, the last ones. */
const STEPS = 12;

/** The run that is shown: its steps, and how it ended. */
let run = null;
let view = null;
let typing;
let ticking;

/** The call in the field; what is wrong with it is said below. */
function readCall(told = true) {
  try {
    const call = read($('call').value);
    if (told) note(t('callSize', formatted(size(call))));
    return call;
  } catch (error) {
    if (!error.key) throw error;
    if (told) note(t(error.key, error.values), 'bad');
    return null;
  }
}

const formatted = (counts) => Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, number(count)]));

function note(text, look = '') {
  $('call-note').dataset.look = look;
  fill($('call-note'), text);
}

function typed() {
  clearTimeout(typing);
  typing = setTimeout(() => ($('call').value.trim() === '' ? note('') : readCall()), PAUSE);
}

/** Puts a text into the field. */
function put(text) {
  clearTimeout(typing);
  $('call').value = text;
  readCall();
  $('call').focus();
  $('call').setSelectionRange(0, 0);
  $('call').scrollTop = 0;
}

async function putFile(file) {
  if (!file) return;
  try {
    put(new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer()));
  } catch {
    note(t('unreadableFile'), 'bad');
  }
}

/** A call as JSON with a turn on each line. */
function inLines(call) {
  const session = ([id, turns]) => `${JSON.stringify(id)}: [\n${turns.map((turn) => `  ${JSON.stringify(turn)}`).join(',\n')}\n]`;
  return `{${Object.entries(call).map(session).join(',\n')}}`;
}

async function putExample() {
  try {
    const call = await (await ask('/ui/example.json')).json();
    put(inLines(call));
  } catch (error) {
    note(t('failed', { detail: problem(error) }), 'bad');
  }
}

/** Makes the ticket of the call in the field. */
async function make() {
  if (run?.active) return;
  const call = readCall();
  if (!call) {
    $('call').focus();
    return;
  }
  const mine = { call, steps: [{ name: 'stage_sent', at: 0 }], active: true, since: Date.now(), abort: new AbortController() };
  run = mine;
  view = null;
  fill($('result'));
  clearInterval(ticking);
  ticking = setInterval(tick, 200);
  render();
  try {
    const options = { method: 'POST', body: call.json, accept: 'text/event-stream', signal: mine.abort.signal };
    const reply = await ask('/summarize', options);
    for await (const { name, data } of events(reply)) hear(mine, name, data);
    if (mine.active) end(mine, new Refused(0, { code: 'cut_off', detail: t('cutOff') }));
  } catch (error) {
    if (!mine.active) return;
    end(mine, error);
    if (error.status === 401 && (await askTokens('user', problem(error)))) make();
  }
}

function hear(mine, name, data) {
  const at = Date.now() - mine.since;
  const last = mine.steps.at(-1);
  if (name === 'done') {
    mine.ticket = data;
    end(mine, null);
    return;
  }
  if (name === 'failed') {
    end(mine, new Refused(data.status, data));
    return;
  }
  if (name === 'stage') mine.steps.push({ name: `stage_${data.stage}`, attempt: data.attempt, at });
  else if (name === 'queued' && last.queued) last.queued = data;
  else if (name === 'queued') mine.steps.push({ queued: data, at });
  else if (name === 'started') mine.steps.push({ node: data.node, at });
  else if (name === 'token') last.tokens = data.count;
  if (mine.steps.length > STEPS) mine.steps.splice(1, 1);
  render();
}

/** The run is over: with a ticket, or with what went wrong. */
function end(mine, error) {
  Object.assign(mine, { active: false, error, took: Date.now() - mine.since });
  clearInterval(ticking);
  if (mine === run) render();
  if (mine.ticket) compare(mine);
}

function cancel() {
  if (!run?.active) return;
  run.cancelled = true;
  end(run, null);
  run.abort.abort();
  $('make').focus();
}

/** Shows the ticket, and once the service has compared it with the call, where its numbers were said. */
async function compare(mine) {
  const { ticket, call } = mine;
  view = new TicketView(call, ticket);
  fill($('result'), view.element);
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  $('result').scrollIntoView({ block: 'start', behavior: still ? 'auto' : 'smooth' });
  const { ticket_type, ticket_zone, ticket_title, ticket_content } = ticket;
  const fields = JSON.stringify({ ticket_type, ticket_zone, ticket_title, ticket_content });
  try {
    // The call goes as it was sent, to the letter: positions are counted in it.
    const body = `{"call":${call.json},"ticket":${fields}}`;
    const { spans } = await (await ask('/v1/ticket/check', { method: 'POST', body })).json();
    if (mine === run) view.link(spans);
  } catch (error) {
    if (mine === run) view.unlinked(error);
  }
}

/** What a step is, in words. */
function told({ name, attempt, queued, node, tokens }) {
  if (queued) {
    const eta = queued.eta_ms === null ? '' : ` · ${t('eta', { span: span(Math.max(1, Math.ceil(queued.eta_ms / 1000))) })}`;
    return t('queuedAt', { position: number(queued.position) }) + eta;
  }
  if (node) return t('onNode', { node }) + (tokens ? ` · ${t('tokensCount')} ${number(tokens)}` : '');
  return t(name) + (attempt > 1 ? ` · ${t('attempt', { n: attempt })}` : '');
}

function outcome() {
  const { active, cancelled, error } = run;
  if (active) return null;
  if (cancelled) return h('p', { class: 'outcome', 'data-look': 'off' }, t('cancelled'));
  if (!error) return h('p', { class: 'outcome', 'data-look': 'good' }, t('done'));
  const retry = error.retryAfter ? ` · ${t('retryIn', { span: span(error.retryAfter) })}` : '';
  return h('p', { class: 'outcome', 'data-look': 'bad' }, t('noTicket', { detail: problem(error) }) + retry);
}

function render() {
  $('cancel').hidden = !run?.active;
  $('make').disabled = Boolean(run?.active);
  $('run').hidden = !run;
  if (!run) return;
  if (!$('run').firstChild || $('run').dataset.lang !== document.documentElement.lang) {
    $('run').dataset.lang = document.documentElement.lang;
    fill($('run'),
      h('div', { class: 'heading' }, h('h2', {}, t('progress')), h('p', { class: 'elapsed' }, `${t('elapsed')} `, h('b'))),
      h('ol', { class: 'steps' }), h('div', { class: 'ending', role: 'status' }));
  }
  const list = $('run').querySelector('.steps');
  run.steps.forEach((step, at) => {
    if (!list.children[at]) list.append(h('li', {}, h('span'), ' ', h('small')));
    const item = list.children[at];
    const current = run.active && at === run.steps.length - 1;
    item.dataset.step = current ? 'current' : 'past';
    fill(item.firstChild, told(step));
    fill(item.lastChild, milliseconds(step.at));
  });
  while (list.childElementCount > run.steps.length) list.lastChild.remove();
  fill($('run').querySelector('.ending'), outcome());
  tick();
}

/** How long it has taken so far. */
function tick() {
  const took = run.active ? Date.now() - run.since : run.took;
  const shown = $('run').querySelector('.elapsed b');
  if (shown) fill(shown, `${number(took / 1000, 1)} s`);
}

/** Prepares the view. */
export function beginWorkbench() {
  const field = $('call');
  field.addEventListener('input', typed);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      make();
    }
  });
  field.addEventListener('dragover', (event) => event.preventDefault());
  field.addEventListener('drop', (event) => {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    putFile(event.dataTransfer.files[0]);
  });
  $('call-form').addEventListener('submit', (event) => {
    event.preventDefault();
    make();
  });
  $('example').addEventListener('click', putExample);
  $('open').addEventListener('click', () => $('file').click());
  $('file').addEventListener('change', () => {
    putFile($('file').files[0]);
    $('file').value = '';
  });
  $('clear').addEventListener('click', () => {
    put('');
    note('');
  });
  $('cancel').addEventListener('click', cancel);
  onLanguage(() => {
    if ($('call').value.trim() !== '') readCall();
    if (run) render();
    view?.render();
  });
}
