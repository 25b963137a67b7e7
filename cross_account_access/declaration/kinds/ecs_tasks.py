"""ECS tasks of Staging."""

from dataclasses import dataclass

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.machines import HandedOut, Machines, of_account
from cross_account_access.declaration.model import SignIn


@dataclass(frozen=True, kw_only=True)
class EcsTasks(Machines):
    """Tasks of Amazon ECS in the Staging account, by their task role."""

    kind = "ecs_tasks"
    words = "ECS tasks of Staging."
    example = "{role: {name: StageTasks}}"
    signs_in = SignIn.CONTAINER
    service = "ecs-tasks"
    called = "ECS tasks"

    def handed_out(self, owner: Account) -> HandedOut:
        """For the account's own tasks; ECS does not say of which cluster they are.

        Source: "Amazon ECS task IAM role",
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html.
        """
        return HandedOut(
            service=self.service, claims=of_account(owner, owner.regional_arn("ecs", "*"))
        )
