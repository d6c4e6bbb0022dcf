// The page: its three views, the language, and how the connection is. Each view has a file of its own.

import { $, clock, fill, h, span, when } from './dom.js';
import { askTokens, beginDialogs } from './dialogs.js';
import { begin as beginLanguage, language, onLanguage, t, toggle } from './i18n.js';
import { connect, listen, live, retryNow } from './live.js';
import { beginLoad, renderLoad } from './load.js';
import { token } from './net.js';
import { beginNodes, renderNodes } from './nodes.js';
import { problem } from './words.js';
import { beginWorkbench } from './workbench.js';

const VIEWS = ['nodes', 'workbench', 'load'];

/** The view that the address names; the nodes if it names none. */
const view = () => VIEWS.find((name) => location.hash === `#${name}`) ?? 'nodes';

function show(moveFocus) {
  for (const name of VIEWS) $(`view-${name}`).hidden = name !== view();
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${view()}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  title();
  renderView();
  if (moveFocus) {
    scrollTo(0, 0);
    $(`${view()}-title`).focus({ preventScroll: true });
  }
}

function renderView() {
  if (view() === 'nodes') renderNodes();
  if (view() === 'load') renderLoad();
}

/** The tab says how many nodes are in service, so that it need not be opened. */
function title() {
  const { nodes, state } = live;
  const count = nodes ? `${nodes.healthy_endpoints}/${nodes.total_endpoints} ` : '';
  const name = t(view() === 'load' ? 'load' : view());
  document.title = `${state === 'lost' ? `${t('lost')} ` : count}${name} · ticketd`;
}

/** How the connection is, in the corner and, if something is wrong, above all. */
function connection() {
  const { state, nodes, retryAt } = live;
  const corner = $('connection');
  const names = { open: 'live', connecting: 'connecting', lost: 'lost', locked: 'locked', resting: 'resting' };
  corner.dataset.state = state;
  fill(corner, t(names[state]));
  document.body.classList.toggle('stale', state !== 'open' && nodes !== null);
  fill($('version'), nodes ? nodes.version : '');
  if (state === 'locked') banner('locked', () => [h('span', {}, locked()), button('enterToken', unlock)]);
  else if (state === 'lost') banner('lost', () => [h('span', { id: 'banner-text' }), button('retryNow', retryNow)]);
  else banner(null);
  if (state !== 'lost') return;
  const left = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
  const values = { in: span(left), at: clock(live.heardAt, true) };
  // Who only listens is told once, and not every second.
  $('banner-text').setAttribute('aria-live', 'off');
  const words = () => {
    if (retryAt === null) return t('lostNow');
    if (live.problem) return t('lostBecause', { ...values, why: problem(live.problem) });
    return t(nodes ? 'lostLong' : 'lostFirst', values);
  };
  fill($('banner-text'), words());
}

const button = (key, act) => h('button', { type: 'button', onclick: act }, t(key));

function banner(kind, content) {
  const element = $('banner');
  const wanted = kind && `${kind} ${language()} ${locked()}`;
  if (element.dataset.shown === (wanted ?? '')) return;
  Object.assign(element.dataset, { kind: kind ?? '', shown: wanted ?? '' });
  element.hidden = kind === null;
  element.replaceChildren(...(content ? content() : []));
}

/** Why a token is asked for. */
const locked = () => t(token('user') || token('admin') ? 'tokenRefused' : 'lockedLong');

async function unlock() {
  if (await askTokens('user', live.problem?.status === 401 ? locked() : '')) retryNow();
}

/** What tells how long ago something was. */
function refreshTimes() {
  for (const element of document.querySelectorAll('time[data-since]')) {
    const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
    fill(element, t(element.dataset.since, { span: span(seconds) }));
    element.title = when(element.dateTime);
  }
}

function begin() {
  beginLanguage();
  beginDialogs();
  beginNodes();
  beginWorkbench();
  beginLoad();
  const otherLanguage = () => {
    const button = $('language');
    [button.textContent, button.lang] = language() === 'en' ? ['中文', 'zh-CN'] : ['English', 'en'];
  };
  otherLanguage();
  $('language').addEventListener('click', toggle);
  onLanguage(() => {
    otherLanguage();
    connection();
    show(false);
    refreshTimes();
  });
  $('tokens-button').addEventListener('click', unlock);
  $('skip').addEventListener('click', (event) => {
    event.preventDefault();
    $(`${view()}-title`).focus();
  });
  addEventListener('hashchange', () => show(true));
  listen((kind) => {
    if (kind === 'state') connection();
    else if (kind === 'nodes') fill($('version'), live.nodes.version);
    title();
    if (!document.hidden) {
      renderView();
      refreshTimes();
    }
  });
  setInterval(() => {
    if (document.hidden) return;
    if (live.state === 'lost') connection();
    refreshTimes();
  }, 1000);
  document.addEventListener('visibilitychange', () => !document.hidden && show(false));
  show(false);
  connection();
  connect();
}

begin();
