// The log of a node, as it is written. One rule: a reader who has scrolled up is not pulled down.

import { $, clock, fill, h, span } from './dom.js';
import { askAsAdmin } from './dialogs.js';
import { t } from './i18n.js';
import { lines } from './net.js';
import { problem } from './words.js';

/** The most lines that are kept. */
const MOST = 2000;
/** Wait before another try, in milliseconds. */
const AGAIN = 3000;

let reading = null;

/** Whether the end is in sight. */
const atEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 40;

function line({ at, level, line: text }) {
  return h('div', { class: 'line', 'data-level': level },
    h('time', { datetime: at, title: at }, clock(at, true)), ' ', h('bdi', {}, text));
}

/** Opens the log of a node and follows it until it is closed. */
export async function followLog(id) {
  reading?.abort();
  const mine = new AbortController();
  reading = mine;
  const [dialog, list] = [$('log'), $('log-lines')];
  fill($('log-title'), t('logOf', { id }));
  fill(list);
  fill($('log-note'), t('connecting'));
  dialog.addEventListener('close', () => mine.abort(), { once: true });
  while (!mine.signal.aborted) {
    try {
      const path = `/admin/nodes/${encodeURIComponent(id)}/log?follow=true`;
      const reply = await askAsAdmin(path, { signal: mine.signal });
      if (!reply) {
        fill($('log-note'), t('adminNeeded'));
        return;
      }
      if (!dialog.open) dialog.showModal();
      await show(reply, list);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!dialog.open) dialog.showModal();
      if (error.status) {
        fill($('log-note'), problem(error));
        return;
      }
    }
    fill($('log-note'), t('lostFirst', { in: span(AGAIN / 1000) }));
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, AGAIN);
      mine.signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
    });
  }
}

/** Shows the lines of an answer; those of the last answer, which come again, go. */
async function show(reply, list) {
  fill(list, h('p', { class: 'empty' }, t('logEmpty')));
  let batch = [];
  const note = () => fill($('log-note'), t(atEnd(list) ? 'logFollowing' : 'logPaused'));
  const write = () => {
    const follow = atEnd(list);
    if (batch.length > 0) list.querySelector('.empty')?.remove();
    list.append(...batch);
    batch = [];
    // Who has scrolled up keeps what is there, within bounds.
    while (list.childElementCount > (follow ? MOST : 10 * MOST)) list.firstElementChild.remove();
    if (follow) list.scrollTop = list.scrollHeight;
    note();
  };
  list.onscroll = note;
  note();
  for await (const text of lines(reply)) {
    if (text === '') continue;
    batch.push(line(JSON.parse(text)));
    // A flood is written once a frame.
    if (batch.length === 1) requestAnimationFrame(write);
    if (batch.length > MOST) batch.shift();
  }
}
