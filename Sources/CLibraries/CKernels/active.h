// The table that the public functions call through.
#pragma once

#include "include/CKernels.h"

extern const kernel_table *_Nonnull kernels_active;
