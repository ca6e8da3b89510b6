// Calls over a network and proxies that do not do what they should.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { CallsheetError, createClient, unwrap } from '../src/index.js';

interface Answer {
  status: number;
  body?: string;
  type?: string;
  retryAfter?: string;
}

/** Instead of an answer: the connection breaks. */
const BREAK: Answer = { status: 0 };
const busy: Answer = {
  status: 503,
  type: 'application/problem+json',
  body: '{"code":"overloaded","detail":"Busy."}',
  retryAfter: '0',
};
const job: Answer = { status: 200, body: '{"job_id":"a"}' };

/** Answers with the given answers in turn, and the last of them from then on. */
async function fake(
  answers: Answer[],
  use: (url: string, requests: IncomingMessage[]) => Promise<void>,
) {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? BREAK;
    if (answer === BREAK) {
      request.socket.destroy();
      return;
    }
    if (answer.retryAfter) response.setHeader('Retry-After', answer.retryAfter);
    response.writeHead(answer.status, { 'Content-Type': answer.type ?? 'application/json' });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const params = { path: { job_id: 'a' } };

test('a create is repeated under one key', async () => {
  await fake([busy, BREAK, { ...busy, status: 429 }, job], async (server, requests) => {
    const client = createClient({ server, apiKey: 'secret' });
    const made = await unwrap(client.POST('/api/v1/jobs', { body: { job_type: 'film' } }));
    assert.equal(made.job_id, 'a');
    assert.equal(requests.length, 4);
    const keys = new Set(requests.map(({ headers }) => headers['idempotency-key']));
    assert.equal(keys.size, 1);
    assert.equal(requests[0]?.headers.authorization, 'Bearer secret');
  });
});

test('a call that must not be made twice is not', async () => {
  await fake([BREAK, job], async (server, requests) => {
    const client = createClient({ server });
    const call = client.POST('/api/v1/jobs/{job_id}/start', { params, body: {} });
    await assert.rejects(call, /may have received the call/);
    assert.equal(requests.length, 1);
  });
});

test('a server that is away is named', async () => {
  let away = '';
  await fake([job], async (server) => {
    away = server;
  });
  const client = createClient({ server: away, retryFor: 300 });
  await assert.rejects(client.GET('/api/v1/jobs'), (error) => {
    assert(error instanceof CallsheetError);
    assert.equal(error.code, 'server_unavailable');
    assert(error.message.includes(away) && error.message.includes('ECONNREFUSED'), error.message);
    return true;
  });
  await assert.rejects(client.followJob('a').next(), { code: 'server_unavailable' });
});

test('a server that does not answer is given up', async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createClient({ server: url, timeout: 100, retryFor: 0 });
  await assert.rejects(client.GET('/api/v1/jobs'), /no answer in time/);
  server.closeAllConnections();
  server.close();
});

test('only Callsheet is believed', async () => {
  for (const answer of [
    { status: 200, body: '<html>', type: 'text/html' },
    { status: 502, body: 'Bad gateway', type: 'text/plain' },
    { status: 404, body: '{}' },
  ]) {
    await fake([answer], async (server) => {
      const call = createClient({ server }).GET('/api/v1/jobs/{job_id}', { params });
      await assert.rejects(unwrap(call), (error) => {
        assert(error instanceof Error);
        assert.match(error.message, /is not Callsheet|JSON/, `${answer.status} ${error.message}`);
        return true;
      });
    });
  }
});

test('a stream that breaks in a message repeats it', async () => {
  const type = 'text/event-stream';
  const whole = ': hi\r\nid: 5\r\nevent: change\r\ndata: {"status":\r\ndata: "processing"}\r\n\r\n';
  const broken = { status: 200, type, body: `${whole}id: 6\nevent: change\ndata: {` };
  const rest = { status: 200, type, body: 'id: 6\nevent: change\ndata: {"status":"failed"}\n\n' };
  await fake([broken, rest], async (server, requests) => {
    const seen: unknown[] = [];
    for await (const { id, data } of createClient({ server }).followJob('a')) {
      seen.push([id, 'status' in data && data.status]);
    }
    assert.deepEqual(seen, [
      ['5', 'processing'],
      ['6', 'failed'],
    ]);
    assert.equal(requests[1]?.headers['last-event-id'], '5');
  });
});

test('a bad address or id is named', async () => {
  assert.throws(() => createClient({ server: 'ftp://host' }), { code: 'invalid_server' });
  assert.throws(() => createClient({ server: 'nonsense' }), { code: 'invalid_server' });
  for (const id of ['', '.', '..']) {
    assert.throws(() => createClient().followJob(id), { code: 'job_not_found' });
  }
});
