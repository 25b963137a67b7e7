"""Answers "may this principal do this action on this resource?" from policy documents alone.

The engine judges documents that others build; it imports nothing of the program and talks to no
network. Fill a `World`, make a `Request`, call `decide`.
"""

from cross_account_access.iam.documents import PolicyKind
from cross_account_access.iam.engine.context import Context, KeyState
from cross_account_access.iam.engine.evaluation import (
    Assumption,
    Decision,
    Outcome,
    Request,
    assume,
    decide,
)
from cross_account_access.iam.engine.kept import Decisions
from cross_account_access.iam.engine.policies import Citation, Policy, compile_policy
from cross_account_access.iam.engine.principals import Principal, PrincipalKind, parse_principal
from cross_account_access.iam.engine.world import (
    IdentityDocuments,
    ResourceDocuments,
    RoleDocuments,
    World,
)
from cross_account_access.iam.errors import DocumentError, IamError, QuestionError

__all__ = [
    "Assumption",
    "Citation",
    "Context",
    "Decision",
    "Decisions",
    "DocumentError",
    "IamError",
    "IdentityDocuments",
    "KeyState",
    "Outcome",
    "Policy",
    "PolicyKind",
    "Principal",
    "PrincipalKind",
    "QuestionError",
    "Request",
    "ResourceDocuments",
    "RoleDocuments",
    "World",
    "assume",
    "compile_policy",
    "decide",
    "parse_principal",
]
