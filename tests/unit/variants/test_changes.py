from __future__ import annotations

import pytest

from screenmm.variants.changes import Reading, Row, Substitution, Variant, VariantReason

T315I, E255K, Y253H = (Substitution("T", 315, "I"), Substitution("E", 255, "K"),
                       Substitution("Y", 253, "H"))  # fmt: skip


def test_a_variant_has_one_name_whatever_the_order() -> None:
    assert Variant((E255K, Y253H)).name == "Y253H+E255K"
    assert Variant((E255K, Y253H)) == Variant((Y253H, E255K, E255K))
    assert str(Variant((T315I,))) == "T315I"
    assert Variant((E255K, Y253H)).numbers == (253, 255)


@pytest.mark.parametrize(
    ("substitutions", "message"),
    [
        ((), "at least one"),
        ((T315I, Substitution("T", 315, "A")), "T315A and T315I change the same residue|T315I and"),
        ((Substitution("T", 315, "T"),), "T315T is no substitution"),
        ((Substitution("T", 315, "*"),), "no substitution"),
    ],
)
def test_what_is_no_variant_is_none(substitutions: tuple[Substitution, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Variant(substitutions)


def test_readings_add_up() -> None:
    one = Reading((Row("a", 1, "T315I", variant=Variant((T315I,))),), other_gene=2, total=3)
    two = Reading(
        (Row("b", 1, "", reason=VariantReason.STOP), Row("b", 2, "", variant=Variant((E255K,)))),
        not_annotated=1,
        total=3,
        notes=("so",),
    )
    both = one + two
    assert both.total == 6 == len(both.rows) + both.other_gene + both.not_annotated
    assert [each.name for each in both.variants] == ["E255K", "T315I"]


@pytest.mark.parametrize("name", ["", "T315", "p.T315I", "T315I+", "t315i", "T315*", "T315I T316A"])
def test_a_name_is_the_one_form(name: str) -> None:
    assert Variant.named("E255K+Y253H").name == "Y253H+E255K"
    with pytest.raises(ValueError, match=r"no (variant|substitution)"):
        Variant.named(name)
