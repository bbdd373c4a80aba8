"""The kill switch in the reference: it stops an account, or all of an owner or a firm.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_auction import publish_indicative
from engine.reference_orders import refuse
from engine.reference_world import Row, World
from engine.schema import Did, Killed


def kill(world: World, row: Row) -> None:
    """Stop accounts and cancel their orders, or let them trade again."""
    numbers = named(world, row)
    refuse(not numbers, Reason.ACCOUNT_UNKNOWN)
    refuse(row.value not in (0, 1), Reason.TERMS_INVALID)

    for number in numbers:
        world.accounts[number].is_killed = row.value == 1
        world.say(Did.KILLED, account=number, quantity=row.value)
    if row.value == 1:
        for instrument in world.market.instruments:
            before = world.spoken
            world.sweep(instrument, Reason.KILL_SWITCH, lambda order: order.account in numbers)
            if world.spoken > before:
                publish_indicative(world, instrument)


def named(world: World, row: Row) -> list[int]:
    """Return the accounts that a kill switch is about. Owner 0 and firm 0 are nobody."""
    accounts = list(enumerate(world.accounts))[1:]
    match row.code:
        case Killed.ACCOUNT:
            return [number for number, _ in accounts if number == row.account]
        case Killed.OWNER if row.other != 0:
            return [number for number, one in accounts if one.owner == row.other]
        case Killed.FIRM if row.other != 0:
            return [number for number, one in accounts if world.owners[one.owner] == row.other]
    return []
