// The dialogs for tokens and for a new node. One rule: a dialog goes when what it asked for is done, and says in
// itself why it was not.

import { $, fill } from './dom.js';
import { t } from './i18n.js';
import { ask, keepToken, Refused, token } from './net.js';
import { problem } from './words.js';

let answered = null;

/** Asks for tokens, the cursor in the field of a kind; tells whether any were given. */
export function askTokens(kind, why = '') {
  answered?.(false);
  const dialog = $('tokens');
  $('user-token').value = token('user');
  $('admin-token').value = token('admin');
  fill($('tokens-why'), why);
  if (!dialog.open) dialog.showModal();
  $(`${kind}-token`).focus();
  return new Promise((resolve) => {
    answered = resolve;
  });
}

/** Sends a request of an admin, asking for the token where it is missing or refused; null if nobody gave one. */
export async function askAsAdmin(path, options = {}) {
  let forbidden = false;
  for (;;) {
    try {
      return await ask(path, { ...options, admin: true });
    } catch (error) {
      const given = token('admin') !== '';
      // Where administration is not open at all, or a proxy keeps it shut, no token helps.
      const another = error.status === 403 && error.code === 'forbidden' && given && !forbidden;
      if (error.status !== 401 && !another) throw error;
      forbidden ||= another;
      const why = t(given ? 'tokenRefused' : 'adminNeeded');
      if (!(await askTokens('admin', why))) return null;
    }
  }
}

function settle(given) {
  answered?.(given);
  answered = null;
}

function beginTokens() {
  const dialog = $('tokens');
  dialog.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault();
    keepToken('user', $('user-token').value.trim());
    keepToken('admin', $('admin-token').value.trim());
    settle(true);
    dialog.close();
  });
  dialog.addEventListener('close', () => {
    // Passwords do not stay in the page.
    $('user-token').value = '';
    $('admin-token').value = '';
    settle(false);
  });
}

/** The node that the form asks for. */
function wanted(form) {
  const { where, place, slots, gpu } = Object.fromEntries(new FormData(form));
  const node = where === 'port' ? { port: whole(place) } : { endpoint: place.trim() };
  if (slots.trim()) node.slots = whole(slots);
  if (gpu.trim()) node.gpu = gpu.trim();
  return node;
}

function whole(text) {
  if (!/^\s*\d{1,9}\s*$/.test(text)) throw new Refused(0, { code: 'no_number', detail: t('addNumber') });
  return Number(text);
}

function beginAdd() {
  const dialog = $('add');
  const form = dialog.querySelector('form');
  const told = dialog.querySelector('.problem');
  $('add-node').addEventListener('click', () => {
    form.reset();
    fill(told, '');
    dialog.showModal();
    $('add-place').focus();
  });
  form.addEventListener('change', () => {
    const port = form.elements.where.value === 'port';
    $('add-place').placeholder = port ? '11437' : 'http://gpu-2:11434';
    $('add-gpu').disabled = !port;
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const send = form.querySelector('[type=submit]');
    send.disabled = true;
    try {
      const body = JSON.stringify(wanted(form));
      if (await askAsAdmin('/admin/nodes', { method: 'POST', body })) dialog.close();
    } catch (error) {
      fill(told, problem(error));
    } finally {
      send.disabled = false;
    }
  });
}

/** Prepares the dialogs; a click beside one closes it, and so does Escape. */
export function beginDialogs() {
  beginTokens();
  beginAdd();
  for (const dialog of document.querySelectorAll('dialog')) {
    for (const button of dialog.querySelectorAll('.close')) button.addEventListener('click', () => dialog.close());
    dialog.addEventListener('pointerdown', (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}
