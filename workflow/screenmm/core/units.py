"""Units: OpenMM's inside (nm, kJ/mol, e), the field's outside (Å, kcal/mol)."""

KJ_PER_KCAL = 4.184
ANGSTROM_PER_NM = 10.0
COULOMB_KJ_NM = 138.935456
"""Coulomb constant, kJ·nm/mol/e²: the value OpenMM uses (ONE_4PI_EPS0)."""
GAS_CONSTANT_KCAL_MOL_K = 8.314462618 / 4184.0
"""Molar gas constant R, kcal/mol/K."""
