"""The component in plain values: its inputs are settings, its outputs the contract."""

from typing import Any

from pulumi import Output, ResourceOptions
from pulumi.provider.experimental.util import camel_case

from components import cross_account_access
from cross_account_access.declaration import settings
from cross_account_access.package.inputs import Inputs
from cross_account_access.program import outputs, preflight
from cross_account_access.program.arguments import arguments_of


class CrossAccountAccess(cross_account_access.CrossAccountAccess):
    """Both sides of cross-account access: what is shared, who is let in, and the roles between."""

    contract_version: str
    """Version of this contract."""
    production_account_id: str
    """12 digits."""
    production_region: str
    """Region of all that is shared."""
    production_canonical_user_id: Output[str]
    """64 hexadecimal digits."""
    staging_account_id: str
    """12 digits."""
    staging_canonical_user_id: Output[str]
    """64 hexadecimal digits."""
    bucket_names: list[str]
    """In the order of their declaration."""
    bucket_arns: dict[str, Output[str]]
    """By bucket name."""
    topic_arns: dict[str, Output[str]]
    """By topic name."""
    queue_arns: dict[str, Output[str]]
    """By queue name."""
    kms_key_arns: dict[str, Output[str]]
    """By bucket name: the key of a bucket that has one of its own."""
    role_names: dict[str, str]
    """By consumer with a role: the role's name without its path."""
    role_arns: dict[str, Output[str]]
    """By consumer with a role: the role to assume."""
    user_arns: dict[str, str]
    """By consumer that is a user: the user who is let in."""
    access_policy_arns: dict[str, list[Output[str]]]
    """By consumer with a role: the managed policies of its role, none for an inline policy."""
    switch_role_urls: dict[str, str]
    """By consumer who can use it: link that switches the console to the role."""
    cli_profiles: dict[str, str]
    """By consumer who can use it: block for ~/.aws/config, whose profile renews itself."""
    proof_commands: dict[str, str]
    """By consumer, where there are some: AWS CLI commands that prove the access."""
    declaration: str
    """JSON text: every consumer and every grant, as declared."""

    def __init__(self, name: str, args: Inputs, opts: ResourceOptions | None = None) -> None:
        declared = settings.check(_plain(args), where=f"the inputs of {name!r}")
        preflight.prove(declared)
        super().__init__(name, arguments_of(declared, prefix=f"{name}-"), opts)
        values = outputs.values_of(declared, self)
        for attribute in CrossAccountAccess.__annotations__:
            setattr(self, attribute, values[camel_case(attribute)])


class _NotPlain:
    """Stands for a value that is known too late or kept from sight, where a rule meets it."""

    def __repr__(self) -> str:
        return "<an output or a secret; write the value itself>"


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a program may pass
    """The same values with whole numbers: the engine's protocol knows fractions only."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case Output():
            return _NotPlain()
        case float() if value.is_integer():
            return int(value)
    return value
