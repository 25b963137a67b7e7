"""What the judge knows of AWS services, as data: one file for each service.

A further service is one further file here, named as ARNs name the service, with an underscore where
Python has the word for itself, that describes it in a `SERVICE`. Nothing here calls AWS: texts are
templates, which whoever makes a call fills in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


class Scope(Enum):
    """What an operation is about, which decides what confines it to a prefix."""

    RESOURCE = "the resource itself"
    LISTING = "the resource, confined by the prefix that is asked for"
    OBJECTS = "the objects below a prefix"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where exactly a request goes. Templates know its fields and properties by their names."""

    arn: str
    """Of the resource."""
    prefix: str = ""
    """Of the keys that are meant; empty for the whole resource."""
    scratch: str = ""
    """Beginning of the keys that the request may write; nobody else uses it."""
    existing: str = ""
    """Key of an object that is known to exist, if one is."""
    key_arn: str | None = None
    """Of the KMS key that encrypts what lies in the resource."""
    home: str = ""
    """Account of the caller, 12 digits."""
    owner: str = ""
    """Account of the resource, 12 digits; the ARN of a bucket does not say."""

    @property
    def name(self) -> str:
        """Name of the resource."""
        return self.arn.rsplit(":", 1)[-1]

    @property
    def bare_name(self) -> str:
        """Its name without what the ARN has before it, such as `stream/`."""
        return re.split("[/:]", self.arn.split(":", 5)[5], maxsplit=1)[-1]

    @property
    def object(self) -> str:
        """Key of an object: of one that exists, or of one that could be written."""
        return self.existing or f"{self.scratch}object"

    @property
    def elsewhere(self) -> str:
        """An account that is not the caller's."""
        return "".join(str(9 - int(digit)) for digit in self.home)

    def fill(self, template: Any, **more: str) -> Any:  # noqa: ANN401 - shaped as the template
        """The template with the values of this place.

        Texts are format strings, also inside of mappings and tuples. What a mapping has that turns
        out as an empty text is left out of it.

        Args:
            template: parameters of a call, condition keys, an ARN.
            more: further values by name, such as what an earlier call answered.
        """
        if isinstance(template, str):
            _, partition, _, region, account, _ = self.arn.split(":", 5)
            return template.format(
                **vars(self),
                partition=partition,
                region=region,
                account=account,
                name=self.name,
                bare_name=self.bare_name,
                object=self.object,
                elsewhere=self.elsewhere,
                **more,
            )
        if isinstance(template, Mapping):
            filled = {key: self.fill(value, **more) for key, value in template.items()}
            return {key: value for key, value in filled.items() if value != ""}
        if isinstance(template, tuple):
            return [self.fill(value, **more) for value in template]
        return template


@dataclass(frozen=True)
class Call:
    """A request to the API of the service."""

    method: str
    """Of the service's client in boto3."""
    parameters: Mapping[str, Any]
    """By name, as templates; `endpoint` is the address that the client talks to."""
    keep: Mapping[str, str] = field(default_factory=dict)
    """What templates of later calls need of the answer: its field by the name that they use."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that a level may allow.

    Trying it does no harm where it succeeds: it reads one object that was made for the purpose, or
    writes below a prefix that nobody else uses. What cannot be taken back, such as a message, is
    asked for so that it cannot be carried out: a refusal then is a refusal, and any other answer
    says nothing.
    """

    words: str
    """For people, followed by the place: `read`, `delete in`."""
    actions: tuple[str, ...]
    """All of them must be allowed."""
    levels: frozenset[str] = frozenset()
    """Each of them allows it; what no level allows must always be refused."""
    scope: Scope = Scope.RESOURCE
    resource: str = "{arn}"
    """Of the request, as a template of its ARN."""
    everything: tuple[str, ...] = ("{arn}",)
    """All that it can be about at a place, as templates of ARN patterns; where that is `*`, it has
    no resource, and goes with a grant of any of the service's."""
    confined: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Template of the conditions without which no level means it: operator, key, values. Those of
    a listing count where a grant is confined to prefixes."""
    refused: Mapping[str, tuple[Mapping[str, Mapping[str, tuple[str, ...]]], ...]] = field(
        default_factory=dict
    )
    """Conditions under which a resource refuses it to everybody, each by itself: of one with a key
    of its own (`own key`), and of one without that takes no other (`no key`)."""
    client: str = ""
    """The client in boto3, where it is another than the service's."""
    calls: tuple[Call, ...] = ()
    """Try it, one after the other; none where every way to try it would leave something behind."""
    invalid: frozenset[str] = frozenset()
    """Error codes of a request that is made so that it cannot be carried out: they tell neither of
    leave nor of its lack."""
    key_actions: tuple[str, ...] = ()
    """What is needed of the KMS key of the resource, if it has one."""
    condition_keys: Mapping[str, str] = field(default_factory=dict)
    """Templates of those that only this request has."""
    needs_whole_resource: bool = False
    """Whether a grant that is confined to prefixes leaves it out."""
    needs_object: bool = False
    """Whether only an object that exists tells a refusal from a missing key: S3 answers for a
    missing key as for a forbidden one to whoever may not list ("GetObject",
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html)."""
    leaves_something: bool = False
    """Whether it writes below the scratch prefix."""
    checks_refusal: bool = True
    """Whether its refusal is worth a row beside those of the other operations."""


@dataclass(frozen=True, kw_only=True)
class LivePolicy:
    """How the policy of a resource is read of the account that owns it."""

    calls: tuple[Call, ...]
    path: tuple[str, ...]
    """Fields that lead to the document in the answer to the last call; without one of them, the
    resource has no policy."""
    none: frozenset[str] = frozenset()
    """Error codes that say that the resource has no policy."""


@dataclass(frozen=True, kw_only=True)
class StackTypes:
    """How a Pulumi stack has resources of the service, by the type tokens of pulumi-aws."""

    resources: tuple[str, ...]
    """Types of the resource itself; where it has a policy, the property is called `policy`."""
    name: str = "name"
    """The property that holds its name."""
    arn: str
    """Template of the ARN of a resource that is not made yet, with `partition`, `region`,
    `account`, and `name`, which is the logical name where no other is given."""
    policies: Mapping[str, str]
    """Types of the resources that set its policy, and the property that says of which one."""
    default_policy: Mapping[str, Any] | None = None
    """Template of the policy of a resource that is given none; None where it then has none."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """What is known of one service."""

    client: str = ""
    """The client in boto3, where it is not named as ARNs name the service."""
    refusals: frozenset[str] = frozenset()
    """The error codes with which it says no; any other error says nothing of access."""
    missing: frozenset[str] = frozenset()
    """The error codes that say that a resource is not there."""
    operations: tuple[Operation, ...] = ()
    """In the order in which they are tried."""
    absent_keys: tuple[str, ...] = ()
    """Condition keys that no request has whose operation does not name them."""
    left_to_owner: tuple[str, ...] = ()
    """Actions that the policy of a resource leaves to the IAM policies of its account, where these
    count for nothing unless it does."""
    encryption_context: Mapping[str, str] = field(default_factory=dict)
    """Templates of what it tells KMS when it asks for the key of a resource on a caller's
    behalf."""
    takes_unsigned: bool = False
    """Whether the answer to a request without a signature is that of policies."""
    policy: LivePolicy | None = None
    """None where resources have no policy of their own."""
    stack: StackTypes | None = None
    """None where the stack's resources of the service are told otherwise."""
    inside: str | None = None
    """What stands in the ARN of something inside a resource, such as an object, behind the ARN of
    the resource, whose policy is about it too; None where nothing is inside."""
    also_with_policy: str | None = None
    """Regular expression of the ARNs of what else has a policy of its own, such as access points;
    what follows there is inside. Any other ARN that names an account stands for itself."""
    forms: Mapping[str, str] = field(default_factory=dict)
    """ARNs that matter one by one, as AWS's service reference writes them, and what to call all of
    a form."""


@cache
def services() -> Mapping[str, Service]:
    """All services that are described, by the name that ARNs have for them."""
    return {
        module.name.rstrip("_"): import_module(f"{__name__}.{module.name}").SERVICE
        for module in iter_modules(__path__)
    }


def service_name(arn: str) -> str:
    """The service that an ARN names."""
    return arn.split(":", 3)[2]


def policy_resource(arn: str) -> str:
    """The resource whose policy is about an ARN, or `*`: the bucket of an object, or what it is."""
    service = services().get(service_name(arn)) if ":" in arn else None
    if service is None or service.inside is None:
        return arn
    if service.also_with_policy is not None and arn.split(":", 5)[4]:
        found = re.match(service.also_with_policy, arn)
        return found[0] if found else arn
    return arn.split(service.inside, 1)[0]


def has_no_policies(arn: str) -> bool:
    """Whether the service of an ARN is known to have no policies of resources."""
    service = services().get(service_name(arn))
    return service is not None and bool(service.operations) and service.policy is None


def pattern_inside(arn: str) -> str | None:
    """The pattern of all that is inside a resource with a policy, None where nothing can be."""
    service = services().get(service_name(arn))
    return None if service is None or service.inside is None else f"{arn}{service.inside}*"


def client_of(arn: str, operation: Operation | None = None) -> str:
    """The client in boto3 of the service of a resource, or of an operation on it."""
    client = operation.client if operation else ""
    return client or service_of(arn).client or service_name(arn)


def service_of(arn: str) -> Service:
    """The service of a resource.

    Raises:
        KeyError: it is not described.
    """
    return services()[service_name(arn)]
