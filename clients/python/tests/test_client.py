"""The client against a served binary."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import threading
from typing import Any, Dict, List

import pytest
from serving import ROOT, Database, Server

from callsheet import AsyncClient, CallsheetError, Client

STREAMS = {"stream_job_events", "stream_events"}


def operations() -> Dict[str, Any]:
    document = json.loads((ROOT / "openapi/openapi.json").read_text())
    methods = ("get", "put", "post", "patch", "delete")
    return {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for method, operation in item.items() if method in methods
    }


@pytest.mark.parametrize("kind_of_client", [Client, AsyncClient])
def test_there_is_a_method_for_each_operation(kind_of_client: Any) -> None:
    for name in operations():
        assert callable(getattr(kind_of_client, name)), name


def test_the_generated_code_is_that_of_the_document() -> None:
    import importlib.util
    path = ROOT / "clients/python/tools/generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec and spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.main(["--check"]) == 0, "run: python tools/generate.py"


def test_a_job_goes_through_its_life(client: Client, kind: str) -> None:
    job = client.create_job(
        job_type=kind, project_title="Night train", labels={"team": "red"},
        items=[{"key": "a", "input": {"shot": 1}}, {"key": "b"}],
    )
    assert job["status"] == "queued" and job["labels"] == {"team": "red"}
    claimed = client.claim_jobs(worker_id="w", job_types=[kind])["jobs"][0]
    token = claimed["lease"]["token"]
    beat = client.heartbeat(
        job["job_id"], lease_token=token, current_stage="Rendering",
        items=[{"key": "a", "status": "completed", "result": {"video_path": "/media/a.mp4"}}],
    )
    assert beat["cancel_requested"] is False
    done = client.mark_completed(job["job_id"], lease_token=token, result={"seconds": 3})
    assert done["status"] == "completed"
    kinds = [event["kind"] for event in client.list_events(job["job_id"])["events"]]
    assert kinds[0] == "created" and "completed" in kinds


def test_null_clears_a_field_and_an_argument_left_out_does_not(
    client: Client, kind: str
) -> None:
    job = client.create_job(job_type=kind, project_title="Night train", style="Noir")
    changed = client.update_job(job["job_id"], project_title=None)
    assert (changed["project_title"], changed["style"]) == (None, "Noir")


def test_a_version_is_changed_only_if_it_was_seen(client: Client, kind: str) -> None:
    job = client.create_job(job_type=kind)
    client.update_job(job["job_id"], style="Noir", if_match=job["version"])
    with pytest.raises(CallsheetError) as stale:
        client.update_job(job["job_id"], style="Gothic", if_match=job["version"])
    assert (stale.value.code, stale.value.status) == ("version_mismatch", 412)
    seen = client.get_job(job["job_id"])
    assert seen is not None
    assert client.get_job(job["job_id"], if_none_match=seen["version"]) is None


def test_an_error_names_the_field(client: Client) -> None:
    with pytest.raises(CallsheetError, match="/job_type") as wrong:
        client.create_job(job_type="Idea 2 Video")
    assert wrong.value.code == "invalid_request"
    assert wrong.value.errors[0]["pointer"] == "/job_type"


def test_all_jobs_are_walked_page_by_page(client: Client, kind: str) -> None:
    client.create_jobs(jobs=[{"job_type": kind} for _ in range(25)])
    jobs = list(client.iter_jobs(job_type=kind, page_size=10, view="summary"))
    assert len({job["job_id"] for job in jobs}) == 25
    assert "content" not in jobs[0]


def test_a_job_id_may_hold_anything(client: Client) -> None:
    for name in ("a/b", "..", ".", "a b?c#d", "ü%2F", "\ud800"):
        with pytest.raises(CallsheetError) as missing:
            client.get_job(name)
        assert missing.value.code == "job_not_found", name
    with pytest.raises(CallsheetError, match="the id is empty"):
        client.get_job("")


def test_a_job_is_followed_to_its_end(client: Client, kind: str) -> None:
    job = client.create_job(job_type=kind)
    messages = client.follow(job["job_id"])
    first = next(messages)
    assert first.event == "snapshot" and first.data["job_id"] == job["job_id"]
    client.start_job(job["job_id"])
    client.update_progress(job["job_id"], progress=40)
    client.mark_completed(job["job_id"])
    rest = list(messages)
    assert rest[-1].data["kind"] == "completed"
    assert list(client.follow(job["job_id"], after=rest[-1].id)) == []


def test_a_stream_is_resumed_without_gap_or_repetition(
    own_database: Database, kind: str
) -> None:
    first = own_database.serve()
    client = Client(first.url)
    job = client.create_job(job_type=kind)["job_id"]
    client.start_job(job)
    messages = client.follow(job)
    assert next(messages).event == "snapshot"
    client.update_job(job, style="1")
    seen = [next(messages)]
    first.kill()
    own_database.serve(listen=first.listen)
    for style in ("2", "3"):
        client.update_job(job, style=style)
    client.mark_completed(job)
    seen += list(messages)
    assert [one.data["kind"] for one in seen] == ["updated"] * 3 + ["completed"]
    numbers = [one.data["seq"] for one in seen]
    assert numbers == sorted(set(numbers))


def test_events_of_all_jobs_are_filtered_and_endless(client: Client, kind: str) -> None:
    with client.read_stream(f"/api/v1/events/stream?job_type={kind}", None, is_endless=True) as all:
        assert next(all).event == "snapshot"
        created = [client.create_job(job_type=kind)["job_id"] for _ in range(3)]
        assert [next(all).data["job_id"] for _ in range(3)] == created
        threading.Timer(0.1, all.close).start()
        assert next(all, None) is None


def test_threads_share_a_client(client: Client, kind: str) -> None:
    made: List[str] = []

    def create() -> None:
        for _ in range(10):
            made.append(client.create_job(job_type=kind)["job_id"])

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 80
    assert client.count_jobs(job_type=kind)["total"] == 80


def test_a_forked_process_goes_on_with_the_client(client: Client, kind: str) -> None:
    job = client.create_job(job_type=kind)["job_id"]
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for number in range(20):
                client.update_job(job, context={f"child{number}": number})
            status = 0
        finally:
            os._exit(status)
    for number in range(20):
        client.update_job(job, context={f"parent{number}": number})
    assert os.waitpid(child, 0)[1] == 0
    seen = client.get_job(job)
    assert seen and seen["context"] and len(seen["context"]) == 40


def test_an_import_is_uploaded_as_bytes(client: Client, job_id: str) -> None:
    run = client.start_import(body=json.dumps([{"job_id": job_id}]).encode(), dry_run=True)
    assert run["status"] in ("running", "finished")


def test_asyncio_makes_the_same_calls(server: Server, kind: str) -> None:
    async def work() -> None:
        async with AsyncClient(server.url) as client:
            jobs = await asyncio.gather(*(client.create_job(job_type=kind) for _ in range(10)))
            walked = [job async for job in client.iter_jobs(job_type=kind, page_size=3)]
            assert {job["job_id"] for job in jobs} == {job["job_id"] for job in walked}
            name = jobs[0]["job_id"]
            messages = client.follow(name)
            first = await messages.__anext__()
            assert first.event == "snapshot"
            await client.cancel_job(name)
            rest = [message async for message in messages]
            assert rest[-1].data["status"] == "cancelled"
            events = client.events(job_type=[kind])
            assert (await events.__anext__()).event == "snapshot"
            waiting = asyncio.ensure_future(events.__anext__())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(CallsheetError):
                await client.get_job("missing")

    asyncio.run(work())


def test_both_clients_have_the_same_signatures() -> None:
    for name in operations():
        if name not in STREAMS:
            one, other = getattr(Client, name), getattr(AsyncClient, name)
            assert inspect.signature(one).parameters == inspect.signature(other).parameters, name


def test_a_wrong_key_is_named(own_database: Database) -> None:
    server = own_database.serve()
    key = Client(server.url).create_key(name="all", role="admin")["key"]
    assert Client(server.url, key).list_jobs()["jobs"] == []
    for wrong in ("", "ck_wrong"):
        with pytest.raises(CallsheetError, match="CALLSHEET_API_KEY") as refused:
            Client(server.url, wrong).list_jobs()
        assert (refused.value.code, refused.value.status) == ("unauthenticated", 401)
    with pytest.raises(CallsheetError, match="copy it again"):
        Client(server.url, "a\nb")
