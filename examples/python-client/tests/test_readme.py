"""The programs of the README run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from service import Service

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_programs_run(
    service: Service,
    project: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service.command(
        "passwd", project, "--url", service.url, "--token-file", "data/admin.token",
        said=service.password + "\n",
    )  # fmt: skip
    text = README.read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(programs) == 3
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for program in programs:
        program = program.replace("http://127.0.0.1:8000", service.url).replace('"alice"', repr(project))
        exec(compile(program, str(README), "exec"), names)
    assert "'energy'" in capsys.readouterr().out
    assert [row["name"] for row in service.admin(f"data?project={project}")] == ["lys-3"]
    assert [row["score"] for row in service.admin(f"reports?project={project}")] == [0.87]
