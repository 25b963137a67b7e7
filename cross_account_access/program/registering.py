"""What the program leaves to the Pulumi SDK when it has declared everything."""

import asyncio
import signal


async def begun() -> None:
    """Lets every registration begin before the SDK waits for the end of all.

    Those that have begun it awaits one after the other. A program that never awaits anything ends
    before the first has; then the SDK awaits whichever output is known first, again and again,
    each time among all that are left, which grows with the square of the stack.

    From here on the engine alone speaks of an update that fails or is interrupted: it interrupts
    the program too, whose traceback would stand beside its message.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    await asyncio.sleep(0)
