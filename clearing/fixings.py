"""The day's observations, and the INDEX rows that are computed from them.

Only what the INDEX rows say is believed, adjustments included. The audit of the last fixing is
kept for publication.
"""

import numpy as np

from clearing.directory import Directory
from clearing.index.adjustment import decode, encode
from clearing.index.fixing import Day, Fixing, gather
from clearing.index.population import Tier
from clearing.index.series import Memory, new_memory, next_fixing, remembered
from clearing.reports import Fixed
from clearing.terms import IndexTerms
from engine.frame import Frame
from engine.jit import Row, Table
from engine.layout import OBSERVE
from engine.rows import Batch, text_at
from engine.schema import Kind


class Fixings:
    """Observations since the last fixing, providers' names, and each product's series."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._observed: list[Table] = []
        self._is_spent = False  # Whether a fixing was made of what is observed.
        self._series: dict[int, Memory] = {}  # By product.
        self.names: dict[int, str] = {}  # Of providers.
        self.audits: dict[int, Fixing] = {}  # By product, of the last fixing computed here.
        self.fixed: list[Fixed] = []

    def observe(self, frame: Frame) -> None:
        """Keep a frame's OBSERVE rows; a row's text is the name of its provider."""
        places = np.flatnonzero(frame.commands["kind"] == Kind.OBSERVE)
        if not len(places):
            return
        self._drop_spent()
        observed = frame.commands[places].view(OBSERVE)
        self._observed.append(observed)
        for row in observed[observed["text"] > 0]:
            self.names[int(row["provider"])] = text_at(frame.text, int(row["text"]))

    def calculate(self, date: int, window: tuple[int, int]) -> Batch:
        """Return an INDEX row for every product; value 0 where there is no fixing.

        Text: the hash of the inputs, the number of providers and, where it was refitted, the
        adjustment from now on, separated by spaces.
        """
        self._drop_spent()
        batch = Batch()
        for product in self._directory.products:
            terms = product.terms.index
            memory = self._memory(product.number)
            day = self._day(product.number, terms, window)
            fixing = next_fixing(memory, day, terms, date)
            self.audits[product.number] = fixing
            refitted = encode(fixing.adjustment) if fixing.adjustment.fitted == date else ""
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
                text=f"{fixing.inputs_hash} {fixing.providers} {refitted}",
            )
        return batch

    def _memory(self, product: int) -> Memory:
        return self._series.get(product, new_memory(product))

    def _day(self, product: int, terms: IndexTerms, window: tuple[int, int]) -> Day:
        observed = np.concatenate([np.zeros(0, OBSERVE), *self._observed])
        return gather(observed, product, self.names, terms, window)

    def _drop_spent(self) -> None:
        if self._is_spent:
            self._observed.clear()
            self._is_spent = False

    def fix(self, row: Row, text: str, window: tuple[int, int]) -> None:
        """Take in an INDEX row; observations up to here are used up.

        window: of the fixing that it answers; (0, 0) where it answers none, and stands for
        the operator's word alone.
        """
        product, value = int(row["product"]), int(row["value"])
        memory = self._memory(product)
        tier = Tier(int(row["code"]))
        is_word = tier == Tier.MANUAL  # The last part of the text is then who gave it, and why.
        refitted = "" if is_word else (*text.split(" ", 2), "", "")[2]
        last = memory.previous._replace(
            date=int(row["source"]),
            value_micro=value,
            tier=tier,
            carried=memory.previous.carried + 1 if tier == Tier.CARRIED else 0,
            adjustment=decode(refitted) if refitted else memory.adjustment,
        )
        if any(window):
            terms = self._directory.products[product].terms.index
            day = self._day(product, terms, window)
            self._series[product] = remembered(memory, last, day, terms.absences)
            self._is_spent = True
        else:
            self._series[product] = memory._replace(previous=last)
        self.fixed.append(published(row, text, self._directory.products[product].name))


def published(row: Row, text: str, model: str) -> Fixed:
    """Return what an INDEX row and its text say, as it is published."""
    inputs_hash, providers, *_ = (*text.split(" ", 2), "", "")
    return Fixed(
        date=int(row["source"]),
        product=int(row["product"]),
        model=model,
        value_micro=int(row["value"]),
        inputs=int(row["other"]),
        refused=int(row["value_2"]),
        providers=int(providers or 0),
        gpu_hours_milli=int(row["value_3"]),
        tier=Tier(int(row["code"])),
        version=int(row["revision"]),
        inputs_hash=inputs_hash,
    )
