"""Every error that Guichet raises on purpose.

    GuichetError
    ├── BadInput               the caller's data is wrong: 400
    │   ├── TooLong            over a stated limit: 413
    │   │   ├── FileTooLarge
    │   │   └── TooManyFiles
    │   └── WrongFileType      not a kind of file that we take: 415
    ├── NotSignedIn            no or wrong credentials: 401
    ├── NotAllowed             signed in, but not for this: 403
    ├── NotFound               no such conversation, case, page: 404
    │   └── Gone               it was here, and was removed: 410
    ├── Conflict               the thing has moved on: 409
    │   ├── PublishRefused     it would answer worse than the operator allows
    │   └── DeadLinks          what would be new links to what is not there
    ├── TooManyRequests        slow down: 429
    └── Unavailable            a part that we need does not answer: 503
        ├── ArchiveUnavailable
        ├── AssistantUnavailable
        ├── DeliveryFailed     another system did not take what it was sent
        └── NotReady           missing or stale part; says what to run

The class docstring is the default message. Messages name the thing, the value and
what was expected, and never hold a customer's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal

# What staff may be told in their own language: `desk.refusals` and `console.refusals`
# of the texts.
Refusal = Literal[
    "bad_date",
    "bad_id",
    "bad_language",
    "blanks_left",
    "empty",
    "front_matter",
    "gone_by",
    "held_already",
    "missing_fields",
    "no_ground",
    "no_language_chosen",
    "no_text",
    "no_title",
    "not_held",
    "not_published",
    "not_set_aside",
    "not_yours",
    "nothing_to_publish",
    "nothing_to_read",
    "other",
    "other_language",
    "reasons_needed",
    "time_gone",
    "too_long",
    "unknown_code",
]


class GuichetError(Exception):
    """Something went wrong."""

    # What a program may read besides the message.
    details: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self, message: str | None = None, *, refusal: Refusal = "other"
    ) -> None:
        """Say what is wrong, and by `refusal` which text of the staff's says it."""
        super().__init__(message or (self.__doc__ or "").strip())
        self.refusal = refusal


class BadInput(GuichetError):
    """The request is not as expected."""


class TooLong(BadInput):
    """The text is too long."""


class FileTooLarge(TooLong):
    """The file is too large."""


class TooManyFiles(TooLong):
    """There are too many files already."""


class WrongFileType(BadInput):
    """Files of this type are not taken."""


class NotSignedIn(GuichetError):
    """Sign in first."""


class NotAllowed(GuichetError):
    """This is not allowed for this account."""


class NotFound(GuichetError):
    """There is no such thing."""


class Gone(NotFound):
    """It was here, and was removed."""


class Conflict(GuichetError):
    """The thing was changed by somebody else in the meantime."""


class PublishRefused(Conflict):
    """The publication would answer worse than the operator allows.

    Attributes:
        fallen: By measure, what it was, what it would be, and the floor.
        broken: The questions answered worse: `id`, `language`, `text`, `before` and
            `after`; an empty `before` means that no wrong answer was given.
    """

    def __init__(
        self,
        fallen: dict[str, dict[str, float]],
        broken: list[dict[str, str]],
    ) -> None:
        measures = "; ".join(
            f"{name} would fall from {each['before']:.3f} to {each['after']:.3f}, the"
            f" floor is {each['floor']:.3f}"
            for name, each in fallen.items()
        )
        super().__init__(f"{measures}; {len(broken)} questions break")
        self.fallen, self.broken = fallen, broken
        self.details = {"fallen": fallen, "broken": broken}


class DeadLinks(Conflict):
    """Links of what would be published lead nowhere.

    Attributes:
        links: `id` and `language` of the page, `text`, `target`, and `trouble`.
    """

    def __init__(self, links: list[dict[str, str]]) -> None:
        named = ", ".join(
            f"{each['target']} on {each['language']}/{each['id']}" for each in links[:3]
        )
        more = f" and {len(links) - 3} more" if len(links) > 3 else ""
        super().__init__(f"links lead nowhere: {named}{more}")
        self.links = links
        self.details = {"dead_links": links}


class TooManyRequests(GuichetError):
    """Too many requests; try again in a while.

    Attributes:
        retry_after: When the next one may be made, if that is known.
    """

    def __init__(
        self, message: str | None = None, *, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message or "too many requests; try again in a while")
        self.retry_after = retry_after


class Unavailable(GuichetError):
    """A part of the service does not answer."""


class ArchiveUnavailable(Unavailable):
    """The archive does not answer."""


class AssistantUnavailable(Unavailable):
    """The assistant does not answer."""


class DeliveryFailed(Unavailable):
    """Another system did not take what it was sent.

    Attributes:
        retry_after: When it wants to be asked again, if it says so.
        is_final: Trying again would fail again.
        holds: Nothing else gets through there either: for `retry_after`, or without
            one until a person says so.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        is_final: bool = False,
        holds: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after, self.is_final, self.holds = retry_after, is_final, holds


class NotReady(Unavailable):
    """A part of the service is missing or out of date."""
