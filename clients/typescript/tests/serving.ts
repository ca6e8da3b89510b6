// A served binary on a database of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe } from 'node:test';
import pg from 'pg';

export const KINDS = ['sqlite', 'postgres'] as const;

export class Server {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(database: string, listen = '127.0.0.1:0'): Promise<Server> {
    const binary = process.env.CALLSHEET_TEST_BINARY ?? '../../target/debug/callsheet';
    const child = spawn(binary, ['serve', '--listen', listen, '--database-url', database], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // The pipes are read all the time, so that they never fill.
    const output: string[] = [];
    for (const pipe of [child.stdout, child.stderr]) {
      createInterface({ input: pipe }).on('line', (line) => output.push(line));
    }
    const url = await new Promise<string>((resolve, reject) => {
      const look = setInterval(() => {
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output.join('\n'));
        if (found || child.exitCode !== null) clearInterval(look);
        if (found) resolve(found[0]);
        else if (child.exitCode !== null) reject(new Error(output.join('\n')));
      }, 10);
    });
    return new Server(child, url);
  }

  get listen() {
    return this.url.slice('http://'.length);
  }

  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}

export class Database {
  readonly servers: Server[] = [];
  private constructor(
    readonly url: string,
    readonly remove: () => Promise<void>,
  ) {}

  static async make(kind: (typeof KINDS)[number]): Promise<Database> {
    const name = `typescript_${Math.random().toString(36).slice(2, 12)}`;
    if (kind === 'sqlite') {
      const folder = mkdtempSync(join(tmpdir(), 'callsheet-'));
      const remove = async () => rmSync(folder, { recursive: true });
      return new Database(`sqlite://${join(folder, name)}.db`, remove);
    }
    const server = new URL(process.env.CALLSHEET_TEST_POSTGRES_URL ?? '');
    const admin = server.toString();
    await run(admin, `CREATE DATABASE ${name}`);
    server.pathname = `/${name}`;
    return new Database(server.toString(), () => run(admin, `DROP DATABASE ${name} WITH (FORCE)`));
  }

  async serve(listen?: string): Promise<Server> {
    const server = await Server.start(this.url, listen);
    this.servers.push(server);
    return server;
  }

  async end() {
    await Promise.all(this.servers.map((server) => server.kill()));
    await this.remove();
  }
}

async function run(url: string, statement: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

/** Runs tests on both databases, each with a server. */
export function onBoth(name: string, tests: (database: () => Promise<Database>) => void) {
  for (const kind of KINDS) {
    describe(`${name} on ${kind}`, () => {
      const made: Database[] = [];
      after(() => Promise.all(made.map((database) => database.end())));
      tests(async () => {
        const database = await Database.make(kind);
        made.push(database);
        return database;
      });
    });
  }
}

export function newType() {
  return `film-${Math.random().toString(36).slice(2, 12)}`;
}
