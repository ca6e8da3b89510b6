"""Leaves out bodies that are refused for a reason which JSON Schema has no words for; the test suite sends those.

Refused are U+0000 at any depth of a free-form object, more shots done than there are, a priority for an action that
sets none or none for one that does, and an action on all jobs that is not confirmed.

Calls that may be held until there is news are held for a second at most: nothing happens here while they wait.
"""
import schemathesis


def has_nul(value):
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(has_nul(k) or has_nul(v) for k, v in value.items())
    return isinstance(value, list) and any(map(has_nul, value))


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


def is_taken(case):
    return not has_nul(case.body) and not has_too_many_shots(case.body) and not is_refused_action(case.body)


@schemathesis.hook
def filter_case(context, case):
    return is_taken(case)


@schemathesis.hook
def before_add_examples(context, examples):
    examples[:] = [case for case in examples if is_taken(case)]


def shorten(parameters, name):
    if isinstance(parameters, dict) and str(parameters.get(name)) in map(str, range(2, 61)):
        parameters[name] = 1


@schemathesis.hook
def before_call(context, case, kwargs):
    shorten(case.body, "wait_seconds")
    shorten(case.query, "wait")
