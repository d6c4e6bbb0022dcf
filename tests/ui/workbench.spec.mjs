// A clerk pastes a call and watches its ticket come.

import { accessible, expect, open, picture, test } from './watched.mjs';
import { answer, example, until } from './service.mjs';

const SPOKEN = `市民：停车库太吵了，半夜睡不着。
话务员：您是哪个小区？
市民：刘安市三十铺镇水韵东方小区，靠近进门一百二十一栋。
话务员：电话是多少？
市民：一三八五五五五一二三四，之前还罚了我五百块。`;

test.afterEach(async ({ service }) => service.behave({}));

async function make(page, call) {
  await page.getByLabel('通话记录').fill(call);
  await page.getByRole('button', { name: '生成工单' }).click();
}

const field = (page, name) => page.locator(`[data-field=ticket_${name}] dd`);
const marks = (page, side) => page.locator(`[data-side=${side}]`);

test('an invented number is marked, and what was said is linked with where', async ({ page, service }) => {
  await service.behave(answer({
    ticket_zone: '刘安市三十铺镇水韵东方小区',
    ticket_title: '水韵东方小区121栋停车库夜间噪音扰民',
    ticket_content: '来电人咨询：来电人反映121栋停车库半夜太吵，已有3600户居民受影响，联系电话13855551234。 话务员解答内容：已记录并转相关部门处理。',
  }));
  await open(page, service, 'workbench');
  await make(page, SPOKEN);
  // The invented one: in the text, in the list, and in the verdict.
  await expect(field(page, 'content').locator('mark')).toContainText('3600');
  await expect(field(page, 'content').locator('mark')).toHaveCount(1);
  await expect(page.locator('[data-finding=notSaid]')).toContainText('3600');
  await expect(page.locator('.flags [data-look=bad]')).toHaveText('1 处通话中没有说过');
  // What was said, both ways.
  const door = field(page, 'title').getByRole('link');
  await expect(door).toContainText('121');
  const phone = field(page, 'content').getByRole('link').filter({ hasText: '13855551234' });
  const said = marks(page, 'call').filter({ hasText: '一三八五五五五一二三四' });
  await phone.hover();
  await expect(said).toHaveClass(/lit/);
  await expect(marks(page, 'call').filter({ hasText: '一百二十一' })).not.toHaveClass(/lit/);
  await phone.click();
  await expect(said).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(phone).toBeFocused();
  await expect(said).toHaveClass(/lit/);
  // What is missing, and the place.
  await expect(page.locator('[data-finding=omitted]')).toContainText('五百块');
  const place = page.locator('[data-finding=place]');
  await expect(place.locator('tbody tr')).toHaveText(/刘安市\s*六安市\s*市 341500\s*同音字/);
  await expect(place.locator('.change')).toHaveText('刘安市三十铺镇水韵东方小区 → 六安市三十铺镇水韵东方小区');
  await expect(page.locator('.steps')).toContainText(/节点 \d+ 处理中 · 词元 \d+/);
  await accessible(page);
  await picture(page, 'workbench-ticket');
  await page.emulateMedia({ colorScheme: 'dark' });
  await accessible(page);
  await picture(page, 'workbench-ticket-dark');
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.locator('[data-finding=notSaid] h3')).toHaveText('Not said in the call');
  await expect(place).toContainText('same sound');
  await expect(field(page, 'content').locator('mark')).toContainText('3600');
  await picture(page, 'workbench-ticket-english');
});

test('a ticket is copied as text and as JSON', async ({ page, service, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page, service, 'workbench');
  await page.getByRole('button', { name: '示例通话' }).click();
  await page.getByRole('button', { name: '生成工单' }).click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('button', { name: '复制文本' }).click();
  await expect(page.getByText('已复制')).toBeVisible();
  expect(await copied()).toMatch(/^类型：投诉\n标题：.*\n地址：六安市三十铺镇水韵东方小区\n内容：来电人咨询：/);
  await page.getByRole('button', { name: '复制 JSON' }).click();
  await expect.poll(async () => (await copied()).startsWith('{')).toBe(true);
  expect(JSON.parse(await copied())).toMatchObject({ ticket_type: '投诉', quality: { grounded: true } });
  // Pages that are no secure ones have no clipboard, and copy nevertheless.
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });
    document.addEventListener('copy', () => { window.copiedBySelection = getSelection().toString() || document.activeElement.value; });
  });
  await page.getByRole('button', { name: '复制文本' }).click();
  await expect.poll(() => page.evaluate(() => window.copiedBySelection)).toContain('类型：投诉');
});

const HOSTILE = {
  sessions: '<img src=x onerror=alert(1)>',
  words: [
    '<script>alert(1)</script><img src=x onerror="alert(2)">',
    '"\'`\\"]}</textarea><svg onload=alert(3)>{{7*7}}${alert(4)}',
    '\u202egnirts\u202c 电话\u2066一三八五五五五一二三四\u2069\u200f\u061c\u0000\u0007\u200b',
    '小区路灯不亮，一百二十一栋',
  ],
};

test('mark-up, quotes, marks of direction and 100 kB are shown as text', async ({ page, service }) => {
  await service.behave(answer({
    ticket_zone: '六安市',
    ticket_title: '小区路灯不亮请求修复',
    ticket_content: '来电人咨询：来电人反映121栋"路灯"不亮，电话13855551234。 话务员解答内容：已记录并转相关部门处理。',
  }));
  const long = '路灯不亮<b>"\u202e'.repeat(5500);
  expect(Buffer.byteLength(long)).toBeGreaterThan(100_000);
  const turns = [...HOSTILE.words, long].map((words, at) => ({ [at % 2 ? 'hot-line' : 'citizen']: words }));
  const call = JSON.stringify({ [HOSTILE.sessions]: turns, second: [{ citizen: '还有一个会话' }] });
  await open(page, service, 'workbench');
  await make(page, call);
  await expect(marks(page, 'call').first()).toBeVisible();
  const turn = (at) => page.locator('.turn p').nth(at);
  await expect(turn(0)).toHaveText(HOSTILE.words[0]);
  await expect(turn(1)).toHaveText(HOSTILE.words[1]);
  await expect(turn(2)).toHaveText('RLOgnirtsPDF 电话LRI一三八五五五五一二三四PDIRLMALMU+0000U+0007ZWSP');
  expect((await turn(4).textContent()).length).toBe('路灯不亮<b>"RLO'.length * 5500);
  await expect(page.locator('.turns h3').first()).toHaveText(`会话 ${HOSTILE.sessions}`);
  await expect(field(page, 'content')).toContainText('121栋"路灯"不亮');
  // Offsets hold in spite of all: what is linked is what was meant.
  await expect(marks(page, 'call').filter({ hasText: '一三八五五五五一二三四' })).toHaveCount(1);
  await expect(marks(page, 'call').filter({ hasText: '一百二十一' })).not.toHaveCount(0);
  for (const injected of ['bdi *:not(.sign, a, mark, .aside)', 'main img', 'main svg', 'main script']) await expect(page.locator(injected)).toHaveCount(0);
  // No sign turns what comes after its turn, and the page still answers.
  expect(await page.evaluate(() => /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u0000]/.test(document.querySelector('.result').textContent))).toBe(false);
  await page.getByRole('link', { name: '节点' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '节点' })).toBeVisible();
  await page.getByRole('link', { name: '工作台' }).click();
  await picture(page, 'workbench-hostile');
});

test('a ticket that is mark-up in every word is text, too', async ({ page, service }) => {
  const evil = (at) => `<img src=x onerror=alert(${at})>"'\u202e</dd>`;
  const item = { kind: evil(1), text: evil(2) };
  const ticket = {
    ticket_type: evil(3), ticket_zone: evil(4), ticket_title: evil(5), ticket_content: evil(6),
    zone_correction: {
      original: evil(7), corrected: evil(8), method: evil(9), success: false, changed: true, codes: [{ level: evil(10), code: evil(11), name: evil(12) }],
      changes: [{ span: [0, 1], from: evil(13), to: evil(14), level: evil(15), code: evil(16), reason: evil(17) }], alternatives: [evil(18)], error: evil(19),
    },
    quality: { grounded: false, ungrounded: [item], omitted: [item], warnings: [item], condensed: false, skipped_turns: 0 },
    trace: { request_id: evil(20), attempts: [{ node: evil(21), outcome: evil(22), ms: 1 }], queue_ms: 0, model_ms: 1 },
  };
  const spans = [{ field: 'ticket_title', start: 1, end: 4, kind: evil(23), grounded: true, said: [{ session: 0, turn: 0, speaker: 'citizen', start: 0, end: 2 }] }];
  const stream = `event: started\ndata: ${JSON.stringify({ node: evil(24) })}\n\nevent: done\ndata: ${JSON.stringify(ticket)}\n\n`;
  await page.route('**/summarize', (route) => route.fulfill({ contentType: 'text/event-stream', body: stream }));
  await page.route('**/v1/ticket/check', (route) => route.fulfill({ json: { quality: ticket.quality, spans } }));
  await open(page, service, 'workbench');
  await make(page, SPOKEN);
  await expect(marks(page, 'ticket')).toHaveText('img');
  await page.getByText('经过', { exact: true }).click();
  for (const at of [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]) await expect(page.locator('.ticket')).toContainText(`alert(${at})`);
  await expect(page.locator('main img')).toHaveCount(0);
  expect(await page.locator('.ticket').textContent()).not.toContain('\u202e');
});

test('the workbench needs no mouse', async ({ page, service }) => {
  await open(page, service, 'workbench');
  const press = async (key) => page.keyboard.press(key);
  await press('Tab');
  await expect(page.getByRole('link', { name: '跳到内容' })).toBeFocused();
  await press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: '工作台' })).toBeFocused();
  await press('Tab');
  await expect(page.getByRole('button', { name: '示例通话' })).toBeFocused();
  await press('Enter');
  await expect(page.getByLabel('通话记录')).toBeFocused();
  await expect(page.locator('#call-note')).toHaveText(/^1 个会话，8 轮/);
  await press('Control+Enter');
  const links = page.locator('.ticket').getByRole('link');
  await expect(links.first()).toBeVisible();
  for (let presses = 0; presses < 12 && !(await links.first().evaluate((link) => link === document.activeElement)); presses += 1) await press('Tab');
  await expect(links.first()).toBeFocused();
  const outline = await links.first().evaluate((link) => getComputedStyle(link).outlineStyle);
  expect(outline).toBe('solid');
  await press('Enter');
  await expect(marks(page, 'call').first()).toBeFocused();
  await expect(marks(page, 'call').first()).toContainText('一百二十一');
});

test('a call that waits says so, and is cancelled', async ({ page, service }) => {
  await service.behave({ token_ms: 500 });
  await open(page, service, 'workbench');
  const busy = new AbortController();
  const others = service.nodes.map((_, at) => fetch(`${service.url}/summarize`, {
    method: 'POST', signal: busy.signal, body: JSON.stringify({ other: [{ citizen: `路灯不亮${at}` }] }),
  }).catch(() => null));
  await until('both nodes busy', async () => (await service.status()).nodes.every((node) => node.in_flight === 1));
  await make(page, await example());
  await expect(page.locator('.steps [data-step=current]')).toContainText('排队第 1 位');
  const cancel = page.getByRole('button', { name: '取消' }).and(page.locator('#cancel'));
  await cancel.click();
  await expect(page.locator('.outcome')).toHaveText('已取消');
  await expect(page.getByRole('button', { name: '生成工单' })).toBeFocused();
  await until('nobody waits', async () => (await service.status()).waiting === 0);
  await expect(cancel).toBeHidden();
  busy.abort();
  await Promise.all(others);
});

test('what is wrong with a call is said, and nothing is sent', async ({ page, service }) => {
  await open(page, service, 'workbench');
  let sent = 0;
  page.on('request', (request) => (sent += request.url().endsWith('/summarize') ? 1 : 0));
  const note = page.locator('#call-note');
  for (const [call, words] of [
    ['', '请先粘贴'], ['{"a": [', '不是有效的 JSON'], ['[[]]', 'JSON 必须是对象'], ['路灯不亮', '第 1 行不知道是谁说的'],
  ]) {
    await make(page, call);
    await expect(note).toContainText(words);
    await expect(page.getByLabel('通话记录')).toBeFocused();
  }
  expect(sent).toBe(0);
});

test.describe('what the service refuses', () => {
  test.use({ bearable: /status of 400/ });

  test('is said in its words, and in English', async ({ page, service }) => {
    await open(page, service, 'workbench');
    await make(page, '{"a": [{"citizen": " "}]}');
    await expect(page.locator('.outcome')).toHaveText('没有生成工单：对话中没有任何文字，无法生成工单');
    await page.getByRole('button', { name: 'English' }).click();
    await expect(page.locator('.outcome')).toHaveText('No ticket: the call has no words (no_words)');
  });
});

test('a file is read, and repeated and number-like sessions stay in their order', async ({ page, service }) => {
  await open(page, service, 'workbench');
  const text = '{"10": [{"citizen": "路灯不亮"}], "2": [{"hot-line": "几栋"}, {"x": 1}], "10": [{"citizen": "一百二十一栋，电话一三八五五五五一二三四"}]}';
  await page.locator('#file').setInputFiles({ name: 'call.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  await expect(page.locator('#call-note')).toHaveText(/^3 个会话，4 轮/);
  await page.getByRole('button', { name: '生成工单' }).click();
  await expect(page.locator('.turns h3')).toHaveText(['会话 10', '会话 2', '会话 10']);
  await expect(marks(page, 'call').filter({ hasText: '一三八五五五五一二三四' })).toHaveCount(1);
  await expect(page.locator('.turn.left-out')).toHaveCount(1);
  await expect(page.locator('.flags')).toContainText('1 轮对话没有说话人');
});

test('a draft, a condensed call, an open place and what was vague are flagged', async ({ page, service }) => {
  const ticket = {
    ...JSON.parse(answer({}).answer), degraded: true,
    zone_correction: {
      original: '朝阳区', corrected: '朝阳区', method: 'llm_failed', success: false, changed: false, codes: [], changes: [],
      alternatives: ['北京市朝阳区', '长春市朝阳区'], error: '模型没有选定',
    },
    quality: { grounded: true, ungrounded: [], omitted: [], warnings: [{ kind: 'amount', text: '三千多' }], condensed: true, skipped_turns: 2 },
    trace: { request_id: 'x', attempts: [{ node: '1', outcome: 'stalled', ms: 5000 }], queue_ms: 0, model_ms: 5000 },
  };
  const told = [['stage', { stage: 'condense', attempt: 1 }], ['queued', { position: 3, eta_ms: 17_400 }], ['done', ticket]];
  const body = told.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('');
  await page.route('**/summarize', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
  await open(page, service, 'workbench');
  await make(page, SPOKEN);
  const flags = page.locator('.flags');
  for (const words of ['规则草稿', '经过压缩', '2 轮对话没有说话人']) await expect(flags).toContainText(words);
  await expect(page.locator('[data-finding=vague]')).toContainText('三千多');
  await expect(page.locator('[data-finding=place]')).toContainText('也可能是 北京市朝阳区、长春市朝阳区');
  await expect(page.locator('.steps')).toContainText('压缩长通话');
  await expect(page.locator('.steps')).toContainText('排队第 3 位 · 约 18秒后开始');
  await page.getByText('经过', { exact: true }).click();
  await expect(page.locator('details.finding')).toContainText('节点 1：没有进展，5.0 s');
  await accessible(page);
});

test('an answer that breaks off is no ticket', async ({ page, service }) => {
  await page.route('**/summarize', (route) => route.fulfill({ contentType: 'text/event-stream', body: 'event: started\ndata: {"node":"1"}\n\n' }));
  await open(page, service, 'workbench');
  await make(page, SPOKEN);
  await expect(page.locator('.outcome')).toContainText('连接中断，没有收到结果');
  await expect(page.getByRole('button', { name: '生成工单' })).toBeEnabled();
});
