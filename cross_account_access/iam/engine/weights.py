"""What a group of policies says about a request."""

from __future__ import annotations

from collections.abc import Iterable

from cross_account_access.iam.engine.context import RequestContext
from cross_account_access.iam.engine.matching import Truth
from cross_account_access.iam.engine.policies import Citation, CompiledStatement, Policy
from cross_account_access.iam.engine.principal_elements import Naming


class Weight:
    """What a group of policies says: for, against, and what is open."""

    __slots__ = ("allow", "allows", "denies", "deny", "least", "most", "open")

    def __init__(self) -> None:
        self.allow: Truth = False
        self.deny: Truth = False
        self.least = Naming.NONE
        self.most = Naming.NONE
        self.allows: list[Citation] = []
        self.denies: list[Citation] = []
        self.open: list[CompiledStatement] = []

    def weigh(self, policies: Iterable[Policy], context: RequestContext) -> Weight:
        """Weigh policies that name nobody, since they are attached to the one they speak of."""
        for policy in policies:
            for statement in policy.statements:
                applies = statement.applies(context)
                if applies is False:
                    continue
                if applies is None:
                    self.open.append(statement)
                if statement.allows:
                    self.allow = self.allow or applies
                    if applies:
                        self.allows.append(statement.citation)
                else:
                    self.deny = self.deny or applies
                    if applies:
                        self.denies.append(statement.citation)
        return self

    def weigh_naming(self, policy: Policy, context: RequestContext) -> Weight:
        """Weigh a policy whose statements name principals."""
        for statement in policy.statements:
            applies = statement.applies(context)
            if applies is False:
                continue
            least, most = statement.naming(context)
            if most is Naming.NONE:
                continue
            is_certain = applies is True and least is not Naming.NONE
            if applies is None or least is not most:
                self.open.append(statement)
            if statement.allows:
                self.most = max(self.most, most)
                if is_certain:
                    self.least = max(self.least, least)
                    self.allows.append(statement.citation)
            elif is_certain:
                self.deny = True
                self.denies.append(statement.citation)
            else:
                self.deny = self.deny or None
        return self


def both(one: Truth, other: Truth) -> Truth:
    """Say whether both are true."""
    if one is False or other is False:
        return False
    return one and other
