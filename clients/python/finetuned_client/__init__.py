"""Client of the finetuned daemon: jobs, models and text generation over its Unix socket."""

from ._generated import *  # noqa: F403
from ._generated import ERRORS, AsyncMethods, Methods
from .aio import AsyncCall, AsyncClient, AsyncTextStream
from .client import Call, Client, TextStream, Watch
from .errors import FinetunedError, ProtocolError, ServiceError, UnreachableError

__version__ = "0.1.0"
