// The last hour, as charts and as a table.

import { accessible, expect, hears, open, picture, test } from './watched.mjs';
import { example } from './service.mjs';

test('tickets that are made are counted', async ({ page, service }) => {
  for (const number of [1, 2, 3]) {
    const call = (await example()).replace('一百二十一', `一百二十${'一二三'[number - 1]}`);
    expect((await fetch(`${service.url}/summarize`, { method: 'POST', body: call })).status).toBe(200);
  }
  await open(page, service, 'load');
  await expect.poll(async () => Number(await page.locator('[data-figure=made] b').textContent())).toBeGreaterThanOrEqual(3);
  await expect(page.locator('.share li')).toHaveCount(2);
  await page.getByText('以表格显示').click();
  await expect(page.locator('#load-table tbody tr').first()).toBeVisible();
  await accessible(page);
});

/** An hour with a rush in it. */
function hour() {
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  return Array.from({ length: 61 }, (_, at) => {
    const rush = at > 30 && at < 38;
    const made = Math.round(9 + 4 * Math.sin(at / 7) + (at % 3));
    return {
      at: new Date(now - (60 - at) * 60_000).toISOString().replace('.000', ''),
      tickets: { made, degraded: rush ? 2 : 0, failed: at % 19 === 7 ? 1 : 0, refused: rush ? at % 5 : 0 },
      calls: { 11434: Math.ceil(made / 2), 11435: Math.floor(made / 3), 'gpu-2:11434': at % 4 },
      queue_wait_ms: at < 4 ? null : { p50: rush ? 5200 : 150 + 10 * (at % 7), p95: rush ? 14_000 + 300 * (at % 4) : 900 + 90 * (at % 5) },
    };
  });
}

test('charts, figures and table say the same', async ({ page, service }) => {
  const minutes = hour();
  await hears(page, { load: { minutes } });
  await open(page, service, 'load');
  const total = (name) => minutes.reduce((sum, { tickets }) => sum + tickets[name], 0);
  for (const name of ['made', 'degraded', 'failed', 'refused']) {
    await expect(page.locator(`[data-figure=${name}] b`)).toHaveText(String(total(name)));
  }
  await expect(page.locator('[data-figure=most] b')).toHaveText('14.9 s');
  for (const chart of ['ticketsPerMinute', 'queueWait', 'refusals']) {
    const area = page.locator(`[data-chart=${chart}]`);
    await expect(area.locator('canvas')).toBeVisible();
    // Something is drawn, in more than one colour.
    const colours = await area.locator('canvas').evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    expect(colours).toBeGreaterThan(4);
  }
  await expect(page.locator('[data-chart=ticketsPerMinute]')).toHaveAttribute('aria-label', new RegExp(`完成 ${total('made')}，草稿 ${total('degraded')}`));
  await page.locator('[data-chart=refusals] .u-over').hover();
  await expect(page.locator('.panel:has([data-chart=refusals]) .readout')).toHaveText(/^\d\d:\d\d\s+拒绝 \d$/);
  await page.mouse.move(0, 0);
  await picture(page, 'load-hour');
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, 'load-hour-dark');
  await page.getByText('以表格显示').click();
  const rows = page.locator('#load-table tbody tr');
  await expect(rows).toHaveCount(61);
  const last = minutes.at(-1);
  await expect(rows.first().locator('td')).toHaveText([
    String(last.tickets.made), '0', String(last.tickets.failed), '0', (last.queue_wait_ms.p50 / 1000).toFixed(1), (last.queue_wait_ms.p95 / 1000).toFixed(1),
    String(last.calls[11434]), String(last.calls[11435]), String(last.calls['gpu-2:11434']),
  ]);
  await expect(page.locator('.share')).toContainText('gpu-2:11434');
  await accessible(page);
});
