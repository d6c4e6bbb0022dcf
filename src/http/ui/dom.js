// Elements and words. One rule: what comes from outside becomes text, never mark-up, and no sign in it
// that nobody sees stays unseen.

import { language } from './i18n.js';

/** Children as nodes; words become text with every sign shown, and what is null, undefined or false is left out. */
function nodes(children) {
  const there = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  return there.flatMap((child) => (child instanceof Node ? child : shown(String(child))));
}

/** Makes an element. Children are nodes, words, or lists of them. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...nodes(children));
  return element;
}

/** The element with an id. */
export const $ = (id) => document.getElementById(id);

/** Replaces what an element holds, unless it holds just these words already. */
export function fill(element, ...children) {
  const parts = nodes(children);
  const same = parts.length === 1 && typeof parts[0] === 'string' && element.childElementCount === 0 && element.textContent === parts[0];
  if (!same) element.replaceChildren(...parts);
}

// Controls, signs that turn the direction of writing, and those without any width.
const SIGN = /((?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800])\1*/gu;
const NAMES = {
  '\u200b': 'ZWSP', '\u200c': 'ZWNJ', '\u200d': 'ZWJ', '\u200e': 'LRM', '\u200f': 'RLM', '\u061c': 'ALM',
  '\u202a': 'LRE', '\u202b': 'RLE', '\u202c': 'PDF', '\u202d': 'LRO', '\u202e': 'RLO',
  '\u2066': 'LRI', '\u2067': 'RLI', '\u2068': 'FSI', '\u2069': 'PDI', '\ufeff': 'BOM', '\u00ad': 'SHY',
};

/** A text with signs that nobody would see shown by their names, as texts and elements. */
function shown(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(SIGN)) {
    if (found.index > from) parts.push(text.slice(from, found.index));
    const [run, sign] = found;
    const code = `U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    const count = run.length / sign.length;
    const name = (NAMES[sign] ?? code) + (count > 1 ? `×${count}` : '');
    parts.push(h('span', { class: 'sign', title: code }, name));
    from = found.index + run.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/** Words of others, on their own as to the direction of writing. */
export const words = (text, attributes = {}) => h('bdi', attributes, text);

/** A number as it is read. */
export function number(value, digits = 0) {
  return value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Bytes with their unit. */
export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${number(value, unit > 0 && value < 100 ? 1 : 0)} ${units[unit]}`;
}

/** Milliseconds as they are read: 320 ms, 4.2 s, 3 min. */
export function milliseconds(value) {
  if (value < 1000) return `${number(Math.round(value))} ms`;
  if (value < 100_000) return `${number(value / 1000, 1)} s`;
  return span(value / 1000);
}

/** A span of seconds, in its two greatest units. */
export function span(seconds) {
  const zh = language() === 'zh-CN';
  const units = [[86400, zh ? '天' : 'd'], [3600, zh ? '小时' : 'h'], [60, zh ? '分' : 'min'], [1, zh ? '秒' : 's']];
  let left = Math.max(0, Math.floor(seconds));
  const first = Math.max(0, units.findIndex(([size]) => left >= size));
  const at = left === 0 ? 3 : first;
  const parts = [];
  for (const [size, name] of units.slice(at, at + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || parts.length === 0) parts.push(zh ? `${count}${name}` : `${count} ${name}`);
  }
  return parts.join(' ');
}

/** The clock's time of a moment. */
export function clock(moment, seconds = false) {
  const form = { hour: '2-digit', minute: '2-digit', second: seconds ? '2-digit' : undefined, hour12: false };
  return new Date(moment).toLocaleTimeString(language(), form);
}

/** Date and time of a moment. */
export const when = (moment) => new Date(moment).toLocaleString(language(), { hour12: false });

/** Copies a text; where the browser keeps its clipboard for secure pages, by a selection. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = h('textarea', { class: 'aside', 'aria-hidden': 'true', tabindex: '-1' });
  const before = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  before?.focus();
  if (!copied) throw new Error('the browser does not copy');
}
