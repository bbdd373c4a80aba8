"""Collateral in the reference: assets that are pledged, and given back.

Part of the reference: for readers, and the tests' oracle.
"""

from engine.reasons import Reason
from engine.reference_house import account_of, refuse_unfunded
from engine.reference_orders import refuse
from engine.reference_risk import Account
from engine.reference_world import Row, World
from engine.schema import MONEY_MAX, Did, Standing


def pledge(world: World, row: Row) -> None:
    """Add what an asset counts for to an account's equity."""
    account = account_of(world, row.account)
    refuse(row.code < 0, Reason.TERMS_INVALID)
    refuse_unbelievable(row)
    refuse(account.equity + row.value > MONEY_MAX, Reason.VALUE_TOO_LARGE)

    account.equity += row.value
    tell(world, Did.PLEDGED, account, row)


def recall(world: World, row: Row) -> None:
    """Give an asset back, where what it counts for is not needed."""
    account = account_of(world, row.account)
    refuse(row.code < 0, Reason.TERMS_INVALID)
    refuse(account.standing == Standing.SUSPENDED, Reason.ACCOUNT_SUSPENDED)
    refuse_unbelievable(row)
    refuse_unfunded(world, account, row.value)

    account.equity -= row.value
    tell(world, Did.RECALLED, account, row)


def refuse_unbelievable(row: Row) -> None:
    """Refuse an asset whose face, or what it counts for, is nothing or beyond any sum."""
    amounts = row.value, row.value_2
    refuse(min(amounts) <= 0, Reason.VALUE_NOT_POSITIVE)
    refuse(max(amounts) > MONEY_MAX, Reason.VALUE_TOO_LARGE)


def tell(world: World, did: Did, account: Account, row: Row) -> None:
    """Report what an asset counts for, its face, and the equity that there is now."""
    told = {"price": row.value_2, "quantity": row.value, "other": row.code}
    world.say(did, leaves=account.equity, **told)
