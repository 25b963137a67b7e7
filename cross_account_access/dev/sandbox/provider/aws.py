"""One account as a provider configuration opens it: a session, its clients, its identity."""

import functools
import threading
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound
from botocore.loaders import create_loader

# The engine runs that many steps at once on a usual machine; each may hold one connection.
_CONNECTIONS = 32
_SERVICES = ("eks", "iam", "kms", "s3", "sns", "sqs", "sts")


class ConfigurationError(Exception):
    """The provider's configuration opens no account, or a wrong one."""


def told(error: ClientError | BotoCoreError) -> str:
    """An AWS error as `Code: message`; one without a code by its message."""
    if isinstance(error, ClientError):
        return f"{code(error)}: {error.response['Error'].get('Message') or 'no message'}"
    return " ".join(str(error).split())


def code(error: ClientError) -> str:
    """The AWS error code, for example `NoSuchEntity`."""
    return str(error.response["Error"]["Code"])


@functools.cache
def _models() -> Any:  # noqa: ANN401 - botocore has no types
    """The descriptions of services, each of which is read once in a process."""
    return create_loader()


def preload() -> None:
    """Loads all that the clients of our services need, so that copies of this process have it."""
    session = botocore.session.Session()
    session.register_component("data_loader", _models())
    session.set_credentials("nobody", "nothing")
    for service in _SERVICES:
        session.create_client(service, region_name="us-west-2")


class Account:
    """An AWS account in one region, with the identity that the configuration gives."""

    def __init__(
        self,
        *,
        profile: str | None,
        region: str | None,
        endpoints: Mapping[str, str],
        path_style: bool,
    ) -> None:
        try:
            self._session = botocore.session.Session(profile=profile)
            self._session.register_component("data_loader", _models())
            self._session.get_scoped_config()
        except ProfileNotFound as error:
            message = f"failed to get shared config profile, {profile}"
            raise ConfigurationError(message) from error
        self.region = region or self._session.get_config_variable("region")
        if not self.region:
            message = "missing region: set `region` on the provider or in the profile"
            raise ConfigurationError(message)
        self._endpoints = endpoints
        self._config = Config(
            max_pool_connections=_CONNECTIONS,
            retries={"mode": "standard"},
            s3={"addressing_style": "path"} if path_style else None,
        )
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @functools.cached_property
    def identity(self) -> dict[str, str]:
        """What STS says of the caller: `Account`, `Arn` and `UserId`.

        Raises:
            ConfigurationError: there are no credentials, or AWS refuses them.
        """
        try:
            answer = self.client("sts").get_caller_identity()
        except (ClientError, BotoCoreError) as error:
            message = (
                "validating provider credentials: retrieving caller identity from STS: "
                f"{told(error)}"
            )
            raise ConfigurationError(message) from error
        return {name: answer[name] for name in ("Account", "Arn", "UserId")}

    @property
    def account_id(self) -> str:
        """12 digits."""
        return self.identity["Account"]

    @property
    def partition(self) -> str:
        """The first field of every ARN of the account."""
        return self.identity["Arn"].split(":")[1]

    def client(self, service: str) -> Any:  # noqa: ANN401 - botocore makes them as it runs
        """The boto3 client of a service, made on first use; safe to share between threads."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(
                    service,
                    region_name=self.region,
                    endpoint_url=self._endpoints.get(service),
                    config=self._config,
                )
            return self._clients[service]

    @property
    def iam(self) -> Any:  # noqa: ANN401 - see client
        """The IAM client."""
        return self.client("iam")

    @property
    def s3(self) -> Any:  # noqa: ANN401 - see client
        """The S3 client."""
        return self.client("s3")
