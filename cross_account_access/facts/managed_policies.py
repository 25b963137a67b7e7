"""Policies that AWS manages and the program attaches, as AWS publishes them."""

import json
from typing import Final

_SIGN_IN: Final = "SignInLocalDevelopmentAccess"


def sign_in_policy_arn(partition: str) -> str:
    """ARN of the policy that lets a user of the console have temporary credentials (`aws login`).

    Source: "SignInLocalDevelopmentAccess - AWS Managed Policy",
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SignInLocalDevelopmentAccess.html.
    """
    return f"arn:{partition}:iam::aws:policy/{_SIGN_IN}"


def document_of(arn: str) -> str | None:
    """What a policy says that AWS manages, as JSON text; None for any that is not known here."""
    _, partition, _, _, account, resource = arn.split(":", 5)
    if account != "aws" or resource != f"policy/{_SIGN_IN}":
        return None
    statement = {
        "Effect": "Allow",
        "Action": ["signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"],
        "Resource": [f"arn:{partition}:signin:*:*:oauth2/public-client/*"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
