"""The floor: the AWS calls of one Pulumi run, made again in their order by plain boto3.

Started as a file, with the file of calls that an observed run wrote, so that nothing is loaded
that the calls do not need.
"""

import json
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError


def main(calls: Path) -> None:
    """Makes the calls, each with the credentials that made it first."""
    profiles = {}
    for profile in boto3.Session().available_profiles:
        session = boto3.Session(profile_name=profile)
        if (credentials := session.get_credentials()) is not None:
            profiles[credentials.access_key] = session
    clients: dict[tuple[str, str, str], Any] = {}
    for line in calls.read_text().splitlines():
        call = json.loads(line)
        who = call["access_key"], call["service"], call["region"]
        if who not in clients:
            key, service, region = who
            clients[who] = profiles[key].client(service, region_name=region)
        try:
            getattr(clients[who], xform_name(call["operation"]))(**call["parameters"])
        except ClientError:
            # Reading also means to be told that something is not there.
            continue


if __name__ == "__main__":
    main(Path(sys.argv[1]))
