"""Messages and names that both clients share; nothing here waits."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

from .errors import ProtocolError

#: The protocol's largest message; a peer that sends more is no daemon.
LONGEST_MESSAGE = 16 << 20

#: States in which nothing more happens to a job.
FINAL_STATES = frozenset({"succeeded", "failed", "cancelled"})


def socket_path(path: str | os.PathLike[str] | None = None) -> str:
    """Where the daemon listens: the argument, FINETUNED_SOCKET, the user's own daemon, the system's."""
    if path is not None:
        return os.fspath(path)
    if chosen := os.environ.get("FINETUNED_SOCKET"):
        return chosen
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    for folder in (os.environ.get("XDG_RUNTIME_DIR"), os.path.join(state, "finetuned")):
        own = os.path.join(folder, "finetuned.sock") if folder else ""
        if own and os.path.exists(own):
            return own
    return "/run/finetuned/finetuned.sock"


def request(number: int, method: str, params: dict[str, Any]) -> bytes:
    """A call as a line; parameters that are None are left out."""
    given = {key: value for key, value in params.items() if value is not None}
    return _line({"jsonrpc": "2.0", "id": number, "method": method, "params": given})


def cancellation(number: int) -> bytes:
    """The line that asks the service to stop a call."""
    return _line({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": number}})


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def parse(line: bytes) -> dict[str, Any]:
    """A line as a message."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ProtocolError(f"the daemon sent a line that is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError("the daemon sent a line that is no message")
    return message


def owner_of(message: dict[str, Any]) -> int | None:
    """The number of the call that a message belongs to."""
    if "method" in message:
        return (message.get("params") or {}).get("request")
    return message.get("id")


def submission(
    config: str | os.PathLike[str] | dict[str, Any], overrides: list[str] | None, options: dict[str, Any]
) -> dict[str, Any]:
    """Parameters of job.submit for a YAML file's path or a configuration as a dict.

    A client token goes along, so that the same submission can be sent again without a second job.
    """
    if isinstance(config, dict):
        source: dict[str, Any] = {"object": config}
    else:
        path = Path(config)
        source = {"text": path.read_text(encoding="utf-8"), "name": str(path)}
    return {
        "config": source,
        "overrides": overrides,
        "working_directory": os.getcwd(),
        "client_token": f"python-{uuid.uuid4().hex}",
        **options,
    }
