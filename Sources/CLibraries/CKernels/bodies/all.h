// Every kernel, once, for the level whose file includes this; the last line makes the level's table.

#include "lanes.h"

#include "conversion.h"
#include "elementary.h"
#include "elementwise.h"
#include "reduction.h"
#include "softmax.h"
#include "rms_norm.h"
#include "gates.h"
#include "rotation.h"
#include "block_codes.h"
#include "coded_columns.h"
#include "signed_bytes.h"
#include "matrix_vectors.h"
#include "four_bit_codes.h"
#include "outer_products.h"
#include "panel_place.h"
#include "panel_packing.h"
#include "panel_product.h"
#include "adamw.h"
#include "philox.h"

#define KERNEL_ENTRY(name) .name = name,
const kernel_table KERNEL_TABLE = {KERNEL_NAMES(KERNEL_ENTRY)};
