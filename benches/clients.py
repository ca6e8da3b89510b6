"""Times the drop-in job manager beside the older class, and a worker beside the plain calls that it makes."""
import argparse
import datetime
import os
import statistics
import subprocess
import sys
import time

from callsheet import Client, JobManager
from older_manager import older_manager
from server import Server, fresh_folder, machine

CALLS = {
    "create_job": lambda jobs, name: jobs.create_job(job_id=name, job_type="bench", content="A fox on the night train", style="Noir"),
    "get_job": lambda jobs, name: jobs.get_job(name),
    "update_progress": lambda jobs, name: jobs.update_progress(name, 50.0, "Rendering"),
    "mark_completed": lambda jobs, name: jobs.mark_completed(name, {"video_path": "/films/%s.mp4" % name, "total_shots": 10}),
}
NOTHING = "from callsheet import worker\n\n@worker('bench-worker')\ndef make(job):\n    return {'seconds': 0}\n"


def times(jobs, prefix, count):
    """Seconds of each call for each job, and of all four."""
    found = {name: [] for name in CALLS}
    for number in range(count):
        for name, call in CALLS.items():
            begun = time.perf_counter()
            call(jobs, "%s-%d" % (prefix, number))
            found[name].append(time.perf_counter() - begun)
    found["all four"] = [sum(one) for one in zip(*(found[name] for name in CALLS))]
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def compare(args, server):
    sides = {"older": older_manager(args.work / "older.db"), "drop-in": JobManager("http://" + server.address)}
    rounds = []
    for number in range(args.rounds):
        # Both in each round, because a machine is not the same for a minute.
        rounds.append({side: times(jobs, "%s-%d" % (side, number), args.jobs) for side, jobs in sides.items()})
    print("\n| call, one after the other | %s | drop-in manager | ratio |" % sides["older"].NAME)
    print("|---|---|---|---|")
    for name in [*CALLS, "all four"]:
        older, ours = ([one[side][name] * 1000 for one in rounds] for side in sides)
        ratios = [a / b for a, b in zip(older, ours)]
        print("| %s | %.2f ms (%.2f–%.2f) | %.2f ms (%.2f–%.2f) | %.1f (%.1f–%.1f) |" % (
            name, *spread(older), *spread(ours), *spread(ratios)), flush=True)


def spread(numbers):
    return statistics.median(numbers), min(numbers), max(numbers)


def create(client, count):
    client.create_jobs(jobs=[{"job_type": "bench-worker"} for _ in range(count)])


def each(client, count):
    """Seconds between the starts of jobs that ran one after the other, without the first ten."""
    jobs = sorted(job["started_at"] for job in client.iter_jobs(job_type="bench-worker", order="-created_at", view="summary"))[-count:]
    begun, ended = (datetime.datetime.fromisoformat(jobs[at].rstrip("Z").ljust(26, "0")) for at in (10, -1))
    return (ended - begun).total_seconds() / (count - 11)


def plain(args, client):
    create(client, args.jobs)
    for _ in range(args.jobs):
        claim = client.claim_jobs(worker_id="plain", job_types=["bench-worker"])["jobs"][0]
        client.mark_completed(claim["job"]["job_id"], lease_token=claim["lease"]["token"], result={"seconds": 0})
    return each(client, args.jobs)


def worker(args, client):
    create(client, args.jobs)
    (args.work / "nothing.py").write_text(NOTHING)
    environment = dict(os.environ, CALLSHEET_SERVER=client.server, PYTHONPATH=os.path.abspath("clients/python/src"))
    process = subprocess.Popen([sys.executable, "-m", "callsheet.worker", "nothing:make"], cwd=args.work, env=environment,
                               stderr=open(args.work / "worker.log", "a"))
    while client.count_jobs(job_type="bench-worker", status="completed")["total"] % args.jobs or client.count_jobs(
            job_type="bench-worker", status="queued")["total"]:
        time.sleep(0.5)
    process.terminate()
    process.wait(30)
    return each(client, args.jobs)


def measure_worker(args, server):
    client = Client("http://" + server.address)
    rounds = [(plain(args, client) * 1000, worker(args, client) * 1000) for _ in range(args.rounds)]
    plains, workers = zip(*rounds)
    print("\n| per job that does nothing | |\n|---|---|")
    print("| plain claim and complete | %.2f ms (%.2f–%.2f) |" % spread(plains))
    print("| decorated worker, a process a job | %.2f ms (%.2f–%.2f) |" % spread(workers))
    print("| difference | %.2f ms (%.2f–%.2f) |" % spread([b - a for a, b in rounds]), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--callsheet", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=300)
    args = parser.parse_args()
    args.work = fresh_folder(args.work)
    print("%s, Python %s" % (machine(), sys.version.split()[0]))
    server = Server(args, "SQLite", "sqlite://%s" % (args.work / "jobs.db"))
    try:
        compare(args, server)
        measure_worker(args, server)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
