/* Minima by L-BFGS: of free ligands, and of packs whose forces come from elsewhere; needs
   stiffness.cl before it.

   The descent is that of lbfgs.py, which says why each step is as it is. A work group is one
   member: a ligand for so many evaluations of its forces, or a complex of a pack from one evaluation
   to the next. A work item moves its own atoms. Sums over the atoms are made in a fixed order, and all work
   items have the same result: what they decide by it is the same for the whole group. */

/* The member's own part of what lbfgs.py calls by these names. Vectors are those of all ligands. */
typedef struct {
    Ligand ligand;
    __local double4 *shared;
    __global double *x, *forces, *held, *anchor, *anchor_forces, *step, *trial, *there, *fresh;
    __global double *steps, *changes;
    int length; /* of a vector */
    __global double *inverse; /* 0: a multiple of one, the scale */
    double curvatures[MEMORY]; /* 1/(s·y) */
    double scale; /* s·y/y·y of the last step */
    int next, known; /* slot to be written; slots in use */
    double fraction, gain, reach, largest;
    int needs_step, waiting, moving, clashing, age, relief, iterations, end;
} Descent;

/* Places of a descent's vectors in a buffer of VECTORS of all atoms. */
enum {
    AT_X, AT_FORCES, AT_HELD, AT_ANCHOR, AT_ANCHOR_FORCES, AT_STEP, AT_TRIAL, AT_THERE, AT_FRESH,
    AT_STEPS, AT_CHANGES = AT_STEPS + MEMORY, AT_END = AT_CHANGES + MEMORY
};

/* Python makes the buffers: what it was told must be what is here, or nothing is built. */
typedef char vectors_as_told[AT_END == VECTORS ? 1 : -1];

static void lay_out(Descent *at, __global double *vectors) {
    int length = at->length;
    at->x = vectors + AT_X * length;
    at->forces = vectors + AT_FORCES * length;
    at->held = vectors + AT_HELD * length;
    at->anchor = vectors + AT_ANCHOR * length;
    at->anchor_forces = vectors + AT_ANCHOR_FORCES * length;
    at->step = vectors + AT_STEP * length;
    at->trial = vectors + AT_TRIAL * length;
    at->there = vectors + AT_THERE * length;
    at->fresh = vectors + AT_FRESH * length;
    at->steps = vectors + AT_STEPS * length;
    at->changes = vectors + AT_CHANGES * length;
}

/* The larger number; NaN where either is. */
static double larger(double a, double b) {
    return isnan(a) || a > b ? a : b;
}

static double4 larger4(double4 a, double4 b) {
    return (double4)(larger(a.x, b.x), larger(a.y, b.y), larger(a.z, b.z), larger(a.w, b.w));
}

/* Sums of the work items' values; together. */
static double4 group_sums(double4 own, __local double4 *shared) {
    int item = get_local_id(0);
    shared[item] = own;
    MEET;
    for (int several = GROUP / 2; several > 0; several /= 2) {
        if (item < several)
            shared[item] += shared[item + several];
        MEET;
    }
    double4 found = shared[0];
    MEET;
    return found;
}

/* Largest of the work items' values; together. */
static double4 group_largest(double4 own, __local double4 *shared) {
    int item = get_local_id(0);
    shared[item] = own;
    MEET;
    for (int several = GROUP / 2; several > 0; several /= 2) {
        if (item < several)
            shared[item] = larger4(shared[item], shared[item + several]);
        MEET;
    }
    double4 found = shared[0];
    MEET;
    return found;
}

/* Scalar product of two vectors; together. */
static double dot_of(const Descent *at, __global const double *a, __global const double *b) {
    double4 own = (double4)(0.0);
    for (OWN_ATOMS(i, &at->ligand))
        own.x += dot(vload3(i, a), vload3(i, b));
    return group_sums(own, at->shared).x;
}

/* a += scale·b */
static void add_scaled(
    const Descent *at, __global double *a, double scale, __global const double *b)
{
    for (OWN_ATOMS(i, &at->ligand))
        vstore3(vload3(i, a) + scale * vload3(i, b), i, a);
}

static void copy(const Descent *at, __global const double *from, __global double *to) {
    for (OWN_ATOMS(i, &at->ligand))
        vstore3(vload3(i, from), i, to);
}

static void forget(Descent *at) {
    at->known = 0;
    at->scale = 0.0;
}

/* Keep an accepted step and the change of gradient along it; _Memory.add. Together. */
static void remember(Descent *at) {
    double4 own = (double4)(0.0);
    __global double *step = at->steps + at->next * at->length;
    __global double *change = at->changes + at->next * at->length;
    for (OWN_ATOMS(i, &at->ligand)) {
        double3 trial = vload3(i, at->trial), off = vload3(i, at->forces) - vload3(i, at->fresh);
        own.x += dot(trial, off);
        own.y += square_of(off);
    }
    double4 sums = group_sums(own, at->shared);
    if (!(sums.x > LEAST_CURVATURE * sums.y && sums.y > 0.0))
        return;
    for (OWN_ATOMS(i, &at->ligand)) {
        vstore3(vload3(i, at->trial), i, step);
        vstore3(vload3(i, at->forces) - vload3(i, at->fresh), i, change);
    }
    at->curvatures[at->next] = 1.0 / sums.x;
    at->scale = sums.x / sums.y;
    at->next = (at->next + 1) % MEMORY;
    at->known = min(at->known + 1, MEMORY);
}

/* The inverse of the model Hessian times a vector; together. */
static void precondition(
    const Descent *at, __global const double *vector, __global double *result)
{
    if (!at->inverse) {
        for (OWN_ATOMS(i, &at->ligand))
            vstore3(at->scale * vload3(i, vector), i, result);
        return;
    }
    int first = at->ligand.first, atoms = at->ligand.end - first, n = 3 * atoms;
    MEET;
    for (OWN_ATOMS(i, &at->ligand)) {
        double3 sum = (double3)(0.0);
        for (int axis = 0; axis < 3; axis++) {
            /* symmetric: neighbouring work items read neighbouring elements */
            __global const double *row = at->inverse + axis * atoms * n + i - first;
            for (int j = first; j < at->ligand.end; j++, row += n)
                sum += vector[3 * j + axis] * (double3)(row[0], row[atoms], row[2 * atoms]);
        }
        vstore3(sum, i, result);
    }
}

/* Two-loop recursion: the step is −H·gradient; _Memory.direction. Together. */
static void find_direction(Descent *at) {
    double weights[MEMORY];
    copy(at, at->forces, at->trial);
    for (int back = 1; back <= at->known; back++) {
        int slot = (at->next - back + MEMORY) % MEMORY, from = slot * at->length;
        double weight = at->curvatures[slot] * dot_of(at, at->steps + from, at->trial);
        add_scaled(at, at->trial, -weight, at->changes + from);
        weights[back - 1] = weight;
    }
    precondition(at, at->trial, at->step);
    for (int back = at->known; back >= 1; back--) {
        int slot = (at->next - back + MEMORY) % MEMORY, from = slot * at->length;
        double weight = at->curvatures[slot] * dot_of(at, at->changes + from, at->step);
        add_scaled(at, at->step, weights[back - 1] - weight, at->steps + from);
    }
}

/* A new step, no atom further than it may go; _new_steps. Together. */
static void find_step(Descent *at) {
    find_direction(at);
    int uphill = dot_of(at, at->step, at->forces) <= 0.0;
    if (uphill)
        forget(at);
    double4 own = (double4)(0.0);
    for (OWN_ATOMS(i, &at->ligand)) {
        double3 force = vload3(i, at->forces), step = vload3(i, at->step);
        if (at->clashing)
            step = force * (RELIEF_STEP_NM / larger(sqrt(square_of(force)), CLASH_FORCE / STRONGEST));
        else if (uphill)
            step = force * (RELIEF_STEP_NM / larger(at->largest, TINY));
        vstore3(step, i, at->step);
        own.x = larger(own.x, square_of(step));
    }
    double longest = sqrt(group_largest(own, at->shared).x);
    double scale = MAX_STEP_NM / larger(longest, MAX_STEP_NM);
    for (OWN_ATOMS(i, &at->ligand))
        vstore3(vload3(i, at->step) * scale, i, at->step);
}

/* What of the step is tried, and where that leads; _within_reach. Together. */
static void place_trial(Descent *at) {
    double4 own = (double4)(0.0);
    for (OWN_ATOMS(i, &at->ligand)) {
        double3 trial = at->fraction * vload3(i, at->step);
        double3 way = vload3(i, at->x) - vload3(i, at->anchor);
        own = larger4(
            own, (double4)(square_of(way + trial), square_of(way), square_of(trial), 0.0));
    }
    double4 far = sqrt(group_largest(own, at->shared));
    int out = !at->clashing && far.x > at->reach;
    double left = larger(at->reach - far.y, 0.0);
    double share = out ? fmin(left / larger(far.z, TINY), 1.0) : 1.0;
    at->waiting = at->waiting || out;
    for (OWN_ATOMS(i, &at->ligand)) {
        double3 trial = at->fraction * vload3(i, at->step) * share;
        vstore3(trial, i, at->trial);
        vstore3(vload3(i, at->x) + trial, i, at->there);
    }
}

/* Shorten a refused step; too short, start afresh or give up; _shorter, _shorten. */
static void shorten(Descent *at, double slope, double after, int finite) {
    double secant = slope / (slope - after);
    at->fraction *= finite && isfinite(secant) ? clamp(secant, LEAST_SHORTER, MOST_SHORTER)
                                                  : LEAST_SHORTER;
    if (at->fraction >= SHORTEST_STEP)
        return;
    if (at->known == 0) {
        at->end = END_STALLED;
        return;
    }
    forget(at);
    at->fraction = 1.0;
    at->needs_step = 1;
}

static void accept(Descent *at, double gain) {
    if (!at->clashing)
        remember(at);
    copy(at, at->there, at->x);
    copy(at, at->fresh, at->forces);
    at->gain += gain;
    at->fraction = 1.0;
    at->needs_step = 1;
}

/* Where the next step leads; together. */
static void propose(Descent *at) {
    if (at->needs_step)
        find_step(at);
    place_trial(at);
}

/* Keep a step if it leads down, by the fresh fast forces where it leads; _Descent.advance.
   Together. */
static void judge_step(Descent *at) {
    if (at->clashing)
        at->relief++;
    else
        at->iterations++;
    if (at->relief > RELIEF_ITERATIONS)
        at->end = END_CLASH;
    double4 own = (double4)(0.0);
    for (OWN_ATOMS(i, &at->ligand)) {
        double3 trial = vload3(i, at->trial), fresh = vload3(i, at->fresh) + vload3(i, at->held);
        vstore3(fresh, i, at->fresh);
        own += (double4)(
            dot(vload3(i, at->forces), trial), dot(fresh, trial), square_of(fresh), 0.0);
    }
    double4 sums = group_sums(own, at->shared);
    /* the energy's derivatives along the step, with the sign changed */
    double slope = sums.x, after = sums.y;
    int finite = isfinite(sums.z);
    at->needs_step = 0;
    if (finite && (slope + after >= 0.0 || at->clashing))
        accept(at, (slope + after) / 2.0);
    else
        shorten(at, slope, after, finite);
}

/* Judge by fresh slow forces what was done on held ones: whether to go back. Together. */
static int judge(Descent *at) {
    double4 own = (double4)(0.0);
    for (OWN_ATOMS(i, &at->ligand))
        own.x += dot(
            vload3(i, at->held) - vload3(i, at->fresh), vload3(i, at->x) - vload3(i, at->anchor));
    double error = group_sums(own, at->shared).x / 2.0;
    if (at->clashing || !(at->gain > 0.0))
        return 0;
    double forecast = 1.0 - error / at->gain;
    if (forecast < POOR_FORECAST)
        at->reach *= SHRINK;
    if (forecast > GOOD_FORECAST)
        at->reach = fmin(GROW * at->reach, MAX_REACH_NM);
    return !(forecast > 0.0);
}

/* Go on with fresh slow forces; _Descent.renew_slow. Together. */
static void renew_slow(Descent *at) {
    if (judge(at)) {
        forget(at);
        copy(at, at->anchor, at->x);
        copy(at, at->anchor_forces, at->forces);
        at->fraction = 1.0;
    } else {
        for (OWN_ATOMS(i, &at->ligand)) {
            double3 fresh = vload3(i, at->fresh);
            vstore3(vload3(i, at->forces) + fresh - vload3(i, at->held), i, at->forces);
            vstore3(fresh, i, at->held);
        }
    }
    copy(at, at->x, at->anchor);
    copy(at, at->forces, at->anchor_forces);
    at->gain = 0.0;
    at->age = at->waiting = 0;
    at->needs_step = 1;
    if (at->reach < MIN_REACH_NM)
        at->end = END_STALLED;
}

/* End the descent if it is done; whether it goes on; _Descent.settle. Together. */
static int settle(Descent *at, double tolerance, int max_iterations) {
    double square = dot_of(at, at->forces, at->forces);
    double rms = sqrt(square / (3.0 * (at->ligand.end - at->ligand.first)));
    double4 own = (double4)(0.0);
    for (OWN_ATOMS(i, &at->ligand))
        own.x = larger(own.x, square_of(vload3(i, at->forces)));
    at->largest = sqrt(group_largest(own, at->shared).x);
    at->clashing = at->largest > CLASH_FORCE;
    at->moving = 0;
    if (at->end != END_RUNNING)
        return 0;
    int small = rms <= tolerance, spent = !at->clashing && at->iterations >= max_iterations;
    /* on held forces nothing ends: fresh ones may send it back */
    at->waiting = at->waiting || small || spent;
    if (at->age == 0 && (small || spent))
        at->end = small ? END_CONVERGED : END_ITERATIONS;
    at->moving = at->end == END_RUNNING && !at->waiting;
    return at->end == END_RUNNING;
}

/* Set out from x, with both parts of the forces fresh: fast in forces, slow in held. Together. */
static void start(Descent *at) {
    at->fraction = 1.0;
    at->reach = MAX_REACH_NM;
    at->needs_step = 1;
    at->end = END_RUNNING;
    add_scaled(at, at->forces, 1.0, at->held);
    if (!isfinite(dot_of(at, at->forces, at->forces))) {
        at->end = END_NOT_FINITE;
        for (OWN_ATOMS(i, &at->ligand))
            vstore3((double3)(0.0), i, at->forces);
    }
    copy(at, at->x, at->anchor);
    copy(at, at->forces, at->anchor_forces);
}

/* What a member keeps from one launch to the next, beside its vectors. */
typedef struct {
    double curvatures[MEMORY], scale, fraction, gain, reach, largest;
    double next, known, needs_step, waiting, moving, age, relief, iterations, end;
} Kept;

typedef char kept_as_told[sizeof(Kept) == KEPT * sizeof(double) ? 1 : -1];

static void recall(Descent *at, __global const Kept *kept) {
    for (int slot = 0; slot < MEMORY; slot++)
        at->curvatures[slot] = kept->curvatures[slot];
    at->scale = kept->scale;
    at->fraction = kept->fraction;
    at->gain = kept->gain;
    at->reach = kept->reach;
    at->largest = kept->largest;
    at->clashing = at->largest > CLASH_FORCE;
    at->next = (int)kept->next;
    at->known = (int)kept->known;
    at->needs_step = (int)kept->needs_step;
    at->waiting = (int)kept->waiting;
    at->moving = (int)kept->moving;
    at->age = (int)kept->age;
    at->relief = (int)kept->relief;
    at->iterations = (int)kept->iterations;
    at->end = (int)kept->end;
}

static void keep(const Descent *at, __global Kept *kept) {
    for (int slot = 0; slot < MEMORY; slot++)
        kept->curvatures[slot] = at->curvatures[slot];
    kept->scale = at->scale;
    kept->fraction = at->fraction;
    kept->gain = at->gain;
    kept->reach = at->reach;
    kept->largest = at->largest;
    kept->next = at->next;
    kept->known = at->known;
    kept->needs_step = at->needs_step;
    kept->waiting = at->waiting;
    kept->moving = at->moving;
    kept->age = at->age;
    kept->relief = at->relief;
    kept->iterations = at->iterations;
    kept->end = at->end;
}

/* Set out, or go on from where the last launch was left, by at most so many evaluations of forces.

   vectors: VECTORS of all atoms, the positions first. inverses: room for the matrices of all
   ligands. results: of each ligand its end, iterations and largest force. */
__kernel WHOLE_GROUP void minimise(
    LIGANDS, int count, __global double *vectors, __global double *inverses, __global Kept *kept,
    int sets_out, int evaluations, double tolerance, int max_iterations, int hold,
    __global double *results)
{
    __local double4 shared[GROUP];
    int group = get_group_id(0);
    Ligand ligand = THIS_LIGAND;
    Descent at = {.ligand = ligand, .shared = shared, .length = 3 * count};
    lay_out(&at, vectors);
    at.inverse = inverses + 9 * (size_t)spans[group].z;
    if (sets_out) {
        find_stiffness(&ligand, at.inverse, at.x);
        invert(3 * (ligand.end - ligand.first), at.inverse, at.trial + 3 * ligand.first);
        slow_forces(&ligand, at.x, at.held);
        fast_forces(&ligand, at.x, at.forces);
        start(&at);
    } else {
        recall(&at, kept + group);
    }
    int running = 1;
    for (; evaluations > 0 && (running = settle(&at, tolerance, max_iterations)); evaluations--) {
        if (at.age >= hold || at.waiting) {
            slow_forces(&ligand, at.x, at.fresh);
            renew_slow(&at);
        } else {
            propose(&at);
            fast_forces(&ligand, at.there, at.fresh);
            at.age++;
            judge_step(&at);
        }
    }
    MEET;
    if (get_local_id(0) == 0) {
        keep(&at, kept + group);
        /* an end is told once it is settled: the largest force is then that of the end */
        vstore3(
            (double3)(running ? END_RUNNING : at.end, at.iterations, at.largest), group, results);
    }
}

/* Take in the forces that were asked for, and say where the next ones are needed.

   spans: of each member first atom and end. fresh: forces of all atoms at the places that were
   given last: fast ones where the pack advances, slow ones where it renews them. At the start x, the
   fast forces and the slow ones are in the vectors. propose: whether the pack advances next, and
   does not renew its slow forces; age: iterations since it did. told: where forces are
   needed; then of each member its end, whether it moves, its iterations and its largest force. */
__kernel WHOLE_GROUP void descend(
    __global const int2 *spans, int count, __global double *vectors, __global Kept *kept,
    __global double *fresh, int what, int age, int propose_next,
    double tolerance, int max_iterations, __global double *told)
{
    __local double4 shared[GROUP];
    int group = get_group_id(0);
    Ligand member = {.first = spans[group].x, .end = spans[group].y};
    Descent at = {.ligand = member, .shared = shared, .length = 3 * count};
    lay_out(&at, vectors);
    at.fresh = fresh;
    if (what == DESCENT_START)
        start(&at);
    else
        recall(&at, kept + group);
    at.age = age;
    if (what == DESCENT_ADVANCE && at.moving)
        judge_step(&at);
    if (what == DESCENT_RENEW && at.end == END_RUNNING)
        renew_slow(&at);
    settle(&at, tolerance, max_iterations);
    int proposes = at.moving && propose_next;
    if (proposes)
        propose(&at);
    copy(&at, proposes ? at.there : at.x, told);
    MEET;
    if (get_local_id(0) == 0) {
        keep(&at, kept + group);
        vstore4((double4)(at.end, at.moving, at.iterations, at.largest), group, told + at.length);
    }
}
