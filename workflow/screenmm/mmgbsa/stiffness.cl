/* The model Hessian of a free ligand and its inverse; needs free_ligands.cl before it.

   The model is that of free_ligands.py (_VacuumForces.stiffness): the stiffness of each bonded term
   along its own coordinate, and SOFTEST on the diagonal. A matrix of n·n elements has rows and
   columns for all x, then all y, then all z of the ligand's atoms. It is symmetric: a work item
   writes columns of its own, so that neighbours write neighbouring elements. */

/* Add the product of a term's gradients by two atoms to the columns of the first. */
static void add_product(
    const Ligand *ligand, __global double *matrix, int i, int j, double3 mine, double3 other)
{
    int atoms = ligand->end - ligand->first, n = 3 * atoms;
    double others[3] = {other.x, other.y, other.z};
    for (int axis = 0; axis < 3; axis++) {
        __global double *row = matrix + (axis * atoms + j - ligand->first) * n + i - ligand->first;
        row[0] += mine.x * others[axis];
        row[atoms] += mine.y * others[axis];
        row[2 * atoms] += mine.z * others[axis];
    }
}

static void add_bonded(
    const Ligand *ligand, __global double *matrix, int i, __global const double *x)
{
    Terms all = ligand->bonds;
    for (int e = all.starts[i]; e < all.starts[i + 1]; e++) {
        int term = all.entries[e] / 2, place = all.entries[e] % 2;
        __global const int *at = all.atoms + 2 * term;
        Bond bond = bond_at(at, x);
        double3 mine = all.values[term].y * bond_gradient(&bond, place);
        for (int other = 0; other < 2; other++)
            add_product(ligand, matrix, i, at[other], mine, bond_gradient(&bond, other));
    }
    all = ligand->angles;
    for (int e = all.starts[i]; e < all.starts[i + 1]; e++) {
        int term = all.entries[e] / 3, place = all.entries[e] % 3;
        __global const int *at = all.atoms + 3 * term;
        Angle angle = angle_at(at, x);
        double3 mine = all.values[term].y * angle_gradient(&angle, place);
        for (int other = 0; other < 3; other++)
            add_product(ligand, matrix, i, at[other], mine, angle_gradient(&angle, other));
    }
    all = ligand->torsions;
    for (int e = all.starts[i]; e < all.starts[i + 1]; e++) {
        int term = all.entries[e] / 4, place = all.entries[e] % 4;
        __global const int *at = all.atoms + 4 * term;
        Torsion torsion = torsion_at(at, x);
        double2 slopes = torsion_slopes(
            torsion.turn, ligand->periods, all.values + term * ligand->periods);
        double3 mine = slopes.y * torsion_gradient(&torsion, place);
        for (int other = 0; other < 4; other++)
            add_product(ligand, matrix, i, at[other], mine, torsion_gradient(&torsion, other));
    }
}

/* Together. */
static void find_stiffness(
    const Ligand *ligand, __global double *matrix, __global const double *x)
{
    int atoms = ligand->end - ligand->first, n = 3 * atoms;
    for (OWN_ATOMS(i, ligand)) {
        for (int column = i - ligand->first; column < n; column += atoms)
            for (int row = 0; row < n; row++)
                matrix[row * n + column] = row == column ? SOFTEST : 0.0;
        add_bonded(ligand, matrix, i, x);
    }
    MEET;
}

/* Gauss and Jordan's inversion in place; a positive definite matrix needs no pivoting.
   n is a multiple of three; factors: room for n numbers. Together. */
static void invert(int n, __global double *matrix, __global double *factors) {
    for (int k = 0; k < n; k++) {
        for (int i = get_local_id(0); i < n; i += GROUP)
            factors[i] = matrix[i * n + k];
        MEET;
        double inverse = 1.0 / factors[k];
        for (int j = get_local_id(0); j < n; j += GROUP) {
            double pivot = j == k ? inverse : matrix[k * n + j] * inverse;
            __global double *column = matrix + j;
            /* three at a time: loads do not wait for the stores before them */
            for (int i = 0; i < n; i += 3, column += 3 * n) {
                double3 before = (double3)(column[0], column[n], column[2 * n]);
                double3 after = (j == k ? (double3)(0.0) : before) - vload3(0, factors + i) * pivot;
                column[0] = i == k ? pivot : after.x;
                column[n] = i + 1 == k ? pivot : after.y;
                column[2 * n] = i + 2 == k ? pivot : after.z;
            }
        }
        MEET;
    }
}
