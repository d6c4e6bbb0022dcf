// All words of the page, Chinese and English. One rule: nothing that the page itself says stands anywhere else.

const TEXTS = {
  skip: ['跳到内容', 'Skip to content'],
  views: ['视图', 'Views'],
  nodes: ['节点', 'Nodes'],
  workbench: ['工作台', 'Workbench'],
  load: ['负载', 'Load'],
  loadTitle: ['最近一小时', 'The last hour'],
  docs: ['接口文档', 'API documents'],
  ok: ['确定', 'OK'],
  cancel: ['取消', 'Cancel'],
  close: ['关闭', 'Close'],

  // The connection.
  live: ['实时', 'Live'],
  connecting: ['正在连接…', 'Connecting…'],
  resting: ['已暂停', 'Paused'],
  lost: ['已断开', 'Not connected'],
  lostLong: ['连接已断开，{in}后重试。下面是 {at} 的数据。', 'Connection lost, trying again in {in}. The data below are of {at}.'],
  lostFirst: ['无法连接服务，{in}后重试。', 'The service cannot be reached, trying again in {in}.'],
  lostBecause: ['{why}。{in}后重试。', '{why} Trying again in {in}.'],
  lostNow: ['连接已断开，正在重试…', 'Connection lost, trying again…'],
  retryNow: ['立即重试', 'Try now'],
  locked: ['需要令牌', 'Token needed'],
  lockedLong: ['此服务需要用户令牌才能查看实时数据和生成工单。', 'This service asks for a user token before it shows live data and makes tickets.'],
  enterToken: ['输入令牌', 'Enter a token'],

  // Tokens.
  tokens: ['令牌', 'Tokens'],
  tokensTitle: ['访问令牌', 'Access tokens'],
  userToken: ['用户令牌（server.tokens_file）', 'User token (server.tokens_file)'],
  adminToken: ['管理员令牌（server.admin_tokens_file）', 'Admin token (server.admin_tokens_file)'],
  tokensHint: ['令牌只保存在此标签页，关闭标签页即清除；只随请求头发送到本服务。清空输入框即删除令牌。', 'Tokens stay in this tab until it is closed, and go only to this service, in a header. An empty field forgets its token.'],
  adminNeeded: ['此操作需要管理员令牌。', 'This needs an admin token.'],
  tokenRefused: ['令牌无效，请检查后重新输入。', 'The token is not valid. Please enter it again.'],

  // Nodes.
  addNode: ['添加节点', 'Add a node'],
  healthyNodes: ['可用节点', 'Nodes in service'],
  inFlight: ['处理中', 'In flight'],
  ofSlots: ['/ {slots} 路', '/ {slots} slots'],
  ofNodes: ['/ {total}', 'of {total}'],
  waiting: ['排队', 'Waiting'],
  waitingParts: ['续办 {begun} · 即时 {interactive} · 批量 {batch}', '{begun} begun · {interactive} interactive · {batch} batch'],
  speed: ['生成速度', 'Speed'],
  tokensPerSecond: ['词元/秒', 'tokens/s'],
  bareSpan: ['{span}', '{span}'],
  running: ['已运行', 'Running for'],
  sinceWhen: ['自 {at}', 'since {at}'],
  forSpan: ['已 {span}', 'for {span}'],
  ago: ['{span}前', '{span} ago'],
  noNodes: ['没有节点。请添加节点，或检查配置的 nodes.ports。', 'There are no nodes. Add one, or check nodes.ports of the configuration.'],
  noData: ['还没有数据', 'No data yet'],
  memory: ['内存', 'Memory'],
  onGpu: ['模型 {bytes}，GPU', 'model {bytes}, GPU'],
  onCpu: ['模型 {bytes}，CPU', 'model {bytes}, CPU'],
  partlyOnGpu: ['模型 {bytes}，{percent}% 在 GPU', 'model {bytes}, {percent} % on GPU'],
  onHost: ['主机 {bytes}', 'host {bytes}'],
  latency: ['单次用时', 'Call time'],
  latencyValue: ['{p50} · 95% {p95}', '{p50} · 95 % {p95}'],
  calls: ['调用', 'Calls'],
  callsValue: ['{requests} 次，失败 {errors} 次', '{requests}, {errors} failed'],
  restarts: ['重启', 'Restarts'],
  times: ['{n} 次', '{n}'],
  remedy: ['处理办法', 'What to do'],
  remedyBackingOff: ['稍后自动重启，无需操作；原因见日志，点「恢复」立即重试', 'It is started anew by itself; its log says why, and Resume tries at once'],
  warning: ['注意', 'Note'],
  lastFailure: ['上次异常', 'Last failure'],
  lastCallFailure: ['上次调用失败', 'Last failed call'],
  breakerOpen: ['连续失败，已熔断，稍后用一次调用试探', 'It failed repeatedly: no calls until one has tried it'],
  breakerHalf: ['正用一次调用试探', 'One call is trying it'],
  restingNode: ['失败后暂不分配通话', 'Resting after a failure'],
  log: ['日志', 'Log'],
  drain: ['排空', 'Drain'],
  resume: ['恢复', 'Resume'],
  restart: ['重启', 'Restart'],
  actionOf: ['{action}：节点 {id}', '{action}: node {id}'],
  drainAsked: ['已要求排空：不再分配新通话', 'Draining: it gets no new calls'],
  resumeAsked: ['已要求恢复服务', 'Resuming'],
  restartAsked: ['已要求重启：先答完手上的通话', 'Restarting: its calls are answered first'],
  failed: ['未成功：{detail}', 'Not done: {detail}'],
  unreachable: ['服务没有响应', 'the service does not answer'],
  addWhere: ['由谁运行', 'Who runs it'],
  addPort: ['本机端口（由 ticketd 运行）', 'A port of this host (ticketd runs it)'],
  addEndpoint: ['其他地址（已在运行）', 'Another address (it runs already)'],
  addPlace: ['端口或地址', 'Port or address'],
  addSlots: ['同时处理的通话数（可不填）', 'Calls at once (may be left out)'],
  addGpu: ['GPU 编号（可不填，仅本机端口）', 'GPU numbers (may be left out; ports only)'],
  addHint: ['添加的节点用到 ticketd 停止为止，不写入配置文件。', 'The node lasts until ticketd stops; nothing is written to the configuration.'],
  addNumber: ['请填写整数', 'Give a whole number'],
  add: ['添加', 'Add'],
  logOf: ['节点 {id} 的日志', 'Log of node {id}'],
  logLines: ['日志内容', 'Lines of the log'],
  logFollowing: ['实时跟随', 'Following'],
  logPaused: ['已停在此处，滚到底部继续跟随', 'Held here; scroll to the end to follow'],
  logEmpty: ['还没有输出', 'No output yet'],

  // The workbench.
  callLabel: ['通话记录', 'Call'],
  example: ['示例通话', 'Example'],
  openFile: ['打开文件', 'Open a file'],
  clear: ['清空', 'Clear'],
  make: ['生成工单', 'Make the ticket'],
  callPlaceholder: ['市民：小区路灯坏了一周了，没人修。\n话务员：请问是哪个小区？\n市民：六安市三十铺镇水韵东方小区。', '市民：小区路灯坏了一周了，没人修。\n话务员：请问是哪个小区？\n市民：六安市三十铺镇水韵东方小区。'],
  callHint: ['粘贴 JSON，或每行以「市民：」「话务员：」开头的文字；也可以把文件拖到这里。Ctrl+Enter 生成。', 'Paste JSON, or lines that begin with 市民： (citizen) and 话务员： (operator), or drop a file here. Ctrl+Enter makes the ticket.'],
  callSize: ['{sessions} 个会话，{turns} 轮，{characters} 字', '{sessions} session(s), {turns} turns, {characters} characters'],
  noCall: ['请先粘贴或打开一段通话。', 'Paste or open a call first.'],
  notJson: ['这不是有效的 JSON：{why}', 'This is not valid JSON: {why}'],
  notAnObject: ['JSON 必须是对象：键为会话编号，值为对话数组。', 'The JSON must be an object: session ids with arrays of turns.'],
  noSpeaker: ['第 {line} 行不知道是谁说的：请以「市民：」或「话务员：」开头。', 'Line {line} has no speaker: begin it with 市民： (citizen) or 话务员： (operator).'],
  unreadableFile: ['文件不是 UTF-8 文本。', 'The file is not UTF-8 text.'],
  progress: ['进度', 'Progress'],
  elapsed: ['用时', 'Elapsed'],
  tokensCount: ['词元', 'Tokens'],
  stage_sent: ['已发送', 'Sent'],
  stage_ticket: ['生成工单', 'Making the ticket'],
  stage_condense: ['压缩长通话', 'Condensing the long call'],
  stage_zone: ['辨认地名', 'Choosing the place'],
  attempt: ['第 {n} 次', 'attempt {n}'],
  queuedAt: ['排队第 {position} 位', 'Number {position} in the queue'],
  eta: ['约 {span}后开始', 'begins in about {span}'],
  onNode: ['节点 {node} 处理中', 'Node {node} works on it'],
  done: ['完成', 'Done'],
  cancelled: ['已取消', 'Cancelled'],
  noTicket: ['没有生成工单：{detail}', 'No ticket: {detail}'],
  cutOff: ['连接中断，没有收到结果，请重试', 'the connection broke before the end; try again'],
  retryIn: ['建议 {span}后重试', 'try again in {span}'],
  ticket: ['工单', 'Ticket'],
  transcript: ['通话', 'Call'],
  ticket_type: ['类型', 'Type'],
  ticket_zone: ['地址', 'Zone'],
  ticket_title: ['标题', 'Title'],
  ticket_content: ['内容', 'Content'],
  copyJson: ['复制 JSON', 'Copy as JSON'],
  copyText: ['复制文本', 'Copy as text'],
  copied: ['已复制', 'Copied'],
  notCopied: ['浏览器不允许复制', 'The browser does not allow it'],
  grounded: ['所查内容都在通话中说过', 'All that was looked at was said in the call'],
  ungrounded: ['{n} 处通话中没有说过', '{n} not said in the call'],
  degraded: ['规则草稿：没有模型可用，请人工核对', 'Rule-made draft: no model was available; check it by hand'],
  condensed: ['通话过长，生成前经过压缩', 'The call was long and was condensed before'],
  skippedTurns: ['{n} 轮对话没有说话人，未计入', '{n} turns without a speaker were left out'],
  unlinked: ['未能标出出处：{detail}', 'The places in the call cannot be shown: {detail}'],
  notSaid: ['通话中没有说过', 'Not said in the call'],
  omitted: ['通话说过而工单没写', 'Said in the call, missing in the ticket'],
  vague: ['通话说得含糊，工单写成确定', 'Said vaguely, written as certain'],
  placeTitle: ['地名', 'Place'],
  placeOriginal: ['模型原文', 'As the model had it'],
  placeBefore: ['更正前', 'Before'],
  placeAfter: ['更正后', 'After'],
  placeReason: ['原因', 'Reason'],
  placeUnits: ['行政区划', 'Administrative units'],
  placeAlternatives: ['也可能是', 'It may mean'],
  trace: ['经过', 'How it was made'],
  traceAttempt: ['节点 {node}：{outcome}，{ms}', 'Node {node}: {outcome}, {ms}'],
  traceTimes: ['排队 {queue}，模型 {model}', '{queue} in the queue, {model} by models'],
  saidBy: ['{kind}：见通话第 {turn} 轮', '{kind}: turn {turn} of the call'],
  saidOtherwise: ['{kind}：通话中以别的说法说过', '{kind}: said in other words'],
  saidNever: ['{kind}：通话中没有说过', '{kind}: not said in the call'],
  inTicket: ['见工单：{field}', 'In the ticket: {field}'],
  citizen: ['市民', 'Citizen'],
  'hot-line': ['话务员', 'Operator'],
  noWords: ['（未计入）', '(left out)'],
  session: ['会话', 'Session'],

  // The load.
  ticketsPerMinute: ['每分钟工单', 'Tickets per minute'],
  queueWait: ['排队等待（秒）', 'Queue wait (seconds)'],
  refusals: ['每分钟拒绝', 'Refusals per minute'],
  share: ['各节点的调用', 'Calls by node'],
  asTable: ['以表格显示', 'As a table'],
  time: ['时间', 'Time'],
  made: ['完成', 'Made'],
  degradedShort: ['草稿', 'Drafts'],
  failedShort: ['失败', 'Failed'],
  refused: ['拒绝', 'Refused'],
  half: ['中位', 'median'],
  most: ['95% 内', '95 %'],
  chartOf: ['{title}：最近一小时 {sum}', '{title}: {sum} in the last hour'],
  waitOf: ['{title}：最长的 95% 值 {max} 秒', '{title}: greatest 95th percentile {max} s'],
  worstWait: ['最长等待（95%）', 'Longest wait (95 %)'],
};

const LANGUAGES = ['zh-CN', 'en'];
const KEY = 'ticketd.language';
const listeners = new Set();
let current = 0;

/** The language of the page, as a tag. */
export const language = () => LANGUAGES[current];

/** The words for a key; `{name}` in them stands for a value. */
export function t(key, values = {}) {
  const text = TEXTS[key]?.[current] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** One of two words, Chinese or English. */
export const pick = ([zh, en]) => (current === 0 ? zh : en);

/** Calls back when the language has changed. */
export const onLanguage = (listener) => listeners.add(listener);

/** Writes the words of the page's own elements. */
function write() {
  document.documentElement.lang = language();
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.dataset.tLabel));
  for (const element of document.querySelectorAll('[data-t-placeholder]')) element.placeholder = t(element.dataset.tPlaceholder);
}

/** Begins with the language that was chosen before; Chinese if none was. */
export function begin() {
  try {
    current = Math.max(0, LANGUAGES.indexOf(localStorage.getItem(KEY)));
  } catch {
    current = 0;
  }
  write();
}

/** Changes to the other language, and remembers it. */
export function toggle() {
  current = 1 - current;
  try {
    localStorage.setItem(KEY, language());
  } catch {
    // A browser that keeps nothing shows it until the page is left.
  }
  write();
  for (const listener of listeners) listener();
}
