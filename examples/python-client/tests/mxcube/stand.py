"""The parts of a beamline that the adapter asks, as MXCuBE's configuration names them."""

from __future__ import annotations

from mxcubecore.BaseHardwareObjects import HardwareObject


class Session(HardwareObject):
    """The beamline's name."""

    beamline_name = "08B1-1"


class Energy(HardwareObject):
    """A monochromator that stands still."""

    def get_value(self) -> float:
        """keV"""
        return 12.658
