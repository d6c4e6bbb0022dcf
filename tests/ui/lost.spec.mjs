// The page says when it knows nothing new, and comes back by itself.

import { accessible, expect, open, picture, test } from './watched.mjs';
import { example, Service, USER } from './service.mjs';

test.use({ bearable: /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|status of 401/ });

test('the connection is lost with ticketd, and is back with it', async ({ page }) => {
  const service = await Service.start();
  try {
    await open(page, service);
    const banner = page.locator('#banner');
    await expect(banner).toBeHidden();
    await service.halt();
    await expect(banner).toContainText('连接已断开');
    await expect(page.locator('body')).toHaveClass(/stale/);
    await expect(page).toHaveTitle(/^已断开/);
    // What was known stays to be read.
    await expect(page.locator('.node')).toHaveCount(2);
    await accessible(page);
    await picture(page, 'lost');
    await service.run();
    await expect(page.locator('#connection')).toHaveAttribute('data-state', 'open');
    await expect(banner).toBeHidden();
    await expect(page.locator('body')).not.toHaveClass(/stale/);
    await expect(page.locator('[data-figure=healthyNodes] b')).toHaveText('2');
  } finally {
    await service.stop();
  }
});

test('waits between tries grow to 15 s, and a click tries at once', async ({ page, service }) => {
  const begin = new Date('2026-11-23T10:00:00Z');
  await page.clock.install({ time: begin });
  let tries = 0;
  await page.route('**/live', (route) => {
    tries += 1;
    return route.abort('connectionrefused');
  });
  await page.goto(`${service.url}/ui`);
  await expect(page.locator('#banner')).toContainText('无法连接服务');
  // From here on time passes only as this test says.
  await page.clock.pauseAt(begin.getTime() + 120_000);
  const banner = page.locator('#banner-text');
  const again = page.getByRole('button', { name: '立即重试' });
  await again.click();
  for (const wait of [1, 2, 4, 8, 15, 15]) {
    await expect(banner).toHaveText(`无法连接服务，${wait}秒后重试。`);
    const before = tries;
    await page.clock.runFor(wait * 1000 - 50);
    expect(tries).toBe(before);
    await page.clock.runFor(100);
    await expect.poll(() => tries).toBe(before + 1);
  }
  await page.unroute('**/live');
  await again.click();
  await expect(page.locator('#connection')).toHaveAttribute('data-state', 'open');
  await expect(page.locator('.node')).toHaveCount(2);
});

test('where callers need a token, the page asks for it', async ({ page }) => {
  const service = await Service.start({ nodes: 1, users: true });
  try {
    await page.goto(`${service.url}/ui`);
    await expect(page.locator('#banner')).toContainText('需要用户令牌');
    await page.getByRole('button', { name: '输入令牌' }).click();
    const dialog = page.getByRole('dialog', { name: '访问令牌' });
    await expect(dialog.getByLabel('用户令牌')).toBeFocused();
    await accessible(page);
    await page.keyboard.type(USER);
    await page.keyboard.press('Enter');
    await expect(page.locator('#connection')).toHaveAttribute('data-state', 'open');
    await page.getByRole('link', { name: '工作台' }).click();
    await page.getByLabel('通话记录').fill(await example());
    await page.getByRole('button', { name: '生成工单' }).click();
    await expect(page.locator('.result .ticket')).toBeVisible();
    // Another tab starts without it.
    const other = await page.context().newPage();
    await other.goto(`${service.url}/ui`);
    await expect(other.locator('#banner')).toContainText('需要用户令牌');
  } finally {
    await service.stop();
  }
});
