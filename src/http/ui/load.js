// The last hour: charts, and the same numbers as a table. uPlot draws; what it draws and says stands here.

/* global uPlot */
import { $, clock, fill, h, number, words } from './dom.js';
import { onLanguage, t } from './i18n.js';
import { live } from './live.js';

const HEIGHT = 190;
/** What becomes of tickets: the lowest part of a bar first. */
const OUTCOMES = [['made', 'made'], ['degraded', 'degradedShort'], ['failed', 'failedShort']];

const total = (minutes, name) => minutes.reduce((sum, { tickets }) => sum + tickets[name], 0);
const seconds = (value) => (value === null || value === undefined ? null : value / 1000);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A fill with stripes, so that parts differ by more than their colour. */
function striped(name, context) {
  const tile = h('canvas', { width: 6, height: 6 });
  const drawing = tile.getContext('2d');
  drawing.fillStyle = colour('surface');
  drawing.fillRect(0, 0, 6, 6);
  drawing.strokeStyle = colour(name);
  drawing.lineWidth = 2.4;
  drawing.beginPath();
  drawing.moveTo(-1, 7);
  drawing.lineTo(7, -1);
  drawing.stroke();
  return context.createPattern(tile, 'repeat');
}

/** Numbers of minutes as bars, one upon the other: the tallest is drawn first. */
function bars(names) {
  return {
    names,
    data: (minutes) => {
      let below = minutes.map(() => 0);
      const stacked = names.map(([name]) => (below = minutes.map(({ tickets }, at) => below[at] + tickets[name])));
      return stacked.map((tops, at) => tops.map((top, minute) => (minutes[minute].tickets[names[at][0]] > 0 ? top : null))).reverse();
    },
    series: () => names.toReversed().map(([name]) => ({
      label: name,
      stroke: colour(name),
      width: name === 'degraded' ? 1 : 0,
      fill: (plot) => (name === 'degraded' ? striped(name, plot.ctx) : colour(name)),
      paths: uPlot.paths.bars({ size: [0.7, 14] }),
      points: { show: false },
    })),
    told: ({ tickets }) => names.map(([name, key]) => `${t(key)} ${number(tickets[name])}`).join(' · '),
    least: 4,
  };
}

/** The waits as lines: the 95 % dashed. */
const waits = {
  names: [['half', 'half'], ['most', 'most']],
  data: (minutes) => ['p50', 'p95'].map((name) => minutes.map(({ queue_wait_ms: wait }) => seconds(wait?.[name]))),
  series: () => [['half', []], ['most', [6, 4]]].map(([name, dash]) => ({
    label: name, stroke: colour(name), width: 2, dash, points: { show: true, size: 5, fill: colour(name) },
  })),
  told: ({ queue_wait_ms: wait }) => (wait ? waits.names.map(([name, key]) => `${t(key)} ${number(seconds(wait[name === 'half' ? 'p50' : 'p95']), 1)} s`).join(' · ') : '–'),
  least: 1,
};

const CHARTS = [
  { key: 'ticketsPerMinute', form: bars(OUTCOMES), sum: (minutes) => OUTCOMES.map(([name, key]) => `${t(key)} ${number(total(minutes, name))}`).join('，') },
  { key: 'queueWait', form: waits, sum: null },
  { key: 'refusals', form: bars([['refused', 'refused']]), sum: (minutes) => number(total(minutes, 'refused')) },
];

let parts = null;

/** The panels, anew: language or colours have changed, or nothing is there yet. */
function build() {
  for (const { plot } of parts?.charts ?? []) plot?.destroy();
  const charts = CHARTS.map(({ key, form, sum }) => {
    const area = h('div', { class: 'chart', role: 'img', 'data-chart': key });
    const readout = h('p', { class: 'readout' });
    const legend = h('p', { class: 'legend', 'aria-hidden': 'true' }, form.names.map(([name, label]) => h('span', {}, h('i', { class: `swatch ${name}` }), t(label))));
    const panel = h('section', { class: 'panel' }, h('div', { class: 'heading' }, h('h2', {}, t(key)), legend), area, readout);
    return { key, form, sum, area, readout, panel, plot: null };
  });
  const share = h('section', { class: 'panel' }, h('h2', {}, t('share')), h('ul', { class: 'share' }));
  const figures = h('dl', { class: 'figures' });
  const table = h('details', { class: 'panel', id: 'load-table' }, h('summary', {}, t('asTable')), h('div', { class: 'scroll', tabindex: '0' }));
  table.addEventListener('toggle', () => renderTable());
  fill($('load-body'), figures, h('div', { class: 'charts' }, charts[0].panel, charts[1].panel, charts[2].panel, share), table);
  parts = { charts, share, figures, table };
}

function draw(chart, minutes) {
  const { area, form, readout } = chart;
  const width = Math.floor(area.clientWidth);
  if (width === 0) return;
  const data = [minutes.map(({ at }) => Date.parse(at) / 1000), ...form.data(minutes)];
  if (chart.plot) {
    if (chart.plot.width !== width) chart.plot.setSize({ width, height: HEIGHT });
    chart.plot.setData(data);
    return;
  }
  const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  const options = {
    width, height: HEIGHT, padding: [8, 8, 0, 0], legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    scales: {
      x: { range: (_, __, last) => [last - 3600 - 30, last + 30] },
      y: { range: (_, __, most) => [0, Math.max(form.least, (most ?? 0) * 1.1)] },
    },
    axes: [
      { ...axis, size: 26, space: 60, values: (_, at) => at.map((time) => clock(time * 1000)) },
      { ...axis, size: 46, space: 34, incrs: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000], values: (_, at) => at.map((value) => number(value, value % 1 ? 1 : 0)) },
    ],
    series: [{}, ...form.series()],
    hooks: { setCursor: [({ cursor }) => readOut(readout, form, cursor.idx)] },
  };
  chart.plot = new uPlot(options, data, area);
}

/** What the minute under the pointer has; of the last one if there is none. */
function readOut(element, form, at) {
  const minutes = live.load?.minutes ?? [];
  const minute = minutes[at ?? minutes.length - 1];
  fill(element, minute ? `${clock(minute.at)}  ${form.told(minute)}` : '');
}

function renderFigures(minutes) {
  const worst = Math.max(-1, ...minutes.map(({ queue_wait_ms: wait }) => wait?.p95 ?? -1));
  const figures = [
    ...[...OUTCOMES, ['refused', 'refused']].map(([name, key]) => [key, number(total(minutes, name)), name]),
    ['worstWait', worst < 0 ? '–' : `${number(worst / 1000, 1)} s`, 'most'],
  ];
  fill(parts.figures, figures.map(([key, value, name]) => h('div', { 'data-figure': name }, h('dt', {}, t(key)), h('dd', {}, h('b', {}, value)))));
}

/** The nodes that had calls in the hour. */
function byNode(minutes) {
  const calls = new Map();
  for (const { calls: counts } of minutes) {
    for (const [node, count] of Object.entries(counts)) calls.set(node, (calls.get(node) ?? 0) + count);
  }
  return calls;
}

function renderShare(minutes) {
  const calls = [...byNode(minutes)].sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }));
  const all = calls.reduce((sum, [, count]) => sum + count, 0);
  const rows = calls.map(([node, count]) => {
    const percent = all ? (100 * count) / all : 0;
    return h('li', {}, words(node), h('progress', { max: 100, value: percent, 'aria-label': node }), h('span', {}, `${number(count)} · ${number(percent)}%`));
  });
  fill(parts.share.querySelector('ul'), rows.length > 0 ? rows : h('li', { class: 'empty' }, t('noData')));
}

/** The same numbers for those who do not see charts, or want them exactly. */
function renderTable() {
  const minutes = live.load?.minutes ?? [];
  if (!parts.table.open) return;
  const nodes = [...byNode(minutes).keys()].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  const heads = [t('time'), t('made'), t('degradedShort'), t('failedShort'), t('refused'), `${t('half')} (s)`, `${t('most')} (s)`, ...nodes];
  const cell = (value, digits = 0) => h('td', {}, value === null ? '–' : number(value, digits));
  const scroll = parts.table.querySelector('.scroll');
  const before = scroll.scrollTop;
  fill(scroll, h('table', { class: 'numbers' },
    h('thead', {}, h('tr', {}, heads.map((head) => h('th', { scope: 'col' }, words(head))))),
    h('tbody', {}, minutes.toReversed().map(({ at, tickets, calls, queue_wait_ms: wait }) => h('tr', {}, h('th', { scope: 'row' }, clock(at)),
      ['made', 'degraded', 'failed', 'refused'].map((name) => cell(tickets[name])),
      cell(seconds(wait?.p50), 1), cell(seconds(wait?.p95), 1), nodes.map((node) => cell(calls[node] ?? 0)))))));
  scroll.scrollTop = before;
}

/** Shows what is known of the last hour. */
export function renderLoad() {
  const minutes = live.load?.minutes;
  if (!minutes || minutes.length === 0) {
    parts = null;
    fill($('load-body'), h('p', { class: 'empty' }, t(live.state === 'connecting' ? 'connecting' : 'noData')));
    return;
  }
  if (!parts) build();
  renderFigures(minutes);
  renderShare(minutes);
  renderTable();
  for (const chart of parts.charts) {
    draw(chart, minutes);
    if (chart.plot?.cursor.idx === null || chart.plot?.cursor.idx === undefined) readOut(chart.readout, chart.form, null);
    const worst = Math.max(0, ...minutes.map(({ queue_wait_ms: wait }) => wait?.p95 ?? 0)) / 1000;
    const title = t(chart.key);
    chart.area.setAttribute('aria-label', chart.sum ? t('chartOf', { title, sum: chart.sum(minutes) }) : t('waitOf', { title, max: number(worst, 1) }));
  }
}

/** Prepares the view. */
export function beginLoad() {
  const anew = () => {
    if (!parts) return;
    build();
    if (!$('view-load').hidden) renderLoad();
  };
  onLanguage(anew);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', anew);
  new ResizeObserver(() => !$('view-load').hidden && live.load && renderLoad()).observe($('load-body'));
}
