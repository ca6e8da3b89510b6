"""The storyboard as a worker of the Python package; storyboard.py is the same as a program.

    PYTHONPATH=examples/storyboard python -m callsheet.worker films:make

It writes to the folder `media`, or to that of STORYBOARD_MEDIA, which `callsheet serve --media-dir` has to serve.
"""

import os
import pathlib

import film
import shots
import storyboard

from callsheet import AttemptFailed, Job, worker

MEDIA = pathlib.Path(os.environ.get("STORYBOARD_MEDIA", "media"))


@worker("idea2video", "script2video")
def make(job: Job):
    folder = (MEDIA / job.id).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        plan = shots.plan(job.data, job.items)
        clips = [folder / shot.file for shot in plan]
        render_missing(job, plan, clips)
        job.stage("Joining the shots")
        return storyboard.join(plan, clips, folder, job.project_title)
    except OSError as failure:
        # A full disk, or a share that is away: it may be better the next time.
        raise AttemptFailed(f"{failure.strerror}: {failure.filename}", retryable=True) from failure


def render_missing(job, plan, clips):
    done = {item["key"]: item for item in job.items}
    job.plan(shot.key for shot in plan)
    for number, (shot, clip) in enumerate(zip(plan, clips), 1):
        if storyboard.is_whole(done.get(shot.key, {}), clip):
            continue
        job.stage(f"Rendering shot {number} of {len(plan)}")
        job.start(shot.key)
        try:
            job.done(shot.key, storyboard.render(shot, clip, job.style))
        except film.Failure as failure:
            job.failed(shot.key, failure)
            raise
