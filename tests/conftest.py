"""What holds for all tests, and the one switch between samples and everything."""

import signal

import pytest
from hypothesis import settings

# A shell that starts the tests in the background has them ignore Ctrl-C, and so all that they
# start; the tests of Ctrl-C need what a person at a terminal has.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: how long an example takes says more about the machine than about the code.
settings.register_profile("samples", max_examples=30, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=500, deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full",
        action="store_true",
        help="every case and many random examples, in place of samples that are always the same",
    )


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("full" if config.getoption("--full") else "samples")
