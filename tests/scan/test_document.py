# ruff: noqa: E501 - small trees read better unbroken
"""The JSON that others rely on: its shape, its names, its evidence, its conflicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deploydeck.scan.document import FACT_FIELDS, ScanDocument, scan_document
from deploydeck.scan.explain import FIELDS
from tests.scan.trees import plant, scan

DOCS = Path(__file__).parent.parent.parent / "docs"
FILES = {
    "requirements.txt": "flask==3.1.3\npsycopg2==2.9.10\n", ".python-version": "3.12\n", "runtime.txt": "python-3.11\n",
    "app.py": "import os\nfrom flask import Flask\napp = Flask(__name__)\nKEY = os.environ['API_TOKEN']\n\n\nif __name__ == '__main__':\n    app.run(port=9000)\n",
    "Dockerfile": "FROM python:3.12\nEXPOSE 8080\n",
}  # fmt: skip


def document(tmp_path: Path, files: dict[str, str]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(scan_document(scan(tmp_path, files)).model_dump_json())
    return plain


def test_the_fields_that_others_rely_on(tmp_path: Path) -> None:
    told = document(tmp_path, FILES)
    assert (told["language"]["name"], told["framework"]["name"], told["package_manager"]["name"]) == ("python", "flask", "pip")
    assert told["framework"]["version"] == "3.1.3"
    assert told["runtime"]["version"] == "3.12"
    assert told["start_command"]["value"] == "gunicorn --bind 0.0.0.0:9000 --threads 4 --access-logfile - app:app"
    assert told["build_command"] is None
    assert told["port"]["value"] == 9000
    assert [service["name"] for service in told["services"]] == ["postgresql"]
    assert [(one["name"], one["required"], one["secret"]) for one in told["variables"]] == [("API_TOKEN", True, True)]
    assert {one["name"]: one["version"] for one in told["dependencies"]} == {"flask": "3.1.3", "psycopg2": "2.9.10"}
    assert told["components"] == []
    assert told["vulnerabilities"] == {
        "checked": False, "source": "", "reason": "not checked", "packages_checked": 0, "packages_unknown": 0, "checked_at": None, "found": [],
    }  # fmt: skip


def test_every_field_says_how_sure_and_from_where(tmp_path: Path) -> None:
    told = document(tmp_path, FILES)
    fields = [told[name] for name in FACT_FIELDS if told[name] is not None]
    items = [
        item for name in ("services", "variables", "dependencies", "findings", "conflicts", "languages") for item in told[name]
    ]
    assert len(fields) > 5
    for one in (*fields, *items):
        assert 0 <= one["confidence"] <= 1
        for place in one["evidence"]:
            assert set(place) == {"file", "line", "text", "rule"}
    for name in ("language", "framework", "package_manager", "runtime", "start_command", "port"):
        assert told[name]["evidence"], name


def test_disagreements_are_conflicts_with_both_sides(tmp_path: Path) -> None:
    conflicts = {one["field"]: one for one in document(tmp_path, FILES)["conflicts"]}
    assert conflicts["port"]["value"] == 9000
    assert [(other["value"], other["evidence"][0]["file"]) for other in conflicts["port"]["alternatives"]] == [(8080, "Dockerfile")]
    assert conflicts["runtime"]["value"] == "3.12"
    assert conflicts["runtime"]["alternatives"][0]["value"] == "3.11"


def test_nothing_found_is_null_and_says_so(tmp_path: Path) -> None:
    told = document(tmp_path, {"main.py": "print(1)\n"})
    assert told["framework"]["name"] is None
    assert told["framework"]["reason"]
    assert told["port"] is None
    assert told["runtime"]["version"] == ""


def test_the_document_fits_its_schema(tmp_path: Path) -> None:
    schema = ScanDocument.model_json_schema(mode="serialization")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document(tmp_path, {**FILES, "web/package.json": '{"scripts": {"start": "node x.js"}}'}), schema)


def test_the_exported_schema_is_current() -> None:
    assert json.loads((DOCS / "scan.schema.json").read_text("utf-8")) == ScanDocument.model_json_schema(mode="serialization")


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_that_can_be_explained_is_in_the_document(field: str) -> None:
    assert field in ScanDocument.model_fields
    assert set(FACT_FIELDS) <= set(FIELDS)


def test_a_secret_is_in_no_part_of_it(tmp_path: Path) -> None:
    plant(tmp_path, {**FILES, ".env": "API_TOKEN=s3cr3t-value-of-mine\n", "conf.py": "API_TOKEN = 's3cr3t-value-of-mine'\n"})
    assert "s3cr3t-value-of-mine" not in scan_document(scan(tmp_path)).model_dump_json()
