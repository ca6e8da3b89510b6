#!/usr/bin/env python3
"""Measures pages, counts and the start of a server at many jobs. Run by benches/scale, which starts what this needs."""
import argparse
import http.client
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import time

FEW = 1000
ROUNDS = 15

STREAMS = 1000

# One in a thousand runs: what is looked for beside it is common.
STATUS = ("CASE WHEN n % 1000 = 1 THEN 'processing' WHEN n % 5 = 0 THEN 'queued' WHEN n % 5 = 1 THEN 'cancelled' "
          "WHEN n % 5 = 3 THEN 'failed' ELSE 'completed' END")
COLUMNS = ("id, job_type, mode, status, completed_at, series_id, labels, project_title, content, created_at, updated_at")


def rows(time_of, json_type):
    return (
        "SELECT 'job-' || n, 'type-' || (n %% 7), CASE n %% 3 WHEN 0 THEN 'idea' WHEN 1 THEN 'script' END, %s, "
        "CASE WHEN n %% 5 >= 1 AND n %% 1000 <> 1 THEN %s END, CASE WHEN n %% 2 = 0 THEN 'series-' || (n %% 100 + 1) END, "
        "(CASE WHEN n %% 100 = 0 THEN '{\"team\": \"rare\"}' ELSE '{\"team\": \"many\"}' END)%s, 'Title ' || n, "
        "'A fox learns to ride the night train home, take ' || n, %s, %s" % (STATUS, time_of, json_type, time_of, time_of))


class Sqlite:
    name = "SQLite"

    def __init__(self, args, jobs):
        self.path = args.work / ("%d.db" % jobs)
        self.url = "sqlite://%s" % self.path

    def fill(self, jobs):
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -1000000")
        time_of = "strftime('%Y-%m-%dT%H:%M:%S+00:00', 1767225600 + n, 'unixepoch')"
        numbers = "WITH RECURSIVE numbers (n) AS (SELECT %d UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) "
        db.execute("INSERT INTO series (id, title, created_at) " + numbers % (1, 100) + "SELECT 'series-' || n, 'S', %s FROM numbers" % time_of)
        for start in range(1, jobs + 1, 1_000_000):
            end = min(start + 999_999, jobs)
            db.execute("INSERT INTO video_generation_jobs (%s) %s%s FROM numbers" % (COLUMNS, numbers % (start, end), rows(time_of, "")))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    def drop(self):
        pass


class Postgres:
    name = "PostgreSQL"

    def __init__(self, args, jobs):
        self.args, self.database = args, "callsheet_scale_%d_%d" % (jobs, os.getpid())
        self.url = "%s/%s" % (args.postgres, self.database)
        self.sql("CREATE DATABASE " + self.database, "postgres")

    def sql(self, text, database=None):
        url = "%s/%s" % (self.args.postgres, database or self.database)
        subprocess.run([self.args.psql, "-q", "-v", "ON_ERROR_STOP=1", url, "-c", text], check=True)

    def fill(self, jobs):
        time_of = "to_timestamp(1767225600 + n)"
        numbers = "FROM generate_series(%d, %d) AS numbers (n)"
        self.sql("INSERT INTO series (id, title, created_at) SELECT 'series-' || n, 'S', %s %s" % (time_of, numbers % (1, 100)))
        for start in range(1, jobs + 1, 1_000_000):
            end = min(start + 999_999, jobs)
            self.sql("INSERT INTO video_generation_jobs (%s) %s %s" % (COLUMNS, rows(time_of, "::jsonb"), numbers % (start, end)))
        self.sql("VACUUM (ANALYZE)")

    def drop(self):
        self.sql("DROP DATABASE %s WITH (FORCE)" % self.database, "postgres")


class Server:
    def __init__(self, args, url):
        # Nothing kept in memory: what is asked again is asked of the database.
        command = [args.callsheet, "serve", "--listen", "127.0.0.1:0", "--cache-jobs", "0", "--database-url", url]
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address = re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline()).group(1)
        self.connection = http.client.HTTPConnection("127.0.0.1", int(address))
        self.get("/api/v1/jobs?limit=1")
        self.started = time.monotonic() - began

    def get(self, path):
        began = time.monotonic()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.monotonic() - began
        if answer.status != 200:
            raise SystemExit("%s: %s" % (path, body.decode()))
        return took, json.loads(body)

    def open_streams(self):
        """Streams of all events, each open and told so."""
        streams = []
        for _ in range(STREAMS):
            stream = socket.create_connection(self.connection.sock.getpeername())
            stream.sendall(b"GET /api/v1/events/stream HTTP/1.1\r\nHost: callsheet\r\n\r\n")
            streams.append(stream)
        for stream in streams:
            if not stream.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit("a stream was not opened")
        return streams

    def memory(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc/%d/status" % self.process.pid).read_text()).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def calls(jobs):
    """What is asked, the same at any number of jobs; a moment or a place names a part of them."""
    middle = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1767225600 + jobs // 2))
    filters = ["", "status=queued", "job_type=type-3", "status=failed&job_type=type-3", "mode=idea", "series_id=series-43",
               "label=team=many", "label=team=rare", "label=team=nobody", "created_before=" + middle, "created_after=" + middle,
               "status=queued&created_before=" + middle, "q=take", "q=nobody", "mode=nobody", "status=processing&job_type=type-3",
               "status=processing&label=team=many", "status=processing&series_id=series-43", "status=failed&mode=nobody",
               "label=team=many&label=team=rare", "label=team=many&label=zone=nobody", "series_id=series-43&label=team=many"]
    pages = ["/api/v1/jobs?limit=50&" + f for f in filters] + ["/api/v1/jobs?limit=50&order=created_at&" + f for f in ("", "status=queued")]
    pages += ["/api/v1/jobs?limit=50&offset=%d" % (jobs // 10 * part) for part in (1, 5, 9)]
    return pages + ["/api/v1/jobs/counts", "/api/v1/jobs/counts?status=queued&job_type=type-3"]


def middle_cursor(jobs):
    n = jobs // 2
    return "/api/v1/jobs?limit=50&cursor=%d_%s" % ((1767225600 + n) * 1_000_000, ("job-%d" % n).encode().hex())


def measure(server, jobs):
    figures = {}
    for path in calls(jobs) + [middle_cursor(jobs)]:
        first, _ = server.get(path)
        rounds = ROUNDS if first < 1 else 1
        figures[path] = statistics.median([server.get(path)[0] for _ in range(rounds)])
    return figures


def generic(path, jobs):
    path = re.sub(r"offset=(\d+)", lambda m: "offset=%d %%" % (int(m.group(1)) * 100 // jobs), path)
    path = re.sub(r"cursor=.*", "cursor=(in the middle)", path)
    return re.sub(r"(created_\w+)=2\S+", r"\1=(the middle)", path)


def main():
    parser = argparse.ArgumentParser()
    for name in ("callsheet", "psql", "postgres", "work"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--jobs", type=int, default=10_000_000)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    args = parser.parse_args()
    args.work = pathlib.Path(args.work)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True)
    print("%s, %d cores, %s\n" % (time.strftime("%Y-%m-%d"), os.cpu_count(), platform.platform()))
    for kind in (Sqlite, Postgres):
        if args.only in (None, kind.__name__.lower()):
            compare(args, kind)
    shutil.rmtree(args.work, ignore_errors=True)


def compare(args, kind):
    print("| %s | at %d jobs | at %d jobs | ratio |\n|---|---|---|---|" % (kind.name, FEW, args.jobs), flush=True)
    found = []
    for jobs in (FEW, args.jobs):
        database = kind(args, jobs)
        try:
            subprocess.run([args.callsheet, "migrate", "up", "--database-url", database.url], check=True, stdout=subprocess.DEVNULL)
            began = time.monotonic()
            database.fill(jobs)
            filled = time.monotonic() - began
            server = Server(args, database.url)
            figures = {generic(path, jobs): took for path, took in measure(server, jobs).items()}
            afterwards = server.memory()
            streams = server.open_streams()
            found.append((figures, server.started, (afterwards, server.memory()), filled))
            for stream in streams:
                stream.close()
            server.stop()
        finally:
            database.drop()
    (few, start_few, memory_few, _), (many, start_many, memory_many, filled) = found
    for name, took in few.items():
        print("| GET %s | %.2f ms | %.2f ms | %.2f |" % (name, took * 1000, many[name] * 1000, many[name] / took))
    print("| start to first answer | %.0f ms | %.0f ms | |" % (start_few * 1000, start_many * 1000))
    for what, few, many in zip(("afterwards", "with %d open streams" % STREAMS), memory_few, memory_many):
        print("| resident memory %s | %.0f MB | %.0f MB | |" % (what, few, many))
    print("\nThe rows were made in %.0f s.\n" % filled, flush=True)


if __name__ == "__main__":
    main()
