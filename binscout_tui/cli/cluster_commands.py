"""`cluster score` and `cluster embed`: a model over a folder that is too large for one machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_FAILED, UsageError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.cluster.jobs import Finished
    from binscout_tui.cluster.shards import Kind

cluster = typer.Typer(
    no_args_is_help=True, help="Ask a model about a folder that is too large for one machine (extra `cluster`)."
)

Folder = Annotated[Path, typer.Argument(parser=given_path, metavar="FOLDER", help="Pictures at any depth.")]
Model = Annotated[str, typer.Option(help="A model of the workspace, or the folder of one.")]
Out = Annotated[
    Path, typer.Option(parser=given_path, metavar="DIR", help="Where the shards go; the same again: go on.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=0, max=100_000, help="Processes that load the model; by default what there is room for. 0: no Ray."
    ),
]
Address = Annotated[
    str | None, typer.Option(help="A Ray cluster: auto or HOST:PORT. Without it Ray runs on this machine.")
]
Size = Annotated[int, typer.Option(min=1, max=100_000, help="Pictures a shard.")]
Gpus = Annotated[float, typer.Option(min=0, max=64, help="GPUs for each worker; 0.5: two share one.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(cluster, name="cluster")


@cluster.command()
def score(
    context: typer.Context,
    folder: Folder,
    model: Model,
    out: Out,
    workers: Workers = None,
    address: Address = None,
    shard_size: Size = 256,
    gpus: Gpus = 0,
) -> int:
    """Write what a model says of every picture below FOLDER: its class or count, or why there is none."""
    return _run(session(context), "score", folder, model, out, workers, address, shard_size, gpus)


@cluster.command()
def embed(
    context: typer.Context,
    folder: Folder,
    model: Model,
    out: Out,
    workers: Workers = None,
    address: Address = None,
    shard_size: Size = 256,
    gpus: Gpus = 0,
) -> int:
    """Write the numbers just before a model's classifier for every picture below FOLDER, or why there are none."""
    return _run(session(context), "embed", folder, model, out, workers, address, shard_size, gpus)


@cluster.command()
def join(
    context: typer.Context,
    run: Annotated[
        Path,
        typer.Argument(parser=given_path, metavar="RUN", help="A folder with the run's config.json and dataset.jsonl."),
    ],
    node_rank: Annotated[
        int, typer.Option(min=1, max=1023, help="Which host this is; the one that began it is 0.")
    ] = 1,
) -> int:
    """Train along on this host, for a run that another host began with --nnodes and --rdzv."""
    from binscout_tui.cluster.joining import join as join_run

    config = join_run(run, node_rank)
    session(context).answer(
        {"run": str(run), "node_rank": node_rank, "rdzv": config.rdzv},
        f"Trained along as host {node_rank}; the model is on the first one.",
    )
    return 0


def _run(
    ours: Session,
    kind: Kind,
    folder: Path,
    model: str,
    out: Path,
    workers: int | None,
    address: str | None,
    shard_size: int,
    gpus: float,
) -> int:
    from binscout_tui.cluster.jobs import run
    from binscout_tui.cluster.models import job_for, pack

    if address is not None and workers == 0:
        raise UsageError("--workers 0 works in this process and needs no --address.", code="config_invalid")
    packed = pack(_model_folder(ours, model))
    wanted = job_for(packed, model, kind, folder, shard_size)
    with ours.progress(kind) as on_progress:
        done = run(out, folder, wanted, packed, on_progress, workers=workers, address=address, gpus=gpus)
    ours.answer(done, _lines(done))
    return EXIT_FAILED if done.failed == done.images else 0


def _model_folder(ours: Session, model: str) -> Path:
    """The folder of `model`, which may be one itself."""
    from binscout_tui.store import models

    if (Path(model) / "card.json").is_file():
        return Path(model)
    with ours.workspace() as workspace:
        return workspace.paths.model(workspace.db.read(models.get, model).id)


def _lines(done: Finished) -> list[str]:
    rate = f", {done.images_per_s} a second" if done.images_per_s is not None else ""
    lines = [
        f"{counted(done.images, 'picture')} in {counted(done.shards, 'shard')} in {done.out}",
        f"  {done.now} now, in {done.seconds:.1f} s{rate}; {done.images - done.now} were there before",
    ]
    if done.failed:
        lines.append(f"  {done.failed} could not be looked at; the column error says why")
    return lines
