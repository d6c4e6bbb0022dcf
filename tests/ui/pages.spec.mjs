// The three views: whole, in both languages, light and dark, wide and narrow.

import { accessible, expect, fits, open, picture, test } from './watched.mjs';

const TITLES = {
  nodes: ['节点', 'Nodes'],
  workbench: ['工作台', 'Workbench'],
  load: ['最近一小时', 'The last hour'],
};

for (const [view, [chinese, english]] of Object.entries(TITLES)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${view} loads, ${colorScheme}, and can be read`, async ({ page, service }) => {
      await page.emulateMedia({ colorScheme });
      await open(page, service, view);
      await expect(page.getByRole('heading', { level: 1, name: chinese })).toBeVisible();
      await expect(page).toHaveTitle(/^2\/2 .* · ticketd$/);
      await accessible(page);
      await picture(page, `${view}-${colorScheme}`);
    });
  }

  test(`${view} is Chinese first, and English for who wants that`, async ({ page, service }) => {
    await open(page, service, view);
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
    await page.getByRole('button', { name: 'English' }).click();
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
    await expect(page.getByRole('heading', { level: 1, name: english })).toBeVisible();
    // No word of the page stays Chinese, but for the other language's name and words of callers.
    const left = await page.evaluate(() => {
      const seen = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
      const found = [];
      while (seen.nextNode()) {
        const hidden = seen.currentNode.parentElement.closest('[hidden], [lang=zh-CN]:not(html), .hint');
        if (!hidden && /\p{Script=Han}/u.test(seen.currentNode.data)) found.push(seen.currentNode.data);
      }
      return found;
    });
    expect(left).toEqual([]);
    await accessible(page);
    await page.reload();
    await expect(page.getByRole('heading', { level: 1, name: english })).toBeVisible();
    await page.getByRole('button', { name: '中文' }).click();
    await expect(page.getByRole('heading', { level: 1, name: chinese })).toBeVisible();
  });

  test(`${view} fits a phone`, async ({ page, service }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page, service, view);
    if (view === 'workbench') {
      await page.getByRole('button', { name: '示例通话' }).click();
      await page.getByRole('button', { name: '生成工单' }).click();
      await expect(page.locator('.result [data-side=call]').first()).toBeVisible();
    }
    await fits(page);
    await picture(page, `${view}-phone`);
    await page.getByRole('button', { name: 'English' }).click();
    await fits(page);
  });
}

test('the page needs no token, and the views are reached by their addresses', async ({ page, service }) => {
  await open(page, service, 'nope');
  await expect(page.getByRole('heading', { level: 1, name: '节点' })).toBeVisible();
  await page.getByRole('link', { name: '负载' }).click();
  await expect(page).toHaveURL(/#load$/);
  await expect(page.getByRole('heading', { level: 1, name: '最近一小时' })).toBeFocused();
  await page.goBack();
  await expect(page.getByRole('link', { name: '节点' })).toHaveAttribute('aria-current', 'page');
});
