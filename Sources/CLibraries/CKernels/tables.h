// One table of kernels for each level, each in its own file.
#pragma once

#include "include/CKernels.h"

extern const kernel_table kernels_scalar;
extern const kernel_table kernels_avx2;
extern const kernel_table kernels_avx512;

/// `kernel_panel_product` in the tiles of AMX, for which the process must have asked.
__typeof__(kernel_panel_product) panel_product_amx;
