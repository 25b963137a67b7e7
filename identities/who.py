"""Says on standard output which account each profile belongs to; started by the package, as a file.

It must not import Pulumi: that would cost the time that running it apart saves.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound


class Identity(TypedDict, total=False):
    """What STS says of a profile: `account` and `arn`, or else a `problem`."""

    account: str
    arn: str
    problem: str


def identify(profile: str, region: str) -> Identity:
    """Asks STS who a profile is ("GetCallerIdentity", which needs no permission)."""
    sign_in = f"sign in again, for example with aws sso login --profile {profile}"
    try:
        client = boto3.Session(profile_name=profile).client(
            "sts",
            region_name=region,
            config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3}),
        )
        answer = client.get_caller_identity()
    except ProfileNotFound:
        return {
            "problem": "is not in your AWS config or credentials file; "
            f"make it with aws configure --profile {profile}, or name another"
        }
    except ClientError as error:
        code, reason = error.response["Error"]["Code"], error.response["Error"]["Message"]
        return {"problem": f"is refused by AWS ({code}: {reason}); {sign_in}"}
    except BotoCoreError as error:
        # One line whatever it is: missing or partial credentials, an expired SSO session, no network.
        return {"problem": f"cannot be used ({' '.join(str(error).split())}); {sign_in}"}
    return {"account": answer["Account"], "arn": answer["Arn"]}


if __name__ == "__main__":
    requests = json.loads(sys.argv[1])
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda request: identify(**request), requests))
    sys.stdout.write(json.dumps(found))
