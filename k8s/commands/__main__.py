"""The commands of `make k8s-…`."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from k8s.commands import keys, platform, secrets
from k8s.commands.journals import waiting
from k8s.commands.kubectl import context
from k8s.commands.manifests import as_text, rendered
from k8s.commands.reach import DOORS, airflow, keep_open
from k8s.commands.words import in_words
from k8s.commands.workloads import workloads
from readmission.dag_runs.progress_table import ProgressTable
from readmission.dag_runs.run import run_pipeline

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(keys.app, name="keys")
console = Console(markup=False, highlight=False, soft_wrap=True)
Overlay = Annotated[str, typer.Option(envvar="OVERLAY", help="a folder of k8s/overlays, or the path of another")]


@app.command()
def up(
    overlay: Overlay = "local",
    registry: Annotated[str, typer.Option(envvar="REGISTRY")] = "",
    dataset: Annotated[Path | None, typer.Option(envvar="DATASET", exists=True, dir_okay=False)] = None,
) -> None:
    """Build, apply, wait until everything is ready, and say how it is reached."""
    with in_words():
        platform.up(overlay, registry, dataset, console.print)
    console.print("\nEverything is ready. `make k8s-forward` opens these addresses on this machine:")
    for door in DOORS:
        console.print(f"  {door.title:<16} http://localhost:{door.local}{door.path}")
    console.print("Next: make k8s-run-pipeline")


@app.command()
def forward() -> None:
    """Keep the services at this machine's ports until Ctrl-C."""
    with in_words(), suppress(KeyboardInterrupt):
        keep_open(console.print)


@app.command()
def pipeline() -> None:
    """Run the four DAGs in order, with their progress."""
    with in_words(), airflow() as client, ProgressTable(console, "The pipeline, DAG by DAG", "DAG") as table:
        seconds = run_pipeline(client, table.dag)
    console.print(f"all four DAGs succeeded in {sum(seconds.values()):.0f} s")


@app.command()
def status() -> None:
    """Say of each workload how many of its pods are ready, and which journals wait; fails unless all pods are ready."""
    with in_words():
        found = workloads()
        journals = waiting()
    for one in found:
        console.print(f"  {one.name:<24} {one.state}")
    for line in journals:
        console.print(f"  {line}")
    if not found:
        console.print("nothing of the platform runs on this cluster; `make k8s-up` brings it up")
    raise typer.Exit(0 if found and all(one.is_ready for one in found) else 1)


@app.command()
def down(purge: Annotated[bool, typer.Option(envvar="PURGE")] = False) -> None:
    """Take the platform down; data and secrets stay unless PURGE=1."""
    with in_words():
        console.print(f"cluster: {context()}")
        platform.down(purge)
    console.print("the namespace and everything in it is gone" if purge else "down; data and secrets stay")


@app.command("secrets")
def write_secrets(force: Annotated[bool, typer.Option(envvar="FORCE")] = False) -> None:
    """Give the cluster the Secrets of .env; FORCE=1 also passwords that a volume keeps the old ones of."""
    with in_words():
        console.print(f"cluster: {context()}")
        written = secrets.write(force)
    console.print("\n".join(f"Secret {name}: written" for name in written) or "the Secrets are as .env has them")


@app.command()
def render(overlay: Overlay = "local") -> None:
    """Print an overlay's manifests as they are, images not named yet."""
    with in_words():
        sys.stdout.write(as_text(rendered(overlay)))


if __name__ == "__main__":
    app()
