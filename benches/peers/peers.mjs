// Jobs a second of pg-boss or of graphile-worker on a fresh PostgreSQL database: put in by batches, then taken and
// completed, as fast as each can with the means that its own benchmark or guide uses. One line of JSON.
//
// usage: node peers.mjs pg-boss|graphile-worker POSTGRES_URL JOBS
import { fork } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";
import { PgBoss } from "pg-boss";

const [peer, url, count] = process.argv.slice(2);
const jobs = Number(count);
const BATCH = 500;

const tell = (peer, created, worked) =>
  console.log(JSON.stringify({ peer, database: "PostgreSQL", jobs, created_per_second: created, completed_per_second: worked }));
const rate = (began) => Math.round(jobs / ((performance.now() - began) / 1000));

// Its guide has no benchmark: fetch and complete by batches are the fastest that it offers.
async function pgBoss() {
  const boss = new PgBoss({ connectionString: url, max: 8, supervise: false, schedule: false });
  boss.on("error", (error) => { throw error; });
  await boss.start();
  await boss.createQueue("videos");
  let began = performance.now();
  for (let n = 0; n < jobs; n += BATCH) {
    const size = Math.min(BATCH, jobs - n);
    await boss.insert("videos", Array.from({ length: size }, (_, i) => ({ data: { idea: n + i } })));
  }
  const created = rate(began);
  began = performance.now();
  let left = jobs;
  // Four at once: more only wait for the rows of each other.
  await Promise.all(Array.from({ length: 4 }, async () => {
    while (left > 0) {
      const taken = await boss.fetch("videos", { batchSize: BATCH });
      if (taken.length === 0) return;
      await boss.complete("videos", taken.map((job) => job.id));
      left -= taken.length;
    }
  }));
  const worked = rate(began);
  if (left > 0) throw new Error(`${left} jobs of pg-boss were not completed`);
  tell("pg-boss 12.33.7", created, worked);
  await boss.stop({ graceful: false });
}

const logger = new Logger(() => () => {});

// The settings of its own perfTest: four processes, of which each runs 24 jobs at once and takes 500 ahead.
const PROCESSES = 4;

async function graphileWorker() {
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  let began = performance.now();
  for (let n = 0; n < jobs; n += BATCH) {
    const size = Math.min(BATCH, jobs - n);
    await utils.addJobs(Array.from({ length: size }, (_, i) => ({ identifier: "video", payload: { idea: n + i } })));
  }
  const created = rate(began);
  const workers = Array.from({ length: PROCESSES }, () => fork(process.argv[1], ["graphile-worker-process", url, count]));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  began = performance.now();
  for (const worker of workers) worker.send("go");
  const some = async () => (await client.query("SELECT EXISTS (SELECT FROM graphile_worker._private_jobs) AS some")).rows[0].some;
  // Completed jobs are deleted.
  while (await some()) await sleep(20);
  tell("graphile-worker 0.18.0", created, rate(began));
  for (const worker of workers) worker.kill();
  await client.end();
  await utils.release();
}

async function graphileWorkerProcess() {
  process.send("ready");
  await once(process, "message");
  await run({
    connectionString: url,
    concurrency: 24,
    maxPoolSize: 25,
    logger,
    preset: {
      worker: { localQueue: { size: BATCH, refetchDelay: { durationMs: 10 } }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
    },
    taskList: { video: () => {} },
  });
}

const peers = { "pg-boss": pgBoss, "graphile-worker": graphileWorker, "graphile-worker-process": graphileWorkerProcess };
await peers[peer]();
if (peer !== "graphile-worker-process") process.exit(0);
