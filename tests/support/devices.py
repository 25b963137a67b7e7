"""MFA devices of users in the emulated AWS, which takes no codes but a device's own."""

from typing import Any

from cross_account_access.dev.sandbox.front import mfa


def give_device(iam: Any, user_name: str, name: str) -> str:
    """Makes a virtual MFA device that a user signs in with; returns its serial number."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    serial: str = made["SerialNumber"]
    shown = mfa.codes({"Base32StringSeed": made["Base32StringSeed"].decode()}, around=1)
    iam.enable_mfa_device(
        UserName=user_name,
        SerialNumber=serial,
        AuthenticationCode1=shown[0],
        AuthenticationCode2=shown[1],
    )
    return serial
