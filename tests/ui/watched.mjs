// A page that is watched: no error in its console, no request to another host, no dialog of the browser's, no
// fault of its policy. And what tests do with it.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { test as base, expect } from '@playwright/test';
import { Service } from './service.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export { expect };

export const test = base.extend({
  /** What may stand in the console all the same. */
  bearable: [null, { option: true }],
  service: [async ({}, use) => {
    const service = await Service.start();
    await use(service);
    await service.stop();
  }, { scope: 'worker' }],

  page: async ({ page, bearable }, use) => {
    const faults = [];
    page.on('console', (message) => {
      const text = `${message.text()} ${message.location().url}`;
      if (message.type() === 'error' && !bearable?.test(text)) faults.push(text);
    });
    page.on('pageerror', (error) => faults.push(error.stack));
    page.on('dialog', (dialog) => {
      faults.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    const hosts = new Set();
    page.on('request', (request) => request.url() !== 'about:blank' && hosts.add(new URL(request.url()).host));
    await use(page);
    expect(faults).toEqual([]);
    expect(hosts.size).toBe(1);
    expect([...hosts][0]).toMatch(/^127\.0\.0\.1:\d+$/);
  },
});

/** Opens a view of the page of a service. */
export async function open(page, service, view = 'nodes') {
  await page.goto(`${service.url}/ui#${view}`);
  await expect(page.locator('#connection')).toHaveAttribute('data-state', 'open');
}

/** Has the page hear these events instead of the service's own, from a stream that stays open. */
export async function hears(page, events) {
  const text = Object.entries(events).map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('');
  await page.addInitScript((told) => {
    const { fetch } = window;
    window.fetch = (path, options) => {
      if (path !== '/live') return fetch(path, options);
      const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(told)) });
      return Promise.resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }));
    };
  }, text);
}

/** Keeps a picture of the page. */
export async function picture(page, name) {
  await page.screenshot({ path: `../../target/ui/${name}.png`, fullPage: true, animations: 'disabled' });
}

/** No text is too pale, nothing lacks a name, no role is wrong, as far as axe finds it. */
export async function accessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
  expect(found).toEqual([]);
}

/** The page is no wider than the window. */
export async function fits(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(over).toBeLessThanOrEqual(0);
}
