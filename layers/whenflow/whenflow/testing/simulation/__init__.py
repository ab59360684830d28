"""A simulator of a whole stack that fails: `simulate(seed)` plays one history, and says what went wrong in it.

The product's own code runs over the stores in memory, on a clock that jumps. Each call of a port may fail: the process
dies before or after it, it is throttled, its answer is lost, it is slow. Streams deliver batches again, queues deliver
late, twice and in any order, and several processes take turns at every call. What is drawn depends on the seed
alone, so that a history can be played again.

```python
from whenflow.testing.simulation import simulate

history = simulate(17)
assert not history.violations, history.report()
```

`python -m whenflow.testing.simulation --seeds 20000` plays many.
"""

from whenflow.testing.simulation.play import History, shrunk, simulate

__all__ = ["History", "shrunk", "simulate"]
