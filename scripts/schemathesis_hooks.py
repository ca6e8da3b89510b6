"""Leaves out bodies that are refused for a reason which JSON Schema has no words for; the test suite sends those.

Refused are U+0000 and integers beyond 64 bits at any depth of a free-form object, more shots done than there are, a
priority for an action that sets none or none for one that does, an action on all jobs that is not confirmed, and a
report or a setting that names neither of two fields. A key ends in the future, a replay begins at one place, a
completed job has no error, and the script of an older call has 50 characters.

Texts that have a grammar of their own are replaced by good ones, but only where they keep to their schema: time zones,
cron expressions and times of schedules, URLs and kinds of webhooks, paths of films, durations.

Calls that may be held until there is news are held for a second at most: nothing happens here while they wait.
"""
import datetime
import re
import zoneinfo

import schemathesis

ONE_OF_TWO = [
    ("/progress", ("progress", "current_stage")),
    ("/shots", ("total_shots", "completed_shots")),
    ("/queues/{job_type}", ("paused", "max_running")),
]
ZONES = zoneinfo.available_timezones()


def has_nul(value):
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(has_nul(k) or has_nul(v) for k, v in value.items())
    return isinstance(value, list) and any(map(has_nul, value))


def has_long_integer(value):
    if isinstance(value, int) and not isinstance(value, bool):
        return not -(2**63) <= value < 2**64
    if isinstance(value, dict):
        return any(map(has_long_integer, value.values()))
    return isinstance(value, list) and any(map(has_long_integer, value))


def names_neither(case):
    body = case.body
    if not isinstance(body, dict):
        return False
    items = body.get("items")
    if case.path.endswith(("/items", "/heartbeat")) and isinstance(items, list):
        if any(isinstance(item, dict) and not {"key", "idx"} & item.keys() for item in items):
            return True
    for end, fields in ONE_OF_TWO:
        if case.method.upper() == "PUT" and case.path.endswith(end) and not set(fields) & body.keys():
            return True
    return False


def has_too_many_shots(body):
    if not isinstance(body, dict):
        return False
    total, completed = body.get("total_shots"), body.get("completed_shots")
    return all(isinstance(n, (int, float)) for n in (total, completed)) and completed > total


def is_refused_action(body):
    if not isinstance(body, dict) or "action" not in body:
        return False
    has_priority = body.get("priority") is not None
    given = body.get("filter") if isinstance(body.get("filter"), dict) else {}
    everything = not any(value not in (None, [], {}) for value in given.values())
    unconfirmed = everything and not body.get("dry_run") and not body.get("confirm")
    return has_priority != (body["action"] == "set_priority") or unconfirmed


def has_ended(body):
    end = body.get("expires_at") if isinstance(body, dict) else None
    return isinstance(end, str) and end[:4] <= str(datetime.date.today().year)


def is_refused_alone(case):
    """Bodies of single calls."""
    body = case.body
    if not isinstance(body, dict):
        return False
    if case.path.endswith("/replay"):
        return (body.get("position") is None) == (body.get("since") is None)
    if case.path.endswith("/videos/generate"):
        content = body.get("content")
        return body.get("mode") == "script" and isinstance(content, str) and len(content) < 50
    is_patch = case.method.upper() == "PATCH" and case.path.endswith("/jobs/{job_id}")
    return is_patch and body.get("status") == "completed" and body.get("error") is not None


def is_taken(case):
    refused = has_nul(case.body) or has_long_integer(case.body) or has_too_many_shots(case.body) or has_ended(case.body)
    return not (refused or is_refused_action(case.body) or names_neither(case) or is_refused_alone(case))


@schemathesis.hook
def filter_case(context, case):
    return is_taken(case)


@schemathesis.hook
def before_add_examples(context, examples):
    examples[:] = [case for case in examples if is_taken(case)]


def seconds(value):
    """A body has numbers, 30.0 among them, and a query has texts."""
    try:
        return 0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def shorten(parameters, name):
    if isinstance(parameters, dict) and 1 < seconds(parameters.get(name)) <= 60:
        parameters[name] = 1


def name_zone(parameters):
    given = parameters.get("source_tz") if isinstance(parameters, dict) else None
    if isinstance(given, str) and re.fullmatch("[A-Za-z0-9_+/-]{1,64}", given) and given not in ZONES:
        parameters["source_tz"] = "Europe/Berlin"


def is_text(value, most):
    return isinstance(value, str) and 1 <= len(value) <= most


def is_time(value):
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value)


def schedule(body, is_patch):
    # The stored schedule has another kind perhaps.
    if is_patch and {"kind", "expr"} & body.keys():
        body.setdefault("kind", "cron")
        body.setdefault("expr", "of the kind")
    kind = body.get("kind")
    if isinstance(kind, str) and kind in EXPRESSIONS and is_text(body.get("expr"), 255):
        body["expr"] = EXPRESSIONS[kind]
    # It has to be less than the time between two runs, which is at least a minute in these expressions.
    if isinstance(body.get("jitter_seconds"), int) and 59 < body["jitter_seconds"] <= 31_622_400:
        body["jitter_seconds"] = 59
    if isinstance(body.get("timezone"), str) and len(body["timezone"]) <= 64 and body["timezone"] not in ZONES:
        body["timezone"] = "Europe/Berlin"
    for name in ("starts_at", "ends_at"):
        if is_time(body.get(name)):
            del body[name]
    template = body.get("template")
    if isinstance(template, dict):
        good = {
            "job_id": lambda value: isinstance(value, str) and re.fullmatch("[A-Za-z0-9._:-]{1,64}", value),
            "run_at": is_time,
            "run": lambda value: value in ("workers", "creator"),
        }
        for name in [name for name in good if name in template]:
            if template[name] is None and name != "run" or good[name](template[name]):
                del template[name]


def webhook(body, is_patch):
    if is_text(body.get("url"), 2048):
        body["url"] = "https://hooks.studio.example/callsheet"
    kinds = body.get("kinds")
    if isinstance(kinds, list) and 1 <= len(kinds) <= 20 and all(isinstance(kind, str) for kind in kinds):
        body["kinds"] = ["job.completed"]


def job(body, is_patch):
    jobs = body.get("jobs") if isinstance(body.get("jobs"), list) else [body, body.get("template")]
    for new in jobs:
        if isinstance(new, dict) and isinstance(new.get("webhook"), dict):
            webhook(new["webhook"], is_patch)


def queue(body, is_patch):
    if isinstance(body.get("then"), str) and len(body["then"]) <= 20:
        body["then"] = "delete"
    keep = body.get("keep") if isinstance(body.get("keep"), dict) else {}
    for name in ("completed", "failed", "cancelled"):
        if isinstance(keep.get(name), str) and len(keep[name]) <= 20:
            keep[name] = "30d"


def link(body, is_patch):
    if is_text(body.get("path"), 2000):
        body["path"] = "/media/film.mp4"


EXPRESSIONS = {"cron": "30 2 * * *", "every": "1h", "once": "2199-01-01T00:00:00Z"}
GRAMMARS = [
    ("/schedules", schedule), ("/schedules", job), ("/jobs", job), ("/webhooks", webhook),
    ("/queues/{job_type}", queue), ("/media-links", link),
]


@schemathesis.hook
def before_call(context, case, kwargs):
    name_zone(case.query)
    for part, mend in GRAMMARS:
        if part in case.path and isinstance(case.body, dict):
            mend(case.body, case.method.upper() == "PATCH")
    shorten(case.body, "wait_seconds")
    shorten(case.query, "wait")
