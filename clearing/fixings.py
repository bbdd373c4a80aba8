"""The day's observations, and the INDEX rows that are computed from them.

Only what the INDEX rows say is believed; the audit of the last fixing is kept for publication.
"""

import numpy as np

from clearing.directory import Directory
from clearing.index.fixing import Fixing, fix, unfixed
from clearing.index.population import Tier
from clearing.reports import Fixed
from engine.frame import Frame
from engine.jit import Row, Table
from engine.layout import OBSERVE
from engine.rows import Batch, text_at
from engine.schema import Kind


class Fixings:
    """Observations since the last fixing, providers' names, and each product's last fixing."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._observed: list[Table] = []
        self._last: dict[int, Fixing] = {}  # By product: what a fixing is carried from.
        self.names: dict[int, str] = {}  # Of providers.
        self.audits: dict[int, Fixing] = {}  # By product, of the last fixing computed here.
        self.fixed: list[Fixed] = []

    def observe(self, frame: Frame) -> None:
        """Keep a frame's OBSERVE rows; a row's text is the name of its provider."""
        places = np.flatnonzero(frame.commands["kind"] == Kind.OBSERVE)
        if not len(places):
            return
        observed = frame.commands[places].view(OBSERVE)
        self._observed.append(observed)
        for row in observed[observed["text"] > 0]:
            self.names[int(row["provider"])] = text_at(frame.text, int(row["text"]))

    def calculate(self, date: int, window: tuple[int, int]) -> Batch:
        """Return an INDEX row for every product; value 0 where there is no fixing.

        Text: the hash of the inputs and the number of providers, separated by a space.
        """
        batch = Batch()
        nothing = np.zeros(0, OBSERVE)
        observed = np.concatenate(self._observed) if self._observed else nothing
        for product in self._directory.products:
            last = self._last.get(product.number, unfixed(product.number))
            fixing = fix(observed, self.names, product.terms.index, last, date, window)
            self.audits[product.number] = fixing
            batch.money(
                Kind.INDEX,
                product=product.number,
                value=fixing.value_micro,
                other=fixing.inputs,
                value_2=sum(fixing.refused.values()),
                value_3=fixing.gpu_hours_milli,
                source=date,
                revision=fixing.version,
                code=fixing.tier,
                text=f"{fixing.inputs_hash} {fixing.providers}",
            )
        return batch

    def fix(self, row: Row, text: str) -> None:
        """Take in an INDEX row; observations up to here are used up."""
        self._observed.clear()
        product, value = int(row["product"]), int(row["value"])
        last = self._last.get(product, unfixed(product))
        tier = Tier(int(row["code"]))
        self._last[product] = last._replace(
            date=int(row["source"]),
            value_micro=value,
            tier=tier,
            carried=last.carried + 1 if tier == Tier.CARRIED else 0,
        )
        inputs_hash, _, providers = text.partition(" ")
        self.fixed.append(
            Fixed(
                date=int(row["source"]),
                product=product,
                model=self._directory.products[product].name,
                value_micro=value,
                inputs=int(row["other"]),
                refused=int(row["value_2"]),
                providers=int(providers or 0),
                gpu_hours_milli=int(row["value_3"]),
                tier=tier,
                version=int(row["revision"]),
                inputs_hash=inputs_hash,
            )
        )
