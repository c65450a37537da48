/* Energies of complexes and forces of free ligands in double precision.

   What each kernel computes is written down, with its sources, in score.py, born.py and
   free_ligands.py, whose numbers these are. One work item is one atom and loops over its
   molecules' atoms; nothing is summed by two work items, so sums keep their order. Units are
   nm, kJ/mol, e. The constants in capitals come from Python: see on_device.py.

   Sizes are padded to whole work groups: work items beyond the last atom return at once. */

#pragma OPENCL EXTENSION cl_khr_fp64 : enable

/* Shares of the pairwise descreening integral; born.py, _limits. */
typedef struct {
    double lower, upper, inverse, logarithm;
} Limits;

Limits limits_of(double r, double inner, double scaled) {
    Limits found;
    found.lower = 1.0 / fmax(inner, fabs(r - scaled));
    found.upper = 1.0 / (r + scaled);
    found.inverse = 1.0 / r;
    found.logarithm = log(found.upper / found.lower);
    return found;
}

/* Twice the integral of an atom over a neighbour, 1/nm; born.descreening. */
double descreening(double r, double inner, double scaled) {
    Limits at = limits_of(r, inner, scaled);
    double pair = 0.25 * (r - scaled * scaled * at.inverse) * (at.upper + at.lower) - 1.0;
    pair *= at.upper - at.lower;
    pair += 0.5 * at.logarithm * at.inverse;
    if (inner < scaled - r)
        pair += 2.0 * (1.0 / inner - at.lower);
    return inner < r + scaled ? pair : 0.0;
}

/* Its derivative by the distance, 1/nm²; born.descreening_and_slopes. */
double descreening_slope(double r, double inner, double scaled) {
    Limits at = limits_of(r, inner, scaled);
    double share = scaled * at.inverse;
    double slope = 0.25 * (1.0 + share * share) * (at.upper * at.upper - at.lower * at.lower);
    slope -= 0.5 * at.logarithm * at.inverse * at.inverse;
    return inner < r + scaled ? slope : 0.0;
}

/* tanh of OBC2's rescaled integral; born.born_radii. */
double bend_of(double psi) {
    return tanh(psi * (ALPHA + psi * (-BETA + psi * GAMMA)));
}

double born_radius(double integral, double radius) {
    double inner = radius - OFFSET_NM;
    return 1.0 / (1.0 / inner - bend_of(integral * inner) / radius);
}

/* Derivative of the Born radius by the integral, nm²; born.born_radii_slopes. */
double born_radius_slope(double integral, double radius) {
    double inner = radius - OFFSET_NM, psi = integral * inner, bend = bend_of(psi);
    double inverse = 1.0 / inner - bend / radius;
    double chain = ALPHA + psi * (-2.0 * BETA + 3.0 * GAMMA * psi);
    return (1.0 - bend * bend) * chain * inner / radius / (inverse * inverse);
}

/* born.apolar_energies */
double apolar_energy(double born, double radius) {
    double reach = radius + PROBE_NM, share = radius / born;
    double cubed = share * share * share;
    return SURFACE_TENSION * 4.0 * M_PI * reach * reach * cubed * cubed;
}

/* 1/f of a pair, 1/nm; born.pair_factors. */
double pair_factor(double square, double product) {
    return 1.0 / sqrt(square + product * exp(square / (-4.0 * product)));
}

double square_of(double3 way) {
    return dot(way, way);
}

/* ---- Complexes: pocket atoms, then the ligand's. ----
   points: x, y, z, charge; shapes: sigma, √epsilon, GB radius, scaled inner radius;
   spans: first atom, first of the ligand, end, of the atom's complex. */

double integral_over(
    int i, int first, int end, __global const double4 *points, __global const double4 *shapes)
{
    double3 here = points[i].xyz;
    double inner = shapes[i].z - OFFSET_NM, sum = 0.0;
    for (int j = first; j < end; j++)
        if (j != i)
            sum += descreening(sqrt(square_of(here - points[j].xyz)), inner, shapes[j].w);
    return 0.5 * sum;
}

/* Born radii of each atom in the complex (x) and in its own molecule alone (y), nm. */
__kernel void complex_radii(
    int count, __global const double4 *points, __global const double4 *shapes,
    __global const int4 *spans, __global double2 *born)
{
    int i = get_global_id(0);
    if (i >= count)
        return;
    int4 span = spans[i];
    double radius = shapes[i].z;
    double pocket = integral_over(i, span.x, span.y, points, shapes);
    double ligand = integral_over(i, span.y, span.z, points, shapes);
    double own = i < span.y ? pocket : ligand;
    born[i] = (double2)(born_radius(pocket + ligand, radius), born_radius(own, radius));
}

/* Rows of parts: van der Waals, Coulomb, polar, apolar, cross; each of all atoms, kJ/mol. */
__kernel void complex_parts(
    int count, __global const double4 *points, __global const double4 *shapes,
    __global const int4 *spans, __global const double2 *born, double prefactor,
    __global double *parts)
{
    int i = get_global_id(0);
    if (i >= count)
        return;
    int4 span = spans[i];
    int in_pocket = i < span.y;
    double4 here = points[i], shape = shapes[i];
    double2 radii = born[i];
    double change = 0.0, across = 0.0, vdw = 0.0, coulomb = 0.0;
    int end = in_pocket ? span.y : span.z;
    for (int j = in_pocket ? span.x : span.y; j < end; j++) {
        double square = square_of(here.xyz - points[j].xyz);
        double2 product = radii * born[j];
        change += points[j].w * (pair_factor(square, product.x) - pair_factor(square, product.y));
    }
    end = in_pocket ? span.z : span.y;
    for (int j = in_pocket ? span.y : span.x; j < end; j++) {
        double4 there = points[j];
        double square = square_of(here.xyz - there.xyz);
        across += there.w * pair_factor(square, radii.x * born[j].x);
        if (in_pocket) {
            double sigma = 0.5 * (shape.x + shapes[j].x), inverse = 1.0 / square;
            double sixth = sigma * sigma * inverse;
            sixth *= sixth * sixth;
            vdw += shape.y * shapes[j].y * (sixth * sixth - sixth);
            coulomb += there.w * sqrt(inverse);
        }
    }
    double scale = -COULOMB_KJ_NM * prefactor * here.w;
    parts[i] = 4.0 * vdw;
    parts[count + i] = COULOMB_KJ_NM * here.w * coulomb;
    parts[2 * count + i] = 0.5 * scale * (change + across);
    parts[3 * count + i] = apolar_energy(radii.x, shape.z) - apolar_energy(radii.y, shape.z);
    parts[4 * count + i] = in_pocket ? scale * across : 0.0;
}

/* ---- Free ligands. ----
   Positions and forces are x, y, z of atom after atom. spans: first atom and end of the
   atom's ligand, and where the ligand's pairs begin. Entries of an atom are its places in a
   list of terms: n·term + place for terms of n atoms. */

double3 bond_force(int place, double3 a, double3 b, double2 values) {
    double3 way = a - b;
    double length = sqrt(square_of(way));
    way *= -values.y * (length - values.x) / length;
    return place == 0 ? way : -way;
}

double3 angle_force(int place, double3 one, double3 middle, double3 two, double2 values) {
    double3 a = one - middle, b = two - middle, normal = cross(a, b);
    double size = sqrt(square_of(normal)), least = fmax(size, MIN_NORMAL);
    double slope = values.y * (atan2(size, dot(a, b)) - values.x);
    double3 first = cross(a, normal) / (least * square_of(a));
    double3 third = cross(normal, b) / (least * square_of(b));
    return -slope * (place == 0 ? first : place == 2 ? third : -first - third);
}

/* Coefficients: of sin(n·φ) and cos(n·φ) in the energy's derivative, n = 1, 2, ... */
double torsion_slope(double s, double c, int periods, __global const double2 *coefficients) {
    double size = sqrt(s * s + c * c);
    double2 one = (double2)(s, c) / size, many = one;
    double slope = 0.0;
    for (int n = 0; n < periods; n++) {
        slope += dot(coefficients[n], many);
        many = (double2)(many.x * one.y + many.y * one.x, many.y * one.y - many.x * one.x);
    }
    return slope;
}

double3 torsion_force(
    int place, double3 x0, double3 x1, double3 x2, double3 x3, int periods,
    __global const double2 *coefficients)
{
    double3 f = x0 - x1, g = x1 - x2, h = x3 - x2;
    double3 a = cross(f, g), b = cross(h, g);
    double length = sqrt(square_of(g));
    double s = dot(cross(b, a), g) / length, c = dot(a, b);
    double slope = torsion_slope(s, c, periods, coefficients);
    a /= square_of(a);
    b /= square_of(b);
    double3 along = a * (dot(f, g) / length) - b * (dot(h, g) / length);
    a *= -length;
    b *= length;
    double3 way = place == 0 ? a : place == 1 ? along - a : place == 2 ? -along - b : b;
    return -slope * way;
}

double3 bonded_force(
    int i, __global const double *x,
    __global const int *bond_starts, __global const int *bond_entries,
    __global const int *bonds, __global const double2 *bond_values,
    __global const int *angle_starts, __global const int *angle_entries,
    __global const int *angles, __global const double2 *angle_values,
    __global const int *torsion_starts, __global const int *torsion_entries,
    __global const int *torsions, __global const double2 *coefficients, int periods)
{
    double3 force = (double3)(0.0);
    for (int e = bond_starts[i]; e < bond_starts[i + 1]; e++) {
        int term = bond_entries[e] / 2, place = bond_entries[e] % 2;
        __global const int *at = bonds + 2 * term;
        force += bond_force(place, vload3(at[0], x), vload3(at[1], x), bond_values[term]);
    }
    for (int e = angle_starts[i]; e < angle_starts[i + 1]; e++) {
        int term = angle_entries[e] / 3, place = angle_entries[e] % 3;
        __global const int *at = angles + 3 * term;
        force += angle_force(
            place, vload3(at[0], x), vload3(at[1], x), vload3(at[2], x), angle_values[term]);
    }
    for (int e = torsion_starts[i]; e < torsion_starts[i + 1]; e++) {
        int term = torsion_entries[e] / 4, place = torsion_entries[e] % 4;
        __global const int *at = torsions + 4 * term;
        force += torsion_force(
            place, vload3(at[0], x), vload3(at[1], x), vload3(at[2], x), vload3(at[3], x),
            periods, coefficients + term * periods);
    }
    return force;
}

/* Bonds, angles, torsions, van der Waals and Coulomb. pairs: charges' product times Coulomb's
   constant over the dielectric, sigma², epsilon, nothing. */
__kernel void ligand_fast(
    int count, __global const double *x, __global const int4 *spans,
    __global const double4 *pairs,
    __global const int *bond_starts, __global const int *bond_entries,
    __global const int *bonds, __global const double2 *bond_values,
    __global const int *angle_starts, __global const int *angle_entries,
    __global const int *angles, __global const double2 *angle_values,
    __global const int *torsion_starts, __global const int *torsion_entries,
    __global const int *torsions, __global const double2 *coefficients, int periods,
    __global double *forces)
{
    int i = get_global_id(0);
    if (i >= count)
        return;
    int4 span = spans[i];
    double3 here = vload3(i, x);
    double3 force = bonded_force(
        i, x, bond_starts, bond_entries, bonds, bond_values, angle_starts, angle_entries, angles,
        angle_values, torsion_starts, torsion_entries, torsions, coefficients, periods);
    /* a symmetric square: neighbouring work items read neighbouring elements */
    __global const double4 *pair = pairs + span.z + i - span.x;
    for (int j = span.x; j < span.y; j++, pair += span.y - span.x) {
        if (j == i)
            continue;
        double3 way = here - vload3(j, x);
        double inverse = 1.0 / square_of(way);
        double sixth = pair->y * inverse;
        sixth *= sixth * sixth;
        double slope = (1.0 - 2.0 * sixth) * sixth * 24.0 * pair->z - pair->x * sqrt(inverse);
        force -= slope * inverse * way;
    }
    vstore3(force, i, forces);
}

/* atoms: charge, GB radius, scaled inner radius, nothing. born: the Born radius, nm, and its
   derivative by the integral, nm². */
__kernel void ligand_radii(
    int count, __global const double *x, __global const int4 *spans,
    __global const double4 *atoms, __global double2 *born)
{
    int i = get_global_id(0);
    if (i >= count)
        return;
    int4 span = spans[i];
    double3 here = vload3(i, x);
    double radius = atoms[i].y, sum = 0.0;
    for (int j = span.x; j < span.y; j++)
        if (j != i)
            sum += descreening(
                sqrt(square_of(here - vload3(j, x))), radius - OFFSET_NM, atoms[j].z);
    sum *= 0.5;
    born[i] = (double2)(born_radius(sum, radius), born_radius_slope(sum, radius));
}

/* Polar forces at fixed Born radii, and the energy's derivative by each atom's integral. */
__kernel void ligand_chain(
    int count, __global const double *x, __global const int4 *spans,
    __global const double4 *atoms, __global const double2 *born, double prefactor,
    __global double *by_integral, __global double *forces)
{
    int i = get_global_id(0);
    if (i >= count)
        return;
    int4 span = spans[i];
    double3 here = vload3(i, x), force = (double3)(0.0);
    double own = born[i].x, scale = -COULOMB_KJ_NM * prefactor * atoms[i].x;
    double by_born = -6.0 * apolar_energy(own, atoms[i].y) / own;
    for (int j = span.x; j < span.y; j++) {
        double3 way = here - vload3(j, x);
        double square = square_of(way), product = own * born[j].x;
        double exponent = square / (4.0 * product), screen = exp(-exponent);
        double f2 = square + product * screen;
        double polar = scale * atoms[j].x / (sqrt(f2) * f2);
        by_born -= 0.5 * polar * screen * (1.0 + exponent) * born[j].x;
        force += polar * (1.0 - 0.25 * screen) * way;
    }
    by_integral[i] = by_born * born[i].y;
    vstore3(force, i, forces);
}

/* Adds what the Born radii's dependence on the positions gives. */
__kernel void ligand_slow(
    int count, __global const double *x, __global const int4 *spans,
    __global const double4 *atoms, __global const double *by_integral, __global double *forces)
{
    int i = get_global_id(0);
    if (i >= count)
        return;
    int4 span = spans[i];
    double3 here = vload3(i, x), force = vload3(i, forces);
    double4 own = atoms[i];
    for (int j = span.x; j < span.y; j++) {
        if (j == i)
            continue;
        double3 way = here - vload3(j, x);
        double r = sqrt(square_of(way));
        double slope = by_integral[i] * descreening_slope(r, own.y - OFFSET_NM, atoms[j].z);
        slope += by_integral[j] * descreening_slope(r, atoms[j].y - OFFSET_NM, own.z);
        force -= slope / (2.0 * r) * way;
    }
    vstore3(force, i, forces);
}
