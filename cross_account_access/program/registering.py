"""What the program leaves to the Pulumi SDK when it has declared everything."""

import asyncio
import signal

from pulumi import Output
from pulumi.runtime.stack import wait_for_rpcs


class Registrations:
    """All that the program has declared, on its way to the engine."""

    def __init__(self) -> None:
        self._ended: asyncio.Future[None] = asyncio.get_event_loop().create_future()
        self.made: Output[None] = Output.from_input(self._ended)
        """Resolves once all of it is made, and fails where something cannot be."""

    async def end(self) -> None:
        """Lets every registration begin before it waits for the end of all.

        Those that have begun are awaited one after the other. A program that never awaits anything
        ends before the first has; then the SDK awaits whichever output is known first, again and
        again, each time among all that are left, which grows with the square of the stack.

        From here on the engine alone speaks of an update that fails or is interrupted: it
        interrupts the program too, whose traceback would stand beside its message.
        """
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        await asyncio.sleep(0)
        try:
            await wait_for_rpcs(await_all_outstanding_tasks=False)
        except Exception as error:
            self._ended.set_exception(error)
            raise
        self._ended.set_result(None)
