#!/usr/bin/env python3
"""Measures the size of tables and indexes. Run by benches/sizes, which starts what this needs."""
import argparse
import json
import os
import pathlib
import platform
import random
import shutil
import sqlite3
import subprocess
import time

from calls import BODY, Server

BATCH = 500
HEARTBEAT = json.dumps({"lease_token": "{token}", "lease_seconds": 3600, "progress": 42, "current_stage": "Shot {n}"})


def work(server, args):
    """All jobs, from the first word to the last; gives the heartbeats of a second."""
    ask = {"worker_id": "bench", "job_types": ["idea2video"], "max_jobs": BATCH, "lease_seconds": 3600}
    spent = 0
    for first in range(0, args.jobs, args.at_once):
        claimed = []
        for begin in range(first, min(first + args.at_once, args.jobs), BATCH):
            size = min(BATCH, args.jobs - begin)
            server.call("POST", "/api/v1/jobs/bulk", json.dumps({"jobs": [json.loads(BODY)] * size}))
            jobs = server.call("POST", "/api/v1/claims", json.dumps(dict(ask, max_jobs=size)))["jobs"]
            claimed += [(job["job"]["job_id"], job["lease"]["token"]) for job in jobs]
        if args.order == "mixed":
            random.Random(1).shuffle(claimed)
        began = time.monotonic()
        server.load(128, "%dx" % args.updates, "POST", "/api/v1/jobs/{id}/heartbeat", HEARTBEAT, [" ".join(one) for one in claimed])
        spent += time.monotonic() - began
        for begin in range(0, len(claimed), BATCH):
            outcomes = [{"job_id": job, "lease_token": token, "outcome": "completed"} for job, token in claimed[begin:begin + BATCH]]
            server.call("POST", "/api/v1/outcomes", json.dumps({"outcomes": outcomes}))
    counts = server.call("GET", "/api/v1/jobs/counts")
    if counts["completed"] != args.jobs:
        raise SystemExit("not all of %d jobs were completed: %s" % (args.jobs, counts))
    return args.jobs * args.updates / spent


def megabytes(size):
    return "{:,.1f} MB".format(size / 1e6)


def table(args, head, rows):
    print("| %s |\n|%s" % (" | ".join(head), "---|" * len(head)))
    for row in rows:
        print("| %s |" % " | ".join(map(str, row)))
    print(flush=True)


def sqlite(args):
    path = args.work / "jobs.db"
    server = Server(args, "SQLite", "sqlite://%s" % path)
    try:
        rate = work(server, args)
    finally:
        server.stop()
    print("SQLite: %s heartbeats/s while it grew\n" % "{:,.0f}".format(rate))
    db = sqlite3.connect(path)
    pages, free, bytes_of_page = (db.execute("PRAGMA " + what).fetchone()[0] for what in ("page_count", "freelist_count", "page_size"))
    size, free = pages * bytes_of_page, free * bytes_of_page
    try:
        rows = db.execute("SELECT tbl_name, CASE type WHEN 'table' THEN '' ELSE s.name END, sum(s.pgsize), sum(s.unused) "
                          "FROM dbstat AS s JOIN sqlite_schema AS o ON o.name = s.name GROUP BY s.name "
                          "HAVING sum(s.pgsize) > 100000 ORDER BY tbl_name, type DESC, s.name").fetchall()
    except sqlite3.OperationalError as error:
        raise SystemExit("the SQLite of this Python cannot tell sizes (%s); take a Python whose SQLite has dbstat, as Debian's" % error)
    table(args, ["SQLite: table", "index", "size", "of it unused", "a job"],
          [(name, index, megabytes(used), megabytes(unused), "%.0f bytes" % (used / args.jobs)) for name, index, used, unused in rows]
          + [("the file", "", megabytes(size), "%s in free pages" % megabytes(free), "%.0f bytes" % (size / args.jobs))])


SIZES = """
    SELECT t.relname, '', pg_table_size(t.oid) FROM pg_class AS t WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT t.relname, i.relname, pg_relation_size(i.oid) FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
    JOIN pg_class AS t ON t.oid = x.indrelid WHERE t.relnamespace = 'public'::regnamespace
    ORDER BY 1, 2"""
STATS = "SELECT relname, n_tup_upd, n_tup_hot_upd, n_live_tup, n_dead_tup, autovacuum_count FROM pg_stat_user_tables WHERE n_tup_upd > 0 ORDER BY 1"


def postgres(args):
    name = "callsheet_bench_%d" % os.getpid()
    url = "%s/%s" % (args.postgres, name)

    def query(sql, url=url):
        command = [args.psql, "-XqAt", "-F", "\t", url, "-c", sql]
        return [line.split("\t") for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()]

    query("CREATE DATABASE " + name, args.postgres + "/postgres")
    try:
        server = Server(args, "PostgreSQL", url)
        try:
            rate = work(server, args)
        finally:
            server.stop()
        print("PostgreSQL: %s heartbeats/s while it grew\n" % "{:,.0f}".format(rate))
        # Sessions have ended, and with them told their statistics.
        sizes, stats = query(SIZES), query(STATS)
        query("VACUUM ANALYZE")
        after, dead = query(SIZES), {row[0]: row[4] for row in query(STATS)}
    finally:
        query("DROP DATABASE %s WITH (FORCE)" % name, args.postgres + "/postgres")
    table(args, ["PostgreSQL: table", "index", "size", "after VACUUM", "a job"],
          [(of, index, megabytes(int(size)), megabytes(int(then[2])), "%.0f bytes" % (int(then[2]) / args.jobs))
           for (of, index, size), then in zip(sizes, after) if int(size) > 100000])
    table(args, ["PostgreSQL: table", "updates", "of them HOT", "live rows", "dead rows", "after VACUUM", "autovacuums"],
          [(of, "{:,}".format(int(updates)), "{:,}".format(int(hot)), live, gone, dead[of], rounds)
           for of, updates, hot, live, gone, rounds in stats])
    # A claim and a completion change the status, which indexes hold: neither can be HOT.
    [(updates, hot)] = [(int(row[1]), int(row[2])) for row in stats if row[0] == "video_generation_jobs"]
    print("PostgreSQL: %.2f %% of %s heartbeats were HOT\n" % (100 * hot / (updates - 2 * args.jobs), "{:,}".format(updates - 2 * args.jobs)))


def main():
    parser = argparse.ArgumentParser()
    for name in ("callsheet", "load", "psql", "postgres", "work"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--updates", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=10_000)
    parser.add_argument("--order", choices=["mixed", "claimed"], default="mixed")
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    args = parser.parse_args()
    args.work = pathlib.Path(args.work)
    shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True)
    print("%s, %s; %s jobs, %d heartbeats each, %s at once, order of heartbeats: %s\n" % (
        time.strftime("%Y-%m-%d"), platform.platform(), "{:,}".format(args.jobs), args.updates, "{:,}".format(args.at_once), args.order), flush=True)
    if args.only != "postgres":
        sqlite(args)
    if args.only != "sqlite":
        postgres(args)
    shutil.rmtree(args.work)


if __name__ == "__main__":
    main()
