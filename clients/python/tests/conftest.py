from __future__ import annotations

import os
import pathlib
import secrets
from typing import Iterator

import pytest
from serving import Database, Server
from working import Start, starting

from callsheet import Client, JobManager

KINDS = ("sqlite", "postgres")


@pytest.fixture(scope="session", params=KINDS)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """One database of each kind, for tests that need none of their own."""
    database = Database(request.param, tmp_path_factory.mktemp("data"))
    yield database
    database.remove()


@pytest.fixture(scope="session")
def server(database: Database) -> Server:
    return database.serve()


@pytest.fixture(params=KINDS)
def own_database(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Database]:
    """A database that the test may stop servers of."""
    database = Database(request.param, tmp_path)
    yield database
    database.remove()


@pytest.fixture()
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


@pytest.fixture()
def manager(client: Client) -> JobManager:
    return JobManager(client=client)


@pytest.fixture()
def kind() -> str:
    """A type of job that no other test has."""
    return f"film-{secrets.token_hex(4)}"


@pytest.fixture()
def job_id() -> str:
    return f"job-{secrets.token_hex(8)}"


@pytest.fixture()
def start(
    request: pytest.FixtureRequest, kind: str, tmp_path: pathlib.Path
) -> Iterator[Start]:
    yield from starting(request, kind, tmp_path)


@pytest.fixture(autouse=True)
def no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CALLSHEET_") and not name.startswith("CALLSHEET_TEST_"):
            monkeypatch.delenv(name)
