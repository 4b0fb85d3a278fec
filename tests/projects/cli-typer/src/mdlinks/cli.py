import os
from pathlib import Path

import typer
from rich.console import Console

from mdlinks.check import alive, links

app = typer.Typer(no_args_is_help=True)
console = Console()


@app.command()
def check(directory: Path, timeout: float = float(os.environ.get("MDLINKS_TIMEOUT", "10"))) -> None:
    """Check every link of every Markdown file below DIRECTORY."""
    dead = 0
    for path in sorted(directory.rglob("*.md")):
        for url in links(path):
            if not alive(url, timeout):
                console.print(f"[red]dead[/] {path}: {url}")
                dead += 1
    raise typer.Exit(1 if dead else 0)


@app.command()
def count(directory: Path) -> None:
    """Count links."""
    console.print(sum(len(links(path)) for path in directory.rglob("*.md")))
