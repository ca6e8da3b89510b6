"""The storyboard of the examples, as a worker and as the README shows it."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import urllib.request
from typing import Iterator

import pytest
from serving import ROOT, Database, Server, environment

from callsheet import Client

PACKAGE = ROOT / "clients/python"
STORYBOARD = ROOT / "examples/storyboard"

# ffmpeg takes seconds for a shot, and does not know which database it is.
pytestmark = pytest.mark.parametrize("own_database", ["sqlite"], indirect=True)


@pytest.fixture()
def studio(own_database: Database, tmp_path: pathlib.Path) -> Iterator[Server]:
    (tmp_path / "media").mkdir()
    server = own_database.serve("--media-dir", str(tmp_path / "media"))
    yield server
    server.stop()


def film_of(studio: Server, folder: pathlib.Path, module: str) -> Client:
    """Orders a film of two shots from a worker that runs in the folder."""
    paths = [str(PACKAGE / "src"), str(STORYBOARD), *os.environ.get("PYTHONPATH", "").split(":")]
    settings = environment(CALLSHEET_SERVER=studio.url, PYTHONPATH=":".join(filter(None, paths)))
    worker = subprocess.Popen(
        [sys.executable, "-m", "callsheet.worker", f"{module}:make"], cwd=folder,
        env=settings, stdin=subprocess.DEVNULL,
    )
    client = Client(studio.url)
    try:
        client.create_job(
            job_id="film", job_type="idea2video", project_title="Night train",
            items=[
                {"key": "shot/1", "input": {"visual_desc": "A platform"}},
                {"key": "2", "input": {}},
            ],
        )
        last = list(client.follow("film"))[-1]
        assert last.data["kind"] == "completed", last
    finally:
        worker.terminate()
        assert worker.wait(180) == 0
    return client


def served(studio: Server, path: str) -> bytes:
    with urllib.request.urlopen(studio.url + path) as answer:
        body: bytes = answer.read()
    return body


def test_the_example_makes_a_film_with_frames(studio: Server, tmp_path: pathlib.Path) -> None:
    client = film_of(studio, tmp_path, "films")
    job = client.get_job("film")
    assert job and job["result"] and job["result"]["shots"] == 2
    assert b"ftyp" in served(studio, job["result"]["video_path"])[:64]
    assert len(job["shots"]) == 2
    for shot in job["shots"]:
        assert served(studio, str(shot["first_frame_path"])).startswith(b"\xff\xd8")
    listed = client.list_jobs(view="preview")["jobs"][0]
    assert listed["newest_frame_path"]


def test_the_worker_of_the_readme_makes_a_film(studio: Server, tmp_path: pathlib.Path) -> None:
    text = (PACKAGE / "README.md").read_text()
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    (tmp_path / "mine.py").write_text(code)
    client = film_of(studio, tmp_path, "mine")
    job = client.get_job("film")
    assert job and job["result"] and job["completed_shots"] == 2
    assert b"ftyp" in served(studio, job["result"]["video_path"])[:64]
