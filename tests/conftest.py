"""What holds for all tests."""

import signal

# A shell that starts the tests in the background has them ignore Ctrl-C, and so all that they
# start; the tests of Ctrl-C need what a person at a terminal has.
signal.signal(signal.SIGINT, signal.default_int_handler)
