"""Which values of condition keys keep strangers out, because nobody else can have them.

It follows "Blocking public access to your Amazon S3 storage", The meaning of "public",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html:
what narrows is a fixed value, without a wildcard or a policy variable, of a key that says who or
where a request comes from, and a range of addresses that is not too wide. Beyond that page, a
wildcard is no harm where the account, the organization or the bucket before it is spelled out.
Other keys are chosen by whoever asks: a tag of one's own, a header, a prefix, a session name.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Final

from cross_account_access.facts.token_issuers import PUBLIC, TokenIssuer
from cross_account_access.iam.patterns import Variable, tokenize

IsFixed = Callable[[str, str], bool]
"""From a condition key in lower case, and a value as a document has it, to whether the value is
one that those who are asked about cannot have."""

_WIDEST: Final = {4: 8, 6: 32}
"""By version of the Internet Protocol the shortest prefix that narrows."""
OF_OWNER: Final = frozenset({"aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"})
"""Keys that say whose the resource is, which no caller chooses."""
_NAMES: Final = (
    *("aws:principalaccount", "aws:principalorgid", "aws:sourceaccount", "aws:sourceorgid"),
    *("aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount"),
    *("aws:vpceorgid", "aws:ec2instancesourcevpc", "kms:calleraccount"),
    "s3:dataaccesspointaccount",
)
_PATHS: Final = ("aws:principalorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths")
_ARNS: Final = (
    *("aws:principalarn", "aws:sourcearn", "aws:sourcevpcarn", "ec2:sourceinstancearn"),
    *("aws:federatedprovider", "lambda:sourcefunctionarn", "s3:dataaccesspointarn"),
    "aws:sourceinstancearn",
)
_ENCRYPTION_CONTEXT: Final = "kms:encryptioncontext:"
_FOR_SERVICES: Final = "kms:grantisforawsresource"
_ACCESS_POINT: Final = "s3:dataaccesspoint"
_USER_ID: Final = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}|\d{12}(?::|\Z)|A[A-Z]{3}[A-Z0-9]+:")
_ARN: Final = re.compile(r"arn:[^:]+:(?P<service>[^:]+):[^:]*:(?P<account>[^:]*):(?P<rest>.+)")
_WORDS_OF_ROLES: Final = re.compile(
    r"arn|aws[a-z-]*|iam|sts|\d{12}|role|user|assumed-role|federated-user|aws-reserved"
    r"|sso\.amazonaws\.com|AWSReservedSSO|[a-z]{2}(?:-[a-z]+)+-\d"
)
_WORDS_OF_SUBJECTS: Final = {
    *("system", "serviceaccount"),
    *(word for issuer in PUBLIC.values() for word in issuer.names),
}


def is_foreign(key: str, value: str) -> bool:
    """Say whether a value keeps out everybody of other accounts, organizations and networks."""
    variables = [each for each in tokenize(value, variables=True) if isinstance(each, Variable)]
    if variables:
        narrows = key in _NARROWING or key in OF_OWNER
        return narrows and all(each.key in OF_OWNER for each in variables)
    issuer, _, claim = key.rpartition(":")
    if "." in issuer:
        return _is_tenants(issuer, claim, value)
    return key in _NARROWING and _NARROWING[key](value)


def is_foreign_source(key: str, value: str) -> bool:
    """Say the same of what a service acts for; the encryption context names it too."""
    if key.startswith(_ENCRYPTION_CONTEXT):
        return _is_fixed_arn(value)
    return is_foreign(key, value)


def names_a_principal(key: str, value: str) -> bool:
    """Say whether a value of a key tells one principal of an account from another, or an ID."""
    if key in ("aws:principalarn", "aws:userid"):
        words = re.split(r"[:/*?_]+", value) if key == "aws:principalarn" else [value]
        return value.endswith(":root") or any(
            re.search(r"\w", each) and not _WORDS_OF_ROLES.fullmatch(each) for each in words
        )
    names = key in ("aws:username", "sts:externalid") or key.startswith("aws:principaltag/")
    return names and re.search(r"\w", value) is not None


def is_external_id(key: str, value: str) -> bool:
    """Say whether it is an external ID with something that the other side must know."""
    return key == "sts:externalid" and re.search(r"\w", value) is not None


def of_owner(account: str) -> IsFixed:
    """Return what says whether a value is that of the owner's own account.

    So is, for this, that a grant of a key is for AWS services, and that access is left to access
    points, whose own policies say more.
    """

    def is_own(key: str, value: str) -> bool:
        if key == _FOR_SERVICES:
            return value.lower() == "true"
        if not is_foreign(key, value) or key.startswith(_ACCESS_POINT):
            return is_foreign(key, value)
        return account in re.split(r"[:/]", value) or "${" in value

    return is_own


def _is_tenants(issuer: str, claim: str, value: str) -> bool:
    """Say whether no other tenant's token has a value of a claim."""
    known = PUBLIC.get(issuer)
    return _is_of_own_issuer(claim, value) if known is None else _names(known, claim, value)


def _is_narrow(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return _is_whole(value)
    return network.prefixlen >= _WIDEST[network.version]


@cache
def _is_fixed_arn(value: str) -> bool:
    match = _ARN.fullmatch(value)
    if match is None:
        return False
    name = match["rest"].partition("/")[0] if match["service"] == "s3" else match["rest"]
    # The name of a bucket is one of all accounts.
    return _is_whole(match["account"] or name)


def _names(issuer: TokenIssuer, claim: str, value: str) -> bool:
    if claim in issuer.claims:
        return _is_whole(value)
    if claim in issuer.slash_claims:
        return "/" in _literal_start(value)
    if claim != "sub":
        return False
    parts = value.split(":")
    for word, name in pairwise(parts):
        end = issuer.names.get(word)
        owner = re.split("[/@]", name, maxsplit=1)
        is_whole = len(owner) > 1 if end == "/" else end is not None
        if is_whole and owner[0] and _is_whole(owner[0]):
            return True
    return False


def _is_of_own_issuer(claim: str, value: str) -> bool:
    """Say whether a claim tells tokens of one's own issuer apart; an audience is for all of them.

    The words of its form tell nothing, like those before namespace and name of Kubernetes.
    """
    if claim in ("aud", "iss", "amr", "azp"):
        return False
    words = set(re.findall(r"[^:/*?@]+", value))
    return bool(words - _WORDS_OF_SUBJECTS)


def _literal_start(value: str) -> str:
    tokens = tokenize(value, variables=True)
    return tokens[0] if tokens and isinstance(tokens[0], str) else ""


def _is_whole(value: str) -> bool:
    """Say whether a pattern means one text alone."""
    return all(isinstance(each, str) for each in tokenize(value, variables=True))


_NARROWING: Final[Mapping[str, Callable[[str], bool]]] = {
    **dict.fromkeys(_NAMES, _is_whole),
    **dict.fromkeys(_PATHS, lambda value: "/" in _literal_start(value)),
    **dict.fromkeys(_ARNS, _is_fixed_arn),
    "aws:sourceip": _is_narrow,
    "aws:userid": lambda value: _USER_ID.match(_literal_start(value)) is not None,
}
"""By key: whether a value without variables is one that strangers do not have."""
