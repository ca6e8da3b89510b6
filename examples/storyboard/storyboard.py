#!/usr/bin/env python3
"""Makes a video of an idea or a script: a shot a sentence, a clip a shot, then one film.

It is run by `callsheet work`, once for each attempt of a job:

    callsheet work --type idea2video,script2video -- examples/storyboard/storyboard.py --media media

It reads the job from standard input, reports each shot as soon as its clip is safely on disk, and gives the film as
the result. Killed at any moment, it renders only the missing shots when it is run again: which ones are done is in the
job that it is given, and it looks at their files before it believes it.

It needs Python 3.9, ffmpeg, and the DejaVu fonts (Debian: ffmpeg, fonts-dejavu-core), and nothing else.
"""

import argparse
import hashlib
import json
import pathlib
import sys

import film
import shots

TRY_AGAIN = 75
# Seconds after which the text of a shot has appeared.
FRAME_AT = 0.6


def say(**report):
    """One report to the worker: a JSON object a line."""
    print(json.dumps(report), flush=True)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_whole(item, clip):
    """Whether the shot was reported done, and its clip is still the file that was reported."""
    try:
        return item.get("status") == "completed" and item["result"]["sha256"] == digest(clip)
    except (OSError, KeyError, TypeError):
        return False


def render(shot, clip, style):
    """Renders a shot and its first frame with a text; returns the result of its item."""
    film.render(shot, clip, style)
    film.picture(clip, clip.with_suffix(".jpg"), FRAME_AT)
    return {
        "video_path": f"/media/{clip.parent.name}/{clip.name}",
        "first_frame_path": f"/media/{clip.parent.name}/{clip.with_suffix('.jpg').name}",
        "description": shot.text,
        "seconds": film.SECONDS,
        "sha256": digest(clip),
    }


def render_missing(plan, done, folder, style):
    """Renders what is not there yet; answers with the clips of all shots, in order."""
    clips = [folder / shot.file for shot in plan]
    for number, (shot, clip) in enumerate(zip(plan, clips), 1):
        if is_whole(done.get(shot.key, {}), clip):
            print(f"{shot.key} is done already")
            continue
        say(stage=f"Rendering shot {number} of {len(plan)}", item={"key": shot.key, "status": "processing"})
        try:
            result = render(shot, clip, style)
        except film.Failure as failure:
            say(item={"key": shot.key, "status": "failed", "error": str(failure)})
            raise
        say(item={"key": shot.key, "status": "completed", "result": result})
    return clips


def make(job, items, media):
    folder = (media / job["job_id"]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    say(stage="Reading the story")
    plan = shots.plan(job, items)
    say(total_shots=len(plan))
    done = {item["key"]: item for item in items}
    clips = render_missing(plan, done, folder, job.get("style") or "")
    say(stage="Joining the shots")
    say(result=join(plan, clips, folder, job.get("project_title") or ""))


def join(plan, clips, folder, title):
    """Joins the clips to the film; returns the result of the job."""
    video, thumbnail = folder / "film.mp4", folder / "thumbnail.jpg"
    film.join(plan, clips, video, title)
    film.picture(clips[min(1, len(clips) - 1)], thumbnail)
    return {
        "video_path": f"/media/{folder.name}/{video.name}",
        "thumbnail_path": f"/media/{folder.name}/{thumbnail.name}",
        "shots": len(plan),
        "seconds": film.SECONDS * len(plan),
    }


def main():
    arguments = argparse.ArgumentParser(description="Makes the video of a Callsheet job, which it reads from standard input.")
    arguments.add_argument("--media", type=pathlib.Path, default="media", help="the folder that `callsheet serve --media-dir` serves")
    options = arguments.parse_args()
    given = json.load(sys.stdin)
    try:
        make(given["job"], given["items"], options.media)
    except film.Failure as failure:
        sys.exit(str(failure))
    except OSError as failure:
        # A full disk, or a share that is away: it may be better the next time.
        print(f"{failure.strerror}: {failure.filename}", file=sys.stderr)
        sys.exit(TRY_AGAIN)


if __name__ == "__main__":
    main()
