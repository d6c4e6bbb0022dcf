// Operators see what becomes of nodes, and act on them.

import { accessible, expect, hears, open, picture, test } from './watched.mjs';
import { ADMIN, example, freePort, Service, until } from './service.mjs';

const card = (page, id) => page.locator(`[data-node="${id}"]`);

/** Gives the admin's token where the page asks for it. */
async function giveToken(page, token = ADMIN) {
  const dialog = page.getByRole('dialog', { name: '访问令牌' });
  await expect(dialog).toBeVisible();
  await dialog.getByLabel('管理员令牌').fill(token);
  await dialog.getByRole('button', { name: '确定' }).click();
}

test('a node that is killed is shown as lost, and as back', async ({ page }) => {
  const service = await Service.start({ nodes: 3, behaviour: { delay_ms: 200, token_ms: 10 } });
  const call = await example();
  const asked = Array.from({ length: 6 }, (_, at) => fetch(`${service.url}/summarize`, { method: 'POST', body: `${call}${' '.repeat(at)}` }));
  for (const reply of await Promise.all(asked)) expect(reply.status).toBe(200);
  await open(page, service);
  const [id] = service.nodes;
  const node = card(page, id);
  await expect(node).toHaveAttribute('data-state', 'ready');
  const { pid, restarts } = await service.node(id);
  process.kill(pid, 'SIGKILL');
  await expect(node).toHaveAttribute('data-state', 'backing-off');
  await expect(node.locator('.state')).toHaveText('等待重启');
  await expect(node.locator('[data-trouble=lastFailure]')).toContainText('进程被信号 9（SIGKILL）终止');
  await expect(node.locator('[data-trouble=remedy]')).toContainText('稍后自动重启');
  await expect(page.locator('[data-figure=healthyNodes] b')).toHaveText('2');
  await accessible(page);
  await picture(page, 'nodes-lost');
  await expect(node).toHaveAttribute('data-state', 'ready');
  await expect(node.locator('[data-fact=restarts]')).toHaveText(`${restarts + 1} 次`);
  await expect(page.locator('[data-figure=healthyNodes] b')).toHaveText('3');
  await page.goto('about:blank');
  await service.stop();
});

test.describe('with a token', () => {
  // What is refused stands in the console, too.
  test.use({ bearable: /status of 40[139]/ });

  test('drain and resume by click', async ({ page, service }) => {
    await open(page, service);
    const [, id] = service.nodes;
    const node = card(page, id);
    await node.getByRole('button', { name: `排空：节点 ${id}` }).click();
    await giveToken(page, 'a-token-that-nobody-has');
    await expect(page.getByRole('dialog').getByRole('alert')).toContainText('令牌无效');
    await giveToken(page);
    await expect(node).toHaveAttribute('data-state', 'stopped');
    await expect(node.locator('.state')).toHaveText('已停用');
    expect((await service.node(id)).state).toBe('stopped');
    // The button that was pressed is gone; its place in the order of keys is not.
    await expect(node.getByRole('button', { name: `恢复：节点 ${id}` })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(node).toHaveAttribute('data-state', 'ready');
    const kept = await page.evaluate(() => ({ tab: Object.values(sessionStorage), browser: Object.values(localStorage), url: location.href }));
    expect(kept.tab).toEqual([ADMIN]);
    expect(JSON.stringify([kept.browser, kept.url])).not.toContain(ADMIN);
  });

  test('restart by click', async ({ page, service }) => {
    await open(page, service);
    const [id] = service.nodes;
    const before = await service.node(id);
    await card(page, id).getByRole('button', { name: `重启：节点 ${id}` }).click();
    await giveToken(page);
    await until('another process', async () => {
      const { pid, state } = await service.node(id);
      return state === 'ready' && pid !== before.pid;
    });
    await expect(card(page, id)).toHaveAttribute('data-state', 'ready');
  });

  test('the log is followed as it is written', async ({ page, service }) => {
    await open(page, service);
    const [id] = service.nodes;
    await card(page, id).getByRole('button', { name: `日志：节点 ${id}` }).click();
    await giveToken(page);
    const log = page.getByRole('dialog', { name: `节点 ${id} 的日志` });
    await expect(log.locator('.line').first()).toBeVisible();
    await expect(log.getByRole('status')).toHaveText('实时跟随');
    const before = await log.locator('.line').count();
    await fetch(`http://127.0.0.1:${id}/fake`, { method: 'POST', body: '{"log_lines": 7}' });
    await expect(log.locator('.line')).toHaveCount(before + 7);
    await accessible(page);
    await picture(page, 'log');
    await page.keyboard.press('Escape');
    await expect(log).toBeHidden();
  });

  test('a node is added, and what is wrong with one is said', async ({ page }) => {
    const service = await Service.start({ nodes: 1 });
    try {
      await open(page, service);
      await page.getByRole('button', { name: '添加节点' }).click();
      const dialog = page.getByRole('dialog', { name: '添加节点' });
      await dialog.getByLabel('端口或地址').fill(String(service.nodes[0]));
      await dialog.getByRole('button', { name: '添加', exact: true }).click();
      await giveToken(page);
      await expect(dialog.getByRole('alert')).toHaveText(/该端口或地址已有节点/);
      await accessible(page);
      const port = await freePort();
      await dialog.getByLabel('端口或地址').fill(String(port));
      await dialog.getByLabel(/同时处理/).fill('3');
      await dialog.getByRole('button', { name: '添加', exact: true }).click();
      await expect(dialog).toBeHidden();
      await expect(card(page, port)).toHaveAttribute('data-state', 'ready');
      await expect(card(page, port).locator('[data-fact=inFlight]')).toHaveText('0 / 3');
    } finally {
      await page.goto('about:blank');
      await service.stop();
    }
  });
});

test('fifty nodes are shown', async ({ page, service }) => {
  const told = { version: '0', since: new Date().toISOString(), waiting: { begun: 0, interactive: 0, batch: 0 } };
  const nodes = Array.from({ length: 50 }, (_, at) => ({
    id: `gpu-${at}.example.org:11434`, url: `http://gpu-${at}.example.org:11434`, kind: 'endpoint', state: at % 7 ? 'ready' : 'unhealthy',
    since: told.since, remedy: at % 7 ? null : 'it does not answer; look at that server', pid: null, restarts: 0, last_failure: null,
    model: 'deepseek-r1:14b', digest: null, pull_percent: null, memory: null, resources: null, warning: null, healthy: at % 7 > 0, slots: 4,
    in_flight: at % 5, requests: at, errors: 0, latency_ms: { p50: 21000, p95: 25000 }, breaker: 'closed', tokens_per_second: 31.4, last_call_failure: null,
  }));
  await hears(page, { nodes: { ...told, total_endpoints: 50, healthy_endpoints: 42, nodes } });
  await open(page, service);
  await expect(page.locator('.node')).toHaveCount(50);
  await expect(page.locator('.node').first()).toContainText('节点不响应，请检查那台服务器');
  await expect(page.locator('[data-figure=healthyNodes]')).toContainText('42 / 50');
});
