#!/usr/bin/env python3
"""Stalls the database under full load, or kills the server. Run by benches/stall, which starts what this needs."""
import argparse
import collections
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from server import Server, databases, fresh_folder, machine

# Until connections are open and pages are warm.
WARM = 2
# A rate is looked for in pieces of so many seconds.
PIECE = 0.25
# No call may wait longer than this for an answer, however long the database does.
BOUND = 45

Attempt = collections.namedtuple("Attempt", "what at wait key id retry_after")


class Crowd:
    """Clients at work, in a process of their own."""

    def __init__(self, args, address):
        command = [args.crowd, str(args.clients), str(args.leavers)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.go_on_at(address)

    def go_on_at(self, address):
        self.process.stdin.write(address + "\n")
        self.process.stdin.flush()

    def end(self):
        book, _ = self.process.communicate()
        if self.process.returncode:
            raise SystemExit("the clients broke down")
        for line in book.splitlines():
            what, at, wait, key, job, retry_after = line.split()
            yield Attempt(what, int(at) / 1e6, int(wait) / 1e6, key, job, retry_after == "1")


class SqliteStall:
    """A stranger's transaction holds the write lock: no write of the server can begin."""

    what = "another process holds the write lock"

    def __init__(self, args, url):
        self.file = url.removeprefix("sqlite://")

    def begin(self):
        self.stranger = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        self.stranger.execute("BEGIN EXCLUSIVE")

    def end(self):
        self.stranger.execute("ROLLBACK")
        self.stranger.close()


class PostgresStall:
    """All processes of PostgreSQL stand still, as on a host whose disk hangs. Harsher than a lock: no timeout of the
    database's own ends a wait, connections stay open without an answer, and new ones are not answered either."""

    what = "all its processes are stopped"

    def __init__(self, args, url):
        self.postmaster = args.postmaster

    def begin(self):
        os.kill(self.postmaster, signal.SIGSTOP)
        self.stopped = [self.postmaster] + [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if parent(pid) == self.postmaster]
        for pid in self.stopped:
            os.kill(pid, signal.SIGSTOP)

    def end(self):
        for pid in self.stopped:
            os.kill(pid, signal.SIGCONT)


def parent(pid):
    try:
        return int(pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None


class Watch(threading.Thread):
    """Calls something again and again, and keeps what it gave with its time."""

    def __init__(self, period, see):
        super().__init__(daemon=True)
        self.period, self.see, self.seen, self.over = period, see, [], threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(self.period):
            self.seen.append((time.time(), self.see()))

    def end(self):
        self.over.set()
        self.join()
        return self.seen


def reads(server, path):
    """Status of a read, and how long it took."""
    def read():
        began = time.monotonic()
        try:
            with urllib.request.urlopen("http://%s%s" % (server.address, path), timeout=120) as answer:
                answer.read()
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            status = "broken"
        return status, time.monotonic() - began
    return read


def rows(args, url, sql):
    if url.startswith("sqlite:"):
        return sqlite3.connect(url.removeprefix("sqlite://")).execute(sql).fetchall()
    out = subprocess.run([args.psql, "-qAt", "-F", "\t", url, "-c", sql], check=True, capture_output=True, text=True).stdout
    return [tuple(line.split("\t")) for line in out.splitlines()]


def held(args, url, attempts):
    """How many answered jobs are missing, how many keys have two jobs, and how many jobs are not whole."""
    there = rows(args, url, "SELECT id, project_title FROM video_generation_jobs")
    twice = len(there) - len({key for _, key in there})
    there = set(there)
    answered = {(a.id, a.key) for a in attempts if a.what in ("200", "201")}
    [(half,)] = rows(args, url, "SELECT count(*) FROM video_generation_jobs j WHERE (SELECT count(*) FROM job_events e WHERE e.job_id = j.id) <> 1")
    return len(answered), len(answered - there), twice, int(half)


def percent(value, whole):
    return 100 * value / max(whole, 1)


def stall(args, name, url):
    wrong = []
    server = Server(args, name, url)
    job = server.call("POST", "/api/v1/jobs", '{"job_type": "idea2video", "project_title": "first"}')["job_id"]
    fault = (SqliteStall if name == "SQLite" else PostgresStall)(args, url)
    memory = Watch(0.05, lambda: server.memory()[0])
    readers = {path: Watch(0.1, reads(server, path)) for path in ("/health/live", "/health/ready", "/api/v1/jobs/" + job, "/api/v1/jobs?limit=50")}
    crowd = Crowd(args, server.address)
    try:
        time.sleep(WARM + args.before)
        began = time.time()
        fault.begin()
        stalled = time.time()
        try:
            time.sleep(args.seconds)
        finally:
            fault.end()
        released = time.time()
        time.sleep(args.after)
        ended = time.time()
        attempts = list(crowd.end())
        if server.process.poll() is not None:
            wrong.append("the server died")
        time.sleep(1)
        memory, readers = memory.end(), {path: watch.end() for path, watch in readers.items()}
        answered, missing, twice, half = held(args, url, attempts)
    finally:
        crowd.process.kill()
        server.stop()
    spans = {"before": (began - args.before, began), "during": (stalled, released), "after": (released, ended)}
    rates = {}
    for span, (first, last) in spans.items():
        of = [a for a in attempts if first <= a.at < last]
        count = collections.Counter(a.what for a in of)
        rates[span] = count["201"] / (last - first)
        waits = [a.wait for a in of if a.what != "left"]
        print("| %s | %s | %s/s | %s | %s | %.1f s | %.0f MB |" % (
            name, span, "{:,.0f}".format(rates[span]), "{:,}".format(count["503"]), "{:,}".format(count["left"]), max(waits, default=0),
            max(mb for at, mb in memory if first <= at < last)), flush=True)
    good = sorted(a.at - released for a in attempts if a.what == "201" and a.at >= released)
    back = next((n * PIECE for n in range(int(args.after / PIECE))
                 if sum(n * PIECE <= at < (n + 1) * PIECE for at in good) >= 0.8 * rates["before"] * PIECE), None)
    print("| %s | first job %s after the release, 80 %% of the rate of before within %s; %s answered jobs, %d missing, %d twice, %d not whole | | | | | |" % (
        name, "%.2f s" % good[0] if good else "never", "%.2f s" % (back + PIECE) if back is not None else "never",
        "{:,}".format(answered), missing, twice, half), flush=True)
    for path, seen in readers.items():
        of = [what for at, what in seen if stalled <= at < released]
        longest = max((took for _, took in of), default=0)
        print("| %s | GET %s, begun during | %s | | | %.1f s | |" % (
            name, path.replace(job, "{id}"), ", ".join("%d × %s" % (n, status) for status, n in collections.Counter(status for status, _ in of).items()), longest), flush=True)
        if longest > BOUND or any(status not in (200, 503) for status, _ in of):
            wrong.append("a read of %s waited too long or failed otherwise than with 503" % path)
    others = collections.Counter(a.what for a in attempts if a.what not in ("201", "503", "left"))
    if others:
        wrong.append("answers that are neither 201 nor 503: %s" % dict(others))
    if any(a.what == "503" and not a.retry_after for a in attempts):
        wrong.append("a 503 without Retry-After")
    if max(a.wait for a in attempts) > BOUND:
        wrong.append("a call waited longer than %d s" % BOUND)
    if missing or twice or half:
        wrong.append("answered jobs are missing, or jobs are there twice, or half")
    if back is None:
        wrong.append("the rate of before did not come back")
    return wrong


def kill(args, name, url):
    chance = random.Random(1)
    server = Server(args, name, url)
    crowd = Crowd(args, server.address)
    restarts = []
    try:
        for _ in range(args.kill):
            time.sleep(0.3 + chance.random())
            server.kill()
            began = time.monotonic()
            server = Server(args, name, url)
            restarts.append(time.monotonic() - began)
            crowd.go_on_at(server.address)
        time.sleep(1)
        attempts = list(crowd.end())
        answered, missing, twice, half = held(args, url, attempts)
    finally:
        crowd.process.kill()
        server.stop()
    count = collections.Counter(a.what for a in attempts)
    repeated = len({a.key for a in attempts if a.what == "broken"} & {a.key for a in attempts if a.what in ("200", "201")})
    print("| %s | %d | %s | %s, %s of them answered when repeated | %d | %d | %d | %.2f s |" % (
        name, args.kill, "{:,}".format(answered), "{:,}".format(count["broken"]), "{:,}".format(repeated), missing, twice, half, max(restarts)), flush=True)
    others = {what: n for what, n in count.items() if what not in ("200", "201", "503", "broken", "left")}
    wrong = ["answers that tell of other trouble: %s" % others] if others else []
    if missing or twice or half:
        wrong.append("answered jobs are missing, or jobs are there twice, or half")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    for name in ("callsheet", "crowd", "psql", "postgres", "work"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--postmaster", type=int, required=True)
    parser.add_argument("--clients", type=int, default=128)
    parser.add_argument("--leavers", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--before", type=float, default=5)
    parser.add_argument("--after", type=float, default=10)
    parser.add_argument("--kill", type=int)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    args = parser.parse_args()
    args.work = fresh_folder(args.work)
    print("%s; %d clients, and %d that leave after 50 ms\n" % (machine(), args.clients, args.leavers))
    if args.kill:
        print("| database | kills | jobs answered | requests cut off | answered jobs missing | twice | not whole | restart, at most |")
        print("|---|---|---|---|---|---|---|---|", flush=True)
    else:
        print("| database | %g s stall | jobs | 503 | left | longest wait | memory, at most |" % args.seconds)
        print("|---|---|---|---|---|---|---|", flush=True)
    wrong = []
    for name, url in databases(args):
        wrong += ["%s: %s" % (name, what) for what in (kill if args.kill else stall)(args, name, url)]
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
