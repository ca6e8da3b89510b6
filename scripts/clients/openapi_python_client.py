"""The round trip by the functions of openapi-python-client."""

import io
import json
import sys
from importlib import import_module

from callsheet_client import Client, models
from callsheet_client.types import File
from steps import round_trip

CLIENT = Client(base_url=sys.argv[1])


def call(module, *given, **named):
    named = {name: value for name, value in named.items() if value is not None}
    function = import_module(f"callsheet_client.api.{module}").sync_detailed
    answer = function(*given, client=CLIENT, **named)
    status, headers = int(answer.status_code), {k.lower(): v for k, v in answer.headers.items()}
    if hasattr(answer.parsed, "to_dict"):
        return status, answer.parsed.to_dict(), headers
    text = answer.content.decode()
    is_json = "json" in headers.get("content-type", "")
    return status, json.loads(text) if is_json else text, headers


class Adapter:
    def create_job(self, body, key=None):
        new = models.NewJob.from_dict(body)
        return call("jobs.create_job", body=new, idempotency_key=key)

    def create_jobs(self, body):
        return call("jobs.create_jobs", body=models.NewJobs.from_dict(body))

    def get_job(self, job, seen=None):
        return call("jobs.get_job", job, if_none_match=seen)

    def claim_jobs(self, body):
        return call("workers.claim_jobs", body=models.ClaimJobs.from_dict(body))

    def heartbeat(self, job, body):
        return call("workers.heartbeat", job, body=models.SendHeartbeat.from_dict(body))

    def report_items(self, job, body):
        return call("items.report_items", job, body=models.ReportItems.from_dict(body))

    def list_items(self, job):
        return call("items.list_items", job)

    def mark_completed(self, job, body):
        done = models.CompleteJob.from_dict(body)
        return call("lifecycle.mark_completed", job, body=done)

    def update_job(self, job, body, match=None):
        patch = models.JobPatch.from_dict(body)
        return call("jobs.update_job", job, body=patch, if_match=match)

    def list_jobs(self, cursor=None):
        return call("jobs.list_jobs", cursor=cursor, limit=5)

    def count_jobs(self):
        return call("jobs.count_jobs")

    def get_stats(self):
        return call("stats.get_stats")

    def list_events(self, job):
        return call("events.list_events", job)

    def stream_job_events(self, job):
        return call("events.stream_job_events", job)

    def start_import(self, dump):
        return call("imports.start_import", body=File(payload=io.BytesIO(dump)))

    def get_import(self, run):
        return call("imports.get_import", run)

    def start_action(self, body):
        return call("actions.start_action", body=models.NewAction.from_dict(body))

    def create_series(self, body):
        return call("series.create_series", body=models.NewSeries.from_dict(body))

    def delete_series(self, series):
        return call("series.delete_series", series)


round_trip(Adapter())
