"""`resolute paper`: a paper of one's own beside those that are here."""

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli import arguments
from resolute.cli.arguments import Scale

app = typer.Typer(no_args_is_help=True, help="Add a paper's table, or check what is there of a paper.")


def register(program: typer.Typer) -> None:
    """Add them to the program."""
    program.add_typer(app, name="paper")


@app.command("add")
def add(
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="Name of its folder in data/published/.")],
    printed: Annotated[
        Path,
        typer.Argument(
            parser=arguments.path,
            metavar="TABLE.csv",
            help="As it is printed: columns `method`, `label`, then such as `params K`, `macs G`, `set5 psnr`.",
        ),
    ],
    citation: Annotated[str, typer.Option(help="Title, venue and number of the table.")],
    year: Annotated[int, typer.Option(min=1900, max=2200, help="Of publication.")],
    scale: Scale = 4,
    table: Annotated[str, typer.Option(help="Name of its files.")] = "table1",
    protocol: Annotated[str, typer.Option(help="How its PSNR and SSIM are measured.")] = "y_basicsr",
    lr_size: Annotated[str, typer.Option(metavar="WxH", help="LR image that its costs are counted for.")] = "",
    flops: Annotated[
        str, typer.Option(help="The counter of its FLOPs: flops_2macs, flops_ntire2022 or flops_fvcore.")
    ] = "flops_2macs",
    url: Annotated[str, typer.Option(help="Where the figures are from.")] = "",
) -> None:
    """Make a printed table one of those that every run regenerates and judges."""
    from resolute.cli.ensure import parse_size
    from resolute.core import layout
    from resolute.published.adding import Source, add_table

    if lr_size:
        parse_size(lr_size)
    source = Source(paper, table, citation, year, scale, protocol, lr_size, flops, url)
    for path in add_table(source, printed):
        print(layout.relative(path))
    check(paper)


@app.command("check")
def check(paper: Annotated[str, typer.Argument(metavar="PAPER", help="See `resolute list papers`.")]) -> None:
    """Say whether the tables, rankings and errata of a paper hold together, and what of them can be measured here."""
    from resolute.tables import paper_tables

    for table in paper_tables(paper, []):
        cells = [entry for entry in table.entries() if entry.cell.paper is not None]
        lacking = {entry.row.spec.method for entry in cells if entry.row.status.startswith("paper only")}
        print(f"{paper}, {table.spec.table}: {len(cells)} figures, {len(table.spec.errata)} known errors")
        if lacking:
            print(f"  no method here is called {', '.join(sorted(lacking))}: their rows stay as printed")
