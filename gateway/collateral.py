"""Securities that accounts pledge for margin, and get back: what is asked for, as rows."""

from decimal import Decimal

from clearing.collateral import ASSET_OF, ASSETS, WHOLE, Collateral
from clearing.directory import Directory
from clearing.reviews import Review
from engine.instruments import micro, money
from engine.rows import Batch
from engine.schema import MONEY_MAX, Kind
from gateway.opening import OperatorError, account_named
from gateway.signed import Signed, signature


class Pledge(Signed, tag="pledge"):
    """A security that an account hands to the house instead of money. Face in USD."""

    account: str
    asset: str
    face: Decimal


class Recall(Signed, tag="recall"):
    """A security that an account wants back. Face in USD."""

    account: str
    asset: str
    face: Decimal


class SetHaircut(Signed, tag="haircut"):
    """By how many percent of its face an asset counts for less, from now on."""

    asset: str
    percent: Decimal


def collateral_rows(
    directory: Directory, collateral: Collateral, asked: Pledge | Recall | SetHaircut
) -> Batch:
    """Return the row that does it. Raises OperatorError."""
    batch, text = Batch(1), signature(asked)
    asset = _asset(asked.asset)
    if isinstance(asked, SetHaircut):
        points = asked.percent * 100
        if not points.is_finite() or points % 1 or not 0 <= points <= WHOLE:
            raise OperatorError(f"haircut {asked.percent} is not 0 to 100 percent, by 0.01")
        code = Review.HAIRCUT
        batch.money(Kind.REVIEW, code=code, other=asset, value=int(points), text=text)
        return batch
    account, face = account_named(directory, asked.account).number, _face(asked.face)
    kind, sign = (Kind.PLEDGE, 1) if isinstance(asked, Pledge) else (Kind.RECALL, -1)
    held = collateral.of(account, asset).face
    if sign < 0 and face > held:
        raise OperatorError(f"{asked.account} has pledged {money(held)} USD of {asked.asset}")
    value = sign * collateral.worth(account, asset, sign * face)
    if value <= 0:
        raise OperatorError(f"{money(face)} USD of {asked.asset} count for nothing")
    batch.money(kind, account=account, code=asset, value=value, value_2=face, text=text)
    return batch


def _asset(name: str) -> int:
    if name not in ASSET_OF:
        known = ", ".join(asset.name for asset in ASSETS)
        raise OperatorError(f"asset {name!r} is none of {known}")
    return ASSET_OF[name].code


def _face(face: Decimal) -> int:
    if not face.is_finite() or not 0 < face <= MONEY_MAX // 1_000_000:
        raise OperatorError(f"face {face} is not between 0 and {MONEY_MAX // 1_000_000} USD")
    try:
        return micro(face)
    except ValueError as error:
        raise OperatorError(f"face: {error}") from None
