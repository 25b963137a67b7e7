"""Deployers of a stack in the sandbox, with exactly the policies that `access deployers` prints."""

import configparser
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cross_account_access.deployers.policies import Owner, policies_of
from cross_account_access.deployers.stack_file import settings_in
from tests.support.people import PRODUCTION_ADMIN, REGION, STAGING_ADMIN, admin
from tests.support.program import Program

SIDES = {"production": PRODUCTION_ADMIN, "staging": STAGING_ADMIN}
_PATH = "/deployers/"
_CONFIG, _CREDENTIALS = "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"


@dataclass(frozen=True)
class Asked:
    """A permission that a request asked for."""

    side: str
    action: str
    resource: str
    allowed: bool


@dataclass
class Deployers:
    """A user in each account, who may deploy one stack."""

    name: str
    """Of both users."""
    program: Program
    """The program as they deploy it."""
    keys: Mapping[str, str]
    """Their access key IDs, and where they are."""
    record: Path
    """Where the sandbox writes down what is asked for."""

    def asked(self) -> list[Asked]:
        """What their requests asked for since the last time."""
        lines = self.record.read_text().splitlines()
        self.record.write_text("")
        entries = (json.loads(line) for line in lines)
        return [
            Asked(self.keys[each["key"]], each["action"], each["resource"], each["allowed"])
            for each in entries
            if each["key"] in self.keys
        ]

    def deny(self, side: str, actions: Sequence[str]) -> None:
        """Takes actions from one of them."""
        if not actions:
            return
        statement = {"Effect": "Deny", "Action": sorted(actions), "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        admin(SIDES[side]).client("iam").put_user_policy(
            UserName=self.name, PolicyName="denied", PolicyDocument=json.dumps(document)
        )


def make(program: Program, record: Path, name: str, *, read_only: bool = False) -> Deployers:
    """Makes users with the policies of the program's stack file, and the program as theirs."""
    stack = program.folder / "Pulumi.prod.yaml"
    project, settings = settings_in(stack)
    policies = policies_of(settings, Owner(project=project, stack="prod"), read_only=read_only)
    config, credentials = configparser.RawConfigParser(), configparser.RawConfigParser()
    config.read(program.environment[_CONFIG])
    credentials.read(program.environment[_CREDENTIALS])
    keys = {}
    for side, profile in SIDES.items():
        iam = admin(profile).client("iam")
        iam.create_user(UserName=name, Path=_PATH)
        for number, document in enumerate(policies[side]):
            made = iam.create_policy(
                PolicyName=f"{name}-{number}", Path=_PATH, PolicyDocument=json.dumps(document)
            )["Policy"]
            iam.attach_user_policy(UserName=name, PolicyArn=made["Arn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys[key["AccessKeyId"]] = side
        credentials[profile] = {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }
        config[f"profile {profile}"] = {"region": REGION}
    folder = program.folder.with_name(f"aws-of-{name}")
    folder.mkdir()
    for variable, content in {_CONFIG: config, _CREDENTIALS: credentials}.items():
        with (folder / variable).open("w") as file:
            content.write(file)
    return acting(program, record, name, keys)


def acting(program: Program, record: Path, name: str, keys: Mapping[str, str]) -> Deployers:
    """Users that were made, in an environment in which the program is run as theirs."""
    folder = program.folder.with_name(f"aws-of-{name}")
    own = {variable: str(folder / variable) for variable in (_CONFIG, _CREDENTIALS)}
    record.write_text("")
    return Deployers(
        name, replace(program, environment={**program.environment, **own}), keys, record
    )
