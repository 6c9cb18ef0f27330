// One table of kernels for each level, each in its own file.
#pragma once

#include "include/CKernels.h"

extern const kernel_table kernels_scalar;
extern const kernel_table kernels_avx2;
extern const kernel_table kernels_avx512;
