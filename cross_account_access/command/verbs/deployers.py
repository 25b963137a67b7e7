"""`access deployers`: the policies of the two identities that deploy a stack."""

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cross_account_access.command.stack_file import stack_file
from cross_account_access.deployers.policies import Owner, policies_of
from cross_account_access.deployers.stack_file import settings_in
from cross_account_access.errors import Status
from cross_account_access.facts.quotas import MANAGED_POLICIES_OF_ROLE
from cross_account_access.presentation import TITLE, Page
from cross_account_access.stack import add_stack_options, stack_of

_DESCRIPTION: Final = """\
Prints what the identities that deploy the stack must be allowed, in each account: IAM policies that
name what this stack makes and uses, and nothing else. The stack file alone tells them, so that the
deployers can be made before the first `pulumi up`.

With --read-only they allow what previews, the search for drift and questions about access need, as
jobs of CI do."""
_EPILOG: Final = """\
examples:
  access deployers --stack prod
  access deployers --stack prod --read-only --json

exit status: 0 printed, 2 wrong usage, or settings that the program would refuse too"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the stack, and how much is allowed."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("--read-only", action="store_true", help="leave out whatever writes")
    add_stack_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    stack = stack_of(arguments)
    name = stack.name or stack.selected()
    project, settings = settings_in(stack_file(stack.folder, name))
    owner = Owner(project=project, stack=name.rsplit("/", 1)[-1])
    policies = policies_of(settings, owner, read_only=arguments.read_only)
    if arguments.json:
        Page().json({"stack": name, "readOnly": arguments.read_only, "policies": policies})
    else:
        accounts = {"production": settings.production, "staging": settings.staging}
        _print(Page(), {accounts[side].account_id: found for side, found in policies.items()})
    return Status.AS_INTENDED


def _print(page: Page, policies: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    for account, documents in policies.items():
        for number, document in enumerate(documents, start=1):
            page.line((f"account {account}, policy {number} of {len(documents)}", TITLE))
            page.raw(json.dumps(document, indent=2))
        if len(documents) > MANAGED_POLICIES_OF_ROLE:
            page.note(
                f"account {account}: a role has at most {MANAGED_POLICIES_OF_ROLE} managed policies"
                " unless the account's quota is raised; deploy in several stacks, or raise it"
            )
