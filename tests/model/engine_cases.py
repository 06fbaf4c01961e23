"""Mistakes about the engine, each one diagnostic."""

from dataclasses import replace

from tests.model.marked import Case, error, warns

_MODEL = "model: {modelscope: a/b, revision: v1}"
_COSYVOICE = f"app: {{engine: {{name: cosyvoice3, {_MODEL}, %s}}}}"


def _gpus(said: str, **hosts: str) -> str:
    own = {"rs1": "192.168.1.101", **hosts}
    listed = ", ".join(f"{name}: {value}" for name, value in own.items())
    return f"real_servers: {{gpus: {said}, hosts: {{{listed}}}}}"


_WITH_STORAGE: dict[str, Case] = {
    "unknown engine": error(
        "app.engine", "there is no such engine", "did you mean cosyvoice3?",
        allowed="cosyvoice2, cosyvoice3, espeak, kokoro", app="app: {engine: ▸cosyvoice}",
    ),
    "unknown engine, in full": error(
        "app.engine.name", "there is no such engine", "did you mean kokoro?",
        app="app: {engine: {name: ▸kokorro}}",
    ),
    "engine of no package": error(
        "app.engine", "no package of the releases' environments has such an engine",
        "engine: {name: studio, package: …}", app="app: {venv: true, engine: ▸studio}",
    ),
    "engine without its model": error(
        "app.engine", "needs the model's weights", "model: {modelscope: FunAudioLLM/",
        app="app: {engine: ▸cosyvoice3}",
    ),
    "engine without a key that it has": error(
        "app.engine.model", "espeak has no model", "remove it", allowed="its name alone",
        app="app: {engine: {name: espeak, ▸model: {on_nodes: /srv/m}}}",
    ),
    "setting of another engine": error(
        "app.engine.settings.loud", "kokoro has no loud", "remove it", allowed="model",
        app="app: {engine: {name: kokoro, settings: {loud: ▸1}}}",
    ),
    "settings of an engine that is not known here": error(
        "app.engine.name", "it is not known here what studio takes", "install its package",
        app="app: {engine: {name: ▸studio, package: studio-engine, fp16: true}}",
    ),
    "model without a source": error(
        "app.engine.model", "does not say where it is from", "{modelscope: a/b}",
        app="app: {engine: {name: cosyvoice3, model: ▸a/b}}",
    ),
    "model's folder": error(
        "app.engine.model.path", "there is no file or folder", "relative paths",
        app="app: {engine: {name: cosyvoice3, model: {path: ▸no-such-folder}}}",
    ),
    "model without revision": warns(
        "app.engine.model.modelscope", "without revision", "add revision:",
        app="app: {engine: {name: cosyvoice3, model: {modelscope: ▸a/b}}}",
    ),
    "model said twice": error(
        "app.environment.COSYVOICE_MODEL_DIR", "set from elsewhere", "app.engine.model says it",
        app="app: {engine: {name: cosyvoice3, model: {on_nodes: /srv/m}}, "
        "environment: {COSYVOICE_MODEL_DIR: ▸/srv/n}}",
    ),
    "setting said twice": error(
        "app.environment.COSYVOICE_FP16", "set from elsewhere", "app.engine.fp16 says it",
        app="app: {engine: {name: cosyvoice3, model: {on_nodes: /srv/m}, fp16: true}, "
        "environment: {COSYVOICE_FP16: ▸1}}",
    ),
    "artifact with the engine's name for one": error(
        "artifacts.cosyvoice3-model", "the engine cosyvoice3 needs", "move it to app",
        app=_COSYVOICE % "gpus: all",
        artifacts="artifacts: {▸cosyvoice3-model: {on_nodes: /srv/m}}",
    ),
    "fp16 with TensorRT": warns(
        "app.engine.tensorrt", "sounds worse", "turn one of the two off",
        app=_COSYVOICE % "fp16: true, tensorrt: ▸true",
    ),
    "fp16 without a GPU": error(
        "app.engine.fp16", "needs a GPU", "gpus: all",
        app=_COSYVOICE % "gpus: none, fp16: ▸true",
    ),
    "jobs on no card": error(
        "app.engine.jobs_per_gpu", "counts only where gpus says which", "add gpus: all",
        app=_COSYVOICE % "jobs_per_gpu: ▸2",
    ),
    "card that is no card": error(
        "app.engine.gpus", "not a choice of GPUs", "write all, or a list",
        app=_COSYVOICE % "gpus: ▸both",
    ),
    "card twice": error(
        "app.engine.gpus", "not a choice of GPUs", "each card once",
        app=_COSYVOICE % "▸gpus: [0, 0]",
    ),
    "card that a node has not": error(
        "app.engine.gpus", "rs1 has 2, and they are counted from 0", "write all",
        real_servers=_gpus("2"), app=_COSYVOICE % "▸gpus: [0, 2]",
    ),
    "workers that do not count": warns(
        "app.workers", "does not count", "jobs_per_gpu",
        app=f"app: {{workers: ▸2, engine: {{name: cosyvoice3, {_MODEL}, gpus: all}}}}",
    ),
    "a host's workers that do not count": warns(
        "real_servers.hosts.rs2.workers", "does not count", "jobs_per_gpu",
        real_servers=_gpus("2", rs2="{address: 192.168.1.102, workers: ▸2}"),
        app=_COSYVOICE % "gpus: all",
    ),
    "CUDA that it has no packages for": error(
        "app.engine.cuda", "cosyvoice3 has no packages for it", "write 13", allowed="12, 13",
        app=_COSYVOICE % "cuda: ▸11",
    ),
    "CUDA without a GPU": error(
        "app.engine.cuda", "no meaning with gpus: none", "remove it",
        app=f"app: {{venv: true, engine: {{name: cosyvoice3, {_MODEL}, gpus: none, cuda: ▸12}}}}",
    ),
    "CUDA of an environment that you keep": warns(
        "app.engine.cuda", "no effect", "venv: true", app=_COSYVOICE % "cuda: ▸12",
    ),
    "jobs without room": error(
        "app.engine.jobs_per_gpu", "4 jobs on a card of rs1 take 16 GB at least, and it has 8",
        "write 2", real_servers=_gpus("{count: 1, memory: 8}"),
        app=_COSYVOICE % "gpus: all, jobs_per_gpu: ▸4",
    ),
    "workers without room": error(
        "real_servers.hosts.rs2.workers", "3 jobs on a card of rs2 take 12 GB", "write 2",
        real_servers=_gpus(
            "{count: 4, memory: 8}", rs2="{address: 192.168.1.102, workers: ▸3}"
        ),
        app=f"app: {{engine: {{name: cosyvoice3, {_MODEL}}}}}",
    ),
    "a card without room": error(
        "app.engine.jobs_per_gpu", "take 3 GB at least, and it has 2", "larger cards", found="1",
        real_servers=_gpus("{count: 1, memory: 2}"),
        app="app: {▸engine: {name: cosyvoice2, model: {on_nodes: /srv/m}, gpus: all}}",
    ),
    "jobs that vLLM has no room for": error(
        "app.engine.jobs_per_gpu", "with vllm a card has room for 4 jobs", "write 4",
        app=_COSYVOICE % "vllm: true, gpus: all, jobs_per_gpu: ▸5",
    ),
    "robot with GPUs": warns(
        "real_servers.gpus", "a robot's voice", "cosyvoice3", real_servers=_gpus("▸2"),
    ),
    "robot with a host's GPUs": warns(
        "real_servers.hosts.rs1.gpus", "a robot's voice", "cosyvoice3",
        real_servers="real_servers: {hosts: {rs1: {address: 192.168.1.101, gpus: ▸1}}}",
        app="app: {engine: espeak}",
    ),
}  # fmt: skip

ENGINES: dict[str, Case] = {
    **{
        name: replace(case, blocks={"storage": "storage: {source: 'nas1:/srv'}", **case.blocks})
        for name, case in _WITH_STORAGE.items()
    },
    "recordings on one node": warns(
        "app.engine.name", "on one node only", "storage: {hosts: {nas1: ADDRESS}}",
        app="app: {engine: {name: ▸cosyvoice3, model: {on_nodes: /srv/m}}}",
    ),
}  # fmt: skip
