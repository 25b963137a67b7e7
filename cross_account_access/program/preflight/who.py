"""Says on standard output which account a profile belongs to; started by the package, as a file.

It must not import Pulumi: that would cost the time that running it apart saves. Nor boto3, whose
resources and service models a preview would wait for and not use; botocore is what it stands on.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypedDict

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound
from botocore.session import Session

_PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})


class Identity(TypedDict, total=False):
    """What AWS says of a profile: all but the `problem`, or else that alone."""

    account: str
    arn: str
    users: dict[str, str | None]
    """The ARN of each user that was asked for, None where there is no such user."""
    audiences: dict[str, list[str] | None]
    """Of each identity provider that was asked for, by ARN; None where there is no such one."""
    problem: str


def identify(profile: str, region: str, users: list[str], providers: list[str]) -> Identity:
    """Asks STS who a profile is, which needs no permission, and IAM for what must exist already.

    That needs `iam:GetUser` for the users and `iam:GetOpenIDConnectProvider` for the identity
    providers, and nothing where there are none.
    """
    sign_in = f"sign in again, for example with aws sso login --profile {profile}"
    try:
        session = Session(profile=profile)
        client: Callable[[str], Any] = partial(
            session.create_client, region_name=region, config=_PATIENCE
        )
        answer = client("sts").get_caller_identity()
        iam = client("iam") if users or providers else None
        arns = {name: _user_arn(iam, name) for name in users}
        audiences = {arn: _audiences(iam, arn) for arn in providers}
    except ProfileNotFound:
        return {
            "problem": "is not in your AWS config or credentials file; "
            f"make it with aws configure --profile {profile}, or name another"
        }
    except ClientError as error:
        code, reason = error.response["Error"]["Code"], error.response["Error"]["Message"]
        return {"problem": f"is refused by AWS ({code}: {reason}); {sign_in}"}
    except BotoCoreError as error:
        # One line whatever it is: partial credentials, an expired SSO session, no network.
        return {"problem": f"cannot be used ({' '.join(str(error).split())}); {sign_in}"}
    return {
        "account": answer["Account"],
        "arn": answer["Arn"],
        "users": arns,
        "audiences": audiences,
    }


def _user_arn(iam: Any, name: str) -> str | None:  # noqa: ANN401 - clients are made as it runs
    try:
        arn: str = iam.get_user(UserName=name)["User"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        return None
    return arn


def _audiences(iam: Any, arn: str) -> list[str] | None:  # noqa: ANN401 - as above
    try:
        found: list[str] = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)[
            "ClientIDList"
        ]
    except iam.exceptions.NoSuchEntityException:
        return None
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(identify(**json.loads(sys.argv[1]))))
