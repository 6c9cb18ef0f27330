"""The client for programs on asyncio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from . import protocol
from ._generated import AsyncMethods, ShuttingDownError
from .errors import UnreachableError, job_error, service_error

if TYPE_CHECKING:
    from ._generated import GenerateResult, Job, JobEventNotification


class AsyncClient(AsyncMethods):
    """As `Client`, on asyncio; any number of calls may be under way at a time."""

    def __init__(self, socket: str | os.PathLike[str] | None = None, *, patience: float = 2.0) -> None:
        self.path = protocol.socket_path(socket)
        self.patience = patience
        self._connection: _Connection | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection; what it was waiting for ends with it."""
        connection, self._connection = self._connection, None
        if connection:
            await connection.close()

    async def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Calls any method; when the task is cancelled, the service is asked to stop."""
        async with self.stream(method, params) as call:
            return await call.result()

    def stream(self, method: str, params: dict[str, Any] | None = None) -> AsyncCall:
        """A call whose pieces can be iterated over as they come; use it with `async with`."""
        return AsyncCall(self, method, params or {})

    def stream_generate(self, **params: Any) -> AsyncTextStream:
        return AsyncTextStream(self, "generate", {"working_directory": os.getcwd(), **params, "stream": True})

    def stream_chat(self, **params: Any) -> AsyncTextStream:
        return AsyncTextStream(self, "chat", {"working_directory": os.getcwd(), **params, "stream": True})

    async def submit(
        self, config: str | os.PathLike[str] | dict[str, Any], overrides: list[str] | None = None, **options: Any
    ) -> Job:
        params = protocol.submission(config, overrides, options)
        try:
            return await self.call("job.submit", params)
        except UnreachableError:
            await self.close()
            return await self.call("job.submit", params)

    async def watch(self, job: str, since: int = 0, *, patience: float = 60.0) -> AsyncIterator[JobEventNotification]:
        """A job's events, each once and in order, across restarts of the daemon."""
        seen = since
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        while True:
            try:
                async with self.stream("job.watch", {"job": job, "since": seen}) as call:
                    async for method, params in call.notifications():
                        deadline = None
                        if method == "job.event" and params["seq"] > seen:
                            seen = params["seq"]
                            yield params
                    await call.result()
                    return
            except (UnreachableError, ShuttingDownError):
                # A daemon that stops says so or hangs up; the job goes on when it is back.
                await self.close()
                deadline = deadline or loop.time() + patience
                if loop.time() >= deadline:
                    raise
                await asyncio.sleep(0.1)

    async def wait(self, job: str, *, check: bool = True) -> Job:
        """Waits for the end of a job and returns it; `check` raises when it failed or was cancelled."""
        async for _ in self.watch(job):
            pass
        finished = await self.call("job.get", {"job": job})
        if check and finished["state"] != "succeeded":
            raise job_error(finished)
        return finished

    async def _open(self) -> _Connection:
        async with self._lock:
            if self._connection is None or self._connection.is_closed:
                self._connection = await _Connection.open(self.path, self.patience)
            return self._connection


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._boxes: dict[int, asyncio.Queue[dict[str, Any] | Exception]] = {}
        self._last = 0
        self.is_closed = False
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, path: str, patience: float) -> _Connection:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while True:
            try:
                return cls(*await asyncio.open_unix_connection(path, limit=protocol.LONGEST_MESSAGE))
            except OSError as error:
                if isinstance(error, PermissionError) or loop.time() >= deadline:
                    raise UnreachableError(f"no daemon answers at {path}: {error}") from error
            await asyncio.sleep(0.05)

    async def begin(self, method: str, params: dict[str, Any]) -> tuple[int, asyncio.Queue[Any]]:
        self._last += 1
        number = self._last
        box: asyncio.Queue[Any] = asyncio.Queue()
        self._boxes[number] = box
        await self.send(protocol.request(number, method, params))
        return number, box

    def forget(self, number: int) -> None:
        self._boxes.pop(number, None)

    async def send(self, line: bytes) -> None:
        try:
            self._writer.write(line)
            await self._writer.drain()
        except OSError as error:
            self.is_closed = True
            raise UnreachableError(f"the daemon closed the connection: {error}") from error

    async def _read(self) -> None:
        failure: Exception = UnreachableError("the daemon closed the connection")
        try:
            while line := await self._reader.readline():
                message = protocol.parse(line)
                owner = protocol.owner_of(message)
                if owner is None and "error" in message:
                    failure = service_error(message["error"])
                    break
                if (box := self._boxes.get(owner)) is not None:  # type: ignore[arg-type]
                    box.put_nowait(message)
        except (OSError, ValueError) as error:
            failure = UnreachableError(f"the connection to the daemon broke: {error}")
        except Exception as error:
            failure = error
        finally:
            self.is_closed = True
            for box in self._boxes.values():
                box.put_nowait(failure)

    async def close(self) -> None:
        self.is_closed = True
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class AsyncCall:
    """A call under way; leaving the `async with` stops it."""

    def __init__(self, client: AsyncClient, method: str, params: dict[str, Any]) -> None:
        self._client = client
        self._method = method
        self._params = params
        self._answer: dict[str, Any] | None = None
        self._connection: _Connection | None = None

    async def __aenter__(self) -> Any:
        self._connection = await self._client._open()
        self._number, self._box = await self._connection.begin(self._method, self._params)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._answer is None and self._connection and not self._connection.is_closed:
            await self.cancel()
        if self._connection:
            self._connection.forget(self._number)

    async def cancel(self) -> None:
        """Asks the service to stop; `result()` then raises `CancelledError`, unless the answer was quicker."""
        if self._answer is None and self._connection:
            await self._connection.send(protocol.cancellation(self._number))

    async def notifications(self) -> AsyncIterator[tuple[str, Any]]:
        """Everything that comes before the answer, as method and parameters."""
        while self._answer is None:
            message = await self._box.get()
            if isinstance(message, Exception):
                raise message
            if "method" in message:
                yield message["method"], message.get("params")
            else:
                self._answer = message

    async def result(self) -> Any:
        async for _ in self.notifications():
            pass
        assert self._answer is not None
        if "error" in self._answer:
            raise service_error(self._answer["error"])
        return self._answer.get("result")

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for method, params in self.notifications():
            if method == "$/progress":
                yield params["value"]
        await self.result()


class AsyncTextStream(AsyncCall):
    """A call whose pieces are text."""

    async def __aiter__(self) -> AsyncIterator[str]:
        async for method, params in self.notifications():
            if method == "$/progress":
                yield params["value"]["text"]
        await self.result()

    async def result(self) -> GenerateResult:
        """Waits for the whole answer: ids, text, why it ended, and the time it took."""
        return await super().result()
