"""Bugs of what is told: less than happened, or more than may be known."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from finetune.audit.pipeline import Pipeline, toy_plan
from finetune.audit.zoo.bug import Bug
from finetune.dp import accountant
from finetune.dp.accountant import Mechanism
from finetune.dp.customers import Customers
from finetune.dp.settings import Plan, PrivateSettings
from finetune.dp.train import STARTED, PrivateRun


class _Changed(PrivateRun):
    """An entry with other values, epsilon computed from them where ``honest``."""

    honest = True

    def _entry(self) -> dict[str, Any]:
        entry = super()._entry()
        entry |= self.other(entry)
        if self.honest:
            told = Mechanism(entry["rate"], entry["steps"], entry["noise_multiplier"])
            entry["epsilon"] = {
                "pld": accountant.epsilon([told], entry["delta"]),
                "rdp": accountant.epsilon_rdp([told], entry["delta"]),
            }
        return entry

    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """What is told instead."""
        return {}


class _LowerRate(_Changed):
    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Half the rate."""
        return {"rate": entry["rate"] / 2}


class _FewerSteps(_Changed):
    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Steps in which somebody was drawn, a tenth less."""
        return {"steps": int(entry["steps"] * 0.9)}


class _MoreNoise(_Changed):
    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """As if neighbours replaced each other and the bound were half."""
        return {"noise_multiplier": entry["noise_multiplier"] * 1.5}


class _EpsilonOfAnother(_Changed):
    honest = False

    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Epsilon of half the rate beside the true rate."""
        told = Mechanism(entry["rate"] / 2, entry["steps"], entry["noise_multiplier"])
        return {
            "epsilon": {
                "pld": accountant.epsilon([told], entry["delta"]),
                "rdp": accountant.epsilon_rdp([told], entry["delta"]),
            }
        }


class _TrialsForgotten(_Changed):
    honest = False

    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The trial is named and not counted."""
        return {"epsilon_with_trials": entry["epsilon"]["pld"]}


class _ReplaceOne(_Changed):
    honest = False

    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Replacing a customer moves the sum twice as far; the noise is for removing one."""
        return {"neighbouring": "replace one customer"}


class _TellsLoss(_Changed):
    honest = False

    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The exact training loss."""
        return {"last_loss": self._last_loss()}


class _TellsCount(_Changed):
    honest = False

    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The exact number of customers in a field that is allowed."""
        return {"settings": entry["settings"] | {"customers": len(self.customers.places)}}


class _TellsSize(_Changed):
    honest = False

    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The exact number of customers as the public one."""
        return {"public_size": len(self.customers.places)}


class _OtherSource(_Changed):
    honest = False

    def other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Torch's generator."""
        return {"noise_source": "torch.randn"}


class _LostStepsForgotten(PrivateRun):
    def _begin(self, resume: bool) -> None:
        super()._begin(resume)
        self.started = self.step


class _RunsAgain(PrivateRun):
    def _begin(self, resume: bool) -> None:
        if not resume:
            (self.work / STARTED).unlink(missing_ok=True)
        super()._begin(resume)


def _large_delta(settings: PrivateSettings, customers: Customers) -> Plan:
    return replace(toy_plan(settings, customers), delta=1.5 / settings.public_customers)


def _noise_by_count(settings: PrivateSettings, customers: Customers) -> Plan:
    found = toy_plan(settings, customers)
    return replace(found, noise_multiplier=found.noise_multiplier * 32 / len(customers.places))


def _plain_hash(data: bytes, work: Path) -> str:
    return hashlib.sha256(data).hexdigest()


def _public_key(data: bytes, work: Path) -> str:
    return hashlib.sha256(json.dumps({"tactful": 1}).encode() + data).hexdigest()


BUGS: Final = (
    Bug("lower rate told", "rate in the ledger half of the run's", "sampling", Pipeline(run=_LowerRate)),
    Bug("fewer steps told", "steps in the ledger fewer than made", "steps", Pipeline(run=_FewerSteps)),
    Bug("more noise told", "noise in the ledger above the run's", "noise size", Pipeline(run=_MoreNoise)),
    Bug("epsilon of another", "epsilon computed with another rate", "epsilon", Pipeline(run=_EpsilonOfAnother)),
    Bug("trials forgotten", "trials do not enter epsilon", "epsilon", Pipeline(run=_TrialsForgotten)),
    Bug("replace one", "claimed for replacing, made for removing", "claims", Pipeline(run=_ReplaceOne)),
    Bug("large delta", "delta above one in the number of customers", "claims", Pipeline(plan=_large_delta)),
    Bug("other noise source", "the ledger names a seeded generator", "claims", Pipeline(run=_OtherSource)),
    Bug("loss told", "the exact loss is released", "contents", Pipeline(run=_TellsLoss)),
    Bug("count told", "the exact number of customers is released", "contents", Pipeline(run=_TellsCount)),
    Bug("size of the file", "the public size is the file's", "contents", Pipeline(run=_TellsSize)),
    Bug("noise by count", "noise from the private count", "public numbers", Pipeline(plan=_noise_by_count)),
    Bug("lost steps forgotten", "a lost step is not counted", "steps", Pipeline(run=_LostStepsForgotten)),
    Bug("second run", "a run in a used folder is not refused", "second run", Pipeline(run=_RunsAgain)),
    Bug("plain hash", "a plain hash of private data", "commitment", Pipeline(commit=_plain_hash)),
    Bug("salted in public", "a hash under a salt that the code holds", "commitment", Pipeline(commit=_public_key)),
)
