"""Functions of the tests of workers; a process of their own runs them."""

from __future__ import annotations

import datetime
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List

from callsheet import AttemptFailed, Client, Job, JobCancelled, JobInterrupted, worker

KIND = os.environ["TEST_KIND"]
FOLDER = pathlib.Path(os.environ["TEST_FOLDER"])


def mark(name: str, text: str = "x") -> None:
    with (FOLDER / name).open("a") as file:
        file.write(text + "\n")


def wait_for(name: str) -> None:
    while not (FOLDER / name).exists():
        time.sleep(0.01)


def film(job: Job) -> Dict[str, Any]:
    """Ten shots; waits behind the fourth if the test says so."""
    for key in job.plan(f"shot-{number:02}" for number in range(10)):
        job.start(key)
        mark("rendered", key)
        job.done(key, {"video_path": f"/media/{key}.mp4"})
        if key == "shot-03" and job.content == "wait":
            mark("fourth", str(os.getpid()))
            wait_for("go-on")
    job.progress(100, "Joining")
    return {"seconds": 30, "attempt": job.attempt}


def reports(job: Job) -> Dict[str, Any]:
    print("to standard output")
    job.log("first line\nsecond line")
    job.progress(25.0, "Story")
    job.plan(["a", "b", "c"])
    job.done("a", {"at": datetime.datetime(2026, 1, 2), "path": pathlib.Path("/media/a.mp4")})
    job.failed("b", ValueError("no light"))
    job.skip("c")
    pending = [item["key"] for item in job.pending]
    return {"type": job.type, "content": job.content, "pending": pending,
            "path": pathlib.Path("/media/x.mp4"), "score": float("nan")}


def calls_by_itself(job: Job) -> Dict[str, Any]:
    """Reports as a program on another machine would, with the token of the job alone."""
    node = Client(os.environ["CALLSHEET_SERVER"], job.token)
    node.report_items(job.id, items=[{"key": "shot-1", "status": "completed"}])
    node.heartbeat(job.id, lease_token=job.token, log=["shot-1 took 41 s"])
    return {}


def progress_out_of_range(job: Job) -> None:
    for percent in (150.0, float("nan"), -1.0):
        job.progress(percent)


def raises(job: Job) -> None:
    raise ValueError("frame 7 is empty")


def fails_for_good(job: Job) -> None:
    raise AttemptFailed("the script is too long", retryable=False)


def asks_to_wait(job: Job) -> None:
    raise AttemptFailed("no card is free", retryable=True, retry_after=3000)


def exits(job: Job) -> None:
    sys.exit(3)


def kills_itself(job: Job) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leaves(job: Job) -> None:
    os._exit(9)


def returns_a_number(job: Job) -> Any:
    return 7


def returns_an_object(job: Job) -> Any:
    return {"shots": [{"frame": object()}]}


def reports_a_bad_key(job: Job) -> None:
    job.done("good", {})
    job.done("k" * 300, {})


def reports_a_huge_result(job: Job) -> Any:
    try:
        job.done("huge", {"text": "x" * 2_000_000})
    except Exception as error:
        return {"refused": str(error)[:200]}


def prints_megabytes(job: Job) -> Any:
    for _ in range(40):
        print("x" * 100_000)
    job.log("y" * 1_000_000 + "\n" + "\n".join("line" for _ in range(10_000)))
    return {"printed": 4}


def forks(job: Job) -> Any:
    if os.fork() == 0:
        time.sleep(0.05)
        return {"of": "the copy"}
    return {"of": "the process"}


def pools(job: Job) -> Any:
    job.plan([f"p{number}" for number in range(8)])
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=job.done, args=(f"p{number}", {"by": number}))
        for number in range(8)
    ]
    threads = [
        threading.Thread(target=job.done, args=(f"t{number}", {"by": number}))
        for number in range(8)
    ]
    both: List[Any] = [*processes, *threads]
    for one in both:
        one.start()
    for one in both:
        one.join()
    return {"exits": [process.exitcode for process in processes]}


def leaves_a_process_behind(job: Job) -> Any:
    process = subprocess.Popen(["sleep", "600"])
    mark("left", str(process.pid))
    return {}


def sleeps(job: Job) -> None:
    mark("sleeping", str(os.getpid()))
    try:
        subprocess.run(["sleep", "600"])
    except JobCancelled:
        mark("cancelled")
        raise
    except JobInterrupted as why:
        mark("interrupted", type(why).__name__)
        raise


def never_ends(job: Job) -> None:
    mark("stubborn", str(os.getpid()))
    while True:
        try:
            time.sleep(600)
        except BaseException:
            mark("ignored")


def finishes_anyway(job: Job) -> Any:
    mark("sleeping")
    try:
        time.sleep(600)
    except JobInterrupted:
        return {"done": True}


def waits(job: Job) -> Any:
    mark("waiting", job.id)
    wait_for("go-on")
    return {"pid": os.getpid()}


FUNCTIONS = {
    name: function for name, function in list(globals().items())
    if callable(function) and getattr(function, "__module__", "") == __name__
}

doing = worker(KIND, concurrency=int(os.environ.get("TEST_CONCURRENCY", "1")))(
    FUNCTIONS[os.environ["TEST_FUNCTION"]]
)
no_worker = film
