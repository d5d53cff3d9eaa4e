"""Lost answers, a service that is away, and what is not tried again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from proxy import LossyRelay
from service import Service

from beamlive_client import (
    Dataset,
    Key,
    Report,
    Retries,
    SignedClient,
    SignInFailed,
    TokenClient,
    Unreachable,
)

QUICK = Retries(attempts=4, pause=0.01)


def dataset() -> Dataset:
    return Dataset(directory="/users/p/a", type="DATA", name="lys", energy=12.6, exposure=0.5)


def test_an_upload_whose_answers_are_lost_is_one_record(service: Service, project: str) -> None:
    key = Key.generate()
    with LossyRelay(service.url, lost=3) as relay:
        with SignedClient(relay.url, "BM", project, key, retries=QUICK) as client:
            client.register()
            assert len(relay.requests) == 4
    report = Report(directory="/users/p/a", title="MX")
    for route in ("data", "reports"):
        with LossyRelay(service.url, lost=3) as relay:
            with SignedClient(relay.url, "BM", project, key, retries=QUICK) as client:
                if route == "data":
                    number = client.upload_dataset(dataset())
                else:
                    number = client.upload_report(report)
        assert len(relay.requests) == 4, "three answers were lost, and the fourth came"
        rows = service.admin(f"{route}?project={project}")
        assert [row["id"] for row in rows] == [number], "all four are one record"


def test_a_launch_whose_answer_is_lost_is_one_session(service: Service, project: str) -> None:
    key = Key.generate()
    with SignedClient(service.url, "ID", project, key) as client:
        client.register()
    with LossyRelay(service.url, lost=2) as relay:
        with SignedClient(relay.url, "ID", project, key, retries=QUICK) as client:
            assert client.launch("day-1")["session"] == "day-1"
    sessions = service.admin(f"sessions?project={project}")
    assert [len(session["stretches"]) for session in sessions] == [1]


def test_it_gives_up(service: Service, project: str) -> None:
    with LossyRelay(service.url, lost=100) as relay:
        with SignedClient(relay.url, "BM", project, Key.generate(), retries=QUICK) as client:
            with pytest.raises(Unreachable) as caught:
                client.register()
    assert len(relay.requests) == QUICK.attempts
    assert project + ":" not in str(caught.value), "the message has no signature in it"


def test_no_attempt_begins_after_the_time_is_over(service: Service, project: str) -> None:
    pauses: list[float] = []
    retries = Retries(attempts=50, pause=0.1, seconds=0.35, sleep=pauses.append)
    with LossyRelay(service.url, lost=100) as relay:
        with SignedClient(relay.url, "BM", project, Key.generate(), retries=retries) as client:
            with pytest.raises(Unreachable):
                client.register()
    assert len(pauses) in (1, 2)
    assert all(0.1 <= pause <= 0.3 for pause in pauses)


def test_a_sign_in_whose_answer_is_lost_is_not_repeated(service: Service) -> None:
    with LossyRelay(service.url, lost=1) as relay:
        with TokenClient(relay.url, "BM", retries=QUICK) as client:
            with pytest.raises(Unreachable):
                client.login("nobody", "a password that is wrong")
            assert len(relay.requests) == 1
            with pytest.raises(SignInFailed):
                client.login("nobody", "a password that is wrong")


def test_a_refresh_whose_answer_is_lost_gets_its_pair(service: Service, project: str) -> None:
    service.command(
        "passwd", project, "--url", service.url, "--token-file", "data/admin.token",
        said=service.password + "\n",
    )  # fmt: skip
    with TokenClient(service.url, "BM") as client:
        tokens = client.login(project, service.password)
    with LossyRelay(service.url, lost=2) as relay:
        with TokenClient(relay.url, "BM", tokens=tokens, retries=QUICK) as client:
            fresh = client.refresh()
            assert fresh.refresh != tokens.refresh
            assert client.verify()
            client.refresh()


def test_a_service_that_restarts_is_waited_for(service: Service, project: str) -> None:
    key = Key.generate()
    started = threading.Event()

    def sleep(_: float) -> None:
        started.wait(0.05)

    retries = Retries(attempts=2000, pause=0.05, seconds=1e9, sleep=sleep)
    with SignedClient(service.url, "BM", project, key, retries=retries) as client:
        client.register()
        service.stop()

        def start() -> None:
            service.start()
            started.set()

        thread = threading.Thread(target=start)
        thread.start()
        number = client.upload_dataset(dataset())
        thread.join()
    rows = service.admin(f"data?project={project}")
    assert [row["id"] for row in rows] == [number]


def test_certificates_are_checked(tmp_path: Path) -> None:
    with SignedClient("https://localhost", "BM", "p", Key.generate(), ca_file=tmp_path) as client:
        assert client._wire._http.verify == str(tmp_path)
