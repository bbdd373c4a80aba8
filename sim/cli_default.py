"""`cfx default`: a scenario is played to a default, and the default shown tranche by tranche."""

from typing import Annotated

import typer


def default(
    scenario: Annotated[str, typer.Option(help="A scenario's name, or its TOML file.")] = "default",
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the scenario's.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="The most trade dates.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")] = False,
) -> None:
    """Play a scenario, and show its defaults: bids, waterfall, and who would have lost otherwise.

    Beside each default stand the same trades as bilateral forwards. Fails where nobody defaults.
    """
    from sim.cli_notes import say_if_cold
    from sim.default_page import defaulted, page
    from sim.plan import Span, planned
    from sim.report import to_json
    from sim.run import Run
    from sim.scenario import load
    from sim.simulate import watched

    plan = planned(load(scenario, seed=seed, days=days), Span(days=days or 0))
    say_if_cold()
    run = Run(plan)
    for _ in watched(run.days(), len(plan.days), as_json=True):
        pass
    found = defaulted(run)
    run.close()
    if not found:
        raise ValueError(f"scenario {scenario}: nobody defaults in {len(plan.days)} trade dates")
    typer.echo(to_json(found) if as_json else "\n".join(page(each) for each in found), nl=as_json)
