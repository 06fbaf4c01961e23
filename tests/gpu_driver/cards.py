"""The cards of the stand-in driver, and its library."""

import ctypes
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("nvml.c")
NAME = "libnvidia-ml.so.1"
LOST = 15
"""NVML_ERROR_GPU_IS_LOST."""
GIB = 1 << 30


def build(folder: Path, place: str | None = None) -> Path:
    """Build the library into a folder, for LD_LIBRARY_PATH; its path. Its soname is the one that
    is asked for, so that a process that has loaded it once finds it by that name. It reads the
    cards in ``place`` where its environment names no other."""
    library = folder / NAME
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
    if place is not None:
        command.append(f'-DPLACE="{place}"')
    done = subprocess.run(
        [*command, f"-Wl,-soname,{NAME}", "-o", str(library), str(SOURCE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return library


def load(library: Path) -> None:
    """Have this process find it by its name."""
    ctypes.CDLL(str(library), mode=os.RTLD_GLOBAL)


@dataclass(frozen=True)
class Cards:
    """The folder that the library reads, in a form that tests change while programs run."""

    folder: Path

    def add(self, index: int, **values: object) -> None:
        """Put a card in, as a data centre's; keywords go over its values, None removes one."""
        usual = {
            "name": "NVIDIA H100 80GB HBM3",
            "uuid": f"GPU-5d0a1c3e-0000-0000-0000-00000000000{index}",
            "capability": "9.0",
            "pci": f"00000000:{0x41 + index:02X}:00.0",
            "memory_total": 80 * GIB,
            "memory_used": 3 * GIB,
            "utilization": 75,
            "temperature": 64,
            "power": 412_500,
            "power_limit": 700_000,
            "recovery": 0,
            "ecc_uncorrected": 0,
            "throttling": 0,
            "processes": "1234 1235",
        }
        self._write(self.folder / str(index), usual | values)

    def split(self, index: int, instance: int, **values: object) -> None:
        """Put a MIG instance on a card."""
        usual = {
            "name": "NVIDIA H100 80GB HBM3 MIG 3g.40gb",
            "uuid": f"MIG-5d0a1c3e-0000-0000-000{index}-00000000000{instance}",
            "memory_total": 40 * GIB,
            "memory_used": GIB,
            "processes": "",
        }
        self._write(self.folder / str(index) / "mig" / str(instance), usual | values)

    def set(self, index: int, **values: object) -> None:
        """Change values of a card; None removes one."""
        self._write(self.folder / str(index), values)

    def remove(self, index: int) -> None:
        """Take a card out, as it is after a reboot without it. Only the last one can be."""
        shutil.rmtree(self.folder / str(index))

    @staticmethod
    def _write(folder: Path, values: dict[str, object]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for key, value in values.items():
            file = folder / key
            if value is None:
                file.unlink(missing_ok=True)
                continue
            # Whoever reads it sees the old or the new one.
            new = folder.parent / f".{folder.name}-{key}"
            new.write_text(f"{value}\n")
            new.rename(file)


def cards(folder: Path) -> Cards:
    """A driver without a card."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "driver").write_text("550.54.15\n")
    (folder / "cuda").write_text("12040\n")
    return Cards(folder)
