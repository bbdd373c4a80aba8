"""The participants of the synthetic market, one module a kind."""

from sim.agents.arbitrageur import Arbitrageur
from sim.agents.base import Agent
from sim.agents.fund import Fund
from sim.agents.hedger import Hedger
from sim.agents.maker import Maker
from sim.agents.noise import Noise
from sim.agents.option_maker import OptionMaker
from sim.agents.spreader import Spreader

__all__ = ["Agent", "Arbitrageur", "Fund", "Hedger", "Maker", "Noise", "OptionMaker", "Spreader"]
