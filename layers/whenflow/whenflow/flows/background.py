"""The worker of background tasks (SPEC 6.7: `.delay`): each is worked on once, though a queue may deliver it twice."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from whenflow.errors import NotFound
from whenflow.flows.backend import Backend
from whenflow.flows.companion import Companion
from whenflow.flows.context import RunContext, current
from whenflow.flows.logs import collecting
from whenflow.flows.recorder import Recorder
from whenflow.flows.task_definition import Task
from whenflow.ports import Claim, TaskRunStore
from whenflow.runs import FlowRun
from whenflow.runs.task_runs import TaskRun

LONGEST = timedelta(minutes=15)
"""No Lambda function works for longer: whoever has claimed a task and has not ended by then is dead."""
logger = logging.getLogger("whenflow.flows")


class Worker:
    """Works on background tasks."""

    def __init__(self, tasks: Sequence[Task[..., Any]], backend: Backend, store: TaskRunStore) -> None:
        """Know these tasks; claim their runs in this store."""
        self._tasks = {one.task_key: one for one in tasks}
        self._by_function = {one.task_key.rpartition(".")[2]: one for one in tasks}
        self._backend = backend
        self._store = store

    def work_all(self, records: Sequence[Mapping[str, Any]], seconds_left: float | None = None) -> dict[str, Any]:
        """Work on the messages of a batch; return which are to be delivered again."""
        failed = []
        for record in records:
            try:
                again = not self.work(json.loads(record["body"]), seconds_left)
            except Exception:  # the edge of one message: it is delivered again, and in the end to the dead letters
                logger.exception("message %s failed", record.get("messageId"))
                again = True
            if again:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    def work(self, message: Mapping[str, Any], seconds_left: float | None = None) -> bool:
        """Work on a task; False where another process has it, and its message is to come again in case that one dies.

        Raises:
            NotFound: This worker has no such task.
        """
        task = self._task(str(message["task_key"]))
        now = self._backend.clock.now()
        until = now + (timedelta(seconds=seconds_left) if seconds_left else LONGEST)
        claim = self._store.claim(message["task_run_id"], until, now)
        if claim != Claim.MINE:
            return claim == Claim.DONE
        self._run(task, TaskRun.from_stored(message["task_run"]), message["parameters"])
        self._store.done(message["task_run_id"])
        return True

    def _task(self, key: str) -> Task[..., Any]:
        """Return a task by its key; a module that is called otherwise where it was delayed makes no difference."""
        task = self._tasks.get(key) or self._by_function.get(key.rpartition(".")[2])
        if task is None:
            raise NotFound(f"This worker has no task '{key}'; it has: {', '.join(sorted(self._tasks)) or 'none'}.")
        return task

    def _run(self, task: Task[..., Any], task_run: TaskRun, parameters: Mapping[str, Any]) -> None:
        run = self._flow_run(task_run)
        context = RunContext(run, self._backend, Recorder(self._backend, task_run.group))
        token = current.set(context)
        try:
            if run is None:
                state = task.run_delayed(context, task_run, parameters)
            else:
                with collecting(run.id) as log, Companion(run, self._backend, log, context.recorder):
                    state = task.run_delayed(context, task_run, parameters)
        finally:
            current.reset(token)
        if state.error:
            logger.error("task %s failed", task.name, exc_info=state.error)

    def _flow_run(self, task_run: TaskRun) -> FlowRun | None:
        try:
            return self._backend.get_run(task_run.flow_run_id) if task_run.flow_run_id else None
        except NotFound:  # the flow run was deleted meanwhile: the task stands alone now
            return None
