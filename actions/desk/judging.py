"""What the classifier says of a case, with its evidence, read anew and remembered."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from actions.cases.case import Case, Verdict
from knowledge.logs import place_of

log = logging.getLogger(__name__)

Classify = Callable[[str, str], Awaitable[Verdict]]
MOST_REMEMBERED = 500


class Judge:
    """Reads descriptions as the classifier does; a case never changes its own."""

    def __init__(self, classify: Classify) -> None:
        self._classify = classify
        self._known: OrderedDict[str, tuple[str, Verdict]] = OrderedDict()

    async def verdict(self, case: Case) -> Verdict | None:
        """The verdict on the description; None where the classifier fails.

        A case is shown all the same then, only without marks and probabilities.
        """
        known = self._known.get(case.reference)
        if known is not None and known[0] == case.description:
            self._known.move_to_end(case.reference)
            return known[1]
        if not case.description.strip():
            return None
        try:
            verdict = await self._classify(case.description, case.language)
        except Exception as exc:
            log.error("no verdict on %s: %s", case.reference, place_of(exc))
            return None
        self._known[case.reference] = (case.description, verdict)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return verdict
