// One node in the list: what it does, how it fares, what is wrong with it, and what can be done.

import { bytes, fill, h, milliseconds, number, words } from './dom.js';
import { askAsAdmin } from './dialogs.js';
import { t } from './i18n.js';
import { followLog } from './log.js';
import { problem, sentence, state, word } from './words.js';

/** States from which a node is taken back into service. */
const OUT = ['draining', 'stopping', 'stopped'];
/** States in which it waits for something that may be over. */
const WAITS = ['backing-off', 'crash-looping', 'model-missing', 'no-gpu'];

/** Where the model is, and what the node takes of the host. */
function memory({ memory: model, resources }) {
  const parts = [];
  if (model) {
    const percent = Math.floor((model.vram_bytes / Math.max(1, model.bytes)) * 100);
    const key = percent >= 95 ? 'onGpu' : percent === 0 ? 'onCpu' : 'partlyOnGpu';
    parts.push(t(key, { bytes: bytes(model.bytes), percent }));
  }
  if (resources?.memory_bytes) parts.push(t('onHost', { bytes: bytes(resources.memory_bytes) }));
  return parts.join(' · ') || '–';
}

function latency({ latency_ms: latency }) {
  return latency ? t('latencyValue', { p50: milliseconds(latency.p50), p95: milliseconds(latency.p95) }) : '–';
}

const FACTS = [
  ['inFlight', (node) => `${number(node.in_flight)} / ${number(node.slots)}`],
  ['speed', (node) => (node.tokens_per_second === null ? '–' : `${number(node.tokens_per_second, 1)} ${t('tokensPerSecond')}`)],
  ['latency', latency],
  ['calls', (node) => t('callsValue', { requests: number(node.requests), errors: number(node.errors) })],
  ['restarts', (node) => t('times', { n: number(node.restarts) })],
  ['memory', memory],
];

/** What an operator should know: its name, how grave it is, the words, and when it was. */
function troubles(node) {
  const found = [];
  const ready = node.state === 'ready';
  if (node.remedy) found.push(['remedy', OUT.includes(node.state) ? 'off' : 'bad', sentence(node.remedy)]);
  else if (node.state === 'backing-off') found.push(['remedy', 'off', t('remedyBackingOff')]);
  if (node.warning) found.push(['warning', 'warn', sentence(node.warning)]);
  if (node.breaker === 'open') found.push(['warning', 'warn', t('breakerOpen')]);
  else if (node.breaker === 'half-open') found.push(['warning', 'warn', t('breakerHalf')]);
  else if (ready && !node.healthy) found.push(['warning', 'warn', t('restingNode')]);
  if (node.last_failure) found.push(['lastFailure', ready ? 'off' : 'bad', sentence(node.last_failure.reason), node.last_failure.at]);
  const call = node.last_call_failure;
  if (call) found.push(['lastCallFailure', 'off', word('outcome', call.outcome), call.at]);
  return found;
}

export class NodeCard {
  constructor(id) {
    this.id = id;
    this.shown = '';
    this.state = h('span', { class: 'state' });
    this.since = h('time', { 'data-since': 'forSpan' });
    this.kind = h('span', { class: 'tag' });
    this.model = words('');
    this.facts = FACTS.map(([key]) => ({ key, name: h('dt'), value: h('dd', { 'data-fact': key }) }));
    this.slots = h('span', { class: 'slots', 'aria-hidden': 'true' });
    this.troubles = h('div', { class: 'troubles' });
    this.told = h('p', { class: 'note', role: 'status' });
    this.buttons = {
      log: this.button(() => followLog(id)),
      drain: this.button(() => this.order('drain')),
      resume: this.button(() => this.order('resume')),
      restart: this.button(() => this.order('restart')),
    };
    const name = `node-${encodeURIComponent(id)}`;
    this.element = h('article', { class: 'node', 'data-node': id, 'aria-labelledby': name },
      h('header', {},
        h('h2', { id: name }, words(id)), this.state,
        h('p', {}, this.since, this.kind, h('span', { class: 'model' }, this.model))),
      h('dl', { class: 'facts' }, this.facts.map(({ name: term, value }) => h('div', {}, term, value))),
      h('div', { class: 'buttons' }, Object.values(this.buttons)),
      this.troubles, this.told);
  }

  button(act) {
    return h('button', { type: 'button', class: 'quiet', onclick: act });
  }

  /** Shows the node as it is. */
  show(node) {
    const language = document.documentElement.lang;
    const shown = language + JSON.stringify(node);
    if (shown === this.shown) return;
    this.shown = shown;
    const { look, word: name } = state(node.state);
    this.element.dataset.state = node.state;
    this.element.dataset.look = look === 'good' && !node.healthy ? 'warn' : look;
    const percent = node.pull_percent === null || node.pull_percent === undefined ? '' : ` ${node.pull_percent}%`;
    fill(this.state, name + percent);
    this.since.dateTime = node.since;
    fill(this.kind, word('kind', node.kind));
    fill(this.model, node.model);
    this.showFacts(node);
    fill(this.troubles, troubles(node).map(([key, how, text, at]) => h('p', { 'data-look': how, 'data-trouble': key },
      h('b', {}, t(key)), ' ', at ? h('time', { datetime: at, 'data-since': 'ago' }) : null, at ? ' ' : null, words(text))));
    this.showButtons(node);
  }

  showFacts(node) {
    FACTS.forEach(([key, value], at) => {
      fill(this.facts[at].name, t(key));
      fill(this.facts[at].value, value(node));
    });
    if (node.slots > 0 && node.slots <= 8) {
      const taken = (slot) => (slot < node.in_flight ? 'taken' : 'free');
      fill(this.slots, Array.from({ length: node.slots }, (_, slot) => h('i', { class: taken(slot) })));
      this.facts[0].value.append(this.slots);
    }
  }

  showButtons({ state: now, kind }) {
    const { log, drain, resume, restart } = this.buttons;
    for (const [action, button] of Object.entries(this.buttons)) {
      fill(button, t(action));
      button.setAttribute('aria-label', t('actionOf', { action: t(action), id: this.id }));
    }
    const focused = document.activeElement;
    log.hidden = kind !== 'managed';
    drain.hidden = OUT.includes(now);
    resume.hidden = !OUT.includes(now) && !WAITS.includes(now);
    restart.hidden = kind !== 'managed' || OUT.includes(now);
    if (focused?.hidden && this.element.contains(focused)) (resume.hidden ? drain : resume).focus();
  }

  async order(action) {
    const button = this.buttons[action];
    button.setAttribute('aria-busy', 'true');
    this.tell('');
    try {
      const path = `/admin/nodes/${encodeURIComponent(this.id)}/${action}`;
      if (await askAsAdmin(path, { method: 'POST' })) this.tell(t(`${action}Asked`));
    } catch (error) {
      this.tell(t('failed', { detail: problem(error) }), 'bad');
    } finally {
      button.removeAttribute('aria-busy');
    }
  }

  /** Says what became of an order; good news goes by itself. */
  tell(text, look = '') {
    clearTimeout(this.forget);
    this.told.dataset.look = look;
    fill(this.told, text);
    if (text && !look) this.forget = setTimeout(() => fill(this.told, ''), 8000);
  }
}
