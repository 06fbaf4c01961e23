import os
import socket
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from click.testing import CliRunner

from app import __version__, server
from app.access.ownership import Rules
from app.cli import main
from app.settings import Settings
from tests.app.engines.kokoro.kokoro_folder import FOLDER, needs_voices
from tests.app.node_process import ROOT


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Parser":
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("COSYVOICE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return Parser(monkeypatch)


class Parser:
    """Runs the command up to where it would serve."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._settings: list[Settings] = []
        patch.setattr(server, "run", self._settings.append)

    def __call__(self, *arguments: str, **environment: str) -> Settings:
        result = CliRunner().invoke(main, arguments, env=environment)
        assert result.exit_code == 0, result.output
        return self._settings.pop()

    def error(self, *arguments: str, **environment: str) -> str:
        result = CliRunner().invoke(main, arguments, env=environment)
        assert result.exit_code == 2
        assert not self._settings
        assert result.output.count("Error:") == 1
        assert "Traceback" not in result.output
        return result.output.split("Error: ")[1]


def test_defaults(parsed: Parser, tmp_path: Path) -> None:
    settings = parsed()
    assert (settings.host, settings.ports, settings.engine) == ("127.0.0.1", (7860,), "espeak")
    assert settings.output_dir == tmp_path / "outputs"
    assert settings.temp_dir == tmp_path / "outputs" / ".gradio"
    assert settings.temp_dir.is_dir()
    assert settings.release == f"v{__version__}"
    assert settings.drain_file is None
    assert settings.spool_dir == tmp_path / "state" / "spool"
    assert settings.spool_dir.stat().st_mode & 0o777 == 0o700


def test_the_environment_gives_every_option_and_the_command_line_wins(
    parsed: Parser, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.touch(0o600)
    keys.write_text("alice:0123456789abcdef\nbob:fedcba9876543210\n")
    secret, peers = tmp_path / "secret", tmp_path / "peers"
    secret.touch(0o600)
    secret.write_text("0123456789abcdef\n")
    peers.write_text("# all\nrs8 http://10.0.0.8:7860\n")
    settings = parsed(
        "--port",
        "8001",
        COSYVOICE_HOST="0.0.0.0",
        COSYVOICE_PORT="8000",
        COSYVOICE_ENABLE_QUEUE="true",
        COSYVOICE_OUTPUT_DIR=str(tmp_path / "输出"),
        COSYVOICE_TEMP_DIR=str(tmp_path / "temp"),
        COSYVOICE_NODE_NAME="rs7",
        COSYVOICE_WORKERS="3",
        COSYVOICE_QUEUE_SIZE="4",
        COSYVOICE_JOB_TIMEOUT="5.5",
        COSYVOICE_LONGEST_TIMEOUT="9",
        COSYVOICE_WORKER_MAX_JOBS="100",
        COSYVOICE_WORKER_MAX_GROWTH="512",
        COSYVOICE_GPUS="0, 1",
        COSYVOICE_JOBS_PER_GPU="2",
        COSYVOICE_START_TIMEOUT="6",
        COSYVOICE_TEXT_LIMIT="7",
        COSYVOICE_DRAIN_FILE="/run/drain",
        COSYVOICE_API_KEYS_FILE=str(keys),
        COSYVOICE_HISTORY="all",
        COSYVOICE_UNOWNED="admins",
        COSYVOICE_DELETION="all",
        COSYVOICE_ADMIN_KEYS="alice, bob,",
        COSYVOICE_SHARED_VOICES="voice_fedcba9876543210",
        COSYVOICE_KEY_RATE="11",
        COSYVOICE_KEY_JOBS="12",
        COSYVOICE_CLIENT_RATE="13",
        COSYVOICE_CLIENT_JOBS="14",
        COSYVOICE_CLIENT_CONNECTIONS="15",
        COSYVOICE_CORS_ORIGINS="https://a.example, http://b.example:8080",
        COSYVOICE_VOICE_LIMIT="10",
        COSYVOICE_SPOOL_DIR=str(tmp_path / "spool"),
        COSYVOICE_SPOOL_LIMIT="8",
        COSYVOICE_GPUS_EXPECTED="3",
        COSYVOICE_GPU_HEALTH="drain",
        COSYVOICE_GPU_QUIET="7.5",
        COSYVOICE_MIN_READY="2",
        COSYVOICE_MIN_READY_BY="port",
        COSYVOICE_KEEP_DAYS="30.5",
        COSYVOICE_KEEP_SIZE="2",
        COSYVOICE_KEEP_UPLOADS="3",
        COSYVOICE_UPLOAD_SPACE="1.5",
        COSYVOICE_UPLOAD_RATE="15",
        COSYVOICE_BOOKS="16",
        COSYVOICE_BOOK_CHARACTERS="17",
        COSYVOICE_BOOK_SIZE="18",
        COSYVOICE_BOOK_PATIENCE="19.5",
        COSYVOICE_EXPECT_MOUNT="1",
        COSYVOICE_REQUIRE_SHARED_FOLDER="yes",
        COSYVOICE_HOST_NAMES="tts.example, *.b.example",
        COSYVOICE_TRUSTED_PROXIES="10.0.0.1, fd00::/8",
        COSYVOICE_VOICE_NAMES="alloy=cmn, 小红 = voice_0123456789abcdef,",
        COSYVOICE_LOG_FILE="/var/log/cosyvoice/app.log",
        COSYVOICE_SERVER="gunicorn",
        COSYVOICE_TLS_PORT="443",
        COSYVOICE_VIRTUAL_IPS="192.0.2.100, 2001:db8::100",
        COSYVOICE_PEERS_FILE=str(peers),
        COSYVOICE_CLUSTER_SECRET_FILE=str(secret),
        COSYVOICE_RELEASE="r1",
        COSYVOICE_LOG_LEVEL="DEBUG",
        COSYVOICE_LOG_TEXTS="1",
        COSYVOICE_ENGINE="",
    )
    assert settings == Settings(
        host="0.0.0.0",
        ports=(8001,),
        server="gunicorn",
        enable_queue=True,
        output_dir=tmp_path / "输出",
        temp_dir=tmp_path / "temp",
        node_name="rs7",
        engine="espeak",
        workers=3,
        queue_size=4,
        job_timeout=5.5,
        longest_timeout=9,
        worker_max_jobs=100,
        worker_max_growth=512,
        gpus=("0", "1"),
        jobs_per_gpu=2,
        gpus_expected=3,
        gpu_health="drain",
        gpu_quiet=7.5,
        min_ready=2,
        min_ready_by="port",
        start_timeout=6,
        text_limit=7,
        drain_file=Path("/run/drain"),
        api_keys_file=keys,
        rules=Rules(
            history="all",
            unowned="admins",
            deletion="all",
            admin_keys=frozenset({"alice", "bob"}),
            shared_voices=frozenset({"cmn", "voice_0123456789abcdef", "voice_fedcba9876543210"}),
        ),
        key_rate=11,
        key_jobs=12,
        client_rate=13,
        client_jobs=14,
        client_connections=15,
        cors_origins=("https://a.example", "http://b.example:8080"),
        host_names=("tts.example", "*.b.example"),
        trusted_proxies=(ip_network("10.0.0.1"), ip_network("fd00::/8")),
        tls_port=443,
        voice_limit=10,
        voice_names={"alloy": "cmn", "小红": "voice_0123456789abcdef"},
        spool_dir=tmp_path / "spool",
        spool_limit=8,
        partition_outputs=False,
        keep_days=30.5,
        keep_size=2,
        keep_uploads=3,
        upload_space=1.5,
        upload_rate=15,
        books=16,
        book_characters=17,
        book_size=18,
        book_patience=19.5,
        virtual_ips=(ip_address("192.0.2.100"), ip_address("2001:db8::100")),
        expect_mount=True,
        require_shared_folder=True,
        peers_file=peers,
        cluster_secret_file=secret,
        release="r1",
        log_level="debug",
        log_file=Path("/var/log/cosyvoice/app.log"),
        log_texts=True,
    )
    assert (settings.slots, settings.effective_queue_size) == (4, 4)


def test_without_the_queue_one_request_at_a_time(parsed: Parser) -> None:
    settings = parsed("--workers", "4")
    assert (settings.slots, settings.effective_queue_size) == (1, 0)


def test_the_release_is_the_folder_it_runs_from(
    parsed: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "releases" / "20261121-1"
    folder.mkdir(parents=True)
    (tmp_path / "current").symlink_to(folder)
    monkeypatch.chdir(tmp_path / "current")
    assert parsed("--output-dir", str(tmp_path)).release == "20261121-1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "70000 is not in the range"),
        (["--port", "80", "--port", "80"], "80 stands there twice"),
        (["--workers", "0"], "0 is not in the range"),
        (["--job-timeout", "soon"], "'soon' is not a valid float"),
        (["--job-timeout", "nan"], "'nan' is not a number"),
        (["--engine", "nope"], "no engine 'nope'; known engines: "),
        (["--node-name", "节点"], "'节点' may hold ASCII letters"),
        (["--node-name", "../x"], "may hold ASCII letters"),
        (["--output-dir", "/dev/null/x"], "/dev/null/x cannot be used: Not a directory"),
        (["--host-names", "http://a.example"], "'http://a.example' is not a host name"),
        (["--voice-names", "alloy"], "'alloy' is not NAME=VOICE"),
        (["--voice-names", "alloy=cmn,alloy=yue"], "alloy stands there twice"),
        (["--history", "nobody"], "'nobody' is not one of 'mine', 'all'"),
        (["--admin-keys", "alice"], "--admin-keys: it needs --api-keys-file"),
        (["--shared-voices", "小红"], "'小红' is not the id of a registered voice"),
        (["--host-names", "a..example"], "'a..example' is not a host name"),
        (["--log-level", "loud"], "'loud' is not one of"),
        (["--prot", "1"], "No such option"),
        (["extra"], "unexpected extra argument"),
    ],
)
def test_a_wrong_option_is_one_clear_error(parsed: Parser, arguments: list[str], said: str) -> None:
    assert said in parsed.error(*arguments)


@needs_voices
def test_kokoro_is_the_default_where_its_voices_are(parsed: Parser) -> None:
    assert parsed(COSYVOICE_KOKORO_DIR=FOLDER).engine == "kokoro"
    assert parsed("--engine", "espeak", COSYVOICE_KOKORO_DIR=FOLDER).engine == "espeak"


def test_kokoro_without_its_voices_tells_how_to_fetch_them(parsed: Parser, tmp_path: Path) -> None:
    pytest.importorskip("kokoro_onnx", reason="needs pip install '.[kokoro]'")
    said = " ".join(parsed.error("--engine", "kokoro").split())
    assert "kokoro-v1.0.int8.onnx" in said
    assert "python -m app.engines.kokoro.setup" in said


def test_a_wrong_variable_is_named(parsed: Parser) -> None:
    assert "COSYVOICE_WORKERS" in parsed.error(COSYVOICE_WORKERS="many")


def test_help_tells_what_happens_without_the_queue() -> None:
    told = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
    assert "Without it one request at a time is served" in told
    assert "COSYVOICE_ENABLE_QUEUE" in told


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "app", "--port", str(port), "--output-dir", str(tmp_path)]
        environment = os.environ | {"STATE_DIRECTORY": str(tmp_path / "state")}
        result = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )
    assert result.returncode == 1
    assert result.stderr == (
        f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
    )
