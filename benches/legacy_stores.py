"""Older stores of any size, the same for the same seed."""
import json
import random
import uuid

WORDS = "owl river lamp mountain keeper harbour platform rain signal fox conductor morning".split()
REQUIREMENT = "For adults, do not exceed 3 scenes. Each scene should be no more than 5 shots."


def _time(chance):
    return "2025-%02d-%02dT%02d:%02d:%02d.%06d" % (
        chance.randint(1, 12), chance.randint(1, 28), chance.randint(0, 23), chance.randint(0, 59), chance.randint(0, 59), chance.randint(0, 999999))


def _shot(chance, i):
    done = chance.random() < 0.8
    return {
        "shot_idx": i, "status": "completed" if done else "generating_video", "first_frame_path": "/media/shots/%d/first_frame.png" % i,
        "last_frame_path": None, "video_path": "/media/shots/%d/video.mp4" % i if done else None, "description": None,
        "visual_desc": " ".join(chance.choices(WORDS, k=12)), "motion_desc": "dolly in", "audio_desc": None, "camera_idx": i,
        "variation_type": "small", "error": None, "scene_idx": None,
    }


def vedo_job(chance, n):
    kind = chance.choice(["idea", "script"])
    status = chance.choices(["completed", "failed", "queued", "processing"], [6, 2, 1, 1])[0]
    created = _time(chance)
    title = "Night train %d" % n
    job = {
        "job_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)), "type": kind + "2video", "status": status,
        "created_at": created, "updated_at": created[:-6] + "999999",
        "request": {
            kind: "A fox learns to ride the night train home and meets " + " ".join(chance.choices(WORDS, k=20)),
            "user_requirement": REQUIREMENT, "style": "Cartoon style", "project_title": title,
        },
        "working_dir": ".working_dir/%s2video" % kind,
        "shots": [_shot(chance, i) for i in range(2)] if n % 5 == 0 and status != "queued" else [],
    }
    if status != "queued":
        job["current_stage"] = "Developing story"
    if status == "completed":
        path = "/media/%s2video/final_video.mp4" % kind
        job["result"] = {"message": "Video generated successfully", "project_title": title, "final_video_path": path, "total_shots": len(job["shots"])}
    if status == "failed":
        job["error"] = "Error code: 401 - {'error': {'message_zh': '无效的令牌'}}"
    return job


def vedo_jobs(path, jobs, seed):
    """One object by id, as `json.dump` of the dict writes it."""
    chance = random.Random(seed)
    with open(path, "w") as out:
        out.write("{")
        for n in range(jobs):
            job = vedo_job(chance, n)
            out.write("%s%s: %s" % (", " if n else "", json.dumps(job["job_id"]), json.dumps(job)))
        out.write("}")


def web2img(folder, files, seed):
    """A file a job."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    for n in range(files):
        job_id = "batch-%08x" % (n * 40503 % 2**32)
        began = 1751670258 + n + chance.random()
        items = {}
        for i in range(1, chance.randint(2, 4)):
            page = "page-%d" % i
            items[page] = {"id": page, "status": "success", "url": "https://cdn.example.net/shots/%s/%d.webp" % (job_id, i), "cached": False}
        config = {
            "parallel": 3, "timeout": 30, "webhook": None, "webhook_auth": "Bearer EXAMPLE-SECRET-%d" % n, "fail_fast": False,
            "cache": True, "priority": "normal", "scheduled_time": None, "recurrence": "none", "recurrence_interval": 1,
            "recurrence_count": 0, "recurrence_cron": None, "rate_limit": 5, "user_id": "EXAMPLE-SECRET-%d" % n,
        }
        job = {
            "job_id": job_id, "items": items, "config": config, "status": "completed", "created_at": began,
            "updated_at": began + 6, "completed_at": began + 6.0001, "total_processing_time": 5.7, "start_time": began + 0.2,
            "priority": "normal", "scheduled_time": None, "recurrence_pattern": "none", "recurrence_interval": 1,
            "recurrence_count": 0, "recurrence_cron": None, "next_scheduled_time": None, "parent_job_id": None,
        }
        (folder / ("%s.json" % job_id)).write_text(json.dumps(job))
