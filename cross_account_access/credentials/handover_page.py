"""What a consumer needs to know to use its access, as a Markdown page without any secret."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.credentials.role_request import (
    CREDENTIAL_SOURCES,
    RoleRequest,
    web_identity_command,
)
from cross_account_access.facts.quotas import CHAINED_SESSION_SECONDS

_YOUR_PROFILE: Final = "YOUR-PROFILE"
_YOUR_MFA_DEVICE: Final = "ARN-OF-YOUR-MFA-DEVICE"


def handover_page(contract: Contract, consumer: Consumer, contact: str) -> str:
    """The page.

    Args:
        contract: the stack that gives the access.
        consumer: who gets it.
        contact: whom the reader tells when something is wrong; Markdown of one line.
    """
    request = _request(contract, consumer, consumer.role_arn) if consumer.role_arn else None
    return "\n\n".join(
        [
            f"# Access to AWS account {contract.production_account_id} for {consumer.name}",
            "\n".join(_facts(contract, consumer, contact)),
            "## What it allows",
            "\n".join(_grants(consumer)),
            "This access allows nothing else.",
            "## Set it up",
            *_own_policy(consumer),
            *_set_up(consumer, request),
            "## Test it",
            *_test(consumer, request, contact),
            "## Keep in mind",
            "\n".join(_rules(consumer, contact)),
        ]
    )


def _request(contract: Contract, consumer: Consumer, role_arn: str) -> RoleRequest:
    """How the consumer assumes its role, with placeholders for what only the reader knows."""
    own_profile = contract.usual_profile(consumer) or _YOUR_PROFILE
    device = consumer.mfa_serial or _YOUR_MFA_DEVICE
    return RoleRequest(
        role_arn=role_arn,
        source_profile=None if consumer.sign_in in CREDENTIAL_SOURCES else own_profile,
        credential_source=CREDENTIAL_SOURCES.get(consumer.sign_in),
        region=contract.production_region,
        session_name=consumer.name,
        duration=consumer.max_session_duration,
        # Of callers who are not known some may hold a role.
        chains=consumer.chains or own_profile == _YOUR_PROFILE,
        external_id=consumer.external_id,
        source_identity=min(consumer.source_identities, default="YOUR-NAME")
        if consumer.source_identity_required
        else None,
        session_tags=consumer.session_tags,
        mfa_serial=device if consumer.mfa else None,
    )


def _facts(contract: Contract, consumer: Consumer, contact: str) -> Iterator[str]:
    if consumer.role_arn:
        yield f"- **Role to assume:** {_code(consumer.role_arn)}"
        seconds = consumer.max_session_duration
        chained = (
            "; 1 h for a caller that is a role itself" if seconds > CHAINED_SESSION_SECONDS else ""
        )
        yield f"- **Longest session:** {seconds} seconds ({seconds / 3600:g} h){chained}"
        yield (
            f"- **External ID:** {_code(consumer.external_id)}, stated whenever the role is assumed"
            if consumer.external_id
            else "- **External ID:** none"
        )
    if consumer.trusts_itself:
        yield "- **Renewal:** a session of the role may assume it again, for an hour each time"
    yield f"- **MFA:** {'a code with every session' if consumer.mfa else 'not asked for'}"
    if consumer.role_arn:
        if consumer.source_identity_required:
            values = ", ".join(map(_code, consumer.source_identities))
            which = f", one of {values}" if values else ""
            yield f"- **Source identity:** to be stated with every session{which}"
        given = "which EKS gives" if consumer.is_given_role else "to be given with every session"
        for key, value in consumer.session_tags.items():
            yield f"- **Session tag:** {_code(f'{key}={value}')}, {given}"
    for arn in consumer.principal_arns:
        yield f"- **Open to:** {_code(arn)}"
    for key, meant in consumer.claims.items():
        yield f"- **Only for {_code(key)}:** {', '.join(map(_code, meant))}"
    if consumer.source_ips:
        yield f"- **Only from:** {', '.join(map(_code, consumer.source_ips))}"
    if consumer.vpc_endpoints:
        yield f"- **Only through VPC endpoints:** {', '.join(map(_code, consumer.vpc_endpoints))}"
    yield f"- **Region:** {_code(contract.production_region)}"
    yield f"- **Access ends:** {consumer.expires_at or 'no end is set'}"
    yield f"- **Contact:** {contact}"


def _grants(consumer: Consumer) -> Iterator[str]:
    if not consumer.grants:
        yield "Ask the contact; the stack does not tell."
    for grant in consumer.grants:
        where = ", ".join(map(_code, grant.prefixes))
        limit = f", under {where} only" if where else ""
        way = "" if grant.via == "role" else ", with your own credentials and without a role"
        means = f": {', '.join(map(_code, grant.actions))}" if grant.actions else ""
        may = ", ".join(grant.levels) or "single actions"
        yield f"- {may} on {_code(grant.resource_arn)}{limit}{way}{means}"


def _own_policy(consumer: Consumer) -> Iterator[str]:
    """What only the callers' own account can allow them."""
    if consumer.caller_policy is None:
        return
    yield (
        "Both accounts have to agree. In your own account, attach this to the role, user or "
        "permission set that uses the access:"
    )
    policy = json.dumps(json.loads(consumer.caller_policy), indent=2)
    yield f"```json\n{policy}\n```"


def _set_up(consumer: Consumer, request: RoleRequest | None) -> Iterator[str]:
    if request is None or any(grant.via == "resource" for grant in consumer.grants):
        yield from _set_up_directly(consumer)
    if request is None:
        return
    if consumer.sign_in == "pod_identity":
        yield (
            "Use the service account in your pods, and the cluster's EKS Pod Identity Agent: EKS"
            " assumes the role for them, and the AWS CLI and the SDKs need no profile. What EKS"
            " gives a pod it keeps for up to an hour: start pods anew that were there before."
        )
        return
    if consumer.is_given_role:
        yield (
            "Annotate the service account and start its pods anew: EKS then gives them a token, by"
            " which the AWS CLI and the SDKs sign in without a profile."
        )
        annotation = shlex.quote(f"eks.amazonaws.com/role-arn={request.role_arn}")
        yield _shell(
            *(
                f"kubectl annotate serviceaccount {shlex.quote(name)} --namespace "
                f"{shlex.quote(namespace)} {annotation}"
                for namespace, name in _service_accounts(consumer)
            )
        )
        return
    if consumer.sign_in == "web_identity":
        yield (
            "Your workload signs in with the token of its identity provider; without `--query`"
            " this prints the session's credentials:"
        )
        yield _shell(shlex.join(web_identity_command(request.role_arn, request.region)))
        return
    if not _has_profile(consumer):
        yield (
            "No profile of the AWS CLI can state a source identity or session tags. Ask for each "
            "session as in the test below, or with your SDK."
        )
        return
    if consumer.sign_in == "certificate":
        yield from _sign_in_with_certificate(consumer)
        yield f"```ini\n{consumer.cli_profile or request.profile_block()}\n```"
        return
    if consumer.sign_in in CREDENTIAL_SOURCES:
        told = (
            f"{_own_role(consumer)}; no keys are needed. Put this into the AWS config file there. "
            "The role is chained to the machine's own, so that a session lasts one hour at most."
        )
    elif consumer.user_name:
        told = (
            f"{_user_signs_in(consumer)} Put this into `~/.aws/config`. The AWS CLI and the SDKs "
            "renew the sessions."
        )
    else:
        told = (
            f"Put this into `~/.aws/config`, with your own profile in place of "
            f"`{request.source_profile}`. The AWS CLI and the SDKs renew the sessions."
        )
    if consumer.mfa and consumer.mfa_serial:
        told += (
            "\nThe MFA device is taken to be named as the user; put the ARN of yours if it is not."
        )
    yield told
    yield f"```ini\n{consumer.cli_profile or request.profile_block()}\n```"


def _service_accounts(consumer: Consumer) -> list[tuple[str, str]]:
    """Namespace and name of the service accounts of EKS whose tokens let a consumer in.

    A name with a wildcard is a placeholder for any that it means ("Assign IAM roles to Kubernetes
    service accounts",
    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html).
    """
    subjects = (
        subject
        for key, values in consumer.claims.items()
        for subject in (values if key.endswith(":sub") else ())
    )
    return [
        (namespace, name) for _, _, namespace, name in (each.split(":", 3) for each in subjects)
    ]


def _sign_in_with_certificate(consumer: Consumer) -> Iterator[str]:
    """How a certificate becomes a session of the role in Staging.

    "Get temporary security credentials from IAM Roles Anywhere",
    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/credential-helper.html.
    """
    own = consumer.principal_arns[0]
    claims = consumer.handed_out.claims if consumer.handed_out else {}
    (anchor,) = claims.get("aws:SourceArn", ("TRUST-ANCHOR-ARN",))
    yield (
        f"An administrator of account {consumer.home_account} makes a profile of IAM Roles Anywhere"
        " for your role there, unless there is one, and tells you its ARN:"
    )
    name, role = shlex.quote(consumer.name), shlex.quote(own)
    make = f"aws rolesanywhere create-profile --name {name} --role-arns {role} --enabled"
    # It has to be in the region of the trust anchor.
    yield _shell(f"{make} --region {shlex.quote(anchor.split(':')[3])}" if ":" in anchor else make)
    yield (
        "Install AWS's signing helper where the certificate is, and put this into `~/.aws/config`,"
        " with your own paths and the ARN of that profile. The AWS CLI and the SDKs renew the"
        " sessions, which last one hour at most."
    )
    helper = (
        "/usr/local/bin/aws_signing_helper credential-process --certificate"
        " /PATH/TO/certificate.pem --private-key /PATH/TO/private-key.pem --trust-anchor-arn"
        f" {anchor} --profile-arn PROFILE-ARN --role-arn {own}"
    )
    yield f"```ini\n[profile {consumer.name}]\ncredential_process = {helper}\n```"


def _own_role(consumer: Consumer) -> str:
    """How machines are given the role by which they come in."""
    (role,) = map(_code, consumer.principal_arns)
    match consumer.sign_in:
        case "container":
            return f"Name {role} as the task role (`taskRoleArn`) of the task definition"
        case "environment":
            return f"Give the function the execution role {role}"
    if consumer.instance_profile_arn:
        profile = _code(consumer.instance_profile_arn)
        return f"Launch the instances with the instance profile {profile}"
    return f"Launch the instances with an instance profile of {role}"


def _user_signs_in(consumer: Consumer) -> str:
    """How the one user of the stack comes to credentials of its own."""
    user = consumer.user_name
    match consumer.user_sign_in:
        case "console":
            return (
                f"Sign in with `aws login --profile {user}` (AWS CLI 2.32 or later), so that no "
                "key is kept anywhere."
            )
        case "none":
            return (
                f"An administrator of account {consumer.home_account} says how the user `{user}` "
                f"signs in, into the profile `{user}`."
            )
    return (
        f"An administrator of account {consumer.home_account} makes an access key of the user "
        f"`{user}` for you; put it into the profile `{user}`."
    )


def _set_up_directly(consumer: Consumer) -> Iterator[str]:
    """What is needed where resource policies let the consumer in; the stack sees to the rest."""
    told = [
        "What goes without a role needs no profile: use the credentials of the principal above."
    ]
    if consumer.role_arn is None and consumer.handed_out and consumer.sign_in != "certificate":
        told.append(f"{_own_role(consumer)}; no keys are needed.")
    elif consumer.role_arn is None and consumer.user_name:
        told.append(_user_signs_in(consumer))
    if not consumer.is_one_principal and consumer.caller_policy is None:
        told.append(
            "Its own policy must allow the same actions on the same resources, and on the key of a "
            "bucket that has one: both accounts have to agree."
        )
    if consumer.mfa:
        told.append("Get them with a code of your MFA device:")
    yield "\n".join(told)
    if consumer.role_arn is None and consumer.sign_in == "certificate":
        yield from _sign_in_with_certificate(consumer)
    if consumer.mfa:
        device = shlex.quote(consumer.mfa_serial or _YOUR_MFA_DEVICE)
        yield _shell(f"aws sts get-session-token --serial-number {device} --token-code CODE")


def _test(consumer: Consumer, request: RoleRequest | None, contact: str) -> Iterator[str]:
    if request and consumer.sign_in != "web_identity" and not consumer.is_given_role:
        yield from _test_assume_role(request, contact)
    usual = consumer.name if consumer.sign_in == "certificate" else consumer.user_name
    own = f" --profile {shlex.quote(usual)}" if usual else ""
    profile = f" --profile {shlex.quote(request.profile_name)}" if request else own
    if request is None or _has_profile(consumer):
        yield "This must succeed:"
    elif consumer.is_given_role:
        profile = ""
        yield "In a pod of the service account, this must succeed:"
    else:
        profile = ""
        yield (
            "With the credentials of such a session in the environment, which the same without"
            " `--query` prints, this must succeed:"
        )
    yield _shell(
        f"aws sts get-caller-identity{profile}",
        *(
            f"{command}{profile if grant.via == 'role' else own}"
            for grant in consumer.grants
            for command in grant.proof_commands
        ),
    )


def _has_profile(consumer: Consumer) -> bool:
    """Whether a profile of the AWS CLI can state all that the role wants."""
    says_more = consumer.source_identity_required or consumer.session_tags
    return not (consumer.sign_in == "web_identity" or consumer.is_given_role or says_more)


def _test_assume_role(request: RoleRequest, contact: str) -> Iterator[str]:
    if request.external_id is None:
        yield "This must answer with the ARN of a session:"
        yield _shell(shlex.join(request.command()))
        if request.mfa_serial:
            yield "The same without the MFA code must be refused (`AccessDenied`):"
            yield _shell(shlex.join(replace(request, mfa_serial=None).command()))
        return
    yield "With the external ID, this must answer with the ARN of a session:"
    yield _shell(shlex.join(request.command()))
    yield "Without it, and with a wrong one, the answer must be a refusal (`AccessDenied`):"
    refused = [
        replace(request, external_id=wrong) for wrong in (None, f"not-{request.external_id}")
    ]
    yield _shell(*(shlex.join(wrong.command()) for wrong in refused))
    yield (
        "If one of the last two gives a session, the role would also serve somebody who tricks "
        f"you into using its ARN: do not use it, and tell {contact}."
    )


def _rules(consumer: Consumer, contact: str) -> Iterator[str]:
    if consumer.sign_in == "profile" and consumer.user_sign_in in ("key", None):
        yield "- Keep the access key to yourself; nobody will ask you for it."
    else:
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


def _shell(*commands: str) -> str:
    return "\n".join(["```sh", *commands, "```"])


def _code(text: str) -> str:
    # A path in an ARN may have backticks.
    return f"`` {text} ``" if "`" in text else f"`{text}`"
