"""Protonation by rule: the dominant microstates of a molecule over a range of pH.

Sites are found by SMARTS with a typical pKa each: rounded values of the parent
compounds, set by hand and not fitted to any data. Amines start from their class and are
shifted by what stands near them. Charges of equal sign that come close lower the
acidity of the next one: a piperazine or a biguanide takes one proton near pH 7, a
phosphate gives its second one at 7.2. An estimate to within a unit or two; a wide pH
range brings in both forms of a site.

Permanent charges stay: what a quaternary nitrogen, an azolium or a sulfonium balances in a
mesoionic ring, an inner salt or a ylide keeps its charge, unless it is an acid of the table
and the pH is below its pKa.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize

PH_STEP = 0.1
ALIKE_PKA = 0.5
"""Two sites that compete for one proton are both shown when their pKa differ by less."""

REPULSION = {1: 8.0, 2: 6.0, 3: 3.5, 4: 1.2}
"""Shift of a basic pKa by a cation so many bonds away (ethylenediamine, piperazine: 3)."""

PHOSPHORUS_PKA = (2.0, 7.2, 12.4)
"""Successive acidities at one phosphorus."""
BISPHOSPHONATE = "[PX4:1]([OX2H1])([OX2H1])(=O)[#6,#7,#8][PX4]([OX2H1])([OX2H1])=O"
BISPHOSPHONATE_PKA = 10.5
"""Last acidity of two phosphorus acids on one atom (medronate 10.3, etidronate 11.3)."""

INNER_SALT_PKA = 5.0
"""Highest pKa of an anion that a permanent cation balances (N-methyl-3-hydroxypyridinium 4.9)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of site: atom 1 of the SMARTS is the site, atom 2 (or 1) bears the charge."""

    name: str
    smarts: str
    pka: float


_DIAZINE = "[$(c1ncccn1),$(c1ncncc1),$(c1nccnc1),$(c1nnccc1)]"
_NITROPHENYL = "[$(c:c[N+](=O)[O-]),$(c1ccc([N+](=O)[O-])cc1)]"
_ACCEPTOR = "[$(S(=O)=O),$(C#N),$(C=O),$([N+](=O)[O-])]"
_ALPHA = "[#6;!$(CC=N)]"
"""Middle of a 1,3-dicarbonyl; with an imine on it, it is an enaminone's, which is no acid."""

ACIDS = (
    Rule("sulfonic acid", "[OX2H1:1]S(=O)(=O)", -2.0),
    Rule("sulfinic acid", "[OX2H1:1][SX3]=O", 2.0),
    Rule("phosphorus acid", "[OX2H1:1][PX4:2]=O", PHOSPHORUS_PKA[0]),
    Rule("carboxylic acid", "[OX2H1:1][CX3](=O)[#6,#1]", 4.2),
    Rule("thioacid", "[SX2H1:1][CX3]=[O,S]", 3.4),
    Rule("tetrazole", "[nX3H1:1]1:n:n:n:c1", 4.9),
    Rule("2H-tetrazole", "[nX3H1:1]1:n:n:c:n1", 4.9),
    Rule("disulfonimide", "[NX3H1:1](S(=O)=O)S(=O)=O", 1.0),
    Rule("sulfonylurea", "[NX3H1:1]([CX3](=O)[#7])[SX4](=O)=O", 5.5),
    Rule("acylsulfonamide", "[NX3H1:1]([#6X3]=O)[SX4](=O)=O", 4.0),
    Rule("azolylsulfonamide", "[NX3H1:1]([c;r5]~[n,o,s])[SX4](=O)=O", 6.0),
    Rule("diazinylsulfonamide", f"[NX3H1:1]({_DIAZINE})[SX4](=O)=O", 6.3),
    Rule("triflamide", "[NX3;H1,H2:1]S(=O)(=O)C(F)(F)F", 6.0),
    Rule("nitrosulfonanilide", f"[NX3H1:1]({_NITROPHENYL})[SX4](=O)=O", 6.5),
    Rule("thiazolidinedione", "[NX3H1:1]1C(=O)S[#6]C1=[O,S]", 6.5),
    Rule("rhodanine", "[NX3H1:1]1C(=S)S[#6]C1=O", 5.5),
    Rule("oxadiazolone", "[nX3H1:1]1c(=O)onc1", 6.1),
    Rule("oxazolidinedione", "[NX3H1:1]1C(=O)O[#6]C1=O", 6.1),
    Rule("parabanic acid", "[NX3H1:1]1C(=O)[#7]C(=O)C1=O", 6.1),
    Rule("squaric acid", "[OX2H1:1][#6]1=,:[#6][#6](=O)[#6]1", 2.0),
    Rule("tetronic acid", "[OX2H1:1][#6]1=,:[#6][#6](=O)[#8][#6]1", 4.0),
    Rule("4-hydroxycoumarin", "[OX2H1:1][#6]1=,:[#6][#6](=O)[#8]~[#6]~[#6]1", 5.0),
    Rule("enol of a cyclic 1,3-dione", f"[OX2H1:1][#6]1=,:{_ALPHA}[#6](=O)[#6][#6]1", 4.8),
    Rule("enol of a cyclic 1,3-dione", f"[OX2H1:1]C1={_ALPHA}C(=O)[#6][#6][#6]1", 4.8),
    Rule("oxicam", "[OX2H1:1]C=C(NS(=O)=O)C=O", 5.0),
    Rule("enol with two acceptors", f"[OX2H1:1]C={_ALPHA}(C=O){_ACCEPTOR}", 5.0),
    Rule("tropolone", "[OX2H1:1]c1cccccc1=O", 6.9),
    Rule("hydroxyazinium", "[OX2H1:1]c:[nX3+;!$(n[O-])]", 1.0),
    Rule("hydroxyazinium", "[OX2H1:1]c:a:[nX3+;!$(n[O-])]", 4.9),
    Rule("hydroxyazinium", "[OX2H1:1]c:a:a:[nX3+;!$(n[O-])]", 3.3),
    Rule("diazophenol", "[OX2H1:1][$(c:c[N+]#N),$(c1ccc([N+]#N)cc1)]", 3.4),
    Rule("N-hydroxypyridone", "[OX2H1:1]n1ccccc1=[O,S]", 5.9),
    Rule("N-hydroxyimide", "[OX2H1:1]N(C=O)C=O", 6.0),
    Rule("N-hydroxytriazole", "[OX2H1:1]n:n:n", 4.6),
    Rule("o-nitrophenol", "[OX2H1:1]c:c[N+](=O)[O-]", 7.2),
    Rule("p-nitrophenol", "[OX2H1:1]c1ccc([N+](=O)[O-])cc1", 7.1),
    Rule("2,6-dihalophenol", "[OX2H1:1]c(:c[F,Cl,Br,I]):c[F,Cl,Br,I]", 7.1),
    Rule("thiophenol", "[SX2H1:1]c", 6.6),
    Rule("barbiturate", "[NX3H1:1]1C(=O)[NX3]C(=O)[#6]C1=O", 7.6),
    Rule("hydroxamic acid", "[OX2H1:1][NX3][CX3]=O", 9.3),
    Rule("imide", "[NX3H1:1]([CX3]=O)[CX3]=O", 9.6),
    Rule("phenol", "[OX2H1:1]c", 10.0),
    Rule("sulfonanilide", "[NX3H1:1](c)[SX4](=O)=O", 8.8),
    Rule("sulfonamide", "[NX3;H1,H2:1][SX4](=O)=O", 10.1),
    Rule("thiol", "[SX2H1:1][CX4]", 10.4),
)
"""Acidic sites, the more specific first: the first rule that matches an atom has it."""

_DONOR_N = "[NX3;H2,$([NX3H1](c)[CX4]),$([NX3H0](c)([CX4])[CX4])]"
"""Amino group on an aromatic ring whose lone pair the ring has to itself."""
_ALKYL = "[CX4;!$(C[!#6;!#1])]"
_CH = "[c;R1;H1,$(c[CX4;!$(C[!#6;!#1])])]"
_WITHDRAWING = "[$(S(=O)=O),$(C#N),$([N+](=O)[O-])]"

BASES = (
    Rule("amidoxime", "[NX2:1]([#8])=[CX3:2][NX3]", 4.8),
    Rule("bare amidine of a strong acceptor", f"[NX2:1]({_WITHDRAWING})=[CX3:2][NX3]", -1.0),
    Rule("guanidine with an acceptor", f"[NX2:1]=[CX3:2]([NX3])[NX3]{_WITHDRAWING}", 0.0),
    Rule("glycocyamidine", "[NX2:1]1=[CX3:2]([NX3])[NX3]CC1=[OX1]", 4.8),
    Rule("glycocyamidine", "[NX2:1]=[CX3:2]1[NX3]CC(=[OX1])[NX3]1", 4.8),
    Rule("acylguanidine", "[NX2:1]([CX3]=[OX1])=[CX3:2]([NX3])[NX3]", 8.0),
    Rule("acylguanidine", "[NX2:1]=[CX3:2]([NX3])[NX3][CX3]=[OX1]", 8.0),
    Rule("acylamidine", "[NX2:1]([CX3]=[OX1])=[CX3:2][NX3]", 5.5),
    Rule("acylamidine", "[NX2:1]=[CX3:2]([#6,#1])[NX3][CX3]=[OX1]", 5.5),
    Rule("azolylguanidine", "[NX2:1]([c;r5]~[n,o,s])=[CX3:2]([NX3])[NX3]", 6.7),
    Rule("azolylguanidine", "[NX2:1]=[CX3:2]([NX3])[NX3][c;r5]~[n,o,s]", 6.7),
    Rule("guanidine", "[NX2;!$(N[!#6]):1]=[CX3:2]([NX3])[NX3]", 12.5),
    Rule("aminoguanidine", "[NX2:1]([#7])=[CX3:2]([NX3])[NX3]", 8.5),
    Rule("isothiourea", "[NX2;!$(N[!#6]):1]=[CX3:2]([SX2,OX2])[NX3]", 8.5),
    Rule("amidine of a benzodiazepine", "[NX2;r7:1](c)=[CX3;r7:2][NX3]", 4.2),
    Rule("arylamidine", "[NX2;!$(N[!#6]):1](c)=[CX3:2][NX3]", 8.0),
    Rule("amidine", "[NX2;!$(N[!#6]):1]=[CX3:2][NX3]", 11.0),
    Rule("4-aminopyridine", f"[nX2;!$(n:c[F,Cl,Br]):1]1ccc({_DONOR_N})cc1", 8.8),
    Rule("2,4-diaminopyrimidine", f"[nX2:1]1c({_DONOR_N})nc({_DONOR_N})cc1", 7.2),
    Rule("2-aminopyridine", f"[nX2;!$(n:c[F,Cl,Br]):1]1c({_DONOR_N})cccc1", 6.8),
    Rule("benzimidazole", "[nX2:1]1:[c:2]:[nX3]:c2:a:a:a:a:c:2:1", 5.5),
    Rule("2-aminoimidazole", f"[nX2:1]1:[c:2]({_DONOR_N}):[nX3]:c:c1", 8.5),
    Rule("2-alkylimidazole", f"[nX2:1]1:[c:2]({_ALKYL}):[nX3;H1,$(n[CX4])]:{_CH}:{_CH}:1", 7.9),
    Rule("imidazole", "[nX2:1]1:[c:2]:[nX3]:c:c1", 7.0),
    Rule("pyridine", "[nX2:1]1ccccc1", 5.2),
    Rule("aniline", "[NX3;!$(N[#6X3;!c]);!$(N[#7,#8,#16]):1]c", 4.6),
)
"""Basic sites other than amines."""

AMINE = "[NX3;!$(N[!#6;!#1]);!$(N[#6X3,#6X2]):1]"
"""Nitrogen that bears only hydrogen and saturated carbon."""
AMINE_PKA = (9.2, 10.5, 10.6, 9.8)
"""By number of carbons: ammonia, primary, secondary, tertiary."""
AMINE_SHIFTS = (
    ("[NX3:1][CX4][CX4]F", -1.6),
    ("[NX3:1][CX4][CX4][Cl,Br]", -1.0),
    ("[NX3:1][CX4]C#N", -4.5),
    ("[NX3:1][CX4]C#[CX2]", -2.0),
    ("[NX3:1][CX4][CX3;!$(C[OX2H1])]=[OX1]", -2.0),
    ("[NX3:1][CX4][CX3;$(C[OX2H1])]=[OX1]", -0.7),
    ("[NX3:1][CX4][CX4][SX4]=O", -1.0),
    ("[NX3:1][CX4][CX4][OX2]", -1.0),
    ("[NX3:1][CX4][OX2,SX2]", -3.0),
    ("[NX3:1][CX4][NX3]", -1.6),
    ("[NX3:1][CX4][CX4][NX3;$(N[#6X3]);!$(N[CX3]=[O,S]);!$(NS=O)]", -0.8),
    ("[NX3:1][CX4][CX4][NX3;$(N[CX3]=[O,S]);!$(NS=O)]", -1.3),
    ("[NX3:1][CX4][CX4][NX3;$(NS=O)]", -1.6),
    ("[NX3:1][CX4][c;$(c1ccccc1)]", -0.8),
    ("[NX3:1][CX4][c;!$(c1ccccc1)]", -1.5),
    ("[NX3;r3:1]", -2.5),
)  # fmt: skip
"""Shift of an amine's pKa for each match: electron acceptors near it.

Those of an acylated or sulfonylated nitrogen are a piperazine's, which has two such paths
(acetylpiperazine 7.9, tosylpiperazine 7.4; Hall 1956, J. Am. Chem. Soc. 78, 2570).
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A site of a molecule: its atom, the atom that bears the charge, and its pKa."""

    atom: int
    centre: int
    pka: float
    is_acid: bool


@dataclass(frozen=True, slots=True)
class _Environment:
    """What the sites of a molecule share: bonds between atoms, ranks, which atoms are what."""

    distances: list[list[float]]
    ranks: list[int]
    cations: list[int]
    nitrogens: set[int]


def protomers(smiles: str, ph_min: float, ph_max: float) -> list[str]:
    """Dominant protonation states over a range of pH, those nearest its middle first.

    Parameters
    ----------
    smiles : str
        A molecule; charges that protons make are set anew.
    ph_min, ph_max : float
        The range.

    Returns
    -------
    list of str
        Canonical SMILES, at least one.
    """
    mol, balancing = _without_protonation(smiles)
    sites = [
        replace(site, pka=min(site.pka, INNER_SALT_PKA)) if site.atom in balancing else site
        for site in find_sites(mol)
    ]
    environment = _Environment(
        Chem.GetDistanceMatrix(mol),
        list(Chem.CanonicalRankAtoms(mol, breakTies=False)),
        _permanent_cations(mol),
        {atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 7},
    )
    found: dict[str, None] = {}
    for ph in _from_the_middle(ph_min, ph_max):
        for charged in _microstates(sites, ph, environment):
            found.setdefault(_charge(mol, charged))
    return list(found)


def find_sites(mol: Chem.Mol) -> list[Site]:
    """Acidic and basic sites of a molecule without charges that protons make, each atom once."""
    acids = _match(mol, "acids")
    acids = _successive(mol, acids)
    return acids + _match(mol, "bases") + _amines(mol)


def _without_protonation(smiles: str) -> tuple[Chem.Mol, set[int]]:
    """Take charges that protons make away; tell which acids gave theirs to a permanent cation.

    An anion that a permanent cation balances takes a proton only where a rule knows the acid
    that it becomes. A sydnone imine or a squaraine becomes none.
    """
    given = Chem.MolFromSmiles(smiles)
    if given is None:
        raise ValueError("RDKit cannot read it")
    mol = _canonical(rdMolStandardize.Uncharger(True).uncharge(given))
    if not any(atom.GetFormalCharge() < 0 for atom in mol.GetAtoms()):
        return mol, set()
    bare = rdMolStandardize.Uncharger(True, True).uncharge(mol)
    changed = {
        atom.GetIdx()
        for atom, before in zip(bare.GetAtoms(), mol.GetAtoms(), strict=True)
        if atom.GetFormalCharge() != before.GetFormalCharge()
    }
    balancing = changed & {site.atom for site in _match(bare, "acids")}
    for index in changed - balancing:
        _copy_protonation(mol.GetAtomWithIdx(index), bare.GetAtomWithIdx(index))
    Chem.SanitizeMol(bare)
    return bare, balancing


def _canonical(mol: Chem.Mol) -> Chem.Mol:
    smiles = Chem.MolToSmiles(mol)
    read = Chem.MolFromSmiles(smiles)
    if read is None:
        raise ValueError(f"RDKit cannot read its own SMILES {smiles}")
    return read


def _copy_protonation(source: Chem.Atom, target: Chem.Atom) -> None:
    target.SetFormalCharge(source.GetFormalCharge())
    target.SetNoImplicit(source.GetNoImplicit())
    target.SetNumExplicitHs(source.GetNumExplicitHs())


def _permanent_cations(mol: Chem.Mol) -> list[int]:
    """Cations, but for those of a nitro group, an N-oxide or a ylide, which an anion adjoins."""
    return [
        atom.GetIdx()
        for atom in mol.GetAtoms()
        if atom.GetFormalCharge() > 0
        and all(neighbour.GetFormalCharge() >= 0 for neighbour in atom.GetNeighbors())
    ]


@cache
def _patterns(kind: str) -> list[tuple[Rule, Chem.Mol, int, int]]:
    rules = ACIDS if kind == "acids" else BASES
    return [(rule, *_pattern(rule.smarts)) for rule in rules]


@cache
def _pattern(smarts: str) -> tuple[Chem.Mol, int, int]:
    """Pattern, and the places of its atoms 1 and 2; 1 stands for 2 where that is missing."""
    pattern = Chem.MolFromSmarts(smarts)
    places = {atom.GetAtomMapNum(): atom.GetIdx() for atom in pattern.GetAtoms()}
    return pattern, places[1], places.get(2, places[1])


def _match(mol: Chem.Mol, kind: str) -> list[Site]:
    sites: dict[int, Site] = {}
    centres: set[int] = set()
    is_acid = kind == "acids"
    for rule, pattern, first, second in _patterns(kind):
        for match in mol.GetSubstructMatches(pattern, uniquify=False, maxMatches=1000):
            atom, centre = match[first], match[second]
            # an amidine carbon takes one proton, whichever nitrogen it is drawn on
            taken = atom in sites or (not is_acid and centre in centres)
            taken = taken or (not is_acid and _bears_anion(mol.GetAtomWithIdx(centre)))
            if taken or not _is_free(mol.GetAtomWithIdx(atom), is_acid):
                continue
            sites[atom] = Site(atom, centre, rule.pka, is_acid)
            centres.add(centre)
    return list(sites.values())


def _bears_anion(atom: Chem.Atom) -> bool:
    """Whether a basic group is the other resonance form of an anion: ``[O-]C=N``."""
    return any(neighbour.GetFormalCharge() < 0 for neighbour in atom.GetNeighbors())


def _is_free(atom: Chem.Atom, is_acid: bool) -> bool:
    if atom.GetFormalCharge() != 0:
        return False
    return not is_acid or atom.GetTotalNumHs(includeNeighbors=False) > 0


def _successive(mol: Chem.Mol, acids: list[Site]) -> list[Site]:
    """Give the hydroxyls at one phosphorus their successive acidities."""
    pattern, *_ = _pattern(BISPHOSPHONATE)
    seconds = {match[0] for match in mol.GetSubstructMatches(pattern)}
    given: dict[int, int] = {}
    found = []
    for site in acids:
        if mol.GetAtomWithIdx(site.centre).GetAtomicNum() == 15:
            order = given.get(site.centre, 0)
            given[site.centre] = order + 1
            pka = PHOSPHORUS_PKA[min(order, 2)]
            if order == 1 and site.centre in seconds:
                pka = BISPHOSPHONATE_PKA
            found.append(replace(site, pka=pka))
        else:
            found.append(site)
    return found


def _amines(mol: Chem.Mol) -> list[Site]:
    pattern, first, _ = _pattern(AMINE)
    pka: dict[int, float] = {}
    for match in mol.GetSubstructMatches(pattern):
        atom = mol.GetAtomWithIdx(match[first])
        if _is_free(atom, is_acid=False):
            carbons = sum(neighbour.GetAtomicNum() == 6 for neighbour in atom.GetNeighbors())
            pka[atom.GetIdx()] = AMINE_PKA[carbons]
    for smarts, shift in AMINE_SHIFTS:
        pattern, first, _ = _pattern(smarts)
        # a pattern that is its own mirror image matches from both ends
        for match in mol.GetSubstructMatches(pattern, uniquify=False):
            if match[first] in pka:
                pka[match[first]] += shift
    return [Site(atom, atom, value, is_acid=False) for atom, value in pka.items()]


def _from_the_middle(ph_min: float, ph_max: float) -> Iterator[float]:
    middle = (ph_min + ph_max) / 2
    yield middle
    for step in range(1, round((ph_max - ph_min) / 2 / PH_STEP) + 1):
        yield max(middle - step * PH_STEP, ph_min)
        yield min(middle + step * PH_STEP, ph_max)


def _microstates(sites: list[Site], ph: float, environment: _Environment) -> Iterator[list[Site]]:
    """Charged sites of the dominant microstate, then of those that compete with it."""
    distances = environment.distances
    acids = _lost(sites, ph, environment)
    bases = sorted(
        (site for site in sites if not site.is_acid),
        key=lambda s: (-s.pka, environment.ranks[s.atom]),
    )
    dominant = _fill(bases, ph, environment)
    yield acids + dominant
    for site in bases:
        if site in dominant or site.pka <= ph:
            continue
        rivals = [other for other in dominant if distances[site.centre][other.centre] <= 3]
        if len(rivals) == 1 and rivals[0].pka - site.pka < ALIKE_PKA:
            others = [other for other in bases if other not in (site, rivals[0])]
            yield acids + _fill([site, *others, rivals[0]], ph, environment)


def _lost(sites: list[Site], ph: float, environment: _Environment) -> list[Site]:
    """Acids that give their protons up; of two N–H on one carbon only the stronger does."""
    charged: list[Site] = []
    acids = [site for site in sites if site.is_acid and site.pka < ph]
    for site in sorted(acids, key=lambda s: (s.pka, environment.ranks[s.atom])):
        away = environment.distances[site.atom]
        nitrogens = environment.nitrogens
        if not (
            site.atom in nitrogens
            and any(other.atom in nitrogens and away[other.atom] == 2 for other in charged)
        ):
            charged.append(site)
    return charged


def _fill(bases: list[Site], ph: float, environment: _Environment) -> list[Site]:
    """Protonate bases in turn, each under the repulsion of cations and of those before it."""
    charged: list[Site] = []
    for site in bases:
        away = environment.distances[site.centre]
        cations = [*environment.cations, *(other.centre for other in charged)]
        shift = sum(REPULSION.get(int(away[cation]), 0.0) for cation in cations)
        if site.pka - shift > ph:
            charged.append(site)
    return charged


def _charge(mol: Chem.Mol, sites: list[Site]) -> str:
    charged = Chem.RWMol(mol)
    for site in sites:
        atom = charged.GetAtomWithIdx(site.atom)
        atom.SetFormalCharge(-1 if site.is_acid else 1)
        explicit = atom.GetNumExplicitHs()
        if site.is_acid and explicit:
            atom.SetNumExplicitHs(explicit - 1)
        elif not site.is_acid and (atom.GetIsAromatic() or atom.GetNoImplicit()):
            atom.SetNumExplicitHs(explicit + 1)
    Chem.SanitizeMol(charged)
    # twice: the canonical form of a form just edited can differ from that of its reading
    smiles: str = Chem.MolToSmiles(_canonical(charged))
    return smiles
