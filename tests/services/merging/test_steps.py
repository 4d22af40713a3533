"""Every declared step exists, and each does exactly what its plan counts."""

from models.ownership import OWNERSHIP
from models.ownership.rules import Combined, Rebuilt
from services.merging import engine


def test_every_rule_names_a_step() -> None:
    named = {rule.by for each in OWNERSHIP for rule in each.merge if isinstance(rule, Combined | Rebuilt)}
    steps = {str(getattr(step, "__name__", "")).rpartition(".")[2] for step in engine.STEPS}
    assert named <= steps
