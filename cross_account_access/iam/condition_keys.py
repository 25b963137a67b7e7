"""What is known of condition keys without looking at a request.

Names are in lower case, since those of keys are not case-sensitive. Source: AWS, "AWS global
condition context keys",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
"""

from typing import Final

DERIVED: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:resourceaccount",
        "aws:username",
    }
)
"""Keys that follow from the principal and the resource; a caller may not state them."""

ALWAYS_PRESENT: Final = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:useragent",
        "aws:userid",
        "aws:viaawsservice",
    }
)
"""Keys of every request (the page says so of each, under Availability)."""

UNKNOWN_DOCUMENT: Final = ":unknown-document"
"""How the keys end on which the answers hang that a document decides whose content is not known."""
