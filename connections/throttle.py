"""How often a login may be tried."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

TRIES = 10
SECONDS = 60.0
# Of what is tried, as many are remembered; the one that was tried longest ago is forgotten first.
REMEMBERED = 10_000

Who = tuple[str, str]
"""An account, and the address that it is tried from."""


class Throttle:
    """Counts the tries of each account from each address: whoever guesses at one from elsewhere keeps nobody out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[Who, deque[float]] = OrderedDict()

    def try_again_in(self, who: Who) -> float:
        """Counts a try, and gives 0; where there were too many it counts none, and gives the seconds to wait."""
        now = self._clock()
        tries = self._tries.setdefault(who, deque(maxlen=TRIES))
        self._tries.move_to_end(who)
        while len(self._tries) > REMEMBERED:
            self._tries.popitem(last=False)
        if len(tries) == TRIES and (wait := tries[0] + SECONDS - now) > 0:
            return wait
        tries.append(now)
        return 0.0

    def forget(self, who: Who) -> None:
        """Forgets the tries of who had the right password."""
        self._tries.pop(who, None)

    def __len__(self) -> int:
        return len(self._tries)
