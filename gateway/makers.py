"""What market makers ask of the protection of their quotes: from the published view."""

from collections.abc import Callable, Mapping
from typing import Any

from clearing.directory import Product
from gateway import messages, own_answers
from gateway.holdings import Account
from gateway.refusals import INSTRUMENT_NOT_FOUND, RefusedError
from gateway.view import View

SECOND = 1_000_000_000


def product_named(view: View, index_name: str) -> Product:
    """Return the product of an index, like h100_usd. Raises RefusedError."""
    names = {f"{product.name.lower()}_usd": product for product in view.directory.products}
    if index_name not in names:
        reason = f"is none of {', '.join(names)}"
        raise RefusedError(
            INSTRUMENT_NOT_FOUND, param="index_name", value=index_name, reason=reason
        )
    return names[index_name]


def protection(view: View, account: int, product: Product) -> own_answers.Protection:
    """Return what protects an account's quotes in a product."""
    held = view.protections.of(account, product.number)
    return own_answers.Protection(
        index_name=f"{product.name.lower()}_usd",
        interval=held.window // SECOND,
        frozen_time=0,
        quantity_limit=held.lots,
        is_frozen=held.is_breached,
    )


def _protections(
    view: View, account: Account, asked: messages.ProtectionOf
) -> list[own_answers.Protection]:
    products = view.directory.products
    if asked.index_name:
        return [protection(view, account.number, product_named(view, asked.index_name))]
    found = [protection(view, account.number, product) for product in products]
    return [one for one in found if one.quantity_limit]


ANSWERS: Mapping[str, Callable[[View, Account, Any], Any]] = {
    "private/get_mmp_config": _protections,
}
