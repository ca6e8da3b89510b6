// Jobs a second of pg-boss and of graphile-worker on the PostgreSQL database whose URL is the first argument: put in by
// batches, then taken and completed, as fast as each can with the means that its own benchmark uses. One JSON line each.
import { PgBoss } from "pg-boss";
import { Logger, run, makeWorkerUtils } from "graphile-worker";
import { performance } from "node:perf_hooks";

const [url, count = "20000"] = process.argv.slice(2);
const jobs = Number(count);
const BATCH = 500;

const tell = (peer, created, worked) =>
  console.log(JSON.stringify({ peer, jobs, created_per_second: created, completed_per_second: worked }));
const rate = (began) => Math.round(jobs / ((performance.now() - began) / 1000));

async function pgBoss() {
  const boss = new PgBoss({ connectionString: url, max: 8, supervise: false, schedule: false });
  boss.on("error", (error) => { throw error; });
  await boss.start();
  await boss.createQueue("videos");
  let began = performance.now();
  for (let n = 0; n < jobs; n += BATCH) {
    await boss.insert("videos", Array.from({ length: BATCH }, (_, i) => ({ data: { idea: n + i } })));
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
  tell("pg-boss 12.33.7", created, rate(began));
  await boss.stop({ graceful: false });
}

async function graphileWorker() {
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  let began = performance.now();
  for (let n = 0; n < jobs; n += BATCH) {
    await utils.addJobs(Array.from({ length: BATCH }, (_, i) => ({ identifier: "video", payload: { idea: n + i } })));
  }
  const created = rate(began);
  let left = jobs;
  let done;
  const all = new Promise((resolve) => { done = resolve; });
  began = performance.now();
  const runner = await run({
    connectionString: url,
    concurrency: 24,
    maxPoolSize: 12,
    noHandleSignals: true,
    logger,
    preset: { worker: { localQueue: { size: BATCH }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    taskList: { video: () => { if (--left === 0) done(); } },
  });
  await all;
  tell("graphile-worker 0.18.0", created, rate(began));
  await runner.stop();
  await utils.release();
}

await pgBoss();
await graphileWorker();
process.exit(0);
