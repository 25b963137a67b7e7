"""Amazon ECR: repositories.

No image is moved: layers and images are asked for by names that none has.
"""

from typing import Final

from cross_account_access.iam.services import Call, LivePolicy, Operation, Service

_REPOSITORY: Final = {"registryId": "{account}", "repositoryName": "{bare_name}"}
_NO_IMAGE: Final = {"imageIds": ({"imageTag": "access-verify"},)}
_NO_LAYER: Final = "sha256:" + 64 * "0"
_PULL: Final = frozenset({"pull"})
_PUSH: Final = frozenset({"push"})

SERVICE: Final = Service(
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"RepositoryNotFoundException"}),
    policy=LivePolicy(
        calls=(Call("get_repository_policy", _REPOSITORY),),
        path=("policyText",),
        none=frozenset({"RepositoryPolicyNotFoundException"}),
    ),
    forms={
        "arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}": "any repository"
    },
    operations=(
        Operation(
            words="look at",
            actions=("ecr:DescribeRepositories",),
            levels=_PULL,
            calls=(
                Call(
                    "describe_repositories",
                    {"registryId": "{account}", "repositoryNames": ("{bare_name}",)},
                ),
            ),
        ),
        Operation(
            words="list the images of",
            actions=("ecr:DescribeImages", "ecr:ListImages"),
            levels=_PULL,
            calls=(Call("list_images", {**_REPOSITORY, "maxResults": 1}),),
        ),
        Operation(
            words="read the manifest of an image in",
            actions=("ecr:BatchGetImage",),
            levels=_PULL | _PUSH,
            calls=(Call("batch_get_image", {**_REPOSITORY, **_NO_IMAGE}),),
        ),
        Operation(
            words="pull a layer from",
            actions=("ecr:GetDownloadUrlForLayer",),
            levels=_PULL,
            calls=(Call("get_download_url_for_layer", {**_REPOSITORY, "layerDigest": _NO_LAYER}),),
            invalid=frozenset({"InvalidParameterException", "LayersNotFoundException"}),
        ),
        Operation(
            words="look for layers in",
            actions=("ecr:BatchCheckLayerAvailability",),
            levels=_PULL | _PUSH,
            calls=(
                Call(
                    "batch_check_layer_availability", {**_REPOSITORY, "layerDigests": (_NO_LAYER,)}
                ),
            ),
            checks_refusal=False,
        ),
        Operation(
            words="log in to the registry of",
            actions=("ecr:GetAuthorizationToken",),
            levels=_PULL | _PUSH,
            resource="*",
            everything=("*",),
            calls=(Call("get_authorization_token", {}),),
            checks_refusal=False,
        ),
        Operation(
            words="push a layer to",
            actions=("ecr:UploadLayerPart",),
            levels=_PUSH,
            calls=(
                Call(
                    "upload_layer_part",
                    {
                        **_REPOSITORY,
                        "uploadId": "00000000-0000-0000-0000-000000000000",
                        "partFirstByte": 0,
                        "partLastByte": 0,
                        "layerPartBlob": b"x",
                    },
                ),
            ),
            invalid=frozenset({"InvalidParameterException", "UploadNotFoundException"}),
        ),
        Operation(
            words="push an image to",
            actions=("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage"),
            levels=_PUSH,
        ),
        Operation(
            words="delete images of",
            actions=("ecr:BatchDeleteImage",),
            calls=(Call("batch_delete_image", {**_REPOSITORY, **_NO_IMAGE}),),
        ),
        Operation(words="delete", actions=("ecr:DeleteRepository",)),
        Operation(words="rewrite the policy of", actions=("ecr:SetRepositoryPolicy",)),
    ),
)
