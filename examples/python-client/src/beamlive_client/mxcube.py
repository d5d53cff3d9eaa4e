"""MXCuBE's interface to a LIMS, as an example: sign-in, samples, and datasets of collections.

Name it in MXCuBE's configuration (`beamline_config.yml`: `lims: lims.yml`):

    # lims.yml
    class: beamlive_client.mxcube.BeamliveLims
    configuration:
      url: https://beamlive.example.org
      beamline: BM
      ca_file: /etc/ssl/facility.pem      # optional
      pucks: {1A: 1, 1B: 2}               # optional: MXCuBE's numbers of the automounter's places

| MXCuBE | beamlive |
|---|---|
| a user's login | the sign-in of version 3; the user is a project, or a person with one project |
| a selected session | a session, launched now |
| a data collection | a dataset; DATA, SCREEN for a characterisation, RASTER for a mesh |
| an XRF spectrum, an energy scan | a dataset, XRF or MAD |
| a workflow | a report |
| images, robot actions, the beamline's setup | nothing: frames are part of their dataset |
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from mxcubecore import HardwareRepository as HWR
from mxcubecore.HardwareObjects.abstract.AbstractLims import AbstractLims
from mxcubecore.model.lims_session import Lims, LimsSessionManager, LimsUser, Session

from .errors import BeamliveError
from .records import Dataset, Report
from .tokens import TokenClient
from .wire import Retries

_KEV_ANGSTROM = 12.398419843320026
"""h·c: the energy of a photon times its wavelength."""

_SPACE = uuid.UUID("6f0a8f0e-0a5e-4d84-8f8b-2f5a7c1d9b60")
"""In which the uuids of collections are made from their names."""

_TYPES = {"mesh": "RASTER", "characterization": "SCREEN", "screening": "SCREEN"}
"""The type of a dataset by MXCuBE's type of experiment. All others are DATA."""

_METADATA = {
    "detectorDistance": "detector_distance",
    "flux": "beam_flux",
    "resolutionAtCorner": "resolution_at_corner",
    "wavelength": "wavelength",
    "xBeam": "beam_x_mm",
    "yBeam": "beam_y_mm",
    "status": "mxcube_status",
}
"""Values of a collection that are kept with the dataset, and under which name."""

# MXCuBE calls from its collection: a service that is away must not hold it up for long.
_RETRIES = Retries(attempts=3, seconds=10.0)


def _iso(moment: str | None) -> str | None:
    """A time of MXCuBE as ISO-8601. It is in the facility's zone."""
    return moment.replace(" ", "T") if moment else None


class BeamliveLims(AbstractLims):
    """beamlive as MXCuBE's LIMS."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._client: TokenClient | None = None
        self._user = ""

    def init(self) -> None:
        """Reads the configuration."""
        super().init()
        self._client = TokenClient(
            self.get_property("url"),
            self.get_property("beamline"),
            ca_file=self.get_property("ca_file"),
            timeout=float(self.get_property("timeout", 5.0)),
            retries=_RETRIES,
        )

    # ---- who is there ----------------------------------------------------------------------------

    def get_lims_name(self) -> list[Lims]:
        """The name that MXCuBE shows."""
        return [Lims(name="beamlive", description="beamlive")]

    def is_user_login_type(self) -> bool:
        """Users sign in, and not proposals."""
        return True

    def get_user_name(self) -> str:
        """The username."""
        return self._user

    def get_full_user_name(self) -> str:
        """The username: the API gives no other name."""
        return self._user

    def echo(self) -> bool:
        """Whether the service takes the user's token."""
        try:
            return self._beamlive.verify()
        except BeamliveError:
            return False

    def is_connected(self) -> bool:
        """Whether a user has signed in. Collections are stored only then."""
        return self._client is not None and self._client.tokens is not None

    def login(
        self, login_id: str, password: str, create_session: bool = True
    ) -> LimsSessionManager:
        """Signs in, and offers the session of today. It is launched when it is selected."""
        self._beamlive.login(login_id, password)
        self._user = login_id
        today = date.today()
        session = Session(
            session_id=f"{login_id}-{today:%Y%m%d}",
            beamline_name=self.beamline_name,
            title=login_id,
            code=login_id,
            proposal_id=login_id,
            proposal_name=login_id,
            start_date=f"{today:%Y%m%d}",
            is_scheduled_beamline=True,
            is_scheduled_time=True,
        )
        user = LimsUser(user_name=login_id, sessions=[session])
        self.session_manager = LimsSessionManager(sessions=[session], users={login_id: user})
        return self.session_manager

    def get_proposals_by_user(self, login_id: str) -> list[dict[str, Any]]:
        """One proposal: the user, with the sessions that were offered."""
        sessions = [session.model_dump() for session in self.session_manager.sessions]
        proposal = {"code": login_id, "number": "", "title": login_id}
        return [{"Proposal": proposal, "Person": {}, "Laboratory": {}, "Session": sessions}]

    def create_session(self, proposal_tuple: LimsSessionManager) -> LimsSessionManager:
        """Nothing to do: a session is made when it is selected."""
        return proposal_tuple

    def set_active_session_by_id(self, session_id: str) -> Session:
        """Launches the session, unless it is the active one."""
        if self.is_session_already_active(session_id):
            return self.session_manager.active_session
        for session in self.session_manager.sessions:
            if session.session_id == session_id:
                launched = self._beamlive.launch(session_id)
                session.user_portal_URL = launched["survey"]
                self.session_manager.active_session = session
                return session
        raise BeamliveError(f"the session {session_id} was not offered to {self._user}")

    def allow_session(self, session: Session) -> None:
        """Nothing to do: every session is allowed."""

    # ---- samples ---------------------------------------------------------------------------------

    def get_samples(self, lims_name: str) -> list[dict[str, Any]]:
        """The samples that are loaded here.

        A sample's port is the place of its puck and its location in the puck. MXCuBE Web shows only
        pucks whose place is a number; `pucks` of the configuration gives numbers to the others.
        """
        pucks = self.get_property("pucks", {})

        def place(port: str, location: str) -> str:
            puck = port.removesuffix(location)
            return str(pucks.get(puck, puck))

        return [
            {
                "containerCode": sample["container"],
                "containerSampleChangerLocation": place(sample["port"], sample["location"]),
                "crystalId": sample["id"],
                "crystalSpaceGroup": "",
                "diffractionPlan": {"diffractionPlanId": None},
                "proteinAcronym": sample["group"] or "",
                "sampleId": sample["id"],
                "sampleLocation": sample["location"],
                "sampleName": sample["name"],
                "code": sample["barcode"],
                "comments": sample["comments"],
            }
            for sample in self._beamlive.samples()
            if sample["port"]
        ]

    def update_bl_sample(self, bl_sample: dict[str, Any]) -> None:
        """Not kept."""

    # ---- collections -----------------------------------------------------------------------------

    def store_data_collection(
        self,
        datacollection_dict: dict[str, Any],
        beamline_config_dict: Mapping[str, Any] | None = None,
    ) -> tuple[int, int]:
        """Uploads the dataset. Returns its id, and 0 for the detector."""
        return self._beamlive.upload_dataset(self._dataset(datacollection_dict)), 0

    def update_data_collection(self, datacollection_dict: dict[str, Any]) -> tuple[int, int]:
        """Uploads the dataset again: the same record."""
        return self.store_data_collection(datacollection_dict)

    def finalize_data_collection(self, datacollection_dict: dict[str, Any]) -> tuple[int, int]:
        """Uploads the dataset a last time."""
        return self.store_data_collection(datacollection_dict)

    def _dataset(self, collection: Mapping[str, Any]) -> Dataset:
        files = collection["fileinfo"]
        wedge = collection["oscillation_sequence"][0]
        first, count = int(wedge["start_image_number"]), int(wedge["number_of_images"])
        began = collection.get("collection_start_time")
        kind = str(collection.get("experiment_type", "")).lower()
        meta = {new: collection[old] for old, new in _METADATA.items() if collection.get(old) is not None}
        meta |= {"start_angle": wedge.get("start"), "delta_angle": wedge.get("range")}
        resolution = collection.get("resolution")
        if isinstance(resolution, Mapping):
            resolution = resolution.get("upper")
        sample = (collection.get("sample_reference") or {}).get("blSampleId")
        size = collection.get("beamSizeAtSampleX")
        transmission = collection.get("transmission")
        return Dataset(
            directory=files["directory"],
            type=_TYPES.get(kind, "DATA"),
            name=f"{files['prefix']}_{files['run_number']}",
            energy=self._energy(collection),
            exposure=wedge["exposure_time"],
            attenuation=None if transmission is None else 100.0 - transmission,
            # MXCuBE has mm.
            beam_size=None if size is None else size * 1000.0,
            filename=files["template"],
            frames=f"{first}-{first + count - 1}" if count > 1 else str(first),
            sample_id=int(sample) if sample else None,
            start_time=_iso(began),
            # The same collection is the same dataset, also if its first upload was lost.
            uuid=str(uuid.uuid5(_SPACE, f"{files['directory']}/{files['template']} {began}")),
            id=collection.get("collection_id") or None,
            meta_data=meta | ({} if resolution is None else {"resolution": resolution}),
        )

    def _energy(self, record: Mapping[str, Any]) -> float:
        """The energy in keV. A collection that has not begun does not have it."""
        if record.get("energy"):
            return float(record["energy"])
        if record.get("wavelength"):
            return _KEV_ANGSTROM / float(record["wavelength"])
        return float(HWR.beamline.energy.get_value())

    def store_image(self, image_dict: dict[str, Any]) -> None:
        """Not kept: a dataset has its frames."""

    # ---- scans -----------------------------------------------------------------------------------

    def store_energy_scan(self, energyscan_dict: dict[str, Any]) -> dict[str, int]:
        """Uploads the scan as a dataset."""
        energy = energyscan_dict.get("edgeEnergy") or energyscan_dict.get("startEnergy")
        return {"energyScanId": self._scan("MAD", energyscan_dict, energy)}

    def store_xfe_spectrum(self, xfespectrum_dict: dict[str, Any]) -> dict[str, int]:
        """Uploads the spectrum as a dataset."""
        number = self._scan("XRF", xfespectrum_dict, xfespectrum_dict.get("energy"))
        return {"xfeFluorescenceSpectrumId": number}

    def _scan(self, kind: str, scan: Mapping[str, Any], energy: float | None) -> int:
        path = str(scan.get("scanFileFullPath") or scan.get("filename") or "")
        directory, _, name = path.rpartition("/")
        sample = scan.get("blSampleId")
        meta = {"element": scan["element"]} if scan.get("element") else {}
        dataset = Dataset(
            directory=directory or "/",
            type=kind,
            name=name.rpartition(".")[0] or name or kind,
            energy=energy or self._energy({}),
            exposure=float(scan.get("exposureTime") or 0.0),
            filename=name or None,
            sample_id=int(sample) if sample else None,
            start_time=_iso(scan.get("startTime")),
            end_time=_iso(scan.get("endTime")),
            uuid=str(uuid.uuid5(_SPACE, f"{path} {scan.get('startTime')}")),
            meta_data=meta,
        )
        return self._beamlive.upload_dataset(dataset)

    # ---- the rest --------------------------------------------------------------------------------

    def store_workflow(self, workflow_dict: dict[str, Any]) -> tuple[int, int, int]:
        """Uploads the workflow as a report. It has no mesh and no grid of its own."""
        path = workflow_dict.get("result_file_path") or workflow_dict.get("log_file_path") or "/"
        kind = str(workflow_dict.get("workflow_type") or "Workflow")
        rows = [[name, str(value)] for name, value in sorted(workflow_dict.items())]
        table = {"title": kind, "kind": "table", "header": "column", "data": rows}
        report = Report(
            directory=path.rpartition("/")[0] or "/",
            title=str(workflow_dict.get("title") or kind),
            kind=kind,
            details=[{"title": kind, "content": [table]}],
            id=workflow_dict.get("workflow_id") or None,
        )
        return self._beamlive.upload_report(report), 0, 0

    def store_beamline_setup(self, session_id: str, bl_config_dict: dict[str, Any]) -> int:
        """Not kept."""
        return 0

    def store_robot_action(self, robot_action_dict: dict[str, Any]) -> None:
        """Not kept."""

    @property
    def _beamlive(self) -> TokenClient:
        if self._client is None:
            raise BeamliveError("the LIMS was not initialised")
        return self._client
