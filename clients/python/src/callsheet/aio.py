"""The client for asyncio: its calls run in threads, so that both clients are one code."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
from typing import Any, AsyncIterator, Dict, List, Mapping, Optional

from . import types
from ._address import query_string, quoted
from ._async_operations import AsyncOperations
from ._streams import Message
from .client import Client

# Calls that run at the same time; others wait. A stream has a thread of its own.
MAX_CALLS = 64


class AsyncClient(AsyncOperations):
    """`Client` with `async` methods. A call that is cancelled may still be made.

    The arguments are those of `Client`.
    """

    def __init__(
        self,
        server: Optional[str] = None,
        api_key: Optional[str] = None,
        *,
        timeout: float = 30.0,
        retry_seconds: float = 20.0,
    ) -> None:
        self._client = Client(server, api_key, timeout=timeout, retry_seconds=retry_seconds)
        self._threads = concurrent.futures.ThreadPoolExecutor(MAX_CALLS, "callsheet")
        self.server = self._client.server

    async def aclose(self) -> None:
        """Closes the client; calls that run end first."""
        await asyncio.to_thread(self._threads.shutdown)
        self._client.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def iter_jobs(self, **filters: Any) -> AsyncIterator[types.ListedJob]:
        """Yields all jobs that match; the arguments are those of `Client.iter_jobs`."""
        jobs = self._client.iter_jobs(**filters)
        end = object()
        while True:
            job: Any = await self._run(next, jobs, end)
            if job is end:
                return
            yield job

    def follow(self, job_id: str, *, after: Optional[str] = None) -> AsyncIterator[Message]:
        """Yields the messages of a job until its end, as `Client.follow` does."""
        path = f"/api/v1/jobs/{quoted(job_id)}/events/stream"
        return self._read(path, after, is_endless=False)

    def events(
        self,
        *,
        job_type: Optional[List[str]] = None,
        status: Optional[List[types.JobStatus]] = None,
        label: Optional[List[str]] = None,
        after: Optional[str] = None,
    ) -> AsyncIterator[Message]:
        """Yields each change of all jobs, as `Client.events` does."""
        query = query_string({"job_type": job_type, "status": status, "label": label})
        return self._read(f"/api/v1/events/stream{query}", after, is_endless=True)

    stream_job_events = follow
    stream_events = events

    async def _read(
        self, target: str, after: Optional[str], *, is_endless: bool
    ) -> AsyncIterator[Message]:
        reader = self._client.read_stream(target, after, is_endless=is_endless)
        loop = asyncio.get_running_loop()
        thread = concurrent.futures.ThreadPoolExecutor(1, "callsheet-stream")
        end = object()
        try:
            while True:
                message: Any = await loop.run_in_executor(thread, next, reader, end)
                if message is end:
                    return
                yield message
        finally:
            # The read that waits in the thread ends by it.
            reader.close()
            thread.submit(reader.drop)
            thread.shutdown(wait=False)

    async def _run(self, function: Any, *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Dict[str, Any]] = None,
        headers: Optional[Mapping[str, Any]] = None,
        body: Optional[Dict[str, Any]] = None,
        raw: Optional[bytes] = None,
    ) -> Any:
        call = functools.partial(
            self._client._call, method, path, query=query, headers=headers, body=body, raw=raw
        )
        return await self._run(call)
