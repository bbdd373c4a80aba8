"""Asserts what `check.py` asserts, of credits and of the bounds that they are taken off."""

from engine.state import State


def check_credits(state: State) -> None:
    """Assert that an account's credits are those of its exposures, which all know of them."""
    for number in range(1, int(state.totals[0]["accounts"])):
        granted = int(state.accounts[number]["credits"])
        own = state.exposures[number, : int(state.totals[0]["products"])]
        assert granted == own["credit"].sum()
        assert (own["credit"] >= 0).all()
        assert (own["is_credited"] == (granted != 0)).all()


def bound_of(state: State, account: int, product: int, made: list[int]) -> int:
    """Return the bound of an exposure. made: its first five fields, as positions make them."""
    net, buys, sells, longs, shorts = made
    ends = [net + buys, sells - net]
    if state.accounts[account]["credits"]:  # Then nothing counts as closing.
        ends[1 if net > 0 else 0] += abs(net)
    return max(map(abs, ends)) + int(state.products[product]["charge"]) * min(longs, shorts)
