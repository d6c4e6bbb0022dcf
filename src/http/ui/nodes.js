// The view of the nodes: figures of the whole, and every node. One rule: what is there is changed, not made anew,
// so that focus and selection stay.

import { $, fill, h, number, when } from './dom.js';
import { t } from './i18n.js';
import { live } from './live.js';
import { NodeCard } from './node.js';

const cards = new Map();

const sum = (nodes, key) => nodes.reduce((total, node) => total + (node[key] ?? 0), 0);

/** Figures: a name, the value, and what belongs to it. */
function figures({ nodes, waiting, since, healthy_endpoints: healthy, total_endpoints: total }) {
  const slots = sum(nodes, 'slots');
  const queue = waiting.begun + waiting.interactive + waiting.batch;
  const speed = nodes.some((node) => node.tokens_per_second !== null) ? number(sum(nodes, 'tokens_per_second'), 1) : '–';
  const lookOfNodes = healthy === 0 ? 'bad' : healthy < total ? 'warn' : 'good';
  return [
    ['healthyNodes', number(healthy), t('ofNodes', { total: number(total) }), lookOfNodes],
    ['inFlight', number(sum(nodes, 'in_flight')), t('ofSlots', { slots: number(slots) }), ''],
    ['waiting', number(queue), t('waitingParts', waiting), queue > slots ? 'warn' : ''],
    ['speed', speed, t('tokensPerSecond'), ''],
    ['running', h('time', { datetime: since, 'data-since': 'bareSpan' }), t('sinceWhen', { at: when(since) }), ''],
  ];
}

function renderSummary(told) {
  const wanted = figures(told);
  const summary = $('summary');
  if (summary.childElementCount !== wanted.length) {
    fill(summary, wanted.map(() => h('div', {}, h('dt'), h('dd', {}, h('b'), ' ', h('span')))));
  }
  wanted.forEach(([key, value, rest, look], at) => {
    const figure = summary.children[at];
    figure.dataset.figure = key;
    figure.dataset.look = look;
    fill(figure.querySelector('dt'), t(key));
    const shown = figure.querySelector('b');
    if (typeof value === 'string') fill(shown, value);
    else if (shown.firstChild?.dateTime !== value.dateTime) fill(shown, value);
    fill(figure.querySelector('span'), rest);
  });
}

/** Shows what is known of the nodes. */
export function renderNodes() {
  const told = live.nodes;
  if (!told) {
    fill($('summary'));
    fill($('node-list'), h('p', { class: 'empty' }, t(live.state === 'connecting' ? 'connecting' : 'noData')));
    return;
  }
  renderSummary(told);
  const list = $('node-list');
  if (told.nodes.length === 0) {
    cards.clear();
    fill(list, h('p', { class: 'empty' }, t('noNodes')));
    return;
  }
  list.querySelector('.empty')?.remove();
  const there = new Set(told.nodes.map(({ id }) => id));
  for (const [id, card] of cards) {
    if (!there.has(id)) {
      card.element.remove();
      cards.delete(id);
    }
  }
  told.nodes.forEach((node, at) => {
    if (!cards.has(node.id)) cards.set(node.id, new NodeCard(node.id));
    const card = cards.get(node.id);
    card.show(node);
    if (list.children[at] !== card.element) list.insertBefore(card.element, list.children[at] ?? null);
  });
}

/** Prepares the view. */
export function beginNodes() {
  fill($('summary'));
}
