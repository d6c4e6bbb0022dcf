// A ticket beside its call. What the ticket says is linked to where it was said, both ways.

import { copy, fill, h, milliseconds, words } from './dom.js';
import { t } from './i18n.js';
import { pieces, placesSaid, spansOf } from './marks.js';
import { problem, word } from './words.js';

const FIELDS = ['ticket_type', 'ticket_title', 'ticket_zone', 'ticket_content'];
/** A session of more turns is laid out only where it is looked at. */
const MANY = 100;
/** The ticket is Chinese, whatever the language of the page. */
const CHINESE = { ticket_type: '类型', ticket_zone: '地址', ticket_title: '标题', ticket_content: '内容' };

export class TicketView {
  constructor(call, ticket) {
    Object.assign(this, { call, ticket, spans: [], failed: null });
    this.element = h('div', { class: 'result' });
    const light = (on) => (event) => this.light(event.target.closest('[data-spans]'), on);
    this.element.addEventListener('pointerover', light(true));
    this.element.addEventListener('pointerout', light(false));
    this.element.addEventListener('focusin', light(true));
    this.element.addEventListener('focusout', light(false));
    this.element.addEventListener('click', (event) => this.follow(event));
    this.render();
  }

  /** Links the ticket with its call. */
  link(spans) {
    this.spans = spans;
    this.render();
  }

  /** Says why it cannot be linked. */
  unlinked(error) {
    this.failed = error;
    this.render();
  }

  render() {
    const scrolled = this.element.querySelector('.turns')?.scrollTop ?? 0;
    fill(this.element, this.ticketPanel(), this.callPanel());
    this.element.querySelector('.turns').scrollTop = scrolled;
    this.ends = new Map();
    for (const end of this.element.querySelectorAll('[data-spans]')) {
      for (const number of end.dataset.spans.split(' ')) {
        this.ends.set(number, [...(this.ends.get(number) ?? []), end]);
      }
    }
  }

  // What lights up, and where a click leads.

  /** All ends of the spans that an end belongs to. */
  endsOf(end) {
    return end.dataset.spans.split(' ').flatMap((number) => this.ends.get(number) ?? []);
  }

  light(end, on) {
    if (!end) return;
    const keep = !on && end.contains(document.activeElement);
    if (!keep) for (const other of this.endsOf(end)) other.classList.toggle('lit', on);
  }

  follow(event) {
    const end = event.target.closest('a[data-spans]');
    if (!end) return;
    event.preventDefault();
    const other = this.endsOf(end).find((candidate) => candidate.dataset.side !== end.dataset.side);
    if (!other) return;
    const gently = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
    other.focus({ preventScroll: true });
    other.scrollIntoView({ block: 'center', behavior: gently });
  }

  // The ticket.

  ticketPanel() {
    const { ticket } = this;
    const told = h('span', { class: 'note', role: 'status' });
    const copying = (text) => async () => {
      await copy(text()).then(() => fill(told, t('copied')), () => fill(told, t('notCopied')));
    };
    const asText = () => FIELDS.map((field) => `${CHINESE[field]}：${ticket[field]}`).join('\n');
    return h('section', { class: 'panel ticket', 'aria-labelledby': 'ticket-title' },
      h('div', { class: 'heading' }, h('h2', { id: 'ticket-title' }, t('ticket')),
        h('span', { class: 'buttons' }, told,
          h('button', { type: 'button', onclick: copying(asText) }, t('copyText')),
          h('button', { type: 'button', onclick: copying(() => JSON.stringify(ticket, null, 2)) }, t('copyJson')))),
      this.flags(),
      h('dl', { class: 'fields' }, FIELDS.map((field) => h('div', { 'data-field': field },
        h('dt', {}, t(field)), h('dd', {}, h('bdi', { lang: 'zh-CN' }, this.marked(field)))))),
      this.findings(), this.place(), this.trace());
  }

  flags() {
    const { quality, degraded } = this.ticket;
    const flag = (look, text) => h('li', { 'data-look': look }, text);
    return h('ul', { class: 'flags' },
      quality.grounded ? flag('good', t('grounded')) : flag('bad', t('ungrounded', { n: quality.ungrounded.length })),
      degraded && flag('bad', t('degraded')),
      quality.condensed && flag('warn', t('condensed')),
      quality.skipped_turns > 0 && flag('warn', t('skippedTurns', { n: quality.skipped_turns })),
      this.failed && flag('warn', t('unlinked', { detail: problem(this.failed) })));
  }

  /** The text of a field, its spans marked. */
  marked(field) {
    const spans = spansOf(this.spans, field);
    return pieces(this.ticket[field], spans).map(({ text, covering }) => {
      if (covering.length === 0) return text;
      const own = covering.map((at) => spans[at]);
      const bad = own.find(({ grounded }) => !grounded);
      const numbers = own.map(({ number }) => number).join(' ');
      const about = (key, { kind, said }) => t(key, { kind: word('item', kind), turn: (said[0]?.turn ?? 0) + 1 });
      if (bad) {
        const title = about('saidNever', bad);
        return h('mark', { class: 'unsaid', title, 'data-spans': numbers, 'data-side': 'ticket' }, text, h('span', { class: 'aside' }, `（${t('notSaid')}）`));
      }
      const source = own.find(({ said }) => said.length > 0);
      if (!source) return h('span', { class: 'mark otherwise', title: about('saidOtherwise', own[0]) }, text);
      const title = about('saidBy', source);
      return h('a', { class: 'mark', href: '#workbench', title, 'data-spans': numbers, 'data-side': 'ticket' }, text);
    });
  }

  /** What a clerk should look at, in lists. */
  findings() {
    const { ungrounded, omitted, warnings } = this.ticket.quality;
    const lists = [['notSaid', 'bad', ungrounded], ['omitted', 'warn', omitted], ['vague', 'warn', warnings]];
    return lists.filter(([, , items]) => items.length > 0).map(([key, look, items]) =>
      h('div', { class: 'finding', 'data-look': look, 'data-finding': key }, h('h3', {}, t(key)),
        h('ul', {}, items.map(({ kind, text }) => h('li', {}, h('small', {}, word('item', kind)), ' ', words(text, { lang: 'zh-CN' }))))));
  }

  place() {
    const { method, changed, original, corrected, changes, codes, alternatives = [], error } = this.ticket.zone_correction;
    return h('div', { class: 'finding place', 'data-finding': 'place' },
      h('h3', {}, t('placeTitle'), ' ', h('small', {}, word('method', method))),
      changed && h('p', { class: 'change' }, h('del', { lang: 'zh-CN' }, words(original)), ' → ', h('ins', { lang: 'zh-CN' }, words(corrected))),
      changes.length > 0 && h('table', {},
        h('thead', {}, h('tr', {}, ['placeBefore', 'placeAfter', 'placeReason'].map((key) => h('th', { scope: 'col' }, t(key))))),
        h('tbody', {}, changes.map(({ from, to, reason, level, code }) => h('tr', {},
          h('td', { lang: 'zh-CN' }, words(from)), h('td', { lang: 'zh-CN' }, words(to), ' ', h('small', {}, [word('level', level), code].filter(Boolean).join(' '))),
          h('td', {}, word('reason', reason)))))),
      codes.length > 0 && h('p', {}, h('small', {}, t('placeUnits')), ' ', codes.map(({ name, code }, at) =>
        [at > 0 ? ' › ' : '', words(name, { lang: 'zh-CN' }), code ? [' ', h('small', {}, code)] : '']).flat()),
      alternatives.length > 0 && h('p', {}, h('small', {}, t('placeAlternatives')), ' ', alternatives.map((text, at) => [at > 0 ? '、' : '', words(text, { lang: 'zh-CN' })]).flat()),
      error && h('p', { 'data-look': 'warn' }, words(error)));
  }

  trace() {
    const { attempts, queue_ms: queue, model_ms: model, request_id: id } = this.ticket.trace;
    return h('details', { class: 'finding' }, h('summary', {}, t('trace')),
      h('p', {}, t('traceTimes', { queue: milliseconds(queue), model: milliseconds(model) })),
      h('ul', {}, attempts.map(({ node, outcome, ms }) => h('li', {}, t('traceAttempt', { node, outcome: word('outcome', outcome), ms: milliseconds(ms) })))),
      h('p', {}, h('small', {}, 'X-Request-Id'), ' ', h('code', {}, id)));
  }

  // The call.

  callPanel() {
    const places = placesSaid(this.spans);
    const { sessions } = this.call;
    const long = sessions.some(({ turns }) => turns.length > MANY);
    return h('section', { class: 'panel transcript', 'aria-labelledby': 'transcript-title' },
      h('div', { class: 'heading' }, h('h2', { id: 'transcript-title' }, t('transcript'))),
      h('div', { class: long ? 'turns long' : 'turns', tabindex: '0', 'aria-labelledby': 'transcript-title' }, sessions.map(({ id, turns }, session) => [
        sessions.length > 1 && h('h3', {}, t('session'), ' ', words(id)),
        h('ol', {}, turns.map((spoken, turn) => this.turn(spoken, turn, places.get(`${session}/${turn}`) ?? []))),
      ])));
  }

  turn(spoken, turn, said) {
    if (spoken.length === 0) return h('li', { class: 'turn left-out' }, h('b', {}, turn + 1), h('p', {}, t('noWords')));
    return spoken.map(({ speaker, text }, at) => {
      // A speaker who stands twice in a turn is linked where it stands first.
      const first = spoken.findIndex((other) => other.speaker === speaker) === at;
      const here = said.filter((place) => first && place.speaker === speaker);
      return h('li', { class: `turn ${speaker}`, 'data-turn': turn }, h('b', {}, h('small', {}, turn + 1), t(speaker)),
        h('p', {}, h('bdi', { lang: 'zh-CN' }, pieces(text, here).map(({ text: piece, covering }) => {
          if (covering.length === 0) return piece;
          const numbers = [...new Set(covering.map((number) => here[number].number))];
          const fields = [...new Set(numbers.map((number) => t(this.spans[number].field)))].join('、');
          return h('a', { class: 'mark', href: '#workbench', title: t('inTicket', { field: fields }), 'data-spans': numbers.join(' '), 'data-side': 'call' }, piece);
        }))));
    });
  }
}
