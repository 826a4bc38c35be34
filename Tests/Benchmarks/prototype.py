"""The prototype of a search whose certainty holds, where its folder lies beside the measured data; needs numpy."""

import importlib.util
import math
import types
from functools import cache
from importlib.machinery import SourceFileLoader

from certainty_statistics import Outcomes, Tally
from harness import MEASURED

SOURCE = MEASURED.parent.parent / "prototypes" / "certainty.py"


class Prototype:
    """Runs the prototype's search as its own command does: one seed, weights learned from the other corpora."""

    def __init__(self, module, numpy):
        self.module, self.numpy = module, numpy
        self.prior = cache(self.learned)

    @classmethod
    def found(cls):
        """None where the prototype or numpy is missing."""
        if not SOURCE.exists() or importlib.util.find_spec("numpy") is None:
            return None
        import numpy
        # Its file has the name of a module of ours, so it is loaded under another.
        loader = SourceFileLoader("prototype_of_certainty", str(SOURCE))
        module = types.ModuleType(loader.name)
        module.__file__ = str(SOURCE)
        loader.exec_module(module)
        return cls(module, numpy)

    def learned(self, corpus):
        names = ("lcdb-accuracy", "lcdb-logloss", "openclip", "language")
        return self.module.prior_from([name for name in names if name.split("-")[0] != corpus.split("-")[0]])

    def replay(self, corpus, pools, budget, orders):
        """The outcomes, and what it said of its certainty, of each pool in each order."""
        outcomes, said = Outcomes(), Tally()
        for pool in pools:
            outcomes.begin_pool()
            for number in range(orders):
                ordered = pool.in_order(number)
                told = self.search(corpus, ordered, budget)
                regret = ordered.regret(told["suggestion"])
                outcomes.take(regret, None)
                said.take(told, dict(enumerate(ordered.finals)), regret)
        return outcomes, said

    def search(self, corpus, pool, budget):
        """What `trimtab select --json` answers, as far as the prototype says it; candidates by their places."""
        numpy = self.numpy
        search = self.module.Search(
            numpy.array(pool.fractions), numpy.log(numpy.maximum(pool.errors, 1e-6)), numpy.array(pool.costs),
            float(budget), self.prior(corpus))
        suggestion, chance, regret, (lows, highs) = search.run(numpy.random.default_rng(0))
        ranking = [{"candidate": place, "observedFraction": pool.fractions[level], "lowerLoss": math.exp(low),
                    "upperLoss": math.exp(high)}
                   for place, (level, low, high) in enumerate(zip(search.level, lows, highs)) if level >= 0]
        return {"suggestion": int(suggestion), "probabilityBest": float(chance),
                "expectedRegretFraction": float(regret), "ranking": ranking}
