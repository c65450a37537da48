/* Born radii, and energies of complexes, in double precision.

   What each kernel computes is written down, with its sources, in score.py and born.py, whose
   numbers these are. One work item is one atom and loops over its molecules' atoms; nothing is
   summed by two work items, so sums keep their order. Units are nm, kJ/mol, e. The constants in
   capitals come from Python: see on_device.py.

   Sizes are padded to whole work groups: work items beyond the last atom return at once. */

#pragma OPENCL EXTENSION cl_khr_fp64 : enable

/* Shares of the pairwise descreening integral; born.py, _limits. */
typedef struct {
    double lower, upper, inverse, logarithm;
} Limits;

static Limits limits_of(double r, double inner, double scaled) {
    Limits found;
    found.lower = 1.0 / fmax(inner, fabs(r - scaled));
    found.upper = 1.0 / (r + scaled);
    found.inverse = 1.0 / r;
    found.logarithm = log(found.upper / found.lower);
    return found;
}

/* Twice the integral of an atom over a neighbour, 1/nm; born.descreening. */
static double descreening(double r, double inner, double scaled) {
    Limits at = limits_of(r, inner, scaled);
    double pair = 0.25 * (r - scaled * scaled * at.inverse) * (at.upper + at.lower) - 1.0;
    pair *= at.upper - at.lower;
    pair += 0.5 * at.logarithm * at.inverse;
    if (inner < scaled - r)
        pair += 2.0 * (1.0 / inner - at.lower);
    return inner < r + scaled ? pair : 0.0;
}

/* Its derivative by the distance, 1/nm²; born.descreening_and_slopes. */
static double descreening_slope(double r, double inner, double scaled) {
    Limits at = limits_of(r, inner, scaled);
    double share = scaled * at.inverse;
    double slope = 0.25 * (1.0 + share * share) * (at.upper * at.upper - at.lower * at.lower);
    slope -= 0.5 * at.logarithm * at.inverse * at.inverse;
    return inner < r + scaled ? slope : 0.0;
}

/* tanh of OBC2's rescaled integral; born.born_radii. */
static double bend_of(double psi) {
    return tanh(psi * (ALPHA + psi * (-BETA + psi * GAMMA)));
}

static double born_radius(double integral, double radius) {
    double inner = radius - OFFSET_NM;
    return 1.0 / (1.0 / inner - bend_of(integral * inner) / radius);
}

/* Derivative of the Born radius by the integral, nm²; born.born_radii_slopes. */
static double born_radius_slope(double integral, double radius) {
    double inner = radius - OFFSET_NM, psi = integral * inner, bend = bend_of(psi);
    double inverse = 1.0 / inner - bend / radius;
    double chain = ALPHA + psi * (-2.0 * BETA + 3.0 * GAMMA * psi);
    return (1.0 - bend * bend) * chain * inner / radius / (inverse * inverse);
}

/* born.apolar_energies */
static double apolar_energy(double born, double radius) {
    double reach = radius + PROBE_NM, share = radius / born;
    double cubed = share * share * share;
    return SURFACE_TENSION * 4.0 * M_PI * reach * reach * cubed * cubed;
}

/* 1/f of a pair, 1/nm; born.pair_factors. */
static double pair_factor(double square, double product) {
    return 1.0 / sqrt(square + product * exp(square / (-4.0 * product)));
}

static double square_of(double3 way) {
    return dot(way, way);
}

/* ---- Complexes: pocket atoms, then the ligand's. ----
   points: x, y, z, charge; shapes: sigma, √epsilon, GB radius, scaled inner radius;
   spans: first atom, first of the ligand, end, of the atom's complex. */

static double integral_over(
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
