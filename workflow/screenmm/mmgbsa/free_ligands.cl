/* Forces of free ligands in double precision; needs energies.cl before it.

   What is computed is written down, with its sources, in free_ligands.py and born.py, whose
   numbers these are. A work group is one ligand; each of its work items has atoms of its own, and
   computes the whole force on them, so sums keep their order. All work items of a group have to
   call a function that says "together": they wait for each other in it.

   Positions and forces are x, y, z of atom after atom, of all ligands. Entries of an atom are its
   places in a list of terms: n·term + place for terms of n atoms. */

/* Wait until all work items of the group are here and see what the others have written. */
#define MEET barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)

#define WHOLE_GROUP __attribute__((reqd_work_group_size(GROUP, 1, 1)))

typedef struct {
    __global const int *starts, *entries, *atoms;
    __global const double2 *values;
} Terms;

/* pairs: charges' product times Coulomb's constant over the dielectric, sigma², epsilon, nothing;
   a square of the ligand's atoms. atoms: charge, GB radius, scaled inner radius, nothing.
   born: the Born radius, nm, and its derivative by the integral, nm². */
typedef struct {
    int first, end;
    __global const double4 *pairs, *atoms;
    Terms bonds, angles, torsions;
    int periods;
    double prefactor;
    __global double2 *born;
    __global double *by_integral;
} Ligand;

#define TERMS(kind) \
    __global const int *kind##_starts, __global const int *kind##_entries, \
    __global const int *kind##_atoms, __global const double2 *kind##_values

/* Arguments of a kernel; spans: of each ligand first atom, end and first pair. */
#define LIGANDS \
    __global const int4 *spans, __global const double4 *pairs, \
    TERMS(bond), TERMS(angle), TERMS(torsion), int periods, \
    __global const double4 *atoms, double prefactor, \
    __global double2 *born, __global double *by_integral

#define TERMS_OF(kind) {kind##_starts, kind##_entries, kind##_atoms, kind##_values}

/* The ligand of this work group. */
#define THIS_LIGAND { \
    spans[get_group_id(0)].x, spans[get_group_id(0)].y, pairs + spans[get_group_id(0)].z, atoms, \
    TERMS_OF(bond), TERMS_OF(angle), TERMS_OF(torsion), periods, prefactor, born, by_integral}

#define OWN_ATOMS(i, ligand) \
    int i = (ligand)->first + (int)get_local_id(0); i < (ligand)->end; i += GROUP

typedef struct {
    double3 way; /* the length's gradient by the first atom */
    double length;
} Bond;

static Bond bond_at(__global const int *atoms, __global const double *x) {
    Bond found;
    found.way = vload3(atoms[0], x) - vload3(atoms[1], x);
    found.length = sqrt(square_of(found.way));
    found.way /= found.length;
    return found;
}

static double3 bond_gradient(const Bond *bond, int place) {
    return place == 0 ? bond->way : -bond->way;
}

typedef struct {
    double3 first, third; /* the angle's gradients */
    double angle;
} Angle;

static Angle angle_at(__global const int *atoms, __global const double *x) {
    double3 middle = vload3(atoms[1], x);
    double3 a = vload3(atoms[0], x) - middle, b = vload3(atoms[2], x) - middle;
    double3 normal = cross(a, b);
    double size = sqrt(square_of(normal)), least = fmax(size, MIN_NORMAL);
    Angle found;
    found.angle = atan2(size, dot(a, b));
    found.first = cross(a, normal) / (least * square_of(a));
    found.third = cross(normal, b) / (least * square_of(b));
    return found;
}

static double3 angle_gradient(const Angle *angle, int place) {
    return place == 0 ? angle->first
        : place == 2  ? angle->third
                      : -angle->first - angle->third;
}

typedef struct {
    double3 first, last, along; /* the angle's gradients are made of these */
    double2 turn; /* its sine and cosine */
} Torsion;

static Torsion torsion_at(__global const int *atoms, __global const double *x) {
    double3 x1 = vload3(atoms[1], x), x2 = vload3(atoms[2], x);
    double3 f = vload3(atoms[0], x) - x1, g = x1 - x2, h = vload3(atoms[3], x) - x2;
    double3 a = cross(f, g), b = cross(h, g);
    double length = sqrt(square_of(g));
    double s = dot(cross(b, a), g) / length, c = dot(a, b);
    a /= square_of(a);
    b /= square_of(b);
    Torsion found;
    found.turn = (double2)(s, c) / sqrt(s * s + c * c);
    found.along = a * (dot(f, g) / length) - b * (dot(h, g) / length);
    found.first = -length * a;
    found.last = length * b;
    return found;
}

static double3 torsion_gradient(const Torsion *torsion, int place) {
    return place == 0 ? torsion->first
        : place == 1  ? torsion->along - torsion->first
        : place == 2  ? -torsion->along - torsion->last
                      : torsion->last;
}

/* The energy's derivative by the angle, and the sizes of its terms' second derivatives.
   Coefficients: of sin(n·φ) and cos(n·φ) in the derivative, n = 1, 2, ... */
static double2 torsion_slopes(double2 turn, int periods, __global const double2 *coefficients) {
    double2 many = turn, slopes = (double2)(0.0);
    for (int n = 1; n <= periods; n++, coefficients++) {
        slopes.x += dot(*coefficients, many);
        slopes.y += n * fabs(coefficients->x * many.y - coefficients->y * many.x);
        many = (double2)(
            many.x * turn.y + many.y * turn.x, many.y * turn.y - many.x * turn.x);
    }
    return slopes;
}

static double3 bonded_force(const Ligand *ligand, int i, __global const double *x) {
    double3 force = (double3)(0.0);
    Terms all = ligand->bonds;
    for (int e = all.starts[i]; e < all.starts[i + 1]; e++) {
        int term = all.entries[e] / 2, place = all.entries[e] % 2;
        Bond bond = bond_at(all.atoms + 2 * term, x);
        double2 values = all.values[term];
        force -= values.y * (bond.length - values.x) * bond_gradient(&bond, place);
    }
    all = ligand->angles;
    for (int e = all.starts[i]; e < all.starts[i + 1]; e++) {
        int term = all.entries[e] / 3, place = all.entries[e] % 3;
        Angle angle = angle_at(all.atoms + 3 * term, x);
        double2 values = all.values[term];
        force -= values.y * (angle.angle - values.x) * angle_gradient(&angle, place);
    }
    all = ligand->torsions;
    for (int e = all.starts[i]; e < all.starts[i + 1]; e++) {
        int term = all.entries[e] / 4, place = all.entries[e] % 4;
        Torsion torsion = torsion_at(all.atoms + 4 * term, x);
        double2 slopes = torsion_slopes(
            torsion.turn, ligand->periods, all.values + term * ligand->periods);
        force -= slopes.x * torsion_gradient(&torsion, place);
    }
    return force;
}

/* Van der Waals and Coulomb. */
static double3 pair_force(const Ligand *ligand, int i, __global const double *x) {
    double3 here = vload3(i, x), force = (double3)(0.0);
    /* a symmetric square: neighbouring work items read neighbouring elements */
    __global const double4 *pair = ligand->pairs + i - ligand->first;
    for (int j = ligand->first; j < ligand->end; j++, pair += ligand->end - ligand->first) {
        if (j == i)
            continue;
        double3 way = here - vload3(j, x);
        double inverse = 1.0 / square_of(way);
        double sixth = pair->y * inverse;
        sixth *= sixth * sixth;
        double slope = (1.0 - 2.0 * sixth) * sixth * 24.0 * pair->z - pair->x * sqrt(inverse);
        force -= slope * inverse * way;
    }
    return force;
}

/* Bonded and non-bonded forces; together. */
static void fast_forces(const Ligand *ligand, __global const double *x, __global double *forces) {
    MEET;
    for (OWN_ATOMS(i, ligand))
        vstore3(bonded_force(ligand, i, x) + pair_force(ligand, i, x), i, forces);
}

/* The Born radius of an atom, and its derivative by the integral. */
static double2 born_of(const Ligand *ligand, int i, __global const double *x) {
    double3 here = vload3(i, x);
    double radius = ligand->atoms[i].y, sum = 0.0;
    for (int j = ligand->first; j < ligand->end; j++)
        if (j != i)
            sum += descreening(
                sqrt(square_of(here - vload3(j, x))), radius - OFFSET_NM, ligand->atoms[j].z);
    sum *= 0.5;
    return (double2)(born_radius(sum, radius), born_radius_slope(sum, radius));
}

/* Polar force at fixed Born radii; writes the energy's derivative by the atom's integral. */
static double3 polar_force(const Ligand *ligand, int i, __global const double *x) {
    double3 here = vload3(i, x), force = (double3)(0.0);
    double4 atom = ligand->atoms[i];
    double own = ligand->born[i].x, scale = -COULOMB_KJ_NM * ligand->prefactor * atom.x;
    double by_born = -6.0 * apolar_energy(own, atom.y) / own;
    for (int j = ligand->first; j < ligand->end; j++) {
        double3 way = here - vload3(j, x);
        double square = square_of(way), other = ligand->born[j].x, product = own * other;
        double exponent = square / (4.0 * product), screen = exp(-exponent);
        double f2 = square + product * screen;
        double polar = scale * ligand->atoms[j].x / (sqrt(f2) * f2);
        by_born -= 0.5 * polar * screen * (1.0 + exponent) * other;
        force += polar * (1.0 - 0.25 * screen) * way;
    }
    ligand->by_integral[i] = by_born * ligand->born[i].y;
    return force;
}

/* What the Born radii's dependence on the positions adds. */
static double3 chain_force(const Ligand *ligand, int i, __global const double *x) {
    double3 here = vload3(i, x), force = (double3)(0.0);
    double4 own = ligand->atoms[i];
    for (int j = ligand->first; j < ligand->end; j++) {
        if (j == i)
            continue;
        double4 other = ligand->atoms[j];
        double3 way = here - vload3(j, x);
        double r = sqrt(square_of(way));
        double slope = ligand->by_integral[i] * descreening_slope(r, own.y - OFFSET_NM, other.z);
        slope += ligand->by_integral[j] * descreening_slope(r, other.y - OFFSET_NM, own.z);
        force -= slope / (2.0 * r) * way;
    }
    return force;
}

/* Solvation forces; together. */
static void slow_forces(const Ligand *ligand, __global const double *x, __global double *forces) {
    MEET;
    for (OWN_ATOMS(i, ligand))
        ligand->born[i] = born_of(ligand, i, x);
    MEET;
    for (OWN_ATOMS(i, ligand))
        vstore3(polar_force(ligand, i, x), i, forces);
    MEET;
    for (OWN_ATOMS(i, ligand))
        vstore3(vload3(i, forces) + chain_force(ligand, i, x), i, forces);
}

__kernel WHOLE_GROUP void ligand_forces(
    LIGANDS, __global const double *x, __global double *fast, __global double *slow)
{
    Ligand ligand = THIS_LIGAND;
    fast_forces(&ligand, x, fast);
    slow_forces(&ligand, x, slow);
}
