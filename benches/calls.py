#!/usr/bin/env python3
"""Measures calls over HTTP. Run by benches/calls, which starts what this needs."""
import argparse
import json
import statistics
import subprocess

from server import Server, databases, fresh_folder, machine

BODY = json.dumps({"job_type": "idea2video", "project_title": "Night train", "content": "A fox learns to ride. " * 8,
                   "labels": {"team": "red"}, "request_data": {"idea": "A fox learns to ride", "seconds": 30}})
JOBS = 1000


class Calls(Server):
    def load(self, clients, seconds, method, path, body="", ids=()):
        command = [self.args.load, self.address, str(clients), str(seconds), method, path, body]
        done = subprocess.run(command, input="\n".join(ids), capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        if answer["bad"]:
            raise SystemExit("%s %s: %d of %d answers are errors, the last: %s" % (method, path, answer["bad"], answer["answers"], answer["last_bad"]))
        return answer


def measures(server, args):
    """Name, clients, call, and what it is held against."""
    started = [server.call("POST", "/api/v1/jobs", BODY)["job_id"] for _ in range(JOBS)]
    for job in started:
        server.call("POST", "/api/v1/jobs/%s/start" % job, "{}")
    readers = max(args.clients // 4, 1)
    return [
        ("POST /bench/echo", args.clients, ("POST", "/bench/echo", BODY), None),
        ("POST /api/v1/jobs", args.clients, ("POST", "/api/v1/jobs", BODY), "POST /bench/echo"),
        ("PUT …/progress, 1,000 jobs", args.clients, ("PUT", "/api/v1/jobs/{id}/progress", '{"progress": 42, "current_stage": "Shot {n}"}', started), "POST /bench/echo"),
        ("GET /bench/fixed", readers, ("GET", "/bench/fixed"), None),
        ("GET /api/v1/jobs/{id}, hot", readers, ("GET", "/api/v1/jobs/{id}", "", started[:100]), "GET /bench/fixed"),
        ("GET /api/v1/jobs?limit=50, behind another cursor each time", readers, ("GET", "/api/v1/jobs?limit=50&order=created_at&cursor={n}_61"), "GET /bench/fixed"),
        ("GET /api/v1/jobs?limit=50, the same each time", readers, ("GET", "/api/v1/jobs?limit=50"), "GET /bench/fixed"),
        ("GET /api/v1/jobs?limit=50&view=summary, the same each time", readers, ("GET", "/api/v1/jobs?limit=50&view=summary"), "GET /bench/fixed"),
        ("GET /api/v1/jobs/counts", readers, ("GET", "/api/v1/jobs/counts"), "GET /bench/fixed"),
    ]


def measure(server, args):
    idle = server.memory()[0]
    figures = measures(server, args)
    found = {name: [] for name, *_ in figures}
    for _ in range(args.rounds):
        for name, clients, call, _ in figures:
            found[name].append(server.load(clients, args.seconds, *call))
    for name, clients, _, against in figures:
        rates = [answer["rate"] for answer in found[name]]
        ratios = [a["rate"] / b["rate"] for a, b in zip(found[name], found[against])] if against else []
        ratio = "%.2f (%.2f–%.2f)" % (statistics.median(ratios), min(ratios), max(ratios)) if ratios else ""
        print("| %s | %s | %d | %s/s (%s–%s) | %s | %.1f / %.1f ms |" % (
            server.name, name, clients, *("{:,.0f}".format(n) for n in (statistics.median(rates), min(rates), max(rates))), ratio,
            statistics.median(a["p50"] for a in found[name]) / 1000, statistics.median(a["p99"] for a in found[name]) / 1000), flush=True)
    print("| %s | resident memory at start, at most | | %.0f MB, %.0f MB | | |" % (server.name, idle, server.memory()[1]), flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("callsheet", "load", "psql", "postgres", "work"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--clients", type=int, default=128)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    args = parser.parse_args()
    args.work = fresh_folder(args.work)
    print("%s\n" % machine())
    print("| database | call | clients | answers, median (least–most) | ratio to no table | p50 / p99 |")
    print("|---|---|---|---|---|---|", flush=True)
    for name, url in databases(args):
        run(args, name, url)


def run(args, name, url):
    server = Calls(args, name, url)
    try:
        measure(server, args)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
