// A real ticketd over real managed fakes, on free ports of this host and in a folder of its own. All are ended by
// their pids.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const TICKETD = join(ROOT, 'target/debug/ticketd');
const FAKE = join(ROOT, 'target/debug/examples/fake_ollama');

export const ADMIN = 'only-for-tests-of-the-page-admin';
export const USER = 'only-for-tests-of-the-page-user';

const given = new Set();

/** A port that is free, below those that the kernel gives out by itself. */
export async function freePort() {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    if (given.has(port)) continue;
    const server = createServer();
    const free = await new Promise((tell) => {
      server.once('error', () => tell(false));
      server.listen(port, '127.0.0.1', () => tell(true));
    });
    if (free) {
      given.add(port);
      await new Promise((closed) => server.close(closed));
      return port;
    }
  }
}

/** Polls until a condition gives something, for 30 s at most. */
export async function until(what, condition) {
  const end = Date.now() + 30_000;
  for (;;) {
    const value = await condition().catch(() => undefined);
    if (value) return value;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export class Service {
  /** Starts with so many managed fakes that behave so, perhaps with tokens for users. */
  static async start({ nodes = 2, behaviour = {}, users = false } = {}) {
    const service = new Service();
    service.folder = await mkdtemp(join(tmpdir(), 'ticketd-ui-'));
    service.port = await freePort();
    service.nodes = [];
    for (let node = 0; node < nodes; node += 1) service.nodes.push(await freePort());
    const file = (name) => join(service.folder, name);
    await writeFile(file('admins'), `${ADMIN}\n`, { mode: 0o600 });
    await writeFile(file('users'), `${USER}\n`, { mode: 0o600 });
    await writeFile(file('config.toml'), `
[server]
listen = "127.0.0.1:${service.port}"
admin_tokens_file = "${file('admins')}"
${users ? `tokens_file = "${file('users')}"` : ''}
[model.options]
# Room for a call of 100 kB.
num_ctx = 262144
[nodes]
program = "${FAKE}"
args = []
ports = [${service.nodes}]
models_dir = "${file('models')}"
probe_interval = "200ms"
# A node that was killed stays away for long enough to be seen.
backoff_base = "8s"
[nodes.env]
FAKE_BEHAVIOUR = '${JSON.stringify(behaviour)}'
[place]
home = "六安市"
`);
    await service.run();
    return service;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Runs ticketd until all nodes are ready. */
  async run() {
    this.log = '';
    const { PATH, HOME } = process.env;
    this.process = spawn(TICKETD, ['serve', '--config', join(this.folder, 'config.toml')], { env: { PATH, HOME }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.process.stderr.on('data', (part) => (this.log += part));
    this.ended = once(this.process, 'exit');
    await until('all nodes ready', async () => (await this.status()).healthy_endpoints === this.nodes.length)
      .catch(async (error) => {
        this.process.kill('SIGKILL');
        await this.ended;
        throw new Error(`${error.message}\n${this.log}`);
      });
  }

  async status() {
    const reply = await fetch(`${this.url}/admin/status`, { headers: { Authorization: `Bearer ${ADMIN}` } });
    return reply.json();
  }

  async node(id) {
    return (await this.status()).nodes.find((node) => node.id === String(id));
  }

  /** Has all fakes behave so from now on. */
  async behave(behaviour) {
    for (const port of this.nodes) {
      const reply = await fetch(`http://127.0.0.1:${port}/fake`, { method: 'POST', body: JSON.stringify(behaviour) });
      if (reply.status !== 204) throw new Error(`${reply.status} ${await reply.text()}`);
    }
  }

  /** Stops ticketd in order; its nodes go with it. */
  async halt() {
    this.process.kill('SIGTERM');
    const late = setTimeout(() => this.process.kill('SIGKILL'), 20_000);
    await this.ended;
    clearTimeout(late);
  }

  async stop() {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A ticket as a model would answer it, with some of its fields. */
export const answer = (fields) => ({
  answer: JSON.stringify({
    ticket_type: '投诉',
    ticket_zone: '六安市三十铺镇水韵东方小区',
    ticket_title: '水韵东方小区停车库夜间噪音扰民',
    ticket_content: '来电人咨询：来电人反映小区停车库出入口没有隔音，半夜太吵。 话务员解答内容：已记录并转相关部门处理。',
    ...fields,
  }),
});

/** The call of the contract. */
export const example = () => readFile(join(ROOT, 'data/example-call.json'), 'utf8');
