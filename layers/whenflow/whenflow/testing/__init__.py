"""Fakes and factories, for Whenflow's own tests and for those of its users.

Every fake keeps the same contract as the adapter it stands for: `tests/contract` runs one suite against both.
"""

from whenflow.testing.doubles import ManualClock, RecordedLauncher, SequentialIds
from whenflow.testing.factories import an_automation, an_event
from whenflow.testing.memory import (
    MemoryConfigStore,
    MemoryEventStore,
    MemoryFiringStore,
    MemoryQuota,
    MemoryRequestLog,
    MemoryRetryQueue,
    MemoryRunStore,
    MemorySecrets,
)

__all__ = [
    "ManualClock",
    "MemoryConfigStore",
    "MemoryEventStore",
    "MemoryFiringStore",
    "MemoryRequestLog",
    "MemoryQuota",
    "MemoryRetryQueue",
    "MemoryRunStore",
    "MemorySecrets",
    "RecordedLauncher",
    "SequentialIds",
    "an_automation",
    "an_event",
]
