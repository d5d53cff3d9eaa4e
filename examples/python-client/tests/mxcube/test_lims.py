"""`BeamliveLims` below MXCuBE's own abstract class, loaded by MXCuBE from a configuration."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mxcubecore", reason="tests/requirements-mxcube.txt is not installed")

from mxcubecore import HardwareRepository as HWR
from mxcubecore.HardwareObjects.abstract.AbstractLims import AbstractLims
from service import Service

from beamlive_client import BeamliveError, SignInFailed, Unreachable
from beamlive_client.mxcube import BeamliveLims

FILES = {
    "beamline.yaml": """
class: mxcubecore.HardwareObjects.Beamline.Beamline
objects:
  session: session.yml
  energy: energy.yml
  lims: lims.yml
""",
    "session.yml": "class: stand.Session\n",
    "energy.yml": "class: stand.Energy\n",
    "lims.yml": """
class: beamlive_client.mxcube.BeamliveLims
configuration:
  url: {url}
  beamline: BM
  pucks: {{1A: 4}}
""",
}


@pytest.fixture
def lims(service: Service, tmp_path: Path) -> Iterator[BeamliveLims]:
    """MXCuBE's LIMS, as its configuration names it. The account `holder` has a password."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.format(url=service.url), encoding="utf-8")
    service.command(
        "passwd", "holder", "--url", service.url, "--token-file", "data/admin.token",
        said=service.password + "\n",
    )  # fmt: skip
    try:
        HWR.init_hardware_repository(str(tmp_path))
        yield HWR.beamline.lims
    finally:
        HWR.uninit_hardware_repository()


@pytest.fixture
def signed_in(lims: BeamliveLims, service: Service) -> BeamliveLims:
    """The LIMS in a session."""
    manager = lims.login("holder", service.password, True)
    lims.set_active_session_by_id(manager.sessions[0].session_id)
    return lims


def collection(**more: Any) -> dict[str, Any]:
    """What MXCuBE knows when a collection begins."""
    begin = {
        "experiment_type": "OSC",
        "oscillation_sequence": [
            {
                "start": 10.0,
                "range": 0.1,
                "number_of_images": 1800,
                "start_image_number": 1,
                "exposure_time": 0.02,
            }
        ],
        "fileinfo": {
            "directory": "/users/holder/day-1/lys-3",
            "prefix": "lys-3",
            "template": "lys-3_1_%05d.cbf",
            "run_number": 1,
        },
        "status": "Running",
        "collection_start_time": "2026-11-23 09:00:00",
        "sample_reference": {"blSampleId": None},
    }
    return begin | more


def test_every_abstract_method_is_there_and_takes_what_mxcube_passes() -> None:
    assert AbstractLims.__abstractmethods__, "MXCuBE's class has abstract methods"
    assert not BeamliveLims.__abstractmethods__
    for name in AbstractLims.__abstractmethods__:
        wanted = inspect.signature(getattr(AbstractLims, name)).parameters
        ours = inspect.signature(getattr(BeamliveLims, name)).parameters
        assert list(ours) == list(wanted), name


def test_mxcube_loads_it(lims: BeamliveLims) -> None:
    assert isinstance(lims, BeamliveLims) and isinstance(lims, AbstractLims)
    assert [name.name for name in lims.get_lims_name()] == ["beamlive"]
    assert lims.is_user_login_type()
    assert lims.beamline_name == "08B1-1"
    assert not lims.is_connected() and not lims.echo()


def test_a_sign_in_offers_a_session_and_its_choice_launches_it(
    lims: BeamliveLims, service: Service
) -> None:
    with pytest.raises(SignInFailed):
        lims.login("holder", "a password that is wrong", True)
    assert not lims.is_connected()
    manager = lims.login("holder", service.password, True)
    assert lims.is_connected() and lims.echo()
    assert lims.get_user_name() == lims.get_full_user_name() == "holder"
    (offered,) = manager.sessions
    assert lims.get_proposals_by_user("holder")[0]["Session"][0]["session_id"] == offered.session_id
    assert lims.create_session(manager) is manager
    with pytest.raises(BeamliveError, match="not offered"):
        lims.set_active_session_by_id("another")
    session = lims.set_active_session_by_id(offered.session_id)
    assert lims.set_active_session_by_id(offered.session_id) is session
    assert lims.get_session_id() == offered.session_id
    assert session.user_portal_URL.startswith("http")
    lims.allow_session(session)
    active = service.admin("sessions?project=holder&active=true")
    assert [row["name"] for row in active] == [offered.session_id]


def test_samples_have_mxcubes_shape(signed_in: BeamliveLims) -> None:
    (sample,) = signed_in.get_samples("beamlive")
    assert (sample["sampleName"], sample["code"]) == ("lys-3", "HA00AT5142")
    assert (sample["containerCode"], sample["proteinAcronym"]) == ("CLS-0042", "native")
    # MXCuBE Web reads both as numbers.
    assert (sample["containerSampleChangerLocation"], sample["sampleLocation"]) == ("4", "3")
    assert isinstance(sample["sampleId"], int)


def test_a_collection_is_one_dataset(signed_in: BeamliveLims, service: Service) -> None:
    sample = signed_in.get_samples("beamlive")[0]["sampleId"]
    begin = collection(sample_reference={"blSampleId": sample})
    number, detector = signed_in.store_data_collection(begin, {})
    assert detector == 0
    row = service.admin(f"data/{number}")
    assert (row["energy"], row["sample_id"], row["frames"]) == (12.658, sample, "1-1800")
    assert (row["name"], row["type"], row["filename"]) == ("lys-3_1", "DATA", "lys-3_1_%05d.cbf")
    assert row["start_time"] == "2026-11-23T09:00:00Z"
    end = begin | {
        "collection_id": number,
        "wavelength": 1.0,
        "resolution": 1.8,
        "transmission": 20.0,
        "beamSizeAtSampleX": 0.05,
        "flux": 2.5e11,
        "status": "Data collection successful",
    }
    assert signed_in.update_data_collection(end)[0] == number
    assert signed_in.finalize_data_collection(end)[0] == number
    row = service.admin(f"data/{number}")
    assert (round(row["energy"], 4), row["attenuation"], row["beam_size"]) == (12.3984, 80.0, 50.0)
    meta = row["meta_data"]
    assert (meta["resolution"], meta["beam_flux"]) == (1.8, 2.5e11)
    assert (meta["start_angle"], meta["delta_angle"]) == (10.0, 0.1)
    assert row["session"] is not None
    # MXCuBE got no answer to the first upload, and so has no id.
    assert signed_in.store_data_collection(begin, None)[0] == number


@pytest.mark.parametrize(
    ("experiment", "kind"), [("Mesh", "RASTER"), ("Characterization", "SCREEN"), ("Helical", "DATA")]
)
def test_types(signed_in: BeamliveLims, service: Service, experiment: str, kind: str) -> None:
    number, _ = signed_in.store_data_collection(
        collection(experiment_type=experiment, collection_start_time=f"2026-11-24 09:00:0{len(kind)}")
        | {"resolution": {"lower": 20.0, "upper": 1.5}},
        None,
    )
    row = service.admin(f"data/{number}")
    assert (row["type"], row["meta_data"]["resolution"]) == (kind, 1.5)


def test_scans_are_datasets(signed_in: BeamliveLims, service: Service) -> None:
    scan = {
        "scanFileFullPath": "/users/holder/day-1/se_1.dat",
        "startTime": "2026-11-23 10:00:00",
        "endTime": "2026-11-23 10:01:00",
        "exposureTime": 1.0,
    }
    number = signed_in.store_xfe_spectrum(scan | {"energy": 13.1})["xfeFluorescenceSpectrumId"]
    row = service.admin(f"data/{number}")
    assert (row["type"], row["name"], row["energy"]) == ("XRF", "se_1", 13.1)
    edge = {"element": "Se", "edgeEnergy": 12.6578, "scanFileFullPath": "/users/holder/day-1/se_2.dat"}
    number = signed_in.store_energy_scan(scan | edge)["energyScanId"]
    row = service.admin(f"data/{number}")
    assert (row["type"], row["energy"], row["meta_data"]["element"]) == ("MAD", 12.6578, "Se")
    assert row["end_time"] == "2026-11-23T10:01:00Z"


def test_a_workflow_is_a_report(signed_in: BeamliveLims, service: Service) -> None:
    workflow = {"workflow_type": "Mesh", "title": "A mesh", "result_file_path": "/users/holder/r.json"}
    number, mesh, grid = signed_in.store_workflow(workflow)
    assert (mesh, grid) == (0, 0)
    row = service.admin(f"reports/{number}")
    assert (row["kind"], row["name"]) == ("Mesh", "A mesh")
    assert ["title", "A mesh"] in row["details"][0]["content"][0]["data"]


def test_what_is_not_kept_is_taken(signed_in: BeamliveLims) -> None:
    signed_in.store_image({"fileName": "lys-3_1_00001.cbf"})
    signed_in.store_robot_action({"actionType": "LOAD"})
    signed_in.update_bl_sample({})
    assert signed_in.store_beamline_setup("holder-1", {}) == 0


def test_a_service_that_is_away_is_an_error_and_no_hang(lims: BeamliveLims, service: Service) -> None:
    lims.login("holder", service.password, True)
    service.stop()
    try:
        assert not lims.echo()
        with pytest.raises(Unreachable):
            lims.store_data_collection(collection(), None)
    finally:
        service.start()
