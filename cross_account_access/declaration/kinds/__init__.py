"""One file for each kind of shared resource and of consumer, in two tables that all else reads."""

from typing import Final

from cross_account_access.declaration.kinds.bucket import Bucket
from cross_account_access.declaration.kinds.bus import Bus
from cross_account_access.declaration.kinds.ecs_tasks import EcsTasks
from cross_account_access.declaration.kinds.eks_pods import EksPods
from cross_account_access.declaration.kinds.function import Function
from cross_account_access.declaration.kinds.instances import Instances
from cross_account_access.declaration.kinds.lambda_functions import LambdaFunctions
from cross_account_access.declaration.kinds.log_group import LogGroup
from cross_account_access.declaration.kinds.organization import Organization
from cross_account_access.declaration.kinds.parameter import Parameter
from cross_account_access.declaration.kinds.principals import Principals
from cross_account_access.declaration.kinds.queue import Queue
from cross_account_access.declaration.kinds.repository import Repository
from cross_account_access.declaration.kinds.roles_anywhere import RolesAnywhere
from cross_account_access.declaration.kinds.secret import Secret
from cross_account_access.declaration.kinds.state_machine import StateMachine
from cross_account_access.declaration.kinds.stream import Stream
from cross_account_access.declaration.kinds.table import Table
from cross_account_access.declaration.kinds.third_party import ThirdParty
from cross_account_access.declaration.kinds.topic import Topic
from cross_account_access.declaration.kinds.user import User
from cross_account_access.declaration.kinds.web_identities import WebIdentities
from cross_account_access.declaration.model import ExistingResource, OwnedResource, Principal

__all__ = [
    "EXISTING",
    "OWNED",
    "PRINCIPALS",
    "Bucket",
    "Bus",
    "EcsTasks",
    "EksPods",
    "Function",
    "Instances",
    "LambdaFunctions",
    "LogGroup",
    "Organization",
    "Parameter",
    "Principals",
    "Queue",
    "Repository",
    "RolesAnywhere",
    "Secret",
    "StateMachine",
    "Stream",
    "Table",
    "ThirdParty",
    "Topic",
    "User",
    "WebIdentities",
]

OWNED: Final[tuple[type[OwnedResource], ...]] = (Bucket, Topic, Queue)
"""What the stack makes and shares, in the order of the stack file."""

EXISTING: Final[tuple[type[ExistingResource], ...]] = (
    Secret,
    Parameter,
    Table,
    Repository,
    Function,
    Stream,
    Bus,
    StateMachine,
    LogGroup,
)
"""What exists already and is shared, each kind by the service of its ARN."""

PRINCIPALS: Final[tuple[type[Principal], ...]] = (
    User,
    Instances,
    EcsTasks,
    LambdaFunctions,
    EksPods,
    RolesAnywhere,
    ThirdParty,
    WebIdentities,
    Principals,
    Organization,
)
"""The kinds of consumers, in the order of the stack file."""
