"""What consumers need to use their access: sessions, profiles and a page that says it all.

Another project may import the names below, and nothing else of this package: they read the outputs
of a stack and load nothing but Python's standard library.
"""

from cross_account_access.credentials.contract import Consumer, Contract, ContractError, Grant, read

__all__ = ["Consumer", "Contract", "ContractError", "Grant", "read"]
