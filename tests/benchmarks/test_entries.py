"""The comparison of ways in: its table, and configurations that the programs take."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.entries import ways
from benchmarks.entries.load import Load
from benchmarks.entries.machines import Machines
from benchmarks.entries.measures import Idle, Measured
from benchmarks.entries.table import table


def load(requests: int, refused: int = 0, p99: float = 0.002, processor: float = 0.0) -> Load:
    return Load(2.0, requests, 4_000_000, refused, 0, p99 / 2, p99, processor)


def measured(p99: float, processor: float) -> Measured:
    quick = load(1000, p99=p99, processor=processor)
    return Measured(
        slots=4,
        new=quick,
        kept=quick,
        one=quick,
        sound=quick,
        # 0.1 s each in 4 slots: 80 in 2 s.
        overload=load(100, refused=40),
        idle=Idle(100, 100, 99, 50_000),
    )


def test_each_way_is_beside_a_node_itself() -> None:
    text = table({"a node itself": measured(0.002, 0), "Nginx": measured(0.004, 0.05)})
    rows = {
        cells[1].strip(): cells[2:4] for line in text.splitlines() if (cells := line.split("|"))
    }
    assert [cell.strip() for cell in rows["processor for one, µs"]] == ["0", "50"]
    assert [cell.strip() for cell in rows["added latency, p99, ms"]] == ["+0.00", "+2.00"]
    assert rows["2× overload: jobs, of what the slots can do"][1].strip() == "75%"
    assert rows["2× overload: refused a second"][1].strip() == "20"
    assert rows["sound, MB a second"][0].strip() == "2"
    assert rows["memory for one, kB"][0].strip() == "0.5"
    assert rows["idle connections held"][0].strip() == "99 of 100"


class Written(Machines):
    """Keeps what is put there, and runs nothing."""

    director, nodes, client, vip = "lvs1", ("rs1", "rs2"), "c1", "10.0.0.100"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scripts: list[str] = []

    def command(self, name: str, argv: Sequence[str]) -> list[str]:
        return list(argv)

    def address(self, name: str) -> str:
        return f"127.0.0.{2 + self.nodes.index(name)}" if name in self.nodes else "127.0.0.1"

    def processor_time(self, name: str) -> float:
        return 0.0

    def memory(self, name: str) -> int:
        return 0

    def interface(self, name: str) -> str:
        return "lan0"

    def put(self, name: str, file: str, text: str) -> str:
        path = self.folder / file
        path.write_text(text.replace("/run/entries/lvs1", str(self.folder)))
        return str(path)

    def run(self, name: str, script: str, text: str = "") -> str:
        self.scripts.append(script)
        return ""


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    machines = Written(tmp_path)
    way = ways.nginx(machines)
    assert (way.address, way.behind) == ("127.0.0.1", 2)
    command = ["unshare", "--net", "/usr/sbin/nginx", "-t", "-q", "-c", str(tmp_path / "way.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "way.conf").read_text().count("max_conns=4") == 2


def test_lvs_sends_each_port_to_the_same_one_of_every_node(tmp_path: Path) -> None:
    machines = Written(tmp_path)
    ways.lvs(machines).stop()
    said = "\n".join(machines.scripts)
    for port in (8080, 8081):
        for node in ("127.0.0.2", "127.0.0.3"):
            assert f"ipvsadm -a -t 10.0.0.100:{port} -r {node}:{port} -g" in said
    assert said.index("arp_ignore") < said.index("ip address replace"), "silent before it has it"
    assert said.count("ip address del 10.0.0.100/32") == 3
