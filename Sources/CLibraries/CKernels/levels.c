// Which level this machine can run, and which one is used.
#include <cpuid.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "active.h"
#include "tables.h"

/// Registers that the operating system saves for each thread (XCR0): Intel SDM volume 1, section 13.3.
static uint64_t saved_registers(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

kernel_level kernel_level_supported(void) {
    enum { SSE_AND_AVX = 0x6, AVX512 = 0xE6 };
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) { return kernel_level_scalar; }
    const uint32_t first = bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C;
    if ((c & first) != first) { return kernel_level_scalar; }
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2)) { return kernel_level_scalar; }
    uint64_t saved = saved_registers();
    if ((saved & SSE_AND_AVX) != SSE_AND_AVX) { return kernel_level_scalar; }
    const uint32_t wide = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    if ((b & wide) != wide || (saved & AVX512) != AVX512) { return kernel_level_avx2; }
    return kernel_level_avx512;
}

const char *kernel_level_name(kernel_level level) {
    switch (level) {
    case kernel_level_scalar: return "scalar";
    case kernel_level_avx2: return "avx2";
    case kernel_level_avx512: return "avx512";
    }
}

static const kernel_table *const tables[] = {&kernels_scalar, &kernels_avx2, &kernels_avx512};

const kernel_table *_Nullable kernel_table_for_level(kernel_level level) {
    return level <= kernel_level_supported() ? tables[level] : NULL;
}

// Before the constructor below has run, other constructors find the level that always works.
static kernel_level active_level = kernel_level_scalar;
const kernel_table *kernels_active = &kernels_scalar;

kernel_level kernel_level_active(void) { return active_level; }

/// Runs once, before any thread exists, so the choice needs no lock and `getenv` no care.
__attribute__((constructor)) static void choose_level(void) {
    kernel_level level = kernel_level_supported();
    const char *wish = getenv("FINETUNED_KERNELS");
    for (kernel_level lower = kernel_level_scalar; wish && lower < level; lower++) {
        if (strcmp(wish, kernel_level_name(lower)) == 0) { level = lower; }
    }
    active_level = level;
    kernels_active = tables[level];
}
