"""EC2 instances of Staging."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Text
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.model import SignIn
from cross_account_access.facts import quotas


@dataclass(frozen=True, kw_only=True)
class Instances(Machines):
    """EC2 instances of the Staging account, by the role of their instance profile."""

    kind = "ec2"
    words = "EC2 instances of Staging."
    example = "{role: {name: StageInstances}}"
    signs_in = SignIn.INSTANCE_METADATA
    service = "ec2"
    called = "instances"
    # So named before there were other machines.
    sid = "TrustInstances"
    unique_names: ClassVar[Mapping[str, Callable[[Any], str]]] = {
        **Machines.unique_names,
        "instance_profile": lambda instances: instances.instance_profile,
    }

    instance_profile: Annotated[
        str,
        Text(
            "Name of the instance profile; the role's name unless said.",
            rules.iam_name(quotas.INSTANCE_PROFILE_NAME_CHARACTERS),
            otherwise=lambda read: read["role"].name,
        ),
    ]

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """The instance profile of a role that exists is its owner's."""
        if self.role.existing and self.instance_profile != self.role.name:
            yield (
                "instance_profile",
                "is not made for a role that exists, which has one already; remove it",
            )
