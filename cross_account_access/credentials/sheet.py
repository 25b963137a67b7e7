"""What a consumer needs to know to use its access, as a Markdown page without any secret."""

import shlex
from collections.abc import Iterator

from cross_account_access.credentials.contract import Consumer, Contract, Grant
from cross_account_access.credentials.role_profile import (
    CHAINED_SECONDS,
    block,
    name_of,
    renewed_by_sdk,
)
from cross_account_access.credentials.role_request import RoleRequest

_YOUR_PROFILE = "YOUR-PROFILE"
_TEST_OBJECT = "aws s3api head-object --bucket {bucket} --key {prefix}KEY-OF-AN-OBJECT"


def sheet(contract: Contract, consumer: Consumer, contact: str) -> str:
    """The page.

    Args:
        contract: the stack that gives the access.
        consumer: who gets it.
        contact: whom the reader tells when something is wrong; Markdown of one line.
    """
    sections = [
        _facts(contract, consumer, contact),
        _grants(consumer),
        _set_up(contract, consumer),
        _test(contract, consumer, contact),
        _rules(consumer, contact),
    ]
    return "\n\n".join("\n".join(section) for section in sections)


def _facts(contract: Contract, consumer: Consumer, contact: str) -> Iterator[str]:
    yield f"# Access to AWS account {contract.production_account_id} for {consumer.name}"
    yield ""
    if consumer.role_arn:
        yield f"- **Role to assume:** {_code(consumer.role_arn)}"
        seconds = consumer.max_session_duration
        chained = "; 1 h for a caller that is a role itself" if seconds > CHAINED_SECONDS else ""
        yield f"- **Longest session:** {seconds} seconds ({seconds / 3600:g} h){chained}"
        yield (
            f"- **External ID:** {_code(consumer.external_id)}, to be stated with every request"
            if consumer.external_id
            else "- **External ID:** none"
        )
    yield f"- **MFA:** {'a code with every session' if consumer.mfa else 'not asked for'}"
    if consumer.role_arn:
        if consumer.source_identity_required:
            yield "- **Source identity:** to be stated with every session"
        for key, value in consumer.session_tags.items():
            yield f"- **Session tag:** {_code(f'{key}={value}')}, to be given with every session"
    for arn in consumer.principal_arns:
        yield f"- **Open to:** {_code(arn)}"
    yield f"- **Region:** {_code(contract.production_region)}"
    yield f"- **Access ends:** {consumer.expires_at or 'no end is set'}"
    yield f"- **Contact:** {contact}"


def _grants(consumer: Consumer) -> Iterator[str]:
    yield "## What it allows"
    yield ""
    if not consumer.grants:
        yield "Ask the contact; the stack does not tell."
    for grant in consumer.grants:
        where = ", ".join(map(_code, grant.prefixes))
        limit = f", under {where} only" if where else ""
        way = "" if grant.via == "role" else ", with your own credentials and without the role"
        yield f"- {', '.join(grant.levels)} on {_code(grant.resource_arn)}{limit}{way}"
    yield ""
    yield "Everything else is refused."


def _set_up(contract: Contract, consumer: Consumer) -> Iterator[str]:
    yield "## Set it up"
    yield ""
    if consumer.role_arn is None or any(grant.via == "resource" for grant in consumer.grants):
        yield from _set_up_directly(consumer)
    if consumer.role_arn is None:
        return
    if consumer.kind == "oidc":
        yield "Your workload signs in with the token of its identity provider:"
        yield ""
        yield from _shell(
            f"aws sts assume-role-with-web-identity --role-arn {consumer.role_arn} "
            f"--role-session-name {consumer.name} --web-identity-token file://TOKEN-FILE"
        )
        return
    if not _has_profile(consumer):
        yield (
            "No profile of the AWS CLI can state a source identity or session tags. Ask for each "
            "session as in the test below, or with your SDK."
        )
        return
    if consumer.kind == "ec2":
        yield (
            "On an instance with the instance profile of this access, no keys are needed. The "
            "role is chained to the instance's own, so that a session lasts one hour at most."
        )
    elif consumer.user_name:
        yield (
            f"Put this into `~/.aws/config`, and the user's own access key into the profile "
            f"`{_source(consumer)}`. The AWS CLI and the SDKs renew the sessions."
        )
    else:
        yield (
            f"Put this into `~/.aws/config`, with your own profile in place of `{_YOUR_PROFILE}`. "
            "Its principal's policy must allow `sts:AssumeRole` on the role. The AWS CLI and the "
            "SDKs renew the sessions."
        )
    yield ""
    yield "```ini"
    yield _profile(contract, consumer, consumer.role_arn)
    yield "```"


def _set_up_directly(consumer: Consumer) -> Iterator[str]:
    """What is needed where resource policies let the consumer in; the stack sees to the rest."""
    yield "Nothing to set up for what goes without a role: use the credentials of the principal"
    yield "above."
    if consumer.kind not in ("user", "ec2"):
        yield (
            "Its own policy must allow the same actions on the same resources, and on the key of a "
            "bucket that has one: both accounts have to agree."
        )
    if consumer.mfa:
        yield "Get them with a code of your MFA device:"
        yield ""
        yield from _shell(
            "aws sts get-session-token --serial-number ARN-OF-YOUR-MFA-DEVICE --token-code CODE"
        )
    yield ""


def _profile(contract: Contract, consumer: Consumer, role_arn: str) -> str:
    request = RoleRequest(
        role_arn=role_arn,
        source_profile=None if consumer.kind == "ec2" else _source(consumer),
        region=contract.production_region,
        session_name=consumer.name,
        duration=3600,
        external_id=consumer.external_id,
        mfa_serial="ARN-OF-YOUR-MFA-DEVICE" if consumer.mfa else None,
    )
    return block(name_of(role_arn), renewed_by_sdk(request))


def _source(consumer: Consumer) -> str:
    return consumer.user_name or _YOUR_PROFILE


def _test(contract: Contract, consumer: Consumer, contact: str) -> Iterator[str]:
    yield "## Test it"
    yield ""
    if consumer.role_arn and consumer.kind not in ("ec2", "oidc"):
        region = contract.production_region
        yield from _test_assume_role(consumer, consumer.role_arn, region, contact)
        yield ""
    if consumer.role_arn is None or _has_profile(consumer):
        profile = f" --profile {name_of(consumer.role_arn)}" if consumer.role_arn else ""
        yield "This must succeed:"
    else:
        profile = ""
        yield "With the credentials of the answer in the environment, this must succeed:"
    yield ""
    yield from _shell(
        f"aws sts get-caller-identity{profile}",
        *(
            command + (profile if grant.via == "role" else "")
            for grant in consumer.grants
            if (command := _use(grant))
        ),
    )


def _has_profile(consumer: Consumer) -> bool:
    """Whether a profile of the AWS CLI can state all that the role wants."""
    return not (
        consumer.kind == "oidc" or consumer.source_identity_required or consumer.session_tags
    )


def _test_assume_role(
    consumer: Consumer, role_arn: str, region: str, contact: str
) -> Iterator[str]:
    mfa = " --serial-number ARN-OF-YOUR-MFA-DEVICE --token-code CODE" if consumer.mfa else ""
    stated = " --source-identity YOUR-NAME" if consumer.source_identity_required else ""
    if consumer.session_tags:
        pairs = (f"Key={key},Value={value}" for key, value in consumer.session_tags.items())
        stated += f" --tags {shlex.join(pairs)}"
    bare = (
        f"aws sts assume-role --role-arn {role_arn} --role-session-name test "
        f"--region {region} --profile {_source(consumer)}{stated}"
    )
    if consumer.external_id is None:
        yield "This must answer with credentials:"
        yield ""
        yield from _shell(f"{bare}{mfa}")
        if consumer.mfa:
            yield ""
            yield "The same without the MFA code must be refused (`AccessDenied`):"
            yield ""
            yield from _shell(bare)
        return
    yield "With the external ID, this must answer with credentials:"
    yield ""
    yield from _shell(f"{bare} --external-id {consumer.external_id}{mfa}")
    yield ""
    yield "Without it, and with a wrong one, the answer must be a refusal (`AccessDenied`):"
    yield ""
    yield from _shell(f"{bare}{mfa}", f"{bare} --external-id not-{consumer.external_id}{mfa}")
    yield ""
    yield (
        "If one of the last two gives credentials, the role would also serve somebody who tricks "
        f"you into using its ARN: do not use it, and tell {contact}."
    )


def _use(grant: Grant) -> str | None:
    """A command that shows one of the levels at work; None where it would leave something behind.

    A message that is received this way is seen by the next receiver at once.
    """
    arn = grant.resource_arn
    _, partition, service, region, account, name = arn.split(":", 5)
    if service == "s3" and "read" in grant.levels:
        return _TEST_OBJECT.format(bucket=name, prefix=next(iter(grant.prefixes), ""))
    if service == "sns" and "publish" in grant.levels:
        return f"aws sns publish --topic-arn {arn} --message test --region {region}"
    suffix = ".cn" if partition == "aws-cn" else ""
    queue = f"--queue-url https://sqs.{region}.amazonaws.com{suffix}/{account}/{name}"
    if service == "sqs" and "send" in grant.levels:
        return f"aws sqs send-message {queue} --message-body test --region {region}"
    if service == "sqs":
        return f"aws sqs receive-message {queue} --visibility-timeout 0 --region {region}"
    return None


def _rules(consumer: Consumer, contact: str) -> Iterator[str]:
    yield "## Keep in mind"
    yield ""
    yield "- Nobody will send you an access key for this access, nor ask you for one."
    if consumer.role_arn:
        yield (
            "- Choose role session names that tell who or what is at work: they are in our logs. "
            "Do not put personal data into them."
        )
    if consumer.external_id:
        yield (
            "- The external ID is not a secret, but it is yours alone: never take one from "
            "whoever asks you to use the role."
        )
    yield (
        "- Tell the contact when credentials that may use this access could be in other hands, "
        f"when people leave who have them, and when it is no longer needed: {contact}."
    )


def _shell(*commands: str) -> Iterator[str]:
    yield "```sh"
    yield from commands
    yield "```"


def _code(text: str) -> str:
    # A path in an ARN may have backticks.
    return f"`` {text} ``" if "`" in text else f"`{text}`"
