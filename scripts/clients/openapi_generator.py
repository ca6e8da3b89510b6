"""The round trip by the classes of openapi-generator's python."""

import json
import sys

import callsheet_client as api
from callsheet_client.exceptions import ApiException
from steps import round_trip

CLIENT = api.ApiClient(api.Configuration(host=sys.argv[1]))


def call(group, name, *given, **named):
    function = getattr(getattr(api, f"{group}Api")(CLIENT), f"{name}_with_http_info")
    try:
        answer = function(*given, **named)
    except ApiException as error:
        headers = {k.lower(): v for k, v in error.headers.items()}
        return error.status, json.loads(error.body) if error.body else None, headers
    headers = {k.lower(): v for k, v in answer.headers.items()}
    data = answer.data
    if hasattr(data, "to_json"):
        # Fields that are null are left out of the models' own JSON.
        data = json.loads(answer.raw_data)
    return answer.status_code, data, headers


class Adapter:
    def create_job(self, body, key=None):
        new = api.NewJob.from_dict(body)
        return call("Jobs", "create_job", new, idempotency_key=key)

    def create_jobs(self, body):
        return call("Jobs", "create_jobs", api.NewJobs.from_dict(body))

    def get_job(self, job, seen=None):
        return call("Jobs", "get_job", job, if_none_match=seen)

    def claim_jobs(self, body):
        return call("Workers", "claim_jobs", api.ClaimJobs.from_dict(body))

    def heartbeat(self, job, body):
        return call("Workers", "heartbeat", job, api.SendHeartbeat.from_dict(body))

    def report_items(self, job, body):
        return call("Items", "report_items", job, api.ReportItems.from_dict(body))

    def list_items(self, job):
        return call("Items", "list_items", job)

    def mark_completed(self, job, body):
        done = api.CompleteJob.from_dict(body)
        return call("Lifecycle", "mark_completed", job, complete_job=done)

    def update_job(self, job, body, match=None):
        # from_dict would set, and send, every field that the patch leaves out.
        return call("Jobs", "update_job", job, api.JobPatch(**body), if_match=match)

    def list_jobs(self, cursor=None):
        return call("Jobs", "list_jobs", cursor=cursor, limit=5)

    def count_jobs(self):
        return call("Jobs", "count_jobs")

    def get_stats(self):
        return call("Stats", "get_stats")

    def list_events(self, job):
        return call("Events", "list_events", job)

    def stream_job_events(self, job):
        return call("Events", "stream_job_events", job)

    def start_import(self, dump):
        return call("Imports", "start_import", dump)

    def get_import(self, run):
        return call("Imports", "get_import", run)

    def start_action(self, body):
        return call("Actions", "start_action", api.NewAction.from_dict(body))

    def create_series(self, body):
        return call("Series", "create_series", api.NewSeries.from_dict(body))

    def delete_series(self, series):
        return call("Series", "delete_series", series)


round_trip(Adapter())
