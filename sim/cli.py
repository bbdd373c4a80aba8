"""The `cfx` command: arguments in, lines out, and one sentence for what cannot be done.

Each command imports what it needs when it runs, so that help is instant. Bad input ends with
exit status 1 and a sentence on stderr, a wrong command line with 2; never a traceback.
"""

import pathlib
import signal
import sys
from typing import Annotated, Literal, NoReturn

import typer

from sim.cli_admin import admin
from sim.cli_backup import backup, restore
from sim.cli_basis import basis, performance, tokens
from sim.cli_clearing import OF_ACCOUNTS, OF_OPERATORS, pay
from sim.cli_curve import curve, hardware
from sim.cli_default import default
from sim.cli_disclose import disclose
from sim.cli_evidence import evidence
from sim.cli_index import From, To, date_of, index, remark
from sim.cli_margin import margin
from sim.cli_notes import say_if_cold
from sim.cli_recovery import recover, upgrade
from sim.cli_spot import spot
from sim.cli_store import bulletin, query, rebuild, statement

_AGAIN = 0.1  # seconds from one exception that says "stop" to the next

app = typer.Typer(
    help="cfx: a compute futures exchange on one machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
accounts = typer.Typer(help="Accounts of an exchange.", no_args_is_help=True)
keys = typer.Typer(help="API keys of an account.", no_args_is_help=True)
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")
app.add_typer(admin, name="admin")
app.add_typer(curve, name="curve")
for _told in OF_OPERATORS:
    admin.command()(_told)
for _moved in OF_ACCOUNTS:
    accounts.command()(_moved)
accounts.command("transfer")(pay)

_SENTENCES = (
    ("msgspec", "MsgspecError"),
    ("engine.survey", "JournalError"),
    ("gateway.operator", "OperatorError"),
    ("gateway.backup", "BackupError"),
    ("gateway.recovery", "RecoveryError"),
    ("clearing.store.database", "StoreError"),
)
_Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]
_Folder = Annotated[pathlib.Path, typer.Option("--data", help="The exchange's folder.")]


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or its TOML file.")],
    prices: Annotated[
        pathlib.Path | None, typer.Option(help="A price panel, CSV or CSV.gz.")
    ] = None,
    first: From = None,
    last: To = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the scenario's.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="The most trade dates.")] = None,
    out: Annotated[
        pathlib.Path | None, typer.Option(help="A new folder, for journal and results.")
    ] = None,
    as_json: _Json = False,
    show: Annotated[bool, typer.Option("--show", help="Print the scenario, and stop.")] = False,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Follows the run; folder: store.sqlite in --out."),
    ] = None,
) -> None:
    """Simulate a scenario: a line a trading day, then what it came to.

    On a price panel without --from and --to: its last stretch without a gap. Without --out
    nothing is written.
    """
    if database is not None and out is None:
        raise typer.BadParameter("a database follows a journal: say --out", param_hint="--database")
    from sim.scenario import load, show_toml

    chosen = load(scenario, seed=seed, days=days)
    if show:
        typer.echo(show_toml(chosen), nl=False)
        return
    from sim.plan import Span, planned, planned_on
    from sim.simulate import simulate

    span = Span(date_of(first), date_of(last), days or 0)
    plan = planned_on(chosen, prices, span) if prices else planned(chosen, span)
    remark(plan.panel)
    say_if_cold()
    simulate(plan, out, as_json, typer.echo, _address(database))


@app.command()
def serve(
    folder: _Folder = pathlib.Path("cfx-data"),
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any free port.")] = 8080,
    scenario: Annotated[str, typer.Option(help="Founds the exchange; its agents trade.")] = "",
    speed: Annotated[str, typer.Option(help="real, a factor such as 60x, or max.")] = "real",
    durability: Annotated[str, typer.Option(help="fsync, os or none.")] = "fsync",
    tls: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Certificate and key files.", metavar="CERT KEY"),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Is kept up to date; folder: the folder's store.sqlite."),
    ] = None,
) -> None:
    """Open the live exchange; prints `ready http://127.0.0.1:PORT recovered=N`."""
    from gateway.server import serve as serve_gateway
    from sim.live import live

    say_if_cold()
    founding, crowd = live(scenario)
    status = serve_gateway(
        folder,
        port=port,
        speed=speed,
        durability=durability,
        founding=founding,
        crowd=crowd,
        tls=tls,
        database=_address(database),
    )
    raise typer.Exit(status)


@app.command()
def verify(
    folder: Annotated[pathlib.Path, typer.Argument(help="A run's or an exchange's folder.")],
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Compute input figures, such as fixings, again.")
    ] = False,
) -> None:
    """Replay a journal, prove every hash in it, and print what it holds as JSON."""
    from clearing.verify import verify as verified
    from sim.report import to_json

    say_if_cold()
    found = verified(folder, recompute=recompute)
    typer.echo(to_json(found._asdict()))
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def play(
    files: Annotated[list[pathlib.Path], typer.Argument(help="Scenes.")],
) -> None:
    """Play scenes against the engine and its reference, and print each difference."""
    from engine.scene import play as play_scene

    say_if_cold()
    differences = [f"{file}: {line}" for file in files for line in play_scene(file.read_text())]
    for line in differences:
        typer.echo(line)
    if differences:
        raise typer.Exit(1)


app.command()(index)
app.command()(basis)
app.command()(performance)
app.command()(tokens)
app.command()(spot)
app.command()(evidence)
app.command()(hardware)


@app.command()
def match(
    flow: Annotated[pathlib.Path, typer.Argument(help="An order flow, .npz.")],
    as_json: _Json = False,
    hidden: Annotated[
        Literal["", "stops"], typer.Option(help="stops: enter a tape's hidden orders.")
    ] = "",
) -> None:
    """Match an order flow with the real kernel, and report what came of it."""
    from sim.match import match as matched
    from sim.match import show

    say_if_cold()
    typer.echo(show(matched(flow, hidden_stops=hidden == "stops"), as_json))


app.command()(backup)
app.command()(restore)
app.command()(recover)
app.command()(upgrade)
app.command()(rebuild)
app.command()(margin)
app.command()(default)
app.command()(disclose)
app.command()(statement)
app.command()(bulletin)
app.command()(query)


@accounts.command("new")
def accounts_new(
    folder: _Folder,
    owner: Annotated[str, typer.Option(help="Who it belongs to.")],
    kind: Annotated[
        str, typer.Option("--type", help="member, hedger or speculator.")
    ] = "speculator",
    origin: Annotated[str, typer.Option(help="house or customer.")] = "customer",
    cash: Annotated[str, typer.Option(help="USD deposited at once.")] = "0",
    firm: Annotated[int, typer.Option(help="A new owner's clearing member; 0: none.")] = 0,
) -> None:
    """Open an account, also while the exchange runs; prints it as JSON.

    A folder that holds no exchange yet is founded with the products of the demo.
    """
    from gateway.operator import open_account
    from sim.live import founding
    from sim.report import to_json

    say_if_cold()
    terms = {"type": kind, "origin": origin, "cash": cash}
    made = open_account(folder, owner, **terms, founding=founding(), firm=firm)
    typer.echo(to_json(made))


@keys.command("new")
def keys_new(
    folder: _Folder,
    account: Annotated[str, typer.Option(help="Its name or number.")],
    scopes: Annotated[str, typer.Option(help="Parted by commas.")] = "read,trade",
    as_json: _Json = False,
) -> None:
    """Make an API key of an account, also while the exchange runs."""
    from gateway.operator import new_key
    from sim.report import to_json

    key = new_key(folder, account, scopes=scopes.split(","))
    if as_json:
        typer.echo(to_json(key))
        return
    for name in ("client_id", "client_secret", "account", "rest", "ws"):
        typer.echo(f"{name:14} {getattr(key, name)}")


def _address(database: str | None) -> str | None:
    """Return the address of a database; "": of the folder's own; None: there is to be none."""
    return "" if database == "folder" else database


def main() -> None:
    """Run the command line, and end the process with its exit status."""
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _end)
    try:
        app(prog_name="cfx")
    except _refusals() as refusal:
        _fail(str(refusal))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _refusals() -> tuple[type[Exception], ...]:
    """Return the exceptions that are sentences for a user, also those of the layers below.

    What was raised was loaded before: nothing is imported here, which would take a second.
    """
    loaded = [(sys.modules.get(module), name) for module, name in _SENTENCES]
    ours = [getattr(module, name) for module, name in loaded if hasattr(module, name)]
    return (ValueError, OSError, *ours)


def _end(_signal: int, _frame: object) -> NoReturn:
    """End with status 0: to be told to stop is no failure.

    An exception does not always get through: numpy drops one that is raised while it asks an
    enum for its array protocol, as it does in each comparison. So it is raised again until heard.
    """
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)
    sys.exit(0)


def _fail(sentence: str) -> NoReturn:
    typer.echo(f"cfx: {' '.join(sentence.split())}", err=True)
    sys.exit(1)
