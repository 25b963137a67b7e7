"""Two emulated AWS accounts and a stand-in for the `aws` provider plugin, on this machine alone.

`box.Sandbox` starts and stops them; `access-sandbox` does so around a command.
"""
