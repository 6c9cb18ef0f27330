"""What a call can end with beside its result."""

from __future__ import annotations

from typing import Any


class FinetunedError(Exception):
    """The root of everything this package raises."""


class UnreachableError(FinetunedError, ConnectionError):
    """No daemon answers, or it went away during a call."""

    kind = "unreachable"


class ProtocolError(FinetunedError):
    """The other side does not speak the protocol."""


class ServiceError(FinetunedError):
    """The service answered with an error; each published kind has a subclass."""

    kind: str = "internal"
    code: int = 0

    def __init__(self, message: str, *, kind: str | None = None, code: int | None = None, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        if kind is not None:
            self.kind = kind
        if code is not None:
            self.code = code
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self.hint: str | None = self.data.get("hint")

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint and self.hint not in self.message else ""
        return f"{self.kind}: {self.message}{hint}"


def service_error(error: dict[str, Any]) -> ServiceError:
    """The exception for a JSON-RPC error object."""
    from ._generated import ERRORS

    data = error.get("data")
    code = error.get("code", 0)
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind is None:
        # An error without data is one of JSON-RPC's own.
        known = {-32600: "bad_request", -32601: "bad_request", -32700: "bad_request"}
        kind = known.get(code) or next((name for name, one in ERRORS.items() if one.code == code), "internal")
    return ERRORS.get(kind, ServiceError)(error.get("message", "no reason given"), kind=kind, code=code, data=data)


def job_error(job: dict[str, Any]) -> ServiceError:
    """The exception for a job that failed or was cancelled."""
    if job.get("state") == "cancelled":
        return service_error({"message": f"job {job['id']} was cancelled", "data": {"kind": "cancelled"}})
    error = dict(job.get("error") or {"kind": "internal", "message": "no reason was recorded"})
    return service_error({"message": error.pop("message", "no reason was recorded"), "data": error})
