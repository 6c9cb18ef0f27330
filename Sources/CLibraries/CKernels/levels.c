// Which level this machine can run, and which one is used.
#include <cpuid.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "active.h"
#include "tables.h"

/// Registers that the operating system saves for each thread (XCR0): Intel SDM volume 1, section 13.3.
static uint64_t saved_registers(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

kernel_level kernel_level_supported(void) {
    enum { SSE_AND_AVX = 0x6, AVX512 = 0xE6, AMX = 0x600E6 };
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) { return kernel_level_scalar; }
    const uint32_t first = bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C;
    if ((c & first) != first) { return kernel_level_scalar; }
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2)) { return kernel_level_scalar; }
    uint64_t saved = saved_registers();
    if ((saved & SSE_AND_AVX) != SSE_AND_AVX) { return kernel_level_scalar; }
    const uint32_t wide = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    if ((b & wide) != wide || (saved & AVX512) != AVX512) { return kernel_level_avx2; }
    const uint32_t tiles = bit_AMXTILE | bit_AMXBF16;
    if ((d & tiles) != tiles || (saved & AMX) != AMX) { return kernel_level_avx512; }
    return kernel_level_amx;
}

const char *kernel_level_name(kernel_level level) {
    switch (level) {
    case kernel_level_scalar: return "scalar";
    case kernel_level_avx2: return "avx2";
    case kernel_level_avx512: return "avx512";
    case kernel_level_amx: return "amx";
    }
}

/// Asks the kernel to save the tiles of this process's threads; 0 or an error number.
static int request_tiles(void) {
    // arch/x86/include/uapi/asm/prctl.h; the component is that of tile data in XCR0.
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0 ? 0 : errno;
}

// AVX-512 but for the products in tiles; filled in below, before any thread exists.
static kernel_table kernels_amx;

static const kernel_table *const tables[] = {&kernels_scalar, &kernels_avx2, &kernels_avx512, &kernels_amx};

// Before the constructor below has run, other constructors find the level that always works.
static _Atomic kernel_level active_level = kernel_level_scalar;
const kernel_table *_Atomic kernels_active = &kernels_scalar;

/// What the environment allows; it may be more than the processor has.
static kernel_level highest_wished = kernel_level_amx;

const kernel_table *_Nullable kernel_table_for_level(kernel_level level) {
    if (level > kernel_level_supported()) { return NULL; }
    return level < kernel_level_amx || request_tiles() == 0 ? tables[level] : NULL;
}

kernel_level kernel_level_active(void) { return active_level; }

static void use_level(kernel_level level) {
    active_level = level;
    kernels_active = tables[level];
}

kernel_tile_state kernel_request_tiles(int *error) {
    *error = 0;
    if (kernel_level_supported() < kernel_level_amx) { return kernel_tiles_absent; }
    if (highest_wished < kernel_level_amx) { return kernel_tiles_off; }
    *error = request_tiles();
    if (*error) { return kernel_tiles_denied; }
    use_level(kernel_level_amx);
    return kernel_tiles_ready;
}

/// Runs once, before any thread exists, so the choice needs no lock and `getenv` no care.
__attribute__((constructor)) static void choose_level(void) {
    kernels_amx = kernels_avx512;
    kernels_amx.panel_product = panel_product_amx;
    const char *wish = getenv("FINETUNED_KERNELS");
    for (kernel_level level = kernel_level_scalar; wish && level < kernel_level_amx; level++) {
        if (strcmp(wish, kernel_level_name(level)) == 0) { highest_wished = level; }
    }
    // Tiles come into use when they are asked for.
    kernel_level most = kernel_level_supported() < kernel_level_avx512 ? kernel_level_supported() : kernel_level_avx512;
    use_level(highest_wished < most ? highest_wished : most);
}
