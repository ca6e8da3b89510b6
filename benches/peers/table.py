#!/usr/bin/env python3
"""The table of benches/peers/run, of the lines of JSON in the file that is the first argument."""
import json
import os
import platform
import statistics
import sys
import time

HISTORY = {
    "Callsheet": "jobs, and three events of each",
    "graphile_worker": "no: rows are deleted",
    "graphile-worker": "no: rows are deleted",
    "pg-boss": "jobs, for a week",
    "apalis-sqlite": "jobs",
    "bare": "a row and an event",
}

NOTES = """Jobs are put in by one caller, 500 a call, then taken and completed; until the last completion is written down, and
what was done is checked. Callsheet: four workers, each claims and completes 500 a call. graphile_worker: the settings of
its own benchmark (500 at once, 5,000 taken ahead, completions gathered for 5 ms). graphile-worker: those of its own
(four processes, 24 at once and 500 taken ahead in each, completions gathered). pg-boss: fetch and complete, 500 a call,
four at once. apalis-sqlite: batches and concurrency of 500, a tenth of the jobs; its setup turns SQLite's `synchronous`
off on the connection that it uses, so a power cut may take what it confirmed. All on PostgreSQL write with its defaults
(`synchronous_commit` on, `fsync` on), and Callsheet with `synchronous=FULL` on SQLite. Bare inserts: pgbench, four
clients, a job of five columns and its event, no index but the keys."""


def main():
    path, *versions = sys.argv[1:]
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    found = {}
    for line in lines:
        found.setdefault((line["peer"], line["database"]), []).append(line)
    print("%s, %d cores, %s, %s; median (least–most) of %d rounds\n" % (
        time.strftime("%Y-%m-%d"), os.cpu_count(), platform.platform(), ", ".join(versions), max(map(len, found.values()))))
    print("| queue | database | keeps history | jobs in/s | jobs completed/s | to Callsheet: in, completed |")
    print("|---|---|---|---|---|---|")
    for (peer, database), rounds in found.items():
        own = found["Callsheet, in the process", database]
        history = HISTORY[peer.replace(",", " ").split()[0]]
        print("| %s | %s | %s | %s | %s | %s, %s |" % (
            peer, database, history, told(rounds, "created_per_second"), told(rounds, "completed_per_second"),
            ratio(rounds, own, "created_per_second"), ratio(rounds, own, "completed_per_second")))
    print("\n" + NOTES)


def told(rounds, what):
    rates = [line[what] for line in rounds]
    if None in rates:
        return ""
    return "{:,.0f} ({:,.0f}–{:,.0f})".format(statistics.median(rates), min(rates), max(rates))


def ratio(rounds, own, what):
    pairs = [(line[what], ours[what]) for line, ours in zip(rounds, own)]
    return "–" if None in sum(pairs, ()) else "%.2f" % statistics.median(rate / ours for rate, ours in pairs)


main()
