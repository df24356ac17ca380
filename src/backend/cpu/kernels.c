/* kernels.c - the table of one instruction set. Compiled once for each. */
#include "isa.h"
#include "tile.h"

const cz_kernels CZ_OF_ISA(cz_kernels) = {
    .name = CZ_NAME_OF(CZ_ISA),
    .lanes = LANES,
    .panel = PANEL,
    .multiply = CZ_OF_ISA(cz_multiply),
    .outer = CZ_OF_ISA(cz_outer),
    .pack = CZ_OF_ISA(cz_pack),
    .widen = CZ_OF_ISA(cz_widen),
    .attend = CZ_OF_ISA(cz_attend),
    .attend_backward = CZ_OF_ISA(cz_attend_backward),
    .attend_scratch = CZ_OF_ISA(cz_attend_scratch),
    .fourier_rows = CZ_OF_ISA(cz_fourier_rows),
    .fourier_columns = CZ_OF_ISA(cz_fourier_columns),
    .fourier_filter = CZ_OF_ISA(cz_fourier_filter),
    .fourier_scratch = CZ_OF_ISA(cz_fourier_scratch),
    .add_rows = CZ_OF_ISA(cz_add_rows),
    .norm = CZ_OF_ISA(cz_norm),
    .norm_backward = CZ_OF_ISA(cz_norm_backward),
    .activate = CZ_OF_ISA(cz_activate),
    .slope = CZ_OF_ISA(cz_slope),
    .highest = CZ_OF_ISA(cz_highest),
    .exp_sum = CZ_OF_ISA(cz_exp_sum),
    .drop = CZ_OF_ISA(cz_drop),
    .sum_rows = CZ_OF_ISA(cz_sum_rows),
    .peak = CZ_OF_ISA(cz_peak),
};
