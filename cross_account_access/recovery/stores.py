"""Where a backend of Pulumi keeps its files: a folder, or a bucket of S3."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.config import Config

from cross_account_access.aws import CLIENT_CONFIG, explained_failures
from cross_account_access.errors import UncheckedError
from cross_account_access.files import put_in_place, staged

_ROOT: Final = ".pulumi"


class Store(Protocol):
    """Files by names like `stacks/PROJECT/prod.json`; every method raises `UncheckedError`."""

    def dated(self, folder: str) -> Mapping[str, float]:
        """The files that are in a folder itself, with when each was written, in seconds."""

    def read(self, name: str) -> bytes:
        """The content."""

    def write(self, name: str, content: bytes) -> None:
        """Gives a file a content in one step."""

    def remove(self, name: str) -> None:
        """Removes a file, also one that is not there."""

    def address(self, name: str) -> str:
        """What people call it."""


def store_of(url: str, program: Path) -> Store | None:
    """Return where a backend keeps its files; None for a kind of backend that is not known here.

    Args:
        url: as `pulumi whoami --verbose` tells it.
        program: the folder that a relative address starts from.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        place = Path(unquote(f"{parts.netloc}{parts.path}")).expanduser()
        return Folder(program / place / _ROOT)
    if parts.scheme == "s3":
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        prefix = parts.path.strip("/")
        return Bucket(
            name=parts.netloc, prefix=f"{prefix}/{_ROOT}" if prefix else _ROOT, options=options
        )
    return None


@dataclass(frozen=True)
class Folder:
    """A `file://` backend."""

    root: Path

    def dated(self, folder: str) -> Mapping[str, float]:
        """As `Store` says."""
        with _told(self.root / folder):
            place = self.root / folder
            if not place.is_dir():
                return {}
            return {
                f"{folder}/{each.name}".lstrip("/"): each.stat().st_mtime
                for each in os.scandir(place)
                if each.is_file()
            }

    def read(self, name: str) -> bytes:
        """As `Store` says."""
        with _told(self.root / name):
            return (self.root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """As `Store` says."""
        with _told(self.root / name), staged(self.root / name, "") as ready:
            ready.write_bytes(content)
            put_in_place(ready, self.root / name)

    def remove(self, name: str) -> None:
        """As `Store` says."""
        with _told(self.root / name):
            (self.root / name).unlink(missing_ok=True)

    def address(self, name: str) -> str:
        """As `Store` says."""
        return str(self.root / name)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """An `s3://` backend, with the options of its address.

    "Managing state & backend options"
    (https://www.pulumi.com/docs/iac/concepts/state-and-backends/).
    """

    name: str
    prefix: str
    options: Mapping[str, str]

    def dated(self, folder: str) -> Mapping[str, float]:
        """As `Store` says."""
        begins = f"{self.prefix}/{folder}/".replace("//", "/")
        with self._told():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=begins, Delimiter="/"
            )
            return {
                each["Key"].removeprefix(f"{self.prefix}/"): each["LastModified"].timestamp()
                for page in pages
                for each in page.get("Contents", ())
            }

    def read(self, name: str) -> bytes:
        """As `Store` says."""
        with self._told():
            answer = self._client.get_object(Bucket=self.name, Key=f"{self.prefix}/{name}")
            content: bytes = answer["Body"].read()
            return content

    def write(self, name: str, content: bytes) -> None:
        """As `Store` says."""
        with self._told():
            self._client.put_object(Bucket=self.name, Key=f"{self.prefix}/{name}", Body=content)

    def remove(self, name: str) -> None:
        """As `Store` says."""
        with self._told():
            self._client.delete_object(Bucket=self.name, Key=f"{self.prefix}/{name}")

    def address(self, name: str) -> str:
        """As `Store` says."""
        return f"s3://{self.name}/{self.prefix}/{name}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        profile = self.options.get("profile") or os.environ.get("AWS_PROFILE")
        with explained_failures(profile, "the backend"):
            yield

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - typed clients have no calls by name
        session = boto3.Session(
            profile_name=self.options.get("profile"), region_name=self.options.get("region")
        )
        endpoint = self.options.get("endpoint")
        if endpoint and "://" not in endpoint:
            plain = {"disableSSL", "disable_https"} & set(self.options)
            endpoint = f"{'http' if plain else 'https'}://{endpoint}"
        styled = "true" in (
            self.options.get("s3ForcePathStyle"),
            self.options.get("use_path_style"),
        )
        style = Config(s3={"addressing_style": "path" if styled else "auto"})
        return session.client("s3", endpoint_url=endpoint, config=CLIENT_CONFIG.merge(style))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise UncheckedError(message) from error
