"""Version 3 against the service."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from service import Service

from beamlive_client import (
    BeamliveError,
    Dataset,
    Invalid,
    NotFound,
    Refused,
    Report,
    SignInFailed,
    TokenClient,
    Tokens,
)


def set_password(service: Service, account: str) -> None:
    service.command(
        "passwd", account, "--url", service.url, "--token-file", "data/admin.token",
        said=service.password + "\n",
    )  # fmt: skip


def dataset() -> Dataset:
    return Dataset(directory="/users/p/a", type="DATA", name="lys", energy=12.6, exposure=0.5)


def test_a_day(service: Service, project: str) -> None:
    set_password(service, project)
    with TokenClient(service.url, "ID") as client:
        assert not client.verify()
        client.login(project, service.password)
        assert client.verify()
        assert client.launch("day-1")["session"] == "day-1"
        number = client.upload_dataset(dataset())
        report = client.upload_report(Report(directory="/users/p/a", title="MX", data_id=[number]))
        assert client.samples() == []
        assert client.close("day-1")["session"] == "day-1"
    assert service.admin(f"data/{number}")["project"] == project
    assert service.admin(f"reports/{report}")["data_id"] == [number]


def test_a_token_that_is_refused_is_refreshed_once(service: Service, project: str) -> None:
    set_password(service, project)
    seen: list[Tokens] = []
    with TokenClient(service.url, "BM", on_new_tokens=seen.append) as client:
        first = client.login(project, service.password)
        client.tokens = Tokens(access=first.access[:-8], refresh=first.refresh)
        client.launch("day-1")
        assert len(seen) == 2 and client.tokens == seen[1] != first
        client.tokens = Tokens(access="no token", refresh="no token")
        with pytest.raises(SignInFailed) as caught:
            client.launch("day-1")
        assert caught.value.code == "token_not_valid"


def test_a_persons_project_is_named(service: Service) -> None:
    set_password(service, "anna")
    with TokenClient(service.url, "ID", project="holder") as client:
        client.login("anna", service.password)
        number = client.upload_dataset(dataset())
        assert service.admin(f"data/{number}")["project"] == "holder"
        client.project = "staff"
        with pytest.raises(Refused) as caught:
            client.upload_dataset(dataset())
        assert (caught.value.status, caught.value.code) == (403, "forbidden")
        client.project = "nobody"
        with pytest.raises(NotFound):
            client.upload_dataset(dataset())


def test_a_wrong_password_says_so(service: Service, project: str) -> None:
    with TokenClient(service.url, "BM") as client:
        with pytest.raises(SignInFailed, match="No active account"):
            client.login(project, "a password that is wrong")
        with pytest.raises(Invalid) as caught:
            client.login(project, "")
        assert caught.value.fields == {"password": "This field may not be blank."}
        with pytest.raises(BeamliveError, match="login"):
            client.launch("day-1")


def test_tokens_are_kept_in_a_file_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    tokens = Tokens(access="a", refresh="r")
    tokens.save(path)
    Tokens(access="b", refresh="r").save(path)
    assert Tokens.load(path) == Tokens(access="b", refresh="r")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert "r" not in repr(tokens).removeprefix("Tokens")
    path.write_bytes(b"\xc1")
    with pytest.raises(BeamliveError, match="tokens"):
        Tokens.load(path)


def test_files_of_the_command_line_are_read(service: Service, project: str) -> None:
    set_password(service, project)
    kept = service.home / f"{project}.tokens"
    service.command(
        "client", "--v3", "--url", service.url, "--user", project, "--token-file", str(kept), "login",
        said=service.password + "\n",
    )  # fmt: skip
    with TokenClient(service.url, "BM", tokens=Tokens.load(kept)) as client:
        assert client.verify()
