"""The actions that patterns mean, as far as AWS's service reference knows them."""

from cross_account_access.facts.service_reference import action, actions, services
from cross_account_access.iam.patterns import matches


def expand(pattern: str) -> frozenset[str]:
    """Return the known actions that an `Action` pattern means, by their names in lower case."""
    wanted = pattern.lower()
    if "*" not in wanted and "?" not in wanted:
        return frozenset({wanted} if action(wanted) else ())
    service, colon, _ = wanted.partition(":")
    return frozenset(
        name
        for each in services()
        if not colon or matches(service, each)
        for name in actions(each)
        if matches(wanted, name)
    )
