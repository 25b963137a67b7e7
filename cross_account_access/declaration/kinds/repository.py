"""Repositories of Amazon ECR."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, LevelActions


@dataclass(frozen=True, kw_only=True)
class Repository(ExistingResource):
    """A repository that exists. Its images are pulled and pushed with a login to the registry.

    The actions are those of "Actions, resources, and condition keys for Amazon Elastic Container
    Registry",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html.
    """

    kind = "repository"
    service = "ecr"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        "pull": LevelActions(
            on_resource=(
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:DescribeImages",
                "ecr:DescribeRepositories",
                "ecr:GetDownloadUrlForLayer",
                "ecr:ListImages",
            ),
            on_anything=("ecr:GetAuthorizationToken",),
        ),
        "push": LevelActions(
            on_resource=(
                "ecr:BatchCheckLayerAvailability",
                # Clients look whether the manifest is there: "IAM permissions for pushing an image
                # to an Amazon ECR private repository",
                # https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html.
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ),
            on_anything=("ecr:GetAuthorizationToken",),
        ),
    }
    # The name as "DescribeRepositories" takes it,
    # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html.
    arn_form = (
        r"repository/(?=.{2,256}\Z)[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
        r"(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*"
    )
    arn_example = "repository/my-team/my-repository"
    describe_method = "describe_repositories"
    describe_parameter = "repositoryNames"
    absent = "RepositoryNotFoundException"

    def describe_parameters(self) -> Mapping[str, Any]:
        """Its name; no ARN is taken."""
        return {self.describe_parameter: [self.own_name]}

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Lists its images; whoever may only push would have to push."""
        if "pull" not in grant.levels:
            return []
        place = ["--registry-id", owner.account_id, "--repository-name", self.own_name]
        return [["aws", "ecr", "list-images", *place, "--region", owner.region]]
