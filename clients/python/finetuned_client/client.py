"""The client for ordinary programs."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import protocol
from ._generated import Methods, ShuttingDownError
from .errors import UnreachableError, job_error, service_error

if TYPE_CHECKING:
    from ._generated import GenerateResult, Job, JobEventNotification


class Client(Methods):
    """A connection to the daemon, made at the first call and again after it was lost.

    Calls may be made from several threads, and while streams and watches of the same client are open.
    """

    def __init__(self, socket: str | os.PathLike[str] | None = None, *, patience: float = 2.0) -> None:
        """`patience`: seconds to wait for a daemon that is just starting."""
        self.path = protocol.socket_path(socket)
        self.patience = patience
        self._connection: _Connection | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; what it was waiting for ends with it."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Calls any method and returns its result; raises `ServiceError` when the service refuses."""
        return Call(self, method, params or {}).result()

    def stream(self, method: str, params: dict[str, Any] | None = None) -> Call:
        """Begins a call whose pieces can be iterated over as they come."""
        return Call(self, method, params or {})

    def stream_generate(self, **params: Any) -> TextStream:
        """Continues a text; iterate over the pieces, then read `.result()`."""
        return TextStream(self, "generate", {"working_directory": os.getcwd(), **params, "stream": True})

    def stream_chat(self, **params: Any) -> TextStream:
        """Answers a dialogue; iterate over the pieces, then read `.result()`."""
        return TextStream(self, "chat", {"working_directory": os.getcwd(), **params, "stream": True})

    def submit(
        self, config: str | os.PathLike[str] | dict[str, Any], overrides: list[str] | None = None, **options: Any
    ) -> Job:
        """Submits a YAML file or a configuration; sent again after a lost connection, it makes no second job."""
        params = protocol.submission(config, overrides, options)
        try:
            return self.call("job.submit", params)
        except UnreachableError:
            self.close()
            return self.call("job.submit", params)

    def watch(self, job: str, since: int = 0, *, patience: float = 60.0) -> Watch:
        """Iterates over a job's events, across restarts of the daemon."""
        return Watch(self, job, since, patience)

    def wait(self, job: str, *, check: bool = True) -> Job:
        """Waits for the end of a job and returns it; `check` raises when it failed or was cancelled."""
        watch = self.watch(job)
        for _ in watch:
            pass
        finished = watch.job
        if check and finished["state"] != "succeeded":
            raise job_error(finished)
        return finished

    def _open(self) -> _Connection:
        with self._lock:
            if self._connection is None or self._connection.is_closed:
                self._connection = _Connection(self.path, self.patience)
            return self._connection


class _Connection:
    """A socket whose messages are sorted by the call they belong to; whoever waits reads for all."""

    def __init__(self, path: str, patience: float) -> None:
        self._socket = _connect(path, patience)
        self._buffer = bytearray()
        self._searched = 0
        self._sending = threading.Lock()
        self._reading = threading.Lock()
        self._boxes: dict[int, deque[dict[str, Any]]] = {}
        self._last = 0
        self.is_closed = False

    def begin(self, method: str, params: dict[str, Any]) -> int:
        with self._sending:
            self._last += 1
            number = self._last
            self._boxes[number] = deque()
            self._send(protocol.request(number, method, params))
        return number

    def cancel(self, number: int) -> None:
        with self._sending:
            self._send(protocol.cancellation(number))

    def forget(self, number: int) -> None:
        self._boxes.pop(number, None)

    def next_message(self, number: int) -> dict[str, Any]:
        """The next message of a call."""
        while True:
            if box := self._boxes.get(number):
                return box.popleft()
            with self._reading:
                # Another thread may have read it while this one waited for its turn.
                if not self._boxes.get(number):
                    self._route(self._read())

    def _route(self, message: dict[str, Any]) -> None:
        owner = protocol.owner_of(message)
        if owner is None and "error" in message:
            raise service_error(message["error"])
        if (box := self._boxes.get(owner)) is not None:  # type: ignore[arg-type]
            box.append(message)

    def _read(self) -> dict[str, Any]:
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                self._searched = 0
                return protocol.parse(line)
            self._searched = len(self._buffer)
            if self._searched > protocol.LONGEST_MESSAGE:
                self.close()
                raise UnreachableError("the daemon sent a message that is too long")
            try:
                data = self._socket.recv(1 << 16)
            except OSError as error:
                self.is_closed = True
                raise UnreachableError(f"the connection to the daemon broke: {error}") from error
            if not data:
                self.close()
                raise UnreachableError("the daemon closed the connection")
            self._buffer += data

    def _send(self, line: bytes) -> None:
        try:
            self._socket.sendall(line)
        except OSError as error:
            self.is_closed = True
            raise UnreachableError(f"the daemon closed the connection: {error}") from error

    def close(self) -> None:
        self.is_closed = True
        try:
            # Wakes a thread that reads.
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()


def _connect(path: str, patience: float) -> socket.socket:
    deadline = time.monotonic() + patience
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
            return connection
        except OSError as error:
            connection.close()
            if isinstance(error, PermissionError) or time.monotonic() >= deadline:
                raise UnreachableError(f"no daemon answers at {path}: {error}") from error
        time.sleep(0.05)


class Call:
    """A call under way: iterate over its pieces, or ask for its result at once."""

    def __init__(self, client: Client, method: str, params: dict[str, Any]) -> None:
        self._connection = client._open()
        self._number = self._connection.begin(method, params)
        self._answer: dict[str, Any] | None = None

    def notifications(self) -> Iterator[tuple[str, Any]]:
        """Everything that comes before the answer, as method and parameters."""
        while self._answer is None:
            message = self._connection.next_message(self._number)
            if "method" in message:
                yield message["method"], message.get("params")
            else:
                self._answer = message
                self._connection.forget(self._number)

    def __iter__(self) -> Iterator[Any]:
        for method, params in self.notifications():
            if method == "$/progress":
                yield params["value"]
        self.result()

    def result(self) -> Any:
        """Waits for the answer; pieces that nobody asked for are dropped."""
        for _ in self.notifications():
            pass
        assert self._answer is not None
        if "error" in self._answer:
            raise service_error(self._answer["error"])
        return self._answer.get("result")

    def cancel(self) -> None:
        """Asks the service to stop; `result()` then raises `CancelledError`, unless the answer was quicker."""
        if self._answer is None:
            self._connection.cancel(self._number)

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *_: object) -> None:
        """Stops what is still under way, so that a `break` out of a loop frees the model."""
        if self._answer is None and not self._connection.is_closed:
            self.cancel()
            for _ in self.notifications():
                pass


class TextStream(Call):
    """A call whose pieces are text."""

    def __iter__(self) -> Iterator[str]:
        for piece in super().__iter__():
            yield piece["text"]

    def result(self) -> GenerateResult:
        """Waits for the whole answer: ids, text, why it ended, and the time it took."""
        return super().result()


class Watch:
    """A job's events, each once and in order.

    When the connection is lost it is made again and the watch goes on after the last event seen. `job` is the job as
    last known: first the snapshot, at the end the finished job.
    """

    def __init__(self, client: Client, job: str, since: int, patience: float) -> None:
        self._client = client
        self._id = job
        self._patience = patience
        self.seq = since
        self.job: Job = {}  # type: ignore[typeddict-item]

    def __iter__(self) -> Iterator[JobEventNotification]:
        deadline: float | None = None
        while True:
            try:
                with self._client.stream("job.watch", {"job": self._id, "since": self.seq}) as call:
                    for method, params in call.notifications():
                        deadline = None
                        if method == "job.snapshot":
                            self.job = params["job"]
                        elif method == "job.event" and params["seq"] > self.seq:
                            self.seq = params["seq"]
                            yield params
                    self.job = call.result()
                    return
            except (UnreachableError, ShuttingDownError):
                # A daemon that stops says so or hangs up; the job goes on when it is back.
                self._client.close()
                deadline = deadline or time.monotonic() + self._patience
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.1)
