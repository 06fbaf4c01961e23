"""The command line of a node. Every option is also an environment variable, COSYVOICE_*."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from . import __version__, folders, option_values
from .access.cluster_secret import ClusterSecretError, read_secret
from .access.keys import KeyFileError, read_keys
from .access.ownership import ADMINS, ALL, MINE, Rules
from .errors import NodeError
from .logs import LEVELS
from .settings import Settings


def _option(
    name: str, *names: str, **details: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """An option that is also an environment variable, named in its help and in its errors."""
    variable = "COSYVOICE_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(name, *names, envvar=variable, show_envvar=True, **details)


@click.command(
    context_settings={
        "help_option_names": ["-h", "--help"],
        "show_default": True,
        "max_content_width": 100,
    },
    epilog="An option can also be given as the environment variable named in its brackets; "
    "the command line wins.",
)
@click.version_option(__version__, prog_name="app", message="%(prog)s %(version)s")
@_option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 or :: is all.")
@_option(
    "--port",
    "ports",
    default=(7860,),
    multiple=True,
    type=click.IntRange(0, 65535),
    callback=option_values.ports,
    help="0 takes a free port. May be repeated.",
)
@_option(
    "--server",
    default="uvicorn",
    type=click.Choice(["uvicorn", "gunicorn"]),
    callback=option_values.server,
    help="gunicorn has a master that keeps the ports and watches the web process, its only worker; "
    "it needs the extra of that name.",
)
@_option(
    "--enable-queue",
    is_flag=True,
    show_default="off",
    help="Let requests wait in line. Without it one request at a time is served and, while it "
    "runs, others are told at once that the node is busy.",
)
@_option(
    "--output-dir",
    default="outputs",
    # Not click.Path: it looks at the folder, which may hang; folders.shared does so in time.
    type=Path,
    metavar="DIRECTORY",
    help="Folder for finished audio, shared by all nodes.",
)
@_option(
    "--temp-dir",
    type=Path,
    metavar="DIRECTORY",
    show_default="OUTPUT_DIR/.gradio",
    help="Folder for uploads, shared by all nodes under the same path.",
)
@_option(
    "--node-name",
    default=option_values.host_name,
    callback=option_values.node_name,
    show_default="host name",
    help="What this node is called.",
)
@_option(
    "--engine",
    default="auto",
    callback=option_values.engine,
    help=f"Text-to-speech engine. auto is kokoro (natural, needs 'python -m "
    f"{__package__}.engines.kokoro.setup' once) where its files are, else espeak (always there).",
)
@_option(
    "--workers",
    default=1,
    type=click.IntRange(1, 256),
    help="Worker processes (GPU or CPU slots), one job each at a time; needs --enable-queue.",
)
@_option(
    "--queue-size",
    default=32,
    type=click.IntRange(0, 1_000_000),
    help="Requests that may wait; further ones are refused at once.",
)
@_option(
    "--job-timeout",
    default=60.0,
    type=option_values.FiniteRange(1, 86400),
    help="Seconds a job may run before it is stopped and its worker replaced.",
)
@_option(
    "--longest-timeout",
    type=option_values.FiniteRange(1, 86400),
    show_default="600, or --job-timeout where that is more",
    help="Seconds a single request may ask for instead; at least --job-timeout.",
)
@_option(
    "--worker-max-jobs",
    default=0,
    type=click.IntRange(0, 1_000_000_000),
    help="Replace a worker after so many jobs; 0 is never.",
)
@_option(
    "--worker-max-growth",
    type=click.IntRange(0, 1 << 30),
    show_default="256 with espeak, which loses memory, and never with other engines",
    help="Replace a worker that has grown by so many MiB since it was ready; 0 is never.",
)
@_option(
    "--gpus",
    default="inherit",
    callback=option_values.gpus,
    help="GPUs of the workers: all, a list such as 0,1 or UUIDs, none to hide them, or inherit to "
    "leave it to CUDA_VISIBLE_DEVICES. With a list or all there are --jobs-per-gpu workers for "
    "each card, and --workers does not count.",
)
@_option(
    "--jobs-per-gpu",
    default=1,
    type=click.IntRange(1, 64),
    help="Workers, each with a model of its own, that share one card.",
)
@_option(
    "--gpus-expected",
    default=None,
    type=click.IntRange(0, 1024),
    help="Cards that this machine should have, for /metrics beside those that are there.",
)
@_option(
    "--gpu-health",
    default="report",
    type=click.Choice(("report", "drain")),
    help="With drain, slots of a card that is lost, had a fatal Xid or an uncorrectable memory "
    "error take no more jobs until it is repaired; once that is all of them, the node is not "
    "ready.",
)
@_option(
    "--gpu-quiet",
    default=60.0,
    type=option_values.FiniteRange(0, 3600),
    help="Seconds for which such a card has to be whole before it is back; twice as long for each "
    "further time within an hour.",
)
@_option(
    "--min-ready",
    default=1,
    type=click.IntRange(1, 1024),
    help="Other nodes of the peers file that have to be ready; with fewer, the node stays in "
    "service with cards in trouble.",
)
@_option(
    "--min-ready-by",
    default="node",
    type=click.Choice(("node", "port", "host")),
    help="What counts for that: every other node; those at this node's port, where balancers send "
    "to each port by itself; or hosts with a node that is ready, this one included.",
)
@_option(
    "--start-timeout",
    default=600.0,
    type=option_values.FiniteRange(1, 86400),
    help="Seconds a worker may take to load the engine and say its first words.",
)
@_option(
    "--text-limit",
    default=4096,
    type=click.IntRange(1, 100_000),
    help="Characters of one request.",
)
@_option(
    "--drain-file",
    type=click.Path(path_type=Path),
    show_default="none",
    help="While this file exists /readyz says 503 'draining'; keep it on a local disk.",
)
@_option(
    "--api-keys-file",
    type=click.Path(path_type=Path),
    callback=option_values.file_for(read_keys, KeyFileError),
    show_default="none",
    help="File of API keys, NAME:KEY or NAME:sha256:DIGEST a line, not readable by everybody. "
    "With it everything but /healthz, /readyz, /cluster/status and /metrics needs a key; "
    "browsers ask for it as a password. Read at the start.",
)
@_option(
    "--history",
    default=MINE,
    type=click.Choice((MINE, ALL)),
    help="Who sees an output, and uses a voice made from a recording. mine: its owner alone, which "
    "is the API key that it was made with or, without keys, the browser, known by a cookie. all: "
    "everybody.",
)
@_option(
    "--unowned",
    default=ALL,
    type=click.Choice((ALL, ADMINS)),
    help="Who has outputs and voices without an owner, which are older ones and those of programs "
    "that give neither key nor cookie: all, or admins, that is, --admin-keys.",
)
@_option(
    "--deletion",
    default=MINE,
    type=click.Choice((MINE, ALL)),
    help="Who deletes an output or a voice. mine: its owner. all: whoever sees it.",
)
@_option(
    "--admin-keys",
    default="",
    callback=option_values.names,
    show_default="none",
    metavar="NAME,...",
    help="Names of keys in --api-keys-file that see and delete everything.",
)
@_option(
    "--shared-voices",
    default="",
    callback=option_values.registered_voices,
    show_default="none, and those of --voice-names",
    metavar="ID,...",
    help="Voices made from recordings that everybody may use, whoever registered them.",
)
@_option(
    "--key-rate",
    default=0,
    type=click.IntRange(0, 1_000_000),
    help="Jobs a minute for one API key, on each node; 0 is no limit, as for the next three.",
)
@_option(
    "--key-jobs",
    default=0,
    type=click.IntRange(0, 1_000_000),
    help="Requests of the HTTP API at a time for one API key.",
)
@_option(
    "--client-rate",
    default=0,
    type=click.IntRange(0, 1_000_000),
    help="Jobs a minute for one client address.",
)
@_option(
    "--client-jobs",
    default=0,
    type=click.IntRange(0, 1_000_000),
    help="Requests of the HTTP API at a time for one client address.",
)
@_option(
    "--client-connections",
    default=4096,
    type=click.IntRange(0, 1_000_000),
    help="Connections at a time for one client address, at most 7/8 of those that the limit on "
    "open files allows in all; 0 is no other limit.",
)
@_option(
    "--cors-origins",
    default="",
    callback=option_values.origins,
    show_default="same origin only",
    help="Sites whose pages may use the API, such as https://example.org, comma-separated; "
    "* is every site.",
)
@_option(
    "--host-names",
    default="",
    callback=option_values.host_names,
    show_default="all",
    help="Names by which the service may be asked for, such as tts.example.org, comma-separated; "
    "others are refused. Addresses and localhost always may.",
)
@_option(
    "--trusted-proxies",
    default="127.0.0.1,::1",
    callback=option_values.networks,
    show_default=True,
    help="Addresses and networks of proxies in front of the node, comma-separated: their "
    "X-Forwarded-For, -Proto and -Host are believed, and nobody else's.",
)
@_option(
    "--tls-port",
    default=None,
    type=click.IntRange(1, 65535),
    help="Where a proxy on this machine ends TLS for this node: the end of the certificate that it "
    "shows is in /metrics.",
)
@_option(
    "--voice-limit",
    default=100,
    type=click.IntRange(0, 10_000),
    help="Voices that may be registered from recordings, over all nodes.",
)
@_option(
    "--voice-names",
    default="",
    callback=option_values.voice_names,
    show_default="none",
    metavar="NAME=VOICE,...",
    help="Names by which clients may ask for voices, with the voices' ids, registered ones too. "
    "OpenAI's names (alloy, ...) mean a voice of the text's language where nothing is said here.",
)
@_option(
    "--spool-dir",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="STATE_DIRECTORY/spool, or in the user's state folder",
    help="Local folder, readable by the node's user only, for finished audio that the shared "
    "folder does not take; it is moved when the folder works again.",
)
@_option(
    "--spool-limit",
    default=1024,
    type=click.IntRange(1, 1 << 30),
    help="MiB the spool may hold.",
)
@_option(
    "--partition-outputs",
    is_flag=True,
    show_default="off",
    help="Save finished audio in a folder for each ten minutes instead of one for all: for a "
    "hundred thousand outputs and more. All nodes find both.",
)
@_option(
    "--keep-days",
    default=0.0,
    type=option_values.FiniteRange(0, 36500),
    help="Days after which finished audio and books are deleted from the shared folder; 0 is "
    "never.",
)
@_option(
    "--keep-size",
    default=0.0,
    type=option_values.FiniteRange(0, 1 << 30),
    help="GiB of finished audio and books to keep; beyond it the oldest is deleted. 0 is no limit.",
)
@_option(
    "--keep-uploads",
    default=24.0,
    type=option_values.FiniteRange(0, 1_000_000),
    help="Hours after which recordings that were sent for one request are deleted; 0 is never.",
)
@_option(
    "--upload-space",
    default=10.0,
    type=option_values.FiniteRange(0, 1 << 30),
    help="GiB that such recordings may take together, beyond which further ones are refused; 0 is "
    "no limit.",
)
@_option(
    "--upload-rate",
    default=1024,
    type=click.IntRange(0, 1_000_000),
    help="MiB of recordings that one client, by its API key or its address, may upload in ten "
    "minutes; 0 is no limit.",
)
@_option(
    "--books",
    default=10,
    type=click.IntRange(0, 10_000),
    help="Books (POST /v1/audio/books) that may wait or be made, over all nodes; 0 is without "
    "books.",
)
@_option(
    "--book-characters",
    default=1_000_000,
    type=click.IntRange(1, 100_000_000),
    help="Characters of a book.",
)
@_option(
    "--book-size",
    default=20,
    type=click.IntRange(1, 1024),
    help="MiB of a book's file, and of the texts that are packed in an EPUB.",
)
@_option(
    "--book-patience",
    default=15.0,
    type=option_values.FiniteRange(1, 3600),
    help="Seconds without a sign of the node that makes a book after which another node goes on "
    "with it.",
)
@_option(
    "--expect-mount",
    is_flag=True,
    show_default="off",
    help="The shared folder is mounted at OUTPUT_DIR. While nothing is, from the start "
    "on, outputs are kept in the spool and not in the folder below the mount point.",
)
@_option(
    "--require-shared-folder",
    is_flag=True,
    show_default="off",
    help="Not ready while the shared folder takes no files, so that directors send clients to "
    "other nodes. Without it the node continues, and keeps what it makes in its spool.",
)
@_option(
    "--virtual-ips",
    default="",
    callback=option_values.virtual_ips,
    show_default="none",
    help="Addresses, comma-separated, that directors send clients' packets to. Not ready while "
    "one of them is not this host's own: those packets would be dropped.",
)
@_option(
    "--peers-file",
    type=click.Path(path_type=Path),
    callback=option_values.peers_file,
    show_default="none",
    help="The cluster's nodes, NAME URL a line (rs2 http://10.0.0.2:7860); read again when it "
    "changes. With it every request of a page reaches the node that holds its session, whatever "
    "balancer is in front. Needs --cluster-secret-file.",
)
@_option(
    "--cluster-secret-file",
    type=click.Path(path_type=Path),
    callback=option_values.file_for(read_secret, ClusterSecretError),
    show_default="none",
    help="File with the secret by which nodes know each other, the same on all, not readable by "
    "everybody. Read again when it changes, as is FILE.accepted beside it: other secrets that are "
    "good too, one a line, while this one is exchanged.",
)
@_option(
    "--release",
    default=option_values.release,
    show_default="name of the release folder",
    help="Id of what was deployed, shown in page and status.",
)
@_option("--log-level", default="info", type=click.Choice(LEVELS, case_sensitive=False))
@_option(
    "--log-file",
    type=Path,
    metavar="FILE",
    help="Name of the file to which standard output is redirected, to go on in a new one of that "
    "name once logrotate has renamed it.",
)
@_option(
    "--log-texts",
    is_flag=True,
    show_default="off",
    help="Log texts to be spoken. Without it the log has their length and a hash.",
)
def main(
    output_dir: Path,
    temp_dir: Path | None,
    spool_dir: Path | None,
    expect_mount: bool,
    log_level: str,
    node_name: str,
    longest_timeout: float | None,
    **options: Any,
) -> None:
    """A text-to-speech node: a web page and an HTTP API over worker processes."""
    if options["peers_file"] is not None and options["cluster_secret_file"] is None:
        raise click.UsageError("--peers-file needs --cluster-secret-file")
    rules = _rules(options)
    mount = output_dir.absolute() if expect_mount else None
    output_dir = folders.shared(output_dir, "--output-dir", mount)
    settings = Settings(
        output_dir=output_dir,
        temp_dir=folders.shared(temp_dir or output_dir / ".gradio", "--temp-dir", mount),
        spool_dir=folders.private(
            spool_dir or folders.state_folder(node_name) / "spool", "--spool-dir"
        ),
        node_name=node_name,
        longest_timeout=option_values.longest_timeout(longest_timeout, options["job_timeout"]),
        expect_mount=expect_mount,
        log_level=log_level.lower(),
        rules=rules,
        **options,
    )
    # Late, so that --help and a wrong option answer at once.
    from .server import run

    try:
        run(settings)
    except NodeError as error:
        raise click.ClickException(str(error)) from error


def _rules(options: dict[str, Any]) -> Rules:
    """Take from the options those about owners. Raises ``click.BadParameter``."""
    admins = options.pop("admin_keys")
    file = options["api_keys_file"]
    known = read_keys(file).names if admins and file else frozenset()
    if unknown := sorted(admins - known):
        raise click.BadParameter(
            f"there is no key {unknown[0]} in {file}" if file else "it needs --api-keys-file",
            param_hint="--admin-keys",
        )
    return Rules(
        history=options.pop("history"),
        unowned=options.pop("unowned"),
        deletion=options.pop("deletion"),
        admin_keys=admins,
        # Who gives a voice a name for clients to use shares it.
        shared_voices=options.pop("shared_voices") | frozenset(options["voice_names"].values()),
    )
