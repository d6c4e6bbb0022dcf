// The service's words in the reader's language: states, kinds, reasons, and the sentences about nodes. What is
// not known here is shown as the service said it.

import { language, pick, t } from './i18n.js';

/** States of nodes: their looks, and what they mean. */
const STATES = {
  starting: ['work', '启动中', 'Starting'],
  pulling: ['work', '下载模型', 'Pulling the model'],
  'model-missing': ['bad', '缺少模型', 'Model missing'],
  loading: ['work', '加载模型', 'Loading the model'],
  ready: ['good', '就绪', 'Ready'],
  checking: ['warn', '检查中', 'Being checked'],
  'no-gpu': ['bad', '不在 GPU', 'Not on the GPU'],
  unhealthy: ['bad', '无响应', 'Not answering'],
  'backing-off': ['bad', '等待重启', 'Down, restarting'],
  'crash-looping': ['bad', '反复崩溃', 'Crash-looping'],
  draining: ['off', '排空中', 'Draining'],
  stopping: ['off', '停止中', 'Stopping'],
  stopped: ['off', '已停用', 'Out of service'],
};

/** A state: its class and its word. */
export function state(name) {
  const [look, ...word] = STATES[name] ?? ['off', name, name];
  return { look, word: pick(word) };
}

const WORDS = {
  kind: { managed: ['托管', 'managed'], adopted: ['接管', 'adopted'], endpoint: ['外部', 'endpoint'] },
  outcome: {
    answered: ['已回答', 'answered'], refused: ['连接被拒', 'refused the connection'], busy: ['节点繁忙', 'busy'],
    failed: ['节点出错', 'failed'], stalled: ['没有进展', 'stalled'], bad_answer: ['回答不能用', 'answer of no use'],
    rejected: ['拒绝此请求', 'rejected the request'], abandoned: ['已放弃', 'abandoned'],
  },
  item: {
    phone: ['电话', 'Telephone'], amount: ['金额', 'Amount'], date: ['日期', 'Date'], time: ['时间', 'Time'],
    percentage: ['百分比', 'Percentage'], address: ['门牌地址', 'Address'], id: ['证件号', 'Identity number'],
    number: ['数字', 'Number'], name: ['人名', 'Person'], office: ['单位', 'Organisation'],
  },
  reason: {
    homophone: ['同音字', 'same sound'], near_sound: ['读音相近', 'near sound'], shape: ['字形相近', 'looks alike'],
    numeral: ['数字写法', 'digits for a numeral'], lost: ['漏字', 'a character was lost'], repeated: ['重复', 'it stood twice'],
  },
  method: {
    unchanged: ['地址无需更正', 'The zone stays as it was'], gazetteer: ['已按地名库更正', 'Corrected by the gazetteer'],
    arbitrated: ['由模型从候选中选定', 'Chosen by the model among candidates'], llm_correction: ['由模型核对', 'Checked by the model'],
    llm_failed: ['模型未能选定，保留原文', 'The model did not choose: kept as it was'], no_input: ['通话没有提到地址', 'No address was said'],
  },
  level: { province: ['省', 'province'], city: ['市', 'city'], county: ['区县', 'county'], town: ['乡镇街道', 'town'] },
};

/** A name of the API in words. */
export const word = (group, name) => (WORDS[group][name] ? pick(WORDS[group][name]) : name);

/** What the service says of nodes in English, and the same in Chinese. */
const SENTENCES = [
  [/^exit status: (\d+)$/, '进程退出，退出码 $1'],
  [/^signal: (\d+)(?: \((\w+)\))?( \(core dumped\))?$/, '进程被信号 $1（$2）终止'],
  [/^killed: (.+)$/, '被 ticketd 终止：$1'],
  [/^no end within nodes\.stop_grace$/, '未在 nodes.stop_grace 内结束'],
  [/^asked to end at once$/, '要求立即结束'],
  [/^killed by the kernel: out of memory \((.+?)\)(?:: .+)?$/, '内存不足，被内核终止（$1）：请调大上限，或减少节点、换小模型、调小 num_ctx 或 slots'],
  [/^it does not answer; killed and started anew after (.+)$/, '节点不响应；$1 后终止并重新启动'],
  [/^it does not answer; look at that server$/, '节点不响应，请检查那台服务器'],
  [/^the Ollama on the port does not answer; when it is gone for (.+?), ticketd.*$/, '该端口上的 Ollama 不响应；消失 $1 后由 ticketd 自行启动'],
  [/^it ended (\d+) times or more soon after its start; its own lines say why; tried again at most every (.+)$/, '启动后很快退出，已连续 $1 次以上；原因见它的日志；最多每 $2 重试一次'],
  [/^drained; `ticketd node resume (.+)` takes it back$/, '已排空；点「恢复」重新投入服务'],
  [/^(.+) is pulled by one node for all$/, '模型 $1 由一个节点统一下载'],
  [/^get the model with (.+)$/, '请下载模型：$1'],
  [/^the model is not wholly on the GPU, and nodes\.require_gpu = true.*$/, '模型没有完全放进 GPU，而配置要求 nodes.require_gpu = true：请腾出显存后重启此节点'],
  [/^(\d+) % of the model is on the CPU.*$/, '模型有 $1% 在 CPU 上，会很慢：请腾出显存后重启此节点，或换小模型、调小 num_ctx'],
  [/^(.+): the program was not found.*$/, '找不到程序 $1：请安装，或把 nodes.program 设为完整路径'],
  [/^(.+): the program may not be executed.*$/, '程序 $1 不能执行：请检查权限，或改正 nodes.program'],
  [/^(.+): the program could not be started.*$/, '程序 $1 无法启动，稍后重试；请检查 nodes.program'],
  [/^something that is no Ollama has the port \((.+)\).*$/, '端口被占用，且不是 Ollama（$1）：请停止它，或从 nodes.ports 去掉此端口'],
  [/^an Ollama that is not ours has the port \((.+)\).*$/, '端口上已有别的 Ollama（$1），而 nodes.adopt = false：请停止它，或从 nodes.ports 去掉此端口'],
  [/^another ticketd \(process (\d+)\).*$/, '另一个 ticketd（进程 $1）在此端口运行节点：等它结束，或从 nodes.ports 去掉此端口'],
  [/^the port cannot be looked at.*$/, '文件或内存不足，无法查看端口'],
  [/^the model could not be loaded \((.+)\), and is tried again.*$/, '模型加载失败（$1），正在重试：原因见节点日志'],
  [/^the model cannot be pulled into (.+?) \((.+)\):.*$/, '模型无法下载到 $1（$2）：请让 ticketd 的用户可写，或设 model.pull = "never"'],
  [/^it was killed (\d+) times within an hour.*$/, '一小时内因卡死被终止 $1 次，不再自动终止：请检查后手动重启'],
  [/^its model has another content.*$/, '此节点的模型内容与第一个节点不同：请在两处下载同一版本'],
  [/^runs with settings from before the last reload: ticketd node restart (\S+?)(; .*)?$/, '仍用重新加载前的设置运行：请重启此节点$2'],
];

/** A sentence of the service about a node, in the reader's language where that is known. */
export function sentence(text) {
  if (language() !== 'zh-CN') return text;
  for (const [pattern, chinese] of SENTENCES) {
    if (pattern.test(text)) {
      return text.replace(pattern, (...found) => chinese.replace(/\$(\d)/g, (_, at) => {
        const part = found[at] ?? '';
        return chinese.startsWith('被 ticketd') ? sentence(part) : part;
      })).replace('（）', '');
    }
  }
  return text;
}

/** What becomes of a call that has no ticket, in English; the service's own sentences are Chinese. */
const PROBLEMS = {
  busy: 'the service is busy', shutting_down: 'the service is stopping', upstream_failed: 'the model gave no valid ticket',
  ungrounded: 'the ticket said what nobody said, and was refused', timed_out: 'it took too long', internal: 'an internal fault',
  call_too_long: 'the call is too long for the model', body_too_large: 'the call is larger than the service takes',
  not_json: 'the call is not valid JSON', not_an_object: 'the call must be a JSON object', empty_object: 'the call has no session',
  session_not_an_array: 'a session is no array of turns', turn_not_an_object: 'a turn is no object',
  turn_value_not_a_string: 'the words of a turn are no text', no_words: 'the call has no words', unauthorized: 'a valid token is needed',
  forbidden: 'an admin token is needed, or administration is not open over the network', no_such_node: 'there is no such node',
  node_exists: 'there is such a node already', not_managed: 'others run that node: restart it on its own host',
};

/** Why something was refused, in words. */
export function problem(error) {
  if (error.status === undefined && error.code === undefined) return t('unreachable');
  const english = PROBLEMS[error.code];
  return language() === 'en' && english ? `${english} (${error.code})` : error.detail;
}
