"""What to film: the shots of a job.

A job that was made with items of its own is filmed as it says. An idea is told in a few beats, a script line by line.
The same job always gives the same shots, so that a second attempt knows the first one's again.
"""

import dataclasses
import re
import typing

MOST_SHOTS = 40
CAMERAS = ("push in", "pan left", "pan right", "pull out")


@dataclasses.dataclass(frozen=True)
class Shot:
    key: str
    text: str
    camera: str
    scene: int
    is_card: bool = False
    # Of the clip, without its ending. A key may hold anything, a file's name should not.
    name: str = ""

    @property
    def file(self):
        return (self.name or self.key) + ".mp4"


def plan(job, items) -> typing.List[Shot]:
    wanted = [item for item in items if isinstance(item.get("input"), dict)]
    if wanted:
        return [of_item(number, item) for number, item in enumerate(wanted)]
    text = (job.get("content") or job.get("project_title") or "An empty page").strip()
    scenes = script(text) if job.get("mode") == "script" or job["job_type"].startswith("script") else idea(text)
    limits = job.get("user_requirement") or ""
    scenes = [scene[:limit(r"(\d+) shots", limits)] for scene in scenes[:limit(r"(\d+) scenes", limits)]]
    texts = [(number, line) for number, scene in enumerate(scenes) for line in scene][:MOST_SHOTS]
    cards = [(0, job.get("project_title") or "Untitled", True), *((n, line, False) for n, line in texts), (len(scenes), "The end", True)]
    return [
        Shot(f"shot-{number + 1:02}", line, CAMERAS[number % len(CAMERAS)], scene, is_card)
        for number, (scene, line, is_card) in enumerate(cards)
    ]


def of_item(number, item):
    wish = item["input"]
    text = wish.get("visual_desc") or wish.get("description") or item["key"]
    camera = next((camera for camera in CAMERAS if camera in str(wish.get("motion_desc", ""))), CAMERAS[number % len(CAMERAS)])
    scene = wish.get("scene_idx") if isinstance(wish.get("scene_idx"), int) else 0
    return Shot(item["key"], str(text), camera, scene, name=f"item-{number + 1:02}")


def limit(pattern, text):
    found = re.search(pattern, text)
    return max(1, int(found.group(1))) if found else MOST_SHOTS


def sentences(text):
    """The point of INT. and EXT. ends no sentence."""
    return [part.strip() for part in re.split(r"(?<=[.!?…])(?<!\bINT\.)(?<!\bEXT\.)\s+|\n+", text) if part.strip()]


def idea(text):
    """One scene: the idea whole, then its parts."""
    parts = [part.strip(" .") for part in re.split(r"[,;:.!?]\s+|\s+(?:and|but|then|until|who|while)\s+", text) if part.strip(" .")]
    beats = [text] + (parts if len(parts) > 1 else ["How it begins", "What nobody saw coming", "How it ends"])
    return [beats]


def script(text):
    """Scenes begin with a heading (INT. KITCHEN, Scene 2) or behind an empty line; each sentence is a shot."""
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:INT|EXT|SCENE|Scene)\b)", text)
    scenes = [sentences(block) for block in blocks]
    return [scene for scene in scenes if scene]
