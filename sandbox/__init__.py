"""Two emulated AWS accounts and a stand-in for the `aws` provider plugin, on this machine alone.

`sandbox.box.Sandbox` starts and stops them; `python -m sandbox` does so around a command.
"""
