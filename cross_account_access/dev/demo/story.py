"""The steps of the demo, in the order in which a person would take them."""

import filecmp
import json
import secrets
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cross_account_access.dev.demo.screen import Screen
from cross_account_access.dev.demo.shell import DiffersError, Shell
from cross_account_access.dev.demo.trimming import cut, essential

_PRODUCTION, _STAGING = "--profile ProductionAccountAdmin", "--profile StagingAccountAdmin"
_COLLEAGUE = "StageColleague"
_ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
_PROOF_LENGTH = 3


@dataclass(frozen=True, kw_only=True)
class _Access:
    """The first consumer's access, as the outputs of the stack tell it."""

    consumer: str
    user: str
    role: str
    role_arn: str
    bucket: str
    key: str
    copy: str
    assume: str
    head: str
    get: str


@dataclass(frozen=True, kw_only=True)
class Story:
    """One telling of the demo, in a folder that holds the program."""

    screen: Screen
    shell: Shell
    folder: Path

    def tell(self) -> None:
        """Takes every step.

        Raises:
            DiffersError: a step did not do what it promised.
        """
        self.screen.heading("1. One program deploys both accounts")
        access = self._deploy()
        self.screen.heading("2. The administrators hand out a key and store an object")
        self._prepare(access)
        self.screen.heading("3. The proof: what is granted works")
        self._prove(access)
        self.screen.heading("4. The proof: everything else is refused, by AWS itself")
        self._refuse(access)
        self.screen.heading("5. Somebody changes Production behind Pulumi's back")
        self._drift(access)
        self.screen.heading("6. pulumi up heals it")
        self._heal(access)

    def _deploy(self) -> _Access:
        self.shell.run("pulumi stack init prod")
        self.shell.run("pulumi up --yes --skip-preview", essential)
        self.shell.run("pulumi stack output", cut)
        access = _read(json.loads(self.shell.read("pulumi stack output --json")))
        self.screen.passed(
            f"{access.bucket} and {access.role} in Production, {access.user} in Staging"
        )
        return access

    def _prepare(self, access: _Access) -> None:
        self.screen.note("Pulumi makes no access key. The second command answers `aws configure`,")
        self.screen.note("so that the secret goes into a profile and appears nowhere else.")
        # Not compressible to a name, a size or a date that an earlier run could have left.
        (self.folder / access.key).write_bytes(secrets.token_bytes(4096))
        self.shell.run_together(
            [
                f"aws s3api put-object --bucket {access.bucket} --key {access.key} "
                f"--body {access.key} {_PRODUCTION}",
                _new_key(access.user),
                f"aws iam create-user --user-name {_COLLEAGUE} {_STAGING}",
            ]
        )
        self.shell.run_together(
            [
                f"aws iam attach-user-policy --user-name {_COLLEAGUE} "
                f"--policy-arn {_ADMINISTRATOR_ACCESS} {_STAGING}",
                _new_key(_COLLEAGUE),
            ]
        )
        self.shell.run(
            "pulumi stack output cliProfiles --json | python3 -c "
            f"'import json, sys; print(json.load(sys.stdin)[\"{access.consumer}\"])' "
            '>> "$AWS_CONFIG_FILE"'
        )
        self.screen.passed(
            f"profiles {access.user} and {access.role} are ready, and one for {_COLLEAGUE}, "
            "another administrator of Staging"
        )

    def _prove(self, access: _Access) -> None:
        self.screen.note("The three commands of the stack's output proofCommands.")
        answer, *_ = self.shell.run_together([access.assume, access.head, access.get])
        session = json.loads(answer)["session"]
        expected = (
            f"{access.role_arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/"
        )
        if not session.startswith(expected):
            message = f"the session should be one of {access.role_arn}\nAWS says it is {session}"
            raise DiffersError(message)
        self.screen.passed(f"{access.user} became {session}")
        if not filecmp.cmp(self.folder / access.key, self.folder / access.copy, shallow=False):
            message = f"{access.copy} should be what was stored as {access.key}\nthey differ"
            raise DiffersError(message)
        self.screen.passed(f"{access.copy} is what was stored as {access.key}, byte for byte")

    def _refuse(self, access: _Access) -> None:
        role_profile, user_profile = f"--profile {access.role}", f"--profile {access.user}"
        stored = f"--bucket {access.bucket} --key {access.key}"
        self.shell.refuse_together(
            {
                "the role may read, not write": (
                    f"aws s3api put-object {stored} --body {access.key} {role_profile}"
                ),
                "the role may not delete": f"aws s3api delete-object {stored} {role_profile}",
                f"{access.user} without the role": access.get.replace(role_profile, user_profile),
                f"{_COLLEAGUE} may not have the role": access.assume.replace(
                    user_profile, f"--profile {_COLLEAGUE}"
                ),
                "plain HTTP, even to the administrator of Production": (
                    access.get.replace(role_profile, _PRODUCTION)
                    + ' --endpoint-url "$SANDBOX_PLAIN_HTTP_ENDPOINT"'
                ),
            }
        )

    def _drift(self, access: _Access) -> None:
        self.shell.run_together(
            [
                f"aws iam attach-role-policy --role-name {access.role} "
                f"--policy-arn {_ADMINISTRATOR_ACCESS} {_PRODUCTION}",
                f"aws s3api put-public-access-block --bucket {access.bucket} "
                "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,"
                f"BlockPublicPolicy=false,RestrictPublicBuckets=true {_PRODUCTION}",
            ]
        )
        said = self.shell.run("pulumi preview --diff", essential)
        for trace in (_ADMINISTRATOR_ACCESS, "blockPublicPolicy: false => true"):
            if trace not in said:
                message = f"pulumi preview should show the change: {trace}\nit does not mention it"
                raise DiffersError(message)
        self.screen.passed("pulumi preview shows both changes, and that up will undo them")

    def _heal(self, access: _Access) -> None:
        self.shell.run("pulumi up --yes --skip-preview", essential)
        attached, block = self.shell.run_together(
            [
                f"aws iam list-attached-role-policies --role-name {access.role} {_PRODUCTION} "
                '--query "AttachedPolicies[].PolicyName"',
                f"aws s3api get-public-access-block --bucket {access.bucket} {_PRODUCTION} "
                '--query "PublicAccessBlockConfiguration.BlockPublicPolicy"',
            ]
        )
        if "AdministratorAccess" in attached or json.loads(block) is not True:
            message = "both accounts should be as declared again\nAWS still shows the change"
            raise DiffersError(message)
        self.screen.passed("both accounts are as declared again")


def _new_key(user: str) -> str:
    """The administrator's command for a consumer's access key.

    `aws configure` reads the answers to its four questions, one a line: key, secret, region,
    format. Nothing secret is printed, or is an argument that other processes could see.
    """
    return (
        f"aws iam create-access-key --user-name {user} {_STAGING} --output text --query "
        "\"AccessKey.[[AccessKeyId],[SecretAccessKey],['us-west-2'],['json']]\" "
        f"| aws configure --profile {user} >/dev/null"
    )


def _read(outputs: dict[str, Any]) -> _Access:
    proofs = {name: text.splitlines() for name, text in outputs["proofCommands"].items()}
    readers = [name for name, commands in proofs.items() if len(commands) == _PROOF_LENGTH]
    if not readers:
        message = (
            "the stack prod should grant a consumer to read a bucket\n"
            "no consumer of Pulumi.prod.yaml may, so there is nothing to prove"
        )
        raise DiffersError(message)
    consumer = readers[0]
    assume, head, get = proofs[consumer]
    words = shlex.split(get)
    word_after = dict(pairwise(words))
    # The answer holds temporary credentials, which are nobody's to see.
    without_secrets = '--query "{session: AssumedRoleUser.Arn, expires: Credentials.Expiration}"'
    return _Access(
        consumer=consumer,
        user=outputs["userArns"][consumer].rpartition("/")[2],
        role=outputs["roleNames"][consumer],
        role_arn=outputs["roleArns"][consumer],
        bucket=word_after["--bucket"],
        key=word_after["--key"],
        copy=word_after[word_after["--key"]],
        assume=f"{assume} {without_secrets}",
        head=head,
        get=get,
    )
