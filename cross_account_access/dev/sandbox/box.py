"""The sandbox: two emulated accounts, an administrator in each, and the environment to use them."""

import configparser
import contextlib
import functools
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import trustme

from cross_account_access.dev import toolchain
from cross_account_access.dev.sandbox import emulator, plugin
from cross_account_access.dev.sandbox.errors import SandboxError
from cross_account_access.files import locked, write_private

REGION = "us-west-2"
_AUTHORITY = "authority.pem"
# Closed to everybody else, whatever the tools that write into them think of modes.
_FOLDERS = ("aws", "caches", "emulator", "home", "plugin", "pulumi", "stacks", "tls")
_LOCK = "lock"
_LOCK_SECONDS = 3.0
_PULUMI_VARIABLES_OF_THE_CALLER = {
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_STACK",
}


@dataclass(frozen=True)
class _Administrator:
    profile: str
    user: str
    account_id: str


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Two running accounts; `Sandbox.start` is the way to get them."""

    production: str
    """Account ID of the Production account."""
    staging: str
    """Account ID of the Staging account."""
    folder: Path
    emulator: emulator.Emulator

    @classmethod
    @contextlib.contextmanager
    def start(
        cls,
        *,
        production: str,
        staging: str,
        state: Path | None = None,
        preloaded_plugin: bool = True,
    ) -> Iterator["Sandbox"]:
        """Runs the two accounts for as long as the context lasts.

        Args:
            production: ID of the Production account, 12 digits.
            staging: ID of the Staging account, 12 digits.
            state: folder that keeps accounts, keys and stacks from one start to the next;
                without it they are gone at the end.
            preloaded_plugin: as `plugin.installed` has it.

        Raises:
            SandboxError: the folder is in use, or belongs to other accounts, or the emulator
                does not come up.
        """
        with contextlib.ExitStack() as stack:
            if state is None:
                temporary = tempfile.TemporaryDirectory(prefix="sandbox-")
                folder = Path(stack.enter_context(temporary))
            else:
                folder = state.resolve()
                _make_folder(folder)
            for name in _FOLDERS:
                private_folder(folder / name)
            lock = stack.enter_context(_locked(folder))
            _claim(folder, production, staging)
            certificate = _certificate(folder / "tls", production, staging)
            running = stack.enter_context(
                emulator.running(folder / "emulator", certificate=certificate, keep_open=(lock,))
            )
            box = cls(production=production, staging=staging, folder=folder, emulator=running)
            box._make_administrators()
            stack.enter_context(
                plugin.installed(box._pulumi_home, folder / "plugin", preloaded=preloaded_plugin)
            )
            yield box

    def reset(self) -> None:
        """Empties both accounts and makes the administrators anew.

        Their access keys are new as well, since AWS chooses keys: sessions made before hold
        dead ones, while new sessions read the new ones from the same files. Stacks stay.
        """
        self.emulator.reset()
        self._make_administrators()

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment, pointed at the two accounts and at Pulumi state of our own.

        Raises:
            SandboxError: the Pulumi or the AWS command cannot be had.
        """
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("AWS_") and name not in _PULUMI_VARIABLES_OF_THE_CALLER
        }
        try:
            tools = [toolchain.pulumi(), toolchain.aws_cli()]
        except toolchain.ToolchainError as error:
            raise SandboxError(str(error)) from error
        path = [Path(sys.executable).parent, *tools, *filter(None, [os.environ.get("PATH")])]
        return {
            **inherited,
            "AWS_CONFIG_FILE": str(self._aws / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._aws / "credentials"),
            "AWS_ENDPOINT_URL": self.emulator.https_endpoint,
            "AWS_CA_BUNDLE": str(self.folder / "tls" / _AUTHORITY),
            "AWS_EC2_METADATA_DISABLED": "true",
            "SANDBOX_PLAIN_HTTP_ENDPOINT": self.emulator.http_endpoint,
            # The AWS CLI keeps role sessions below the home folder, by role and not by endpoint:
            # the emulator's would be taken for those of a real role of the same ARN.
            "HOME": str(self._home),
            # The access command has its role sessions there.
            "XDG_CACHE_HOME": str(self.folder / "caches"),
            toolchain.FOLDER_VARIABLE: str(toolchain.cache_folder()),
            "PULUMI_HOME": str(self._pulumi_home),
            "PULUMI_BACKEND_URL": self._backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "sandbox",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PATH": os.pathsep.join(map(str, path)),
        }

    @property
    def _aws(self) -> Path:
        return self.folder / "aws"

    @property
    def _home(self) -> Path:
        return self.folder / "home"

    @property
    def _pulumi_home(self) -> Path:
        return self.folder / "pulumi"

    @property
    def _backend(self) -> Path:
        return self.folder / "stacks"

    @property
    def _administrators(self) -> tuple[_Administrator, ...]:
        return (
            _Administrator("ProductionAccountAdmin", "ProductionAdministrator", self.production),
            _Administrator("StagingAccountAdmin", "StagingAdministrator", self.staging),
        )

    def _make_administrators(self) -> None:
        config, credentials = self._aws / "config", self._aws / "credentials"
        kept = _read_ini(credentials)
        if not config.exists():
            profiles = {
                f"profile {who.profile}": {"region": REGION} for who in self._administrators
            }
            _write_ini(config, profiles)
        keys = {
            who.profile: _key(who, kept.get(who.profile, {}), self._roots[who.account_id])
            for who in self._administrators
        }
        _write_ini(credentials, {**kept, **keys})

    @functools.cached_property
    def _roots(self) -> Mapping[str, Any]:
        """Clients that act as the root of an account, which passes every policy, by account ID.

        For making administrators only.
        """
        session = botocore.session.Session()
        return {
            account_id: session.create_client(
                "iam",
                endpoint_url=self.emulator.http_endpoint,
                region_name=REGION,
                aws_access_key_id=account_id,
                aws_secret_access_key=self.emulator.secret,
            )
            for account_id in (self.production, self.staging)
        }


def _key(who: _Administrator, kept: Mapping[str, str], iam: Any) -> dict[str, str]:  # noqa: ANN401
    """The administrator's access key: the one that was kept where it is good, or a new one."""
    try:
        iam.get_user(UserName=who.user)
    except iam.exceptions.NoSuchEntityException:
        iam.create_user(UserName=who.user)
    keys = iam.list_access_keys(UserName=who.user)["AccessKeyMetadata"]
    if kept.get("aws_access_key_id") in {key["AccessKeyId"] for key in keys}:
        return dict(kept)
    iam.attach_user_policy(
        UserName=who.user, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    key = iam.create_access_key(UserName=who.user)["AccessKey"]
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }


def _certificate(folder: Path, production: str, staging: str) -> Path:
    """The server's certificate and its key in one PEM file, beside that of their authority.

    Policies that deny plain HTTP (`aws:SecureTransport`) show only where there is HTTPS too, and
    clients check certificates. The authority's own key is dropped: nothing else can ever be
    signed with it.
    """
    server = folder / "server-and-key.pem"
    if not server.exists():
        authority = trustme.CA()
        # S3 Control puts the account ID before the host name.
        hosts = ("localhost", f"{production}.localhost", f"{staging}.localhost", "127.0.0.1")
        issued = authority.issue_cert(*hosts)
        authority.cert_pem.write_to_path(folder / _AUTHORITY)
        # Comes last: where it is, the authority is too.
        write_private(server, issued.private_key_and_cert_chain_pem.bytes().decode())
    return server


def private_folder(folder: Path) -> None:
    """Makes a folder that its owner alone can enter, or closes the one that is there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        (folder / _LOCK).touch(mode=0o600)
    except OSError as error:
        message = f"--state {folder}: cannot use this folder: {error.strerror}; name another one"
        raise SandboxError(message) from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[int]:
    with contextlib.ExitStack() as stack:
        try:
            # The emulator of a run that was killed still holds the lock until it has saved.
            lock = stack.enter_context(locked(folder / _LOCK, seconds=_LOCK_SECONDS))
        except TimeoutError:
            message = (
                f"--state {folder}: another run uses this folder; "
                "wait for it to end or name another folder"
            )
            raise SandboxError(message) from None
        yield lock


def _claim(folder: Path, production: str, staging: str) -> None:
    record = folder / "accounts"
    wanted = f"{production},{staging}"
    if not record.exists():
        write_private(record, wanted)
        return
    found = record.read_text()
    if found != wanted:
        message = (
            f"--state {folder}: this folder keeps the accounts {found}, not {wanted}; "
            "name those or another folder"
        )
        raise SandboxError(message)


def _read_ini(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    parser.read(path)
    return {name: dict(parser[name]) for name in parser.sections()}


def _write_ini(path: Path, sections: Mapping[str, Mapping[str, str]]) -> None:
    parser = configparser.RawConfigParser()
    parser.read_dict(sections)
    text = io.StringIO()
    parser.write(text)
    # In one step: no reader ever sees half of a file, and no secret is open to others for a moment.
    write_private(path, text.getvalue())
