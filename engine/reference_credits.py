"""Credits in the reference: what the house takes off bounds, and when it ends.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_house import account_of
from engine.reference_orders import refuse
from engine.reference_world import Row, World
from engine.schema import MONEY_MAX, Did


def credit(world: World, row: Row) -> None:
    """Set what is taken off an account's bounds for a product, in place of what was."""
    account = account_of(world, row.account)
    refuse(not 0 <= row.product < len(world.market.charges), Reason.PRODUCT_UNKNOWN)
    refuse(row.value < 0, Reason.VALUE_NOT_POSITIVE)
    granted = account.credits | {row.product: row.value}
    refuse(sum(granted.values()) > MONEY_MAX, Reason.VALUE_TOO_LARGE)

    account.credits = granted
    told = {"quantity": row.value, "leaves": sum(granted.values()), "other": row.product}
    world.say(Did.CREDITED, **told)
