"""Auctions of what defaulters held: what is offered, to anyone, and no price of a bid."""

from gateway import answers, messages
from gateway.view import View

_MS = 1_000_000


def offered(view: View, asked: messages.DefaultAuctions) -> list[answers.DefaultAuction]:
    """Answer public/get_default_auctions."""
    return [
        answers.DefaultAuction(
            auction_id=str(sale.number),
            currency=view.directory.products[sale.product].name,
            creation_timestamp=sale.time // _MS,
            portfolio=[
                answers.Lots(view.directory.instruments[one].name, lots)
                for one, lots in sale.portfolio.items()
            ],
        )
        for sale in view.sales.open.values()
        if view.covers(asked.currency, min(sale.portfolio))
    ]
