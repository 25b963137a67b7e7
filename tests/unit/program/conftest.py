"""Stacks that many tests look at, each deployed once."""

import pytest

from tests.support.deployment import Deployment, deploy, stack_values
from tests.unit.program.stacks import every_kind


@pytest.fixture(scope="package")
def prod() -> Deployment:
    return deploy(stack_values("prod"))


@pytest.fixture(scope="package")
def kinds() -> Deployment:
    return deploy(every_kind())
