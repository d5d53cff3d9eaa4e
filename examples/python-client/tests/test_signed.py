"""Version 2 against the service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from service import Service

from beamlive_client import (
    AnotherKey,
    Dataset,
    Invalid,
    Key,
    NoKey,
    NotFound,
    NotVerified,
    Report,
    SignedClient,
)

DIRECTORY = "/users/p/day-1/data"


@pytest.fixture
def client(service: Service, project: str) -> Iterator[SignedClient]:
    """A client whose key is registered."""
    with SignedClient(service.url, "BM", project, Key.generate()) as client:
        client.register()
        yield client


def dataset(name: str = "lys") -> Dataset:
    return Dataset(directory=DIRECTORY, type="DATA", name=name, energy=12.658, exposure=0.2)


def test_a_day(service: Service, client: SignedClient) -> None:
    launched = client.launch("day-1")
    assert launched["session"] == "day-1"
    assert launched["survey"].startswith("http")
    assert launched["end_time"] is None or "T" in launched["end_time"]
    start = datetime(2026, 11, 23, 15, 0, tzinfo=timezone.utc)
    number = client.upload_dataset(
        Dataset(
            directory=DIRECTORY,
            type="DATA",
            name="lys",
            energy=12.658,
            exposure=0.2,
            attenuation=0.0,
            beam_size=50.0,
            filename="lys_{:05d}.cbf",
            frames="1-4,8",
            start_time=start,
            uuid="u-1",
            meta_data={"detector_type": "PILATUS 6M", "beam_fwhm": [100.0, 100.0]},
        )
    )
    row = service.admin(f"data/{number}")
    assert (row["name"], row["type"], row["frames"], row["num_frames"]) == ("lys", "DATA", "1-4,8", 5)
    assert (row["energy"], row["exposure"], row["beam_size"]) == (12.658, 0.2, 50.0)
    assert (row["attenuation"], row["uuid"]) == (0.0, "u-1")
    assert row["start_time"].startswith("2026-11-23T15:00:00")
    assert row["end_time"].startswith("2026-11-23T15:00:01")
    assert row["meta_data"] == {"detector_type": "PILATUS 6M", "beam_fwhm": [100.0, 100.0]}
    details = [{"title": "Quality", "content": [{"kind": "table", "data": [["Score", "0.87"]]}]}]
    report = client.upload_report(
        Report(directory=DIRECTORY, title="MX", score=0.87, details=details, data_id=[number])
    )
    kept = service.admin(f"reports/{report}")
    assert (kept["details"], kept["data_id"], kept["score"]) == (details, [number], 0.87)
    sessions = service.admin(f"sessions?project={client.username}")
    assert [(s["name"], s["datasets"], s["reports"]) for s in sessions] == [("day-1", 1, 1)]
    assert client.close("day-1")["session"] == "day-1"
    assert client.close("day-1")["session"] == "day-1"
    assert service.admin(f"sessions?project={client.username}&active=true") == []


def test_an_update_names_its_dataset(service: Service, client: SignedClient) -> None:
    record = dataset()
    record.id = client.upload_dataset(record)
    record.energy = 7.1
    assert client.upload_dataset(record) == record.id
    assert service.admin(f"data/{record.id}")["energy"] == 7.1


def test_two_uploads_without_a_name_of_their_own_are_two_records(client: SignedClient) -> None:
    assert client.upload_dataset(dataset()) != client.upload_dataset(dataset())


def test_the_same_idempotency_key_is_one_record(client: SignedClient) -> None:
    first = client.upload_dataset(dataset(), idempotency_key="k")
    assert client.upload_dataset(dataset(), idempotency_key="k") == first


def test_samples_come_once(service: Service) -> None:
    key = Key.generate()
    with SignedClient(service.url, "BM", "holder", key) as client:
        client.register()
        samples = client.samples()
        assert [(s["name"], s["port"], s["group"]) for s in samples] == [
            ("lys-3", "1A3", "native"),
            ("ins-1", "", None),
        ]
        samples[0]["name"] = "changed by the caller"
        # The second answer has no body: the first one is still valid.
        again = client.samples()
        assert again[0]["name"] == "lys-3"
        assert client._samples is not None


def test_every_wrong_field_is_named(client: SignedClient) -> None:
    with pytest.raises(Invalid) as caught:
        client.upload_dataset({"directory": DIRECTORY, "type": "NONE", "name": "x", "energy": -1.0})
    refused = caught.value
    assert (refused.status, refused.code) == (400, "invalid")
    assert set(refused.fields) == {"type", "energy", "exposure"}
    assert refused.fields["energy"] in str(refused)


def test_meta_data_does_not_replace_a_field() -> None:
    record = dataset()
    record.meta_data = {"energy": 1.0}
    with pytest.raises(ValueError, match="energy"):
        record.body()


def test_refusals_have_their_classes(service: Service, project: str) -> None:
    key = Key.generate()
    with SignedClient(service.url, "BM", project, key) as client:
        with pytest.raises(NoKey):
            client.launch("day-1")
        client.register()
        client.register()
    with SignedClient(service.url, "BM", project, Key.generate()) as other:
        with pytest.raises(NotVerified):
            other.launch("day-1")
        with pytest.raises(AnotherKey) as caught:
            other.register()
        assert caught.value.status == 409
    with SignedClient(service.url, "XX", project, key) as elsewhere, pytest.raises(NotFound):
        elsewhere.launch("day-1")
    with SignedClient(service.url, "BM", project, key) as client, pytest.raises(NotFound):
        client.close("never-launched")


def test_names_stay_one_part_of_the_path(client: SignedClient) -> None:
    with pytest.raises(NotFound):
        client.launch("../day-1")
