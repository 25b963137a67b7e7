"""Every unit test runs away from the machine's own AWS files and variables."""

import gc
from collections.abc import Iterator
from functools import cache

import pytest
from botocore.loaders import Loader, create_loader
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.ambient import keep_aws_files, leave_ambient_aws

# What is imported and collected stays; the collector looks at what tests make alone, and more
# rarely than in a process that has little memory.
gc.disable()
gc.set_threshold(20_000, 100, 1000)


def pytest_collection_finish() -> None:
    """Let the collector begin."""
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """Let what is left be looked through once; pytest does it five times at its end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _service_models_are_read_once() -> Iterator[None]:
    """botocore reads megabytes of JSON for each new session; its loader keeps what it has read."""
    loader = create_loader()
    own = len(loader.search_paths)

    def without_what_boto3_added(_path: str | None = None) -> Loader:
        # A folder for each session, in all of which it would look.
        del loader.search_paths[own:]
        return loader

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", without_what_boto3_added)
        yield


@pytest.fixture(autouse=True, scope="session")
def _keys_of_the_emulated_aws_are_one() -> Iterator[None]:
    """Each KMS key of moto has a private key, which takes long to make; nothing here uses it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", cache(rsa.generate_private_key))
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_ambient_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        leave_ambient_aws(patch, tmp_path_factory.getbasetemp() / "of-no-test")
        yield


@pytest.fixture(autouse=True)
def _files_of_its_own(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    # Thousands of tests need no folder, and each new one costs more than the one before it.
    if "tmp_path" in request.fixturenames:
        keep_aws_files(monkeypatch, request.getfixturevalue("tmp_path"))
