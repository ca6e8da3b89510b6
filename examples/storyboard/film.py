"""ffmpeg: a clip for a shot, a film of the clips, a picture of the film.

A file gets its name only when it is whole and on disk, so a file with a name is a whole file.
"""

import hashlib
import os
import pathlib
import subprocess
import tempfile
import textwrap

WIDTH, HEIGHT, RATE, SECONDS = 960, 540, 24, 3
FONTS = [pathlib.Path("/usr/share/fonts") / name for name in (
    "truetype/dejavu/DejaVuSans.ttf", "dejavu-sans-fonts/DejaVuSans.ttf", "TTF/DejaVuSans.ttf")]
# Sky above, sky below, sun, far hill, near hill.
PALETTES = (
    ("0x1b2a4a", "0xf2a65a", "0xffe3a3", "0x41436a", "0x22223b"),
    ("0x0f4c5c", "0xe9d8a6", "0xfff3b0", "0x2c7a7b", "0x0b3c49"),
    ("0x3d1e6d", "0xff7b9c", "0xffd6a5", "0x6a2c70", "0x2a0f3d"),
    ("0x274c77", "0xa3cef1", "0xffffff", "0x3d7068", "0x14342b"),
)


class Failure(Exception):
    """ffmpeg did not do it; says why in its own words."""


def render(shot, clip, style):
    """A landscape that moves as the camera does, with the shot's text."""
    above, below, sun, far, near = PALETTES[hashlib.sha256(f"{style}{shot.scene}".encode()).digest()[0] % len(PALETTES)]
    # From 0 to 1 over the shot; the camera's way along and into the picture.
    part = f"(t/{SECONDS})"
    along = {"pan left": part, "pan right": f"(1-{part})"}.get(shot.camera, "0.5")
    closer = {"push in": part, "pull out": f"(1-{part})"}.get(shot.camera, "0.5")
    sources = [
        f"gradients=s={WIDTH}x{HEIGHT}:r={RATE}:d={1 / RATE}:c0={above}:c1={below}:x0=0:y0=0:x1=0:y1={HEIGHT - 1},format=yuv420p,loop=-1:1",
        disc(sun, 140), disc(far, 1100), disc(near, 1500),
    ]
    with tempfile.TemporaryDirectory() as folder:
        # Named without its folder, whose name would have to be escaped twice in the graph.
        text = "text"
        (pathlib.Path(folder) / text).write_text(textwrap.fill(shot.text[:400], 24 if shot.is_card else 48), encoding="utf-8")
        graph = ";".join([
            f"[0][1]overlay=x='620-80*{along}':y='90+60*{closer}'[sky]",
            f"[sky][2]overlay=x='-150-160*{along}':y='300-40*{closer}'[hill]",
            f"[hill][3]overlay=x='80-420*{along}':y='400-90*{closer}'[land]",
            f"[land]drawtext=fontfile={font()}:textfile={text}:expansion=none:fontcolor=white"
            f":fontsize={56 if shot.is_card else 30}:line_spacing=10:shadowcolor=black@0.6:shadowx=2:shadowy=2"
            f":x=(w-text_w)/2:y={'(h-text_h)/2' if shot.is_card else 'h-text_h-40'}:alpha='min(1,t/0.5)',format=yuv420p",
        ])
        inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
        encoder = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-t", str(SECONDS), "-r", str(RATE)]
        ffmpeg([*inputs, "-filter_complex", graph, *encoder], clip, folder)


def disc(color, size):
    """A disc on nothing: drawn once and small, because a formula for each pixel is slow, then enlarged and repeated."""
    small = size // 4
    middle = small / 2
    return (f"color={color}:s={small}x{small}:r={RATE}:d={1 / RATE},format=rgba,"
            f"geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*clip({middle}-hypot(X-{middle},Y-{middle}),0,1)',"
            f"scale={size}:{size},format=yuva420p,loop=-1:1")


def join(plan, clips, video, title):
    """One film, not encoded again, with a chapter for each shot."""
    quoted = ["file '" + str(clip).replace("'", r"'\''") + "'" for clip in clips]
    chapters = [";FFMETADATA1", f"title={escape(title)}"]
    for number, shot in enumerate(plan):
        begin, end = number * SECONDS * 1000, (number + 1) * SECONDS * 1000
        chapters += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={begin}", f"END={end}", f"title={escape(shot.text[:80])}"]
    with tempfile.TemporaryDirectory() as folder:
        parts, names = pathlib.Path(folder) / "parts", pathlib.Path(folder) / "names"
        parts.write_text("\n".join(quoted), encoding="utf-8")
        names.write_text("\n".join(chapters), encoding="utf-8")
        inputs = ["-f", "concat", "-safe", "0", "-i", str(parts), "-f", "ffmetadata", "-i", str(names)]
        ffmpeg([*inputs, "-map", "0:v", "-map_metadata", "1", "-map_chapters", "1", "-c", "copy"], video)


def picture(clip, thumbnail, at=SECONDS / 2):
    """The frame at a time of a clip, in seconds."""
    ffmpeg(["-ss", str(at), "-i", str(clip), "-frames:v", "1", "-update", "1", "-q:v", "3"], thumbnail)


def escape(text):
    """As the metadata file wants it: its own signs behind a backslash, one line.

    A backslash before the line's end continues the line for ffmpeg, even behind another backslash. A NUL ends the line too.
    """
    line = "".join(f"\\{c}" if c in "=;#\\" else " " if c < " " or c == "\x7f" else c for c in text)
    return line + "\0" if line.endswith("\\") else line


def font():
    for path in FONTS:
        if path.exists():
            return path
    raise Failure("there is no DejaVu font: install fonts-dejavu-core")


def ffmpeg(arguments, target, folder=None):
    part = target.with_name(f"{target.stem}.part{target.suffix}")
    streaming = ["-movflags", "+faststart"] if target.suffix == ".mp4" else []
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *arguments, *streaming, str(part)]
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise Failure("there is no ffmpeg: install it") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise Failure(f"ffmpeg could not make {target.name}: {said[-1000:] or f'it ended with {done.returncode}'}")
    keep(part, target)


def keep(part, target):
    """On disk first, then under its name, and the name on disk too."""
    sync(part)
    os.replace(part, target)
    sync(target.parent)


def sync(path):
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
