"""What the engine raises: every message names the value, the rule and the remedy."""


class EngineError(ValueError):
    """A document, a world or a question that the engine cannot work with."""


class DocumentError(EngineError):
    """A policy document that is not JSON or breaks the policy grammar."""


class QuestionError(EngineError):
    """A principal, an action, a resource, a context or a world that cannot be asked about."""
