"""A process loads no large library before somebody does what needs it (decision 30)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.rules import HEAVY_LIBRARIES, ROOT

LARGE = (
    *("alembic", "httpx", "lead_system.demo", "openpyxl", "qrcode", "xlsxwriter", "zxcvbn", "zxingcpp"),
    "sqlalchemy_utils",  # Flask-Admin loads it wherever it is installed, and Oracle's dialect with it.
)

ASK = f"""
import sys
import app
app.app.test_client().get("/admin/sign-in")
print(*sorted(set({LARGE!r}) & set(sys.modules)))
"""


def test_serving_a_page_loads_none_of_the_large_libraries(tmp_path: Path) -> None:
    environment = os.environ | {
        "LEAD_DEMO": "1", "LEAD_DATA_DIR": str(tmp_path), "LEAD_SECRET_KEY": "only-for-this-test" * 3,
        "LEAD_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    asked = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert asked.stdout.split() == [], "import it where it is used, and name it in HEAVY_LIBRARIES"


@pytest.mark.parametrize("name", sorted(HEAVY_LIBRARIES))
def test_what_may_be_loaded_late_is_loaded_late(name: str) -> None:
    top = [f"import {name}", f"from {name} import", f"from {name}."]
    lines = [
        line for file in (ROOT / "lead_system").rglob("*.py") for line in file.read_text("utf-8").splitlines()
    ]

    assert not [line for line in lines if line.startswith(tuple(top))], "or it need not be on the list"
