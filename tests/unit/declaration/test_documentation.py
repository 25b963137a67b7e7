"""What the files say of settings is what their declarations say."""

import pytest

from cross_account_access.declaration.documentation import MADE, with_section
from tests.support.deployment import ROOT


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_from_the_declarations_is_up_to_date(name: str) -> None:
    kept = (ROOT / name).read_text()
    assert with_section(kept, MADE[name]()) == kept, "run make settings"
