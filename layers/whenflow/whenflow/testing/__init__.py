"""Fakes and factories, for Whenflow's own tests and for those of its users.

Every fake keeps the same contract as the adapter it stands for: `tests/contract` runs one suite against both.
"""

from whenflow.testing.doubles import ManualClock, RecordedLauncher, SequentialIds
from whenflow.testing.factories import an_automation, an_event
from whenflow.testing.memory import MemoryEventStore, MemoryFiringStore, MemoryRunStore
from whenflow.testing.memory_config import (
    MemoryConfigStore,
    MemoryQuota,
    MemoryRequestLog,
    MemoryRetryQueue,
    MemorySecrets,
)
from whenflow.testing.outside import (
    MemoryDeadLetters,
    MemoryRateBudget,
    RecordedHttp,
    RecordedMailer,
    RecordedTopics,
)

__all__ = [
    "ManualClock",
    "MemoryConfigStore",
    "MemoryDeadLetters",
    "MemoryEventStore",
    "MemoryFiringStore",
    "MemoryRateBudget",
    "MemoryRequestLog",
    "MemoryQuota",
    "MemoryRetryQueue",
    "MemoryRunStore",
    "MemorySecrets",
    "RecordedHttp",
    "RecordedLauncher",
    "RecordedMailer",
    "RecordedTopics",
    "SequentialIds",
    "an_automation",
    "an_event",
]
