"""Who may do what, decided from policy documents alone: the judge, for any project.

It imports nothing of the program whose documents it judges, talks to no network, and needs the
standard library only.

- **One question**: fill a `World`, make a `Request`, call `decide`; `assume` for a role.
- **A question by any way**: fill an `Inventory`, call `routes`, which goes through roles too.
- **All questions**: `compare` two inventories, list the `grants` of one, or its `answers` to what
  is `Asked`.
- **The documents themselves**: `judge` a `Subject` by the rules that scanners apply; `read` one.

What cannot be judged raises an `IamError`.
"""

from cross_account_access.iam.comparing.asked import Asked
from cross_account_access.iam.comparing.comparison import Change, Effect, answers, compare, grants
from cross_account_access.iam.documents import Document, PolicyDocument, PolicyKind, read
from cross_account_access.iam.engine import (
    Assumption,
    Citation,
    Context,
    Decision,
    Decisions,
    IdentityDocuments,
    Outcome,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    ResourceDocuments,
    RoleDocuments,
    World,
    assume,
    compile_policy,
    decide,
    parse_principal,
)
from cross_account_access.iam.errors import ComparisonError, DocumentError, IamError, QuestionError
from cross_account_access.iam.inventory import Inventory, LabelledAccount
from cross_account_access.iam.layers import AccountLayers, Endpoint, Layers, Level
from cross_account_access.iam.lint.findings import Finding, Severity
from cross_account_access.iam.lint.judging import judge
from cross_account_access.iam.lint.subjects import Subject, subject_of_text, subjects_of
from cross_account_access.iam.patterns import matches
from cross_account_access.iam.routes import Route, routes

__all__ = [
    "AccountLayers",
    "Asked",
    "Assumption",
    "Change",
    "Citation",
    "ComparisonError",
    "Context",
    "Decision",
    "Decisions",
    "Document",
    "DocumentError",
    "Effect",
    "Endpoint",
    "Finding",
    "IamError",
    "IdentityDocuments",
    "Inventory",
    "LabelledAccount",
    "Layers",
    "Level",
    "Outcome",
    "Policy",
    "PolicyDocument",
    "PolicyKind",
    "Principal",
    "PrincipalKind",
    "QuestionError",
    "Request",
    "ResourceDocuments",
    "RoleDocuments",
    "Route",
    "Severity",
    "Subject",
    "World",
    "answers",
    "assume",
    "compare",
    "compile_policy",
    "decide",
    "grants",
    "judge",
    "matches",
    "parse_principal",
    "read",
    "routes",
    "subject_of_text",
    "subjects_of",
]
