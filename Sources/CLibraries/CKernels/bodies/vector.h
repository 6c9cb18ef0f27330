// Sixteen lanes of numbers, whatever the processor's width: the compiler splits them into the registers it has.
//
// Each level's file sets its target, then gives the few primitives that need special instructions:
// `fused`, `load_first`, `store_first`, `look_up`, `widen_f16_lanes` and `narrow_f16_lanes`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../include/CKernels.h"

// Results must have the same bits at every level: products are fused where `fused` says so and nowhere else.
#pragma clang fp contract(off)
// Vectors wider than a register never cross a real call, so their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 16 };

typedef float f32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));
typedef double f64x16 __attribute__((vector_size(128)));
typedef uint64_t u64x16 __attribute__((vector_size(128)));

#define INLINE static inline __attribute__((always_inline, unused))
