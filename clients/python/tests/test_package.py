"""The wheel, installed elsewhere."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import zipfile
from typing import Any

from serving import Server, environment

HERE = pathlib.Path(__file__).resolve().parent.parent

FILMS = """
from callsheet import worker

@worker({kind!r})
def make(job):
    for key in job.plan(["a", "b"]):
        job.done(key, {{"video_path": f"/media/{{key}}.mp4"}})
    return {{"seconds": 6}}
"""

USE = """
import sys
import callsheet
from callsheet import Client, JobManager, job_manager, webhooks, worker

assert sys.prefix in callsheet.__file__, callsheet.__file__
job = Client().create_job(job_type={kind!r})
assert list(Client().follow(job["job_id"]))[-1].data["kind"] == "completed"
assert job_manager.get_job(job["job_id"])["result"] == {{"seconds": 6}}
import callsheet.worker
assert callsheet.worker is worker and callable(worker("film"))
print(callsheet.__version__)
"""


def run(*command: Any, **options: Any) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=600, **options
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return str(done.stdout)


def test_the_wheel_is_installed_elsewhere_and_used(
    server: Server, kind: str, tmp_path: pathlib.Path
) -> None:
    options = ["--quiet", "--no-deps", "--disable-pip-version-check"]
    run(sys.executable, "-m", "pip", "wheel", *options, "--no-build-isolation",
        "--wheel-dir", tmp_path, HERE)
    (wheel,) = tmp_path.glob("callsheet-*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "callsheet/py.typed" in names and not [name for name in names if "test" in name]
    folder = tmp_path / "elsewhere"
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, "--no-index", wheel)
    (folder / "films.py").write_text(FILMS.format(kind=kind))
    settings = environment(CALLSHEET_SERVER=server.url)
    settings.pop("PYTHONPATH", None)
    worker = subprocess.Popen(
        [python, "-m", "callsheet.worker", "films:make"], cwd=folder, env=settings,
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        printed = run(python, "-c", USE.format(kind=kind), cwd=folder, env=settings)
        assert printed == "0.1.0\n"
    finally:
        worker.terminate()
        assert worker.wait(180) == 0
