// The table that the public functions call through.
#pragma once

#include "include/CKernels.h"

// Atomic because tiles may come into use while threads run; on x86 a load is the same instruction.
extern const kernel_table *_Atomic kernels_active;
