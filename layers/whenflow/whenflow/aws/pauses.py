"""Short waits between tries, so that those who collided do not collide again."""

import random
import time

FIRST_SECONDS = 0.01
LONGEST_SECONDS = 0.5


class JitteredPauses:
    """Waits a random while, of which the upper bound doubles with each attempt."""

    def pause(self, attempt: int) -> None:
        """Wait a little."""
        time.sleep(random.uniform(0, min(LONGEST_SECONDS, FIRST_SECONDS * 2**attempt)))  # noqa: S311 - no secret
