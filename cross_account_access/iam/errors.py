"""What the judge raises: every message names the value, the rule and the remedy."""


class IamError(ValueError):
    """Something that cannot be judged."""


class DocumentError(IamError):
    """A policy document that is not JSON or breaks the policy grammar."""


class QuestionError(IamError):
    """A principal, an action, a resource, a context or a world that cannot be asked about."""


class ComparisonError(IamError):
    """Documents whose patterns overlap in more ways than can be looked at."""

    def __init__(self) -> None:
        super().__init__(
            "the documents have too many patterns that overlap to be compared case by case;"
            " write some of their wildcards in full"
        )
