// The tarball, installed elsewhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Database } from './serving.js';

const USE = `
import { createClient, unwrap, CallsheetError, type JobMessage } from 'callsheet';
const client = createClient({ server: process.argv[2]! });
const job = await unwrap(client.POST('/api/v1/jobs', { body: { job_type: 'film' } }));
let seen: JobMessage | undefined;
for await (seen of client.followJob(job.job_id)) break;
if (seen?.event !== 'snapshot') throw new CallsheetError('no snapshot', 'none');
console.log(job.status, seen.data.status);
`;

test('the tarball is installed elsewhere and used', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'callsheet-package-'));
  const database = await Database.make('sqlite');
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 600_000 });
  try {
    const server = await database.serve();
    const tarball =
      run('npm', 'pack', resolve('.'), '--silent', '--ignore-scripts').trim().split('\n').at(-1) ??
      '';
    assert.match(tarball, /^callsheet-.*\.tgz$/);
    writeFileSync(join(folder, 'package.json'), '{"type": "module", "private": true}');
    run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`);
    writeFileSync(join(folder, 'use.ts'), USE);
    const tsc = resolve('node_modules/.bin/tsc');
    const types = ['--typeRoots', resolve('node_modules/@types'), '--types', 'node'];
    const options = [
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      ...types,
    ];
    run(tsc, ...options, 'use.ts');
    assert.equal(run('node', 'use.js', server.url), 'queued queued\n');
  } finally {
    await database.end();
    rmSync(folder, { recursive: true });
  }
});
