"""A link that signs in to AWS's console with the session of a role."""

import json
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urlencode

from cross_account_access.credentials.assume import RoleCredentials
from cross_account_access.errors import UncheckedError

_TIMEOUT_SECONDS: Final = 15


def federated_link(credentials: RoleCredentials, *, sign_in: str, console: str) -> str:
    """Exchanges a session for a link that is good for 15 minutes, to whoever has it.

    "Enable custom identity broker access to the AWS console",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html.

    Args:
        credentials: the session; the console's session ends with it.
        sign_in: address of the federation endpoint, `https://HOST/federation`.
        console: address of the page to open.

    Raises:
        UncheckedError: the endpoint cannot be reached or answers otherwise.
    """
    session = {
        "sessionId": credentials.access_key_id,
        "sessionKey": credentials.secret_access_key,
        "sessionToken": credentials.session_token,
    }
    query = urlencode({"Action": "getSigninToken", "Session": json.dumps(session)})
    try:
        with urllib.request.urlopen(f"{sign_in}?{query}", timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            token = json.load(answer)["SigninToken"]
    except urllib.error.HTTPError as error:
        error.close()
        message = f"{sign_in} refused the session ({error.code} {error.reason}); try again"
        # Its cause carries the address that was asked, and with it the session.
        raise UncheckedError(message) from None
    except (OSError, ValueError, KeyError, TypeError):
        message = f"{sign_in} could not be reached, or gave no token; is there a network?"
        raise UncheckedError(message) from None
    parameters = {
        "Action": "login",
        "Issuer": "cross-account-access",
        "Destination": console,
        "SigninToken": token,
    }
    return f"{sign_in}?{urlencode(parameters)}"
