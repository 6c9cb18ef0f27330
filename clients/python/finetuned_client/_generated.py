"""Types, errors and methods of the protocol. Made by generate_types.py from clients/schema.json; do not edit."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from .errors import ServiceError


DatasetPreviewFormat = Literal["jsonl", "text", "none"]


ErrorKind = Literal[
    "bad_config",
    "bad_data",
    "bad_model",
    "bad_request",
    "busy",
    "cancelled",
    "conflict",
    "dependency_failed",
    "disk_full",
    "io",
    "internal",
    "network",
    "not_available",
    "not_finite",
    "not_found",
    "oom",
    "permission",
    "shutting_down",
    "timeout",
    "worker_crashed",
]


JobEventKind = Literal["state", "phase", "progress", "evaluation", "checkpoint", "note"]


JobKind = Literal["train", "predict", "evaluate", "export", "generate"]


JobState = Literal["queued", "waiting", "running", "paused", "succeeded", "failed", "cancelled"]


JobWish = Literal["cancel", "pause"]


class AdapterListResult(TypedDict):
    adapters: list[ResidentAdapter]


class CancelRequestNotification(TypedDict):
    id: str | float | None
    """The id of the request."""


class CancelledNotification(TypedDict):
    requestId: str | float | None
    """The id of the request."""
    reason: NotRequired[str]
    """For people; not used."""


class ConfigFilesFile(TypedDict):
    path: str
    optional: bool


class ConfigFilesResult(TypedDict):
    needed: list[ConfigFilesFile]
    service: str


class ConfigValidateResult(TypedDict):
    notes: list[str]
    """What was accepted without an effect here, one line each."""
    values: dict[str, Any]
    """Every parameter with the value that the run would use."""


class ConfigurationSource(TypedDict):
    text: NotRequired[str]
    """A YAML file's text."""
    name: NotRequired[str]
    """Its name, for messages."""
    object: NotRequired[dict[str, Any]]
    """The configuration instead of text."""


class DatasetPreviewPart(TypedDict):
    name: str
    rows: int
    items: int
    tokens: int
    truncated: int
    """Items that lost tokens because they did not fit."""
    duplicates: int
    """Rows that repeat an earlier one."""
    dropped: int
    """Rows that take no part."""
    lengths: list[dict[str, Any]]
    """Rows by their number of tokens: {from, to, rows}."""
    trained_tokens: int
    """Tokens that are trained on."""
    fully_masked: int
    """Items without any such token."""


class DatasetPreviewResult(TypedDict):
    items: int
    """How many the split has."""
    notes: list[str]
    """What was read, dropped or cut, for people."""
    warnings: list[str]
    """Those of the notes that deserve a look before training."""
    parts: list[DatasetPreviewPart]
    """Figures of the training part, then of each evaluation part."""


class DetokenizeResult(TypedDict):
    text: str


class DialogueMessage(TypedDict):
    role: str
    """System, user or assistant; function for calls as JSON, tool for results."""
    content: NotRequired[str | list[Any] | None]
    """A text, or a list of parts {type: text, text}; null or absent beside tool_calls."""
    tool_calls: NotRequired[list[dict[str, Any]]]
    """Of an assistant, in place of its text: [{function: {name, arguments}}]."""


class ErrorData(TypedDict):
    kind: ErrorKind
    hint: NotRequired[str]
    """What to do."""
    job: NotRequired[str]
    """The job it is about."""
    field: NotRequired[str]
    """The parameter it is about."""
    file: NotRequired[str]
    """The file, with line and column where they are known."""
    line: NotRequired[int]
    column: NotRequired[int]
    needed_bytes: NotRequired[int]
    """Of a full disk: what had to be written."""
    available_bytes: NotRequired[int]
    """Of a full disk: what there is room for."""


class GeneratePiece(TypedDict):
    text: str


class GenerateResult(TypedDict):
    ids: list[int]
    """The new tokens, a stop token that ended them included."""
    text: str
    """Their text without special tokens."""
    warnings: NotRequired[list[str]]
    """What the files of model, tokenizer and adapter say in vain, and the request too."""
    tool_calls: NotRequired[list[ToolCall]]
    """The calls that the text consists of, if tools were given and it does."""
    finish_reason: str
    """Stop or length."""
    prompt_tokens: int
    prompt_seconds: NotRequired[float]
    """Time for the prompt."""
    generation_seconds: NotRequired[float]
    """Time for the new tokens."""


class Job(TypedDict):
    id: str
    name: str
    """The configuration's file name."""
    kind: JobKind
    state: JobState
    owner: int
    """The user id of the submitter."""
    priority: int
    """Higher runs earlier."""
    attempt: int
    """How often a worker was started for it."""
    progress: NotRequired[JobProgress]
    error: NotRequired[JobError]
    """Why it failed."""
    metrics: NotRequired[dict[str, Any]]
    """What the run reported at its end, for example train_loss."""
    notes: list[str]
    """What was accepted without an effect here, one line each."""
    wish: NotRequired[JobWish]
    """What its worker was asked to stop for and has not done yet."""
    after: list[str]
    """Jobs that must succeed before this one starts."""
    checkpoint: NotRequired[JobCheckpoint]
    """The newest one that it has told of."""
    threads: NotRequired[int]
    """Of its workers, the same for every attempt."""
    queue: NotRequired[QueuePlace]
    """Its place, while it waits for its turn."""
    input: NotRequired[str]
    """The file that a generate job reads."""
    memory: NotRequired[JobMemory]
    """What it was planned to hold and what its workers were seen to hold."""
    forked_from: NotRequired[str]
    """The job from whose checkpoint it starts."""
    memory_bytes: NotRequired[int]
    """What is set aside for it."""
    matmul_precision: NotRequired[str]
    """How exactly it multiplies, decided when it was submitted."""
    output_dir: str
    """As the configuration has it."""
    working_directory: NotRequired[str]
    """Where relative paths start."""
    submitted_at: str
    """ISO 8601, UTC."""
    started_at: NotRequired[str]
    """ISO 8601, UTC."""
    finished_at: NotRequired[str]
    """ISO 8601, UTC."""


class JobCheckpoint(TypedDict):
    step: int
    path: str


class JobEvent(TypedDict):
    seq: int
    """Numbered from 1 without gaps."""
    kind: JobEventKind
    at: str
    """ISO 8601, UTC, milliseconds."""
    fields: dict[str, Any]
    """By kind: state and error; phase; the members of JobProgress; eval_loss and its kin; step and path; message."""


class JobEventNotification(TypedDict):
    request: str | float | None
    """The id of the call of job.watch."""
    seq: int
    """Numbered from 1 without gaps."""
    kind: JobEventKind
    at: str
    """ISO 8601, UTC, milliseconds."""
    fields: dict[str, Any]
    """By kind: state and error; phase; the members of JobProgress; eval_loss and its kin; step and path; message."""


class JobFetchResult(TypedDict):
    data: str
    hash: str
    size: int
    version: str


class JobFilesFile(TypedDict):
    name: str
    size: int


class JobFilesResult(TypedDict):
    files: list[JobFilesFile]


class JobListResult(TypedDict):
    jobs: list[Job]


class JobLogsResult(TypedDict):
    text: str
    next_offset: int
    """Where the next call continues."""
    complete: bool
    """The job has ended and nothing follows."""


class JobMemory(TypedDict):
    planned_peak_bytes: int
    mapped_weight_bytes: int
    keep_below_bytes: NotRequired[int]
    peak_bytes: NotRequired[int]


class JobMetricsResult(TypedDict):
    metrics: list[JobEvent]
    since: int
    """Where the next call continues."""
    complete: bool
    """The job has ended and nothing follows."""


class JobProgress(TypedDict):
    phase: str
    """What the worker is doing: loading, tokenizing, training, evaluating, saving."""
    step: int
    epoch: NotRequired[float]
    loss: NotRequired[float]
    elapsed: NotRequired[float]
    """Seconds."""
    remaining: NotRequired[float]
    """Seconds."""
    total_steps: int
    grad_norm: NotRequired[float]
    learning_rate: NotRequired[float]
    tokens_per_second: NotRequired[float]
    """Real tokens, without padding."""


class JobSnapshotNotification(TypedDict):
    request: str | float | None
    """The id of the call of job.watch."""
    job: Job
    seq: int
    """The number of the job's last event so far."""


class LogProbabilitiesResult(TypedDict):
    ids: list[int]
    warnings: NotRequired[list[str]]
    """What the files of model, tokenizer and adapter say in vain."""
    token_logprobs: list[float]
    """One fewer than ids; entry i is that of ids[i+1] after ids[..i]."""


class MemoryPlan(TypedDict):
    parts: list[MemoryPlanPart]
    """What adds up to peak_anonymous_bytes."""
    parameters: int
    threads: int
    speed: MemoryPlanSpeed
    """What the machine was measured to do, or was found to do earlier."""
    alternative: NotRequired[MemoryPlanAlternative]
    """Where the run does not fit: changes with which it would."""
    peak_anonymous_bytes: int
    """The most memory of the run's own."""
    mapped_weight_bytes: int
    """Pages of weight files, which all processes on the same files share."""
    peak_resident_bytes: int
    """The most that is resident at a time, mapped weights included."""
    trainable_parameters: int
    longest_item: int
    largest_batch_tokens: int
    total_steps: int
    tokens_per_step: float
    seconds_per_step: float
    total_seconds: float
    budget_bytes: NotRequired[int]
    """What all runs and models may hold together."""
    matmul_precision: str
    """How exactly products are computed: highest, high or medium."""
    recomputed_share: float
    """Of the layers whose activations are computed again in the backward pass."""
    keep_below_bytes: NotRequired[int]
    """Of tensors below which a layer keeps its activations; absent where the file decides."""


class MemoryPlanAlternative(TypedDict):
    overrides: list[str]
    peak_anonymous_bytes: int


class MemoryPlanPart(TypedDict):
    name: str
    bytes: int


class MemoryPlanSpeed(TypedDict):
    operations: float
    bytes: float
    seconds_per_call: float


class ModelListResult(TypedDict):
    models: list[ResidentModel]


class ProgressNotification(TypedDict):
    request: str | float | None
    """The id of the call."""
    value: Any
    """What the method's progress schema says."""


class QueuePlace(TypedDict):
    position: int
    """1 is the next to start."""
    reason: NotRequired[str]
    """Why the first job does not start yet."""
    starts_in: NotRequired[float]
    """Seconds, where that can be told."""


class ResidentAdapter(TypedDict):
    adapter: str
    model: str
    rank: int
    modules: int
    bytes: int


class ResidentModel(TypedDict):
    model: str
    """The folder, absolute."""
    settings: NotRequired[list[str]]
    adapters: list[str]
    """Folders of the adapters that were used with it."""
    worker: int
    """The worker's process id."""
    warnings: NotRequired[list[str]]
    weights_loaded: bool
    """False for a model used for its tokenizer alone."""
    requests_in_flight: int
    last_used_at: str
    """ISO 8601, UTC."""
    resident_bytes: NotRequired[int]
    """Resident in the worker, mapped weights included."""
    anonymous_bytes: NotRequired[int]
    shared_bytes: NotRequired[int]
    keep_alive: NotRequired[str]
    expires_at: NotRequired[str]


class ScoreResult(TypedDict):
    score: float
    warnings: NotRequired[list[str]]
    """What the files of model, tokenizer and adapter say in vain."""


class JobError(TypedDict):
    kind: ErrorKind
    message: str
    """For people; programs decide by kind."""
    hint: NotRequired[str]
    job: NotRequired[str]
    field: NotRequired[str]
    file: NotRequired[str]
    line: NotRequired[int]
    column: NotRequired[int]
    needed_bytes: NotRequired[int]
    available_bytes: NotRequired[int]


class SystemInfoResult(TypedDict):
    version: str
    process: int
    socket: str
    cores: int
    jobs: dict[str, int]
    """How many are in each state."""
    models: int
    """How many are resident."""
    limits: dict[str, int]
    """The bounds in force, see the list of limits."""
    settings: dict[str, str]
    settings_files: list[str]
    api_level: int
    """Rises when a method or a member is added."""
    state_dir: str
    started_at: str
    """ISO 8601, UTC."""
    vector_instructions: str
    """Avx512, avx2 or sse2."""
    matrix_tiles: bool
    """Whether the processor has tiles for bfloat16 (AMX), which matmul_precision uses."""
    openblas_core_type: NotRequired[str]
    """What workers pass as OPENBLAS_CORETYPE."""
    memory_bytes: int
    resident_bytes: int
    """The daemon's own."""
    memory_budget_bytes: int
    """What jobs and models may hold together."""
    memory_control: str
    """How a worker's memory is bounded: cgroup or watch."""
    memory_control_reason: NotRequired[str]
    """Why there are no control groups."""


class TokenizeResult(TypedDict):
    ids: list[int]
    warnings: NotRequired[list[str]]


class ToolCall(TypedDict):
    name: str
    arguments: str
    """JSON text."""


class BadConfigError(ServiceError):
    """The run configuration was refused."""

    kind = "bad_config"
    code = 1001


class BadDataError(ServiceError):
    """A dataset, its description or a row of it cannot be used."""

    kind = "bad_data"
    code = 1002


class BadModelError(ServiceError):
    """A model, adapter, tokenizer or checkpoint cannot be used."""

    kind = "bad_model"
    code = 1003


class BadRequestError(ServiceError):
    """The request's parameters are wrong."""

    kind = "bad_request"
    code = -32602


class BusyError(ServiceError):
    """A limit is reached; try again later."""

    kind = "busy"
    code = 1004


class CancelledError(ServiceError):
    """The request or the job was cancelled."""

    kind = "cancelled"
    code = -32800


class ConflictError(ServiceError):
    """The request contradicts the present state."""

    kind = "conflict"
    code = 1005


class DependencyFailedError(ServiceError):
    """A job that this one waits for did not succeed."""

    kind = "dependency_failed"
    code = 1015


class DiskFullError(ServiceError):
    """A file system has no space left; earlier checkpoints are whole."""

    kind = "disk_full"
    code = 1006


class InternalError(ServiceError):
    """A defect of the program."""

    kind = "internal"
    code = -32603


class IoError(ServiceError):
    """The operating system could not read or write something; see its log."""

    kind = "io"
    code = 1016


class NetworkError(ServiceError):
    """A hub could not be reached, broke off or sent something else than it had announced."""

    kind = "network"
    code = 1017


class NotAvailableError(ServiceError):
    """A feature that this version does not have."""

    kind = "not_available"
    code = 1007


class NotFiniteError(ServiceError):
    """A weight, a score, the loss or a gradient is infinite or not a number."""

    kind = "not_finite"
    code = 1008


class NotFoundError(ServiceError):
    """A file, folder, job or model does not exist."""

    kind = "not_found"
    code = 1009


class OutOfMemoryError(ServiceError):
    """The worker needed more memory than there was."""

    kind = "oom"
    code = 1010


class PermissionDeniedError(ServiceError):
    """The service or the caller may not do this."""

    kind = "permission"
    code = 1011


class ShuttingDownError(ServiceError):
    """The daemon is stopping."""

    kind = "shutting_down"
    code = 1012


class TimedOutError(ServiceError):
    """Something took longer than its limit."""

    kind = "timeout"
    code = 1013


class WorkerCrashedError(ServiceError):
    """The worker process ended unexpectedly."""

    kind = "worker_crashed"
    code = 1014


ERRORS: dict[str, type[ServiceError]] = {
    "bad_config": BadConfigError,
    "bad_data": BadDataError,
    "bad_model": BadModelError,
    "bad_request": BadRequestError,
    "busy": BusyError,
    "cancelled": CancelledError,
    "conflict": ConflictError,
    "dependency_failed": DependencyFailedError,
    "disk_full": DiskFullError,
    "internal": InternalError,
    "io": IoError,
    "network": NetworkError,
    "not_available": NotAvailableError,
    "not_finite": NotFiniteError,
    "not_found": NotFoundError,
    "oom": OutOfMemoryError,
    "permission": PermissionDeniedError,
    "shutting_down": ShuttingDownError,
    "timeout": TimedOutError,
    "worker_crashed": WorkerCrashedError,
}


class Methods:
    """Every method of the protocol, typed."""

    def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        raise NotImplementedError

    def adapter_list(
        self,
        *,
        model: str | None = None,
        working_directory: str | None = None,
    ) -> AdapterListResult:
        """The adapters in memory that the caller has used; an administrator sees all."""
        return self.call(
            "adapter.list",
            {
                "model": model,
                "working_directory": working_directory,
            },
        )

    def adapter_load(
        self,
        *,
        model: str,
        adapter: str,
        working_directory: str | None = None,
        keep_alive: str | None = None,
    ) -> ResidentAdapter:
        """Loads an adapter beside its base, which is loaded when it is not resident."""
        return self.call(
            "adapter.load",
            {
                "model": model,
                "adapter": adapter,
                "working_directory": working_directory,
                "keep_alive": keep_alive,
            },
        )

    def adapter_unload(
        self,
        *,
        model: str,
        adapter: str,
        working_directory: str | None = None,
    ) -> ResidentAdapter:
        """Takes an adapter out of memory; its base and other adapters stay."""
        return self.call(
            "adapter.unload",
            {
                "model": model,
                "adapter": adapter,
                "working_directory": working_directory,
            },
        )

    def chat(
        self,
        *,
        model: str,
        messages: list[DialogueMessage],
        adapter: str | None = None,
        tools: list[dict[str, Any]] | None = None,
        overrides: list[str] | None = None,
        stream: bool | None = None,
        working_directory: str | None = None,
        keep_alive: str | None = None,
    ) -> GenerateResult:
        """Answers a dialogue; the text streams as $/progress unless stream is false."""
        return self.call(
            "chat",
            {
                "model": model,
                "messages": messages,
                "adapter": adapter,
                "tools": tools,
                "overrides": overrides,
                "stream": stream,
                "working_directory": working_directory,
                "keep_alive": keep_alive,
            },
        )

    def config_files(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
        files: list[str] | None = None,
        input: str | None = None,
    ) -> ConfigFilesResult:
        """Regular files that a run needs and the service may not read; pass their descriptors, here and to job.submit."""
        return self.call(
            "config.files",
            {
                "config": config,
                "overrides": overrides,
                "working_directory": working_directory,
                "files": files,
                "input": input,
            },
        )

    def config_plan(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
        files: list[str] | None = None,
    ) -> MemoryPlan:
        """What a run will hold in memory and how long it takes, without starting it."""
        return self.call(
            "config.plan",
            {
                "config": config,
                "overrides": overrides,
                "working_directory": working_directory,
                "files": files,
            },
        )

    def config_schema(self) -> dict[str, Any]:
        """The JSON Schema of a run configuration."""
        return self.call("config.schema")

    def config_validate(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
    ) -> ConfigValidateResult:
        """Checks a run configuration as job.submit would, without submitting it."""
        return self.call(
            "config.validate",
            {
                "config": config,
                "overrides": overrides,
                "working_directory": working_directory,
            },
        )

    def dataset_preview(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        split: str | None = None,
        format: DatasetPreviewFormat | None = None,
        row: int | None = None,
        color: bool | None = None,
        columns: int | None = None,
        check_model: bool | None = None,
        working_directory: str | None = None,
        files: list[str] | None = None,
    ) -> DatasetPreviewResult:
        """Prepares a run's data, tells what is remarkable, and writes its items to the descriptor sent with the request."""
        return self.call(
            "dataset.preview",
            {
                "config": config,
                "overrides": overrides,
                "split": split,
                "format": format,
                "row": row,
                "color": color,
                "columns": columns,
                "check_model": check_model,
                "working_directory": working_directory,
                "files": files,
            },
        )

    def detokenize(
        self,
        *,
        model: str,
        ids: list[int],
        skip_special_tokens: bool | None = None,
        working_directory: str | None = None,
    ) -> DetokenizeResult:
        """Turns token ids into text."""
        return self.call(
            "detokenize",
            {
                "model": model,
                "ids": ids,
                "skip_special_tokens": skip_special_tokens,
                "working_directory": working_directory,
            },
        )

    def generate(
        self,
        *,
        model: str,
        adapter: str | None = None,
        ids: list[int] | None = None,
        prompt: str | None = None,
        messages: list[DialogueMessage] | None = None,
        tools: list[dict[str, Any]] | None = None,
        overrides: list[str] | None = None,
        stream: bool | None = None,
        working_directory: str | None = None,
        keep_alive: str | None = None,
    ) -> GenerateResult:
        """Continues token ids, a raw prompt or a dialogue."""
        return self.call(
            "generate",
            {
                "model": model,
                "adapter": adapter,
                "ids": ids,
                "prompt": prompt,
                "messages": messages,
                "tools": tools,
                "overrides": overrides,
                "stream": stream,
                "working_directory": working_directory,
                "keep_alive": keep_alive,
            },
        )

    def job_cancel(
        self,
        *,
        job: str,
    ) -> Job:
        """Cancels a job. A running one stops at the next step and keeps a checkpoint."""
        return self.call(
            "job.cancel",
            {
                "job": job,
            },
        )

    def job_checkpoint(
        self,
        *,
        job: str,
    ) -> JobCheckpoint:
        """Writes a checkpoint of a running job now; the answer names it when it is complete."""
        return self.call(
            "job.checkpoint",
            {
                "job": job,
            },
        )

    def job_fetch(
        self,
        *,
        job: str,
        file: str,
        offset: int | None = None,
        limit: int | None = None,
    ) -> JobFetchResult:
        """A piece of a file below a job's output folder, in base64."""
        return self.call(
            "job.fetch",
            {
                "job": job,
                "file": file,
                "offset": offset,
                "limit": limit,
            },
        )

    def job_files(
        self,
        *,
        job: str,
    ) -> JobFilesResult:
        """The files below a job's output folder, with their sizes; links are left out."""
        return self.call(
            "job.files",
            {
                "job": job,
            },
        )

    def job_fork(
        self,
        *,
        job: str,
        at: int | None = None,
        overrides: list[str] | None = None,
        client_token: str | None = None,
        priority: int | None = None,
    ) -> Job:
        """Submits a new job that starts from another one's checkpoint with changed parameters."""
        return self.call(
            "job.fork",
            {
                "job": job,
                "at": at,
                "overrides": overrides,
                "client_token": client_token,
                "priority": priority,
            },
        )

    def job_get(
        self,
        *,
        job: str,
    ) -> Job:
        """One job. Other users see its state, size and times, but no names, paths and texts."""
        return self.call(
            "job.get",
            {
                "job": job,
            },
        )

    def job_list(
        self,
        *,
        states: list[JobState] | None = None,
        limit: int | None = None,
        kinds: list[JobKind] | None = None,
    ) -> JobListResult:
        """The jobs, the newest first."""
        return self.call(
            "job.list",
            {
                "states": states,
                "limit": limit,
                "kinds": kinds,
            },
        )

    def job_logs(
        self,
        *,
        job: str,
        offset: int | None = None,
        limit: int | None = None,
    ) -> JobLogsResult:
        """The worker's log, from a byte offset."""
        return self.call(
            "job.logs",
            {
                "job": job,
                "offset": offset,
                "limit": limit,
            },
        )

    def job_metrics(
        self,
        *,
        job: str,
        since: int | None = None,
        limit: int | None = None,
    ) -> JobMetricsResult:
        """A job's figures: training and evaluation records with their numbers as in job.watch."""
        return self.call(
            "job.metrics",
            {
                "job": job,
                "since": since,
                "limit": limit,
            },
        )

    def job_pause(
        self,
        *,
        job: str,
    ) -> Job:
        """Ends a job's worker after a durable checkpoint, or takes a job out of the queue, until job.resume."""
        return self.call(
            "job.pause",
            {
                "job": job,
            },
        )

    def job_prioritize(
        self,
        *,
        job: str,
        priority: int,
    ) -> Job:
        """Changes a job's priority; one that runs is not disturbed."""
        return self.call(
            "job.prioritize",
            {
                "job": job,
                "priority": priority,
            },
        )

    def job_remove(
        self,
        *,
        job: str,
        purge: bool | None = None,
    ) -> Job:
        """Forgets a job that has ended. What it has written to its output directory stays."""
        return self.call(
            "job.remove",
            {
                "job": job,
                "purge": purge,
            },
        )

    def job_requeue(
        self,
        *,
        job: str,
    ) -> Job:
        """Puts a failed or cancelled job back into the queue; it goes on from its newest checkpoint."""
        return self.call(
            "job.requeue",
            {
                "job": job,
            },
        )

    def job_resume(
        self,
        *,
        job: str,
    ) -> Job:
        """Puts a paused job back into the queue; it goes on from its checkpoint."""
        return self.call(
            "job.resume",
            {
                "job": job,
            },
        )

    def job_submit(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
        client_token: str | None = None,
        priority: int | None = None,
        files: list[str] | None = None,
        after: list[str] | None = None,
        kind: str | None = None,
        input: str | None = None,
    ) -> Job:
        """Puts a run into the queue. The answer comes after it is stored durably."""
        return self.call(
            "job.submit",
            {
                "config": config,
                "overrides": overrides,
                "working_directory": working_directory,
                "client_token": client_token,
                "priority": priority,
                "files": files,
                "after": after,
                "kind": kind,
                "input": input,
            },
        )

    def job_wait(
        self,
        *,
        jobs: list[str],
        timeout: float | None = None,
    ) -> JobListResult:
        """Answers when all of the jobs have ended, or with the error `timeout`."""
        return self.call(
            "job.wait",
            {
                "jobs": jobs,
                "timeout": timeout,
            },
        )

    def job_watch(
        self,
        *,
        job: str,
        since: int | None = None,
    ) -> Job:
        """Follows a job: job.snapshot at once, job.event for everything after `since`, the answer when the job ends."""
        return self.call(
            "job.watch",
            {
                "job": job,
                "since": since,
            },
        )

    def logprobs(
        self,
        *,
        model: str,
        adapter: str | None = None,
        ids: list[int] | None = None,
        text: str | None = None,
        special_tokens: bool | None = None,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
    ) -> LogProbabilitiesResult:
        """The log-probability of every token given those before it."""
        return self.call(
            "logprobs",
            {
                "model": model,
                "adapter": adapter,
                "ids": ids,
                "text": text,
                "special_tokens": special_tokens,
                "overrides": overrides,
                "working_directory": working_directory,
            },
        )

    def model_list(self) -> ModelListResult:
        """The resident models; of those that only others have used, not what they are."""
        return self.call("model.list")

    def model_load(
        self,
        *,
        model: str,
        adapter: str | None = None,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
        keep_alive: str | None = None,
    ) -> ResidentModel:
        """Loads a model's weights and keeps them resident."""
        return self.call(
            "model.load",
            {
                "model": model,
                "adapter": adapter,
                "overrides": overrides,
                "working_directory": working_directory,
                "keep_alive": keep_alive,
            },
        )

    def model_unload(
        self,
        *,
        model: str,
        working_directory: str | None = None,
    ) -> ResidentModel:
        """Ends the worker that holds a model; requests that it is answering fail."""
        return self.call(
            "model.unload",
            {
                "model": model,
                "working_directory": working_directory,
            },
        )

    def rpc_discover(self) -> dict[str, Any]:
        """This protocol as an OpenRPC document."""
        return self.call("rpc.discover")

    def score(
        self,
        *,
        model: str,
        adapter: str | None = None,
        ids: list[int] | None = None,
        text: str | None = None,
        messages: list[DialogueMessage] | None = None,
        overrides: list[str] | None = None,
        special_tokens: bool | None = None,
        working_directory: str | None = None,
    ) -> ScoreResult:
        """What a reward model makes of a text: its value head's number at the last token."""
        return self.call(
            "score",
            {
                "model": model,
                "adapter": adapter,
                "ids": ids,
                "text": text,
                "messages": messages,
                "overrides": overrides,
                "special_tokens": special_tokens,
                "working_directory": working_directory,
            },
        )

    def system_info(self) -> SystemInfoResult:
        """Versions, limits, the processor, memory, and what is running."""
        return self.call("system.info")

    def system_shutdown(self) -> dict[str, Any]:
        """Stops the daemon; running jobs write a checkpoint and go on at the next start."""
        return self.call("system.shutdown")

    def tokenize(
        self,
        *,
        model: str,
        text: str,
        special_tokens: bool | None = None,
        working_directory: str | None = None,
    ) -> TokenizeResult:
        """Turns text into token ids. The folder needs only the tokenizer's files."""
        return self.call(
            "tokenize",
            {
                "model": model,
                "text": text,
                "special_tokens": special_tokens,
                "working_directory": working_directory,
            },
        )


class AsyncMethods:
    """Every method of the protocol, typed."""

    async def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        raise NotImplementedError

    async def adapter_list(
        self,
        *,
        model: str | None = None,
        working_directory: str | None = None,
    ) -> AdapterListResult:
        """The adapters in memory that the caller has used; an administrator sees all."""
        return await self.call(
            "adapter.list",
            {
                "model": model,
                "working_directory": working_directory,
            },
        )

    async def adapter_load(
        self,
        *,
        model: str,
        adapter: str,
        working_directory: str | None = None,
        keep_alive: str | None = None,
    ) -> ResidentAdapter:
        """Loads an adapter beside its base, which is loaded when it is not resident."""
        return await self.call(
            "adapter.load",
            {
                "model": model,
                "adapter": adapter,
                "working_directory": working_directory,
                "keep_alive": keep_alive,
            },
        )

    async def adapter_unload(
        self,
        *,
        model: str,
        adapter: str,
        working_directory: str | None = None,
    ) -> ResidentAdapter:
        """Takes an adapter out of memory; its base and other adapters stay."""
        return await self.call(
            "adapter.unload",
            {
                "model": model,
                "adapter": adapter,
                "working_directory": working_directory,
            },
        )

    async def chat(
        self,
        *,
        model: str,
        messages: list[DialogueMessage],
        adapter: str | None = None,
        tools: list[dict[str, Any]] | None = None,
        overrides: list[str] | None = None,
        stream: bool | None = None,
        working_directory: str | None = None,
        keep_alive: str | None = None,
    ) -> GenerateResult:
        """Answers a dialogue; the text streams as $/progress unless stream is false."""
        return await self.call(
            "chat",
            {
                "model": model,
                "messages": messages,
                "adapter": adapter,
                "tools": tools,
                "overrides": overrides,
                "stream": stream,
                "working_directory": working_directory,
                "keep_alive": keep_alive,
            },
        )

    async def config_files(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
        files: list[str] | None = None,
        input: str | None = None,
    ) -> ConfigFilesResult:
        """Regular files that a run needs and the service may not read; pass their descriptors, here and to job.submit."""
        return await self.call(
            "config.files",
            {
                "config": config,
                "overrides": overrides,
                "working_directory": working_directory,
                "files": files,
                "input": input,
            },
        )

    async def config_plan(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
        files: list[str] | None = None,
    ) -> MemoryPlan:
        """What a run will hold in memory and how long it takes, without starting it."""
        return await self.call(
            "config.plan",
            {
                "config": config,
                "overrides": overrides,
                "working_directory": working_directory,
                "files": files,
            },
        )

    async def config_schema(self) -> dict[str, Any]:
        """The JSON Schema of a run configuration."""
        return await self.call("config.schema")

    async def config_validate(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
    ) -> ConfigValidateResult:
        """Checks a run configuration as job.submit would, without submitting it."""
        return await self.call(
            "config.validate",
            {
                "config": config,
                "overrides": overrides,
                "working_directory": working_directory,
            },
        )

    async def dataset_preview(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        split: str | None = None,
        format: DatasetPreviewFormat | None = None,
        row: int | None = None,
        color: bool | None = None,
        columns: int | None = None,
        check_model: bool | None = None,
        working_directory: str | None = None,
        files: list[str] | None = None,
    ) -> DatasetPreviewResult:
        """Prepares a run's data, tells what is remarkable, and writes its items to the descriptor sent with the request."""
        return await self.call(
            "dataset.preview",
            {
                "config": config,
                "overrides": overrides,
                "split": split,
                "format": format,
                "row": row,
                "color": color,
                "columns": columns,
                "check_model": check_model,
                "working_directory": working_directory,
                "files": files,
            },
        )

    async def detokenize(
        self,
        *,
        model: str,
        ids: list[int],
        skip_special_tokens: bool | None = None,
        working_directory: str | None = None,
    ) -> DetokenizeResult:
        """Turns token ids into text."""
        return await self.call(
            "detokenize",
            {
                "model": model,
                "ids": ids,
                "skip_special_tokens": skip_special_tokens,
                "working_directory": working_directory,
            },
        )

    async def generate(
        self,
        *,
        model: str,
        adapter: str | None = None,
        ids: list[int] | None = None,
        prompt: str | None = None,
        messages: list[DialogueMessage] | None = None,
        tools: list[dict[str, Any]] | None = None,
        overrides: list[str] | None = None,
        stream: bool | None = None,
        working_directory: str | None = None,
        keep_alive: str | None = None,
    ) -> GenerateResult:
        """Continues token ids, a raw prompt or a dialogue."""
        return await self.call(
            "generate",
            {
                "model": model,
                "adapter": adapter,
                "ids": ids,
                "prompt": prompt,
                "messages": messages,
                "tools": tools,
                "overrides": overrides,
                "stream": stream,
                "working_directory": working_directory,
                "keep_alive": keep_alive,
            },
        )

    async def job_cancel(
        self,
        *,
        job: str,
    ) -> Job:
        """Cancels a job. A running one stops at the next step and keeps a checkpoint."""
        return await self.call(
            "job.cancel",
            {
                "job": job,
            },
        )

    async def job_checkpoint(
        self,
        *,
        job: str,
    ) -> JobCheckpoint:
        """Writes a checkpoint of a running job now; the answer names it when it is complete."""
        return await self.call(
            "job.checkpoint",
            {
                "job": job,
            },
        )

    async def job_fetch(
        self,
        *,
        job: str,
        file: str,
        offset: int | None = None,
        limit: int | None = None,
    ) -> JobFetchResult:
        """A piece of a file below a job's output folder, in base64."""
        return await self.call(
            "job.fetch",
            {
                "job": job,
                "file": file,
                "offset": offset,
                "limit": limit,
            },
        )

    async def job_files(
        self,
        *,
        job: str,
    ) -> JobFilesResult:
        """The files below a job's output folder, with their sizes; links are left out."""
        return await self.call(
            "job.files",
            {
                "job": job,
            },
        )

    async def job_fork(
        self,
        *,
        job: str,
        at: int | None = None,
        overrides: list[str] | None = None,
        client_token: str | None = None,
        priority: int | None = None,
    ) -> Job:
        """Submits a new job that starts from another one's checkpoint with changed parameters."""
        return await self.call(
            "job.fork",
            {
                "job": job,
                "at": at,
                "overrides": overrides,
                "client_token": client_token,
                "priority": priority,
            },
        )

    async def job_get(
        self,
        *,
        job: str,
    ) -> Job:
        """One job. Other users see its state, size and times, but no names, paths and texts."""
        return await self.call(
            "job.get",
            {
                "job": job,
            },
        )

    async def job_list(
        self,
        *,
        states: list[JobState] | None = None,
        limit: int | None = None,
        kinds: list[JobKind] | None = None,
    ) -> JobListResult:
        """The jobs, the newest first."""
        return await self.call(
            "job.list",
            {
                "states": states,
                "limit": limit,
                "kinds": kinds,
            },
        )

    async def job_logs(
        self,
        *,
        job: str,
        offset: int | None = None,
        limit: int | None = None,
    ) -> JobLogsResult:
        """The worker's log, from a byte offset."""
        return await self.call(
            "job.logs",
            {
                "job": job,
                "offset": offset,
                "limit": limit,
            },
        )

    async def job_metrics(
        self,
        *,
        job: str,
        since: int | None = None,
        limit: int | None = None,
    ) -> JobMetricsResult:
        """A job's figures: training and evaluation records with their numbers as in job.watch."""
        return await self.call(
            "job.metrics",
            {
                "job": job,
                "since": since,
                "limit": limit,
            },
        )

    async def job_pause(
        self,
        *,
        job: str,
    ) -> Job:
        """Ends a job's worker after a durable checkpoint, or takes a job out of the queue, until job.resume."""
        return await self.call(
            "job.pause",
            {
                "job": job,
            },
        )

    async def job_prioritize(
        self,
        *,
        job: str,
        priority: int,
    ) -> Job:
        """Changes a job's priority; one that runs is not disturbed."""
        return await self.call(
            "job.prioritize",
            {
                "job": job,
                "priority": priority,
            },
        )

    async def job_remove(
        self,
        *,
        job: str,
        purge: bool | None = None,
    ) -> Job:
        """Forgets a job that has ended. What it has written to its output directory stays."""
        return await self.call(
            "job.remove",
            {
                "job": job,
                "purge": purge,
            },
        )

    async def job_requeue(
        self,
        *,
        job: str,
    ) -> Job:
        """Puts a failed or cancelled job back into the queue; it goes on from its newest checkpoint."""
        return await self.call(
            "job.requeue",
            {
                "job": job,
            },
        )

    async def job_resume(
        self,
        *,
        job: str,
    ) -> Job:
        """Puts a paused job back into the queue; it goes on from its checkpoint."""
        return await self.call(
            "job.resume",
            {
                "job": job,
            },
        )

    async def job_submit(
        self,
        *,
        config: ConfigurationSource,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
        client_token: str | None = None,
        priority: int | None = None,
        files: list[str] | None = None,
        after: list[str] | None = None,
        kind: str | None = None,
        input: str | None = None,
    ) -> Job:
        """Puts a run into the queue. The answer comes after it is stored durably."""
        return await self.call(
            "job.submit",
            {
                "config": config,
                "overrides": overrides,
                "working_directory": working_directory,
                "client_token": client_token,
                "priority": priority,
                "files": files,
                "after": after,
                "kind": kind,
                "input": input,
            },
        )

    async def job_wait(
        self,
        *,
        jobs: list[str],
        timeout: float | None = None,
    ) -> JobListResult:
        """Answers when all of the jobs have ended, or with the error `timeout`."""
        return await self.call(
            "job.wait",
            {
                "jobs": jobs,
                "timeout": timeout,
            },
        )

    async def job_watch(
        self,
        *,
        job: str,
        since: int | None = None,
    ) -> Job:
        """Follows a job: job.snapshot at once, job.event for everything after `since`, the answer when the job ends."""
        return await self.call(
            "job.watch",
            {
                "job": job,
                "since": since,
            },
        )

    async def logprobs(
        self,
        *,
        model: str,
        adapter: str | None = None,
        ids: list[int] | None = None,
        text: str | None = None,
        special_tokens: bool | None = None,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
    ) -> LogProbabilitiesResult:
        """The log-probability of every token given those before it."""
        return await self.call(
            "logprobs",
            {
                "model": model,
                "adapter": adapter,
                "ids": ids,
                "text": text,
                "special_tokens": special_tokens,
                "overrides": overrides,
                "working_directory": working_directory,
            },
        )

    async def model_list(self) -> ModelListResult:
        """The resident models; of those that only others have used, not what they are."""
        return await self.call("model.list")

    async def model_load(
        self,
        *,
        model: str,
        adapter: str | None = None,
        overrides: list[str] | None = None,
        working_directory: str | None = None,
        keep_alive: str | None = None,
    ) -> ResidentModel:
        """Loads a model's weights and keeps them resident."""
        return await self.call(
            "model.load",
            {
                "model": model,
                "adapter": adapter,
                "overrides": overrides,
                "working_directory": working_directory,
                "keep_alive": keep_alive,
            },
        )

    async def model_unload(
        self,
        *,
        model: str,
        working_directory: str | None = None,
    ) -> ResidentModel:
        """Ends the worker that holds a model; requests that it is answering fail."""
        return await self.call(
            "model.unload",
            {
                "model": model,
                "working_directory": working_directory,
            },
        )

    async def rpc_discover(self) -> dict[str, Any]:
        """This protocol as an OpenRPC document."""
        return await self.call("rpc.discover")

    async def score(
        self,
        *,
        model: str,
        adapter: str | None = None,
        ids: list[int] | None = None,
        text: str | None = None,
        messages: list[DialogueMessage] | None = None,
        overrides: list[str] | None = None,
        special_tokens: bool | None = None,
        working_directory: str | None = None,
    ) -> ScoreResult:
        """What a reward model makes of a text: its value head's number at the last token."""
        return await self.call(
            "score",
            {
                "model": model,
                "adapter": adapter,
                "ids": ids,
                "text": text,
                "messages": messages,
                "overrides": overrides,
                "special_tokens": special_tokens,
                "working_directory": working_directory,
            },
        )

    async def system_info(self) -> SystemInfoResult:
        """Versions, limits, the processor, memory, and what is running."""
        return await self.call("system.info")

    async def system_shutdown(self) -> dict[str, Any]:
        """Stops the daemon; running jobs write a checkpoint and go on at the next start."""
        return await self.call("system.shutdown")

    async def tokenize(
        self,
        *,
        model: str,
        text: str,
        special_tokens: bool | None = None,
        working_directory: str | None = None,
    ) -> TokenizeResult:
        """Turns text into token ids. The folder needs only the tokenizer's files."""
        return await self.call(
            "tokenize",
            {
                "model": model,
                "text": text,
                "special_tokens": special_tokens,
                "working_directory": working_directory,
            },
        )
